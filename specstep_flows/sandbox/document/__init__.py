"""The document at `/v1/openapi.json`: what the sandbox serves, told in the manner of ASP.NET Core.

Names are chosen to differ from the contract's (schemas, parameters, tags, mostly no operationIds), schemas are now
inline and now referenced, and some answers have none: a client that can live with this document does not depend on
names that nobody promised.
"""

from .assembly import openapi_document

__all__ = ["openapi_document"]
