"""The key's account, its quota, and the values that the service accepts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from specstep_flows import errors, models
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import optional
from specstep_flows.gateway.requests import request_of
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Mapping


async def get_me() -> models.Account:
    """GET /v1/me: the owner of the key. It is the first request; any 2xx with JSON accepts the key."""
    from specstep_client.api.account import get_me as endpoint

    request = request_of("get_me", endpoint._get_kwargs())
    try:
        return await Send(request, _account, is_first=True)
    except (errors.NotConnected, errors.NotFound, errors.UnexpectedResponse) as error:
        if not isinstance(error, errors.NotConnected) or error.patience is None:
            # Otherwise it says what to look at itself.
            error.add("Check that SPECSTEP_API_URL is the URL of the service.")
        raise


def _account(reply: Reply) -> models.Account:
    from specstep_client.models.account import Account

    body = reading.body(reply, Account, "get_me")
    return models.Account(
        user_id=_text_of(reading.raw(body, "id")),
        display_name=optional(body, "display_name", str),
        email=optional(body, "email", str),
        plan=optional(body, "plan", str),
    )


def _text_of(value: object) -> str | None:
    """An id of any form, which is only displayed."""
    return str(value) if isinstance(value, UUID | str | int) else None


async def get_usage() -> models.Usage:
    """GET /v1/usage: the quota."""
    from specstep_client.api.account import get_usage as endpoint

    def parse(reply: Reply) -> models.Usage:
        from specstep_client.models.usage import Usage

        body = reading.body(reply, Usage, "get_usage")
        raw = reading.document(reply, "get_usage")
        return models.Usage(
            used=_count(optional(body, _named(raw, "generations_used", "used") or "", float)),
            limit=_count(optional(body, _named(raw, "generations_limit", "limit") or "", float)),
            remaining=_count(optional(body, _named(raw, "generations_remaining", "remaining") or "", float)),
            resets_at=optional(body, _named(raw, "reset_at", "reset") or "", datetime),
            raw=raw,
        )

    return await Send(request_of("get_usage", endpoint._get_kwargs()), parse)


def _count(number: float | None) -> float | None:
    """A whole number as one; the documentation does not say that a quota is."""
    return int(number) if number is not None and number.is_integer() else number


def _named(raw: Mapping[str, object], assumed: str, word: str) -> str | None:
    """The name of a figure, which the documentation does not give: the assumed one, or else the only similar one."""
    if assumed in raw:
        return assumed
    alike = [name for name in raw if word in fold(name) and isinstance(raw[name], int | float | str)]
    return alike[0] if len(alike) == 1 else None


async def get_capabilities() -> models.Capabilities:
    """GET /v1/capabilities: the values that the service accepts."""
    from specstep_client.api.capabilities import get_capabilities as endpoint

    def parse(reply: Reply) -> models.Capabilities:
        from specstep_client.models.capabilities import Capabilities

        body = reading.body(reply, Capabilities, "get_capabilities")
        return models.Capabilities(
            review_profiles=_words(reading.raw(body, "review_profiles")),
            project_types=_words(body.project_types),
            mirror_selections=_words(reading.raw(body, "mirror_selections")),
            schema_version=optional(body, "schema_version", str),
            rubric_version=optional(body, "rubric_version", str),
            quality_rubric_version=optional(body, "quality_rubric_version", str),
        )

    return await Send(request_of("get_capabilities", endpoint._get_kwargs()), parse)


def _words(value: object) -> tuple[str, ...]:
    """The words of a list of strings, or of objects that contain one."""
    if not isinstance(value, list):
        return ()
    words = []
    for item in value:
        word = item.get("value", item.get("name")) if isinstance(item, dict) else item
        if isinstance(word, str):
            words.append(str(getattr(word, "value", word)))
    return tuple(words)
