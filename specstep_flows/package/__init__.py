"""The package on its way to disk: download, checks, its final name, unpacking."""
