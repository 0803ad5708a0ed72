"""A client library for accessing SpecStep API (PYTEST_DONT_REWRITE)"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
