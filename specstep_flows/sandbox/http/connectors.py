"""External connectors: for browser sessions only, and not in the sandbox even for those (walkthrough, step 3.6)."""

from .routing import Routes

routes = Routes()
routes.missing(
    "GET /v1/external-connectors",
    "POST /v1/external-connectors/pending/{pendingId}/commit",
    "GET /v1/external-connectors/pending/{pendingId}/folders",
    "DELETE /v1/external-connectors/{connectorId}",
    "POST /v1/external-connectors/{connectorId}/sync",
    "POST /v1/external-connectors/{provider}/authorize",
    "GET /v1/external-connectors/{provider}/oauth-callback",
    auth="cookie",
)
