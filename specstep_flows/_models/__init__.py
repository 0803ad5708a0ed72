"""The classes of ``specstep_flows.models`` that only the methods of single resources return, loaded when they are used.

A field that has no default is one that an answer must have. Every other may be None, or empty: the service leaves it
out, sends null, or sends something that this version cannot read. Words such as a status stay what the service says.
"""
