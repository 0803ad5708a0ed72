"""A package on its way to disk: download, checks, unpacking."""
