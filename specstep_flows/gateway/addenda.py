"""Change addenda of a package (walkthrough, step 6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows import models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.packages import ZipLink, zip_link
from specstep_flows.gateway.reading import steering_uuid
from specstep_flows.gateway.requests import request_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

#: The call takes about 30 seconds (walkthrough, step 6.5); three times that is no answer any more.
WORKS_SECONDS: Final = 90.0


async def create_addendum(
    package_id: UUID,
    title: str,
    description: str,
    *,
    about: Changes | None = None,
    outcome: Callable[[models.DraftedAddendum], Changes] | None = None,
) -> models.DraftedAddendum:
    """POST /v1/packages/{id}/addenda. It costs money, and has no idempotency key. The signed link is not kept."""
    from specstep_client.api.addenda import create_addendum as endpoint
    from specstep_client.models.create_addendum_request import CreateAddendumRequest

    def parse(reply: Reply) -> models.DraftedAddendum:
        from specstep_client.models.addendum_created import AddendumCreated

        body = reading.body(reply, AddendumCreated, "create_addendum")
        return models.DraftedAddendum(
            steering_uuid(body.addendum_id, "create_addendum", "addendum_id"),
            package_id,
            title,
            description,
            reading.optional(body, "cost_usd", float),
        )

    kwargs = endpoint._get_kwargs(package_id, body=CreateAddendumRequest(title=title, description=description))
    request = request_of("create_addendum", kwargs, works_seconds=WORKS_SECONDS)
    return await Send(request, parse, about=about, outcome=outcome)


async def get_addendum_zip(package_id: UUID, addendum_id: UUID) -> ZipLink:
    """GET /v1/packages/{id}/addenda/{addendumId}/zip: where its zip is."""
    from specstep_client.api.addenda import get_addendum_zip as endpoint

    return await zip_link("get_addendum_zip", endpoint._get_kwargs(package_id, addendum_id))
