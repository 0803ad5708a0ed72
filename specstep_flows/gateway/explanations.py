"""Packages explained to an audience (walkthrough, step 6.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors, models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import steering_text
from specstep_flows.gateway.requests import request_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

#: The service gives an explanation up after about 75 seconds (walkthrough, step 6.6), and then says so.
WORKS_SECONDS: Final = 100.0


async def explain_package(
    package_id: UUID,
    audience: str,
    *,
    about: Changes | None = None,
    outcome: Callable[[models.Explanation], Changes] | None = None,
) -> models.Explanation:
    """POST /v1/packages/{id}/explain. The first one for an audience costs money, the next are its copies."""
    from specstep_client.api.explanations import explain_package as endpoint
    from specstep_client.models.explain_request import ExplainRequest

    def parse(reply: Reply) -> models.Explanation:
        from specstep_client.models.explanation import Explanation

        body = reading.body(reply, Explanation, "explain_package")
        return models.Explanation(
            steering_text(body.markdown, "explain_package", "markdown"),
            audience,
            reading.optional(body, "model", str),
            reading.optional(body, "cost_usd", float),
            reading.optional(body, "cached", bool),
        )

    kwargs = endpoint._get_kwargs(package_id, body=ExplainRequest(audience=audience))
    request = request_of("explain_package", kwargs, works_seconds=WORKS_SECONDS)
    return await Send(request, parse, about=about, outcome=outcome)


async def download_explanation(package_id: UUID, audience: str, form: str) -> bytes:
    """GET /v1/packages/{id}/explain/download: an explanation that has been written, as a file of this form."""
    from specstep_client.api.explanations import download_explanation as endpoint
    from specstep_client.models.explanation_format import ExplanationFormat

    def parse(reply: Reply) -> bytes:
        kind = reply.headers.get("content-type", "")
        if reply.status >= 300 or "html" in kind or "json" in kind or not reply.content:
            raise errors.UnexpectedResponse(
                "The service responded to the download with something other than the explanation.",
                operation="download_explanation",
            )
        return reply.content

    kwargs = endpoint._get_kwargs(package_id, audience=audience, format_=ExplanationFormat(form))
    # The package is there; what is missing is its explanation.
    request = attrs.evolve(request_of("download_explanation", kwargs), noun="explanation of package")
    return await Send(request, parse)
