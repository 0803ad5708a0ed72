"""The methods of the clients, a file for each kind of resource.

Made from ``_surface_async/__init__.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""
