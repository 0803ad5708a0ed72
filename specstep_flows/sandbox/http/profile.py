"""Settings of the caller's own: organization, provider keys, notifications, retention, delivery target."""

from typing import Any

from ..clock import timestamp, timestamp_or_none
from ..world.errors import Refusal, conflict, invalid, not_found
from .call import Answer, Call, listed, required_text, text
from .routing import Routes

routes = Routes()

TEAMS_PLANS = ("Team", "Teams", "Enterprise")
PROVIDERS = ("anthropic", "openai")
_ADDRESS = ("address_line1", "address_line2", "city", "region", "postal_code", "country", "phone_number")


@routes.add("GET /v1/me/organization")
def get_my_organization(call: Call) -> Answer:
    """The caller's organization, or 204 without one."""
    organization = call.key.user.organization
    return Answer(204) if organization is None else Answer(body=organization)


@routes.add("POST /v1/me/organization")
def create_organization(call: Call) -> Answer:
    """Found an organization, which the plan must allow and which one may do once."""
    user = call.key.user
    body = call.json()
    name = required_text(body, "name")
    address = {member: text(body, member, required=False) for member in _ADDRESS}
    if user.plan not in TEAMS_PLANS:
        raise Refusal(403, "TEAMS_TIER_REQUIRED", "The Teams plan is required.", code="TEAMS_TIER_REQUIRED")
    if user.organization is not None:
        raise conflict(
            "ALREADY_HAS_ORGANIZATION", "You belong to an organization already.", code="ALREADY_HAS_ORGANIZATION"
        )
    now = timestamp(call.now)
    user.organization = {
        "id": call.world.ids.uuid(call.now),
        "name": name,
        "primary_contact_user_id": user.id,
        **address,
        "member_count": 1,
        "created_at": now,
        "updated_at": now,
    }
    return Answer(201, user.organization)


@routes.add("GET /v1/me/provider-keys")
def list_provider_keys(call: Call) -> Answer:
    """For which providers a key is kept; never the key."""
    rows = [{"provider": provider, "created_at": timestamp(at)} for provider, at in call.key.user.provider_keys.items()]
    return Answer(body=listed(call.options, "keys", rows))


def _provider(call: Call) -> str:
    provider = call.params["provider"].lower()
    if provider not in PROVIDERS:
        raise not_found("provider")
    return provider


@routes.add("PATCH /v1/me/provider-keys/{provider}")
def set_provider_key(call: Call) -> Answer:
    """Keep a provider's key. What it says is forgotten at once here."""
    provider = _provider(call)
    required_text(call.json(), "secret")
    call.key.user.provider_keys[provider] = call.now
    return Answer(204)


@routes.add("DELETE /v1/me/provider-keys/{provider}")
def delete_provider_key(call: Call) -> Answer:
    """Forget a provider's key."""
    if call.key.user.provider_keys.pop(_provider(call), None) is None:
        raise not_found("provider key")
    return Answer(204)


@routes.add("GET /v1/notifications")
def list_notifications(call: Call) -> Answer:
    """One for each of the caller's generations that has ended, newest first."""
    ended = [run for run in call.world.generations.values() if run.owner == call.owner and run.ended_at is not None]
    rows = [
        {
            "id": run.events[-1].id,
            "title": f"Generation {run.state}",
            "body": run.name or run.project_name,
            "created_at": timestamp_or_none(run.ended_at),
            "read_at": None,
        }
        for run in sorted(ended, key=lambda run: -(run.ended_at or 0))
    ]
    return Answer(body=listed(call.options, "notifications", rows))


@routes.add("GET /v1/notification-preferences")
def get_notification_preferences(call: Call) -> Answer:
    """By which ways the caller is notified."""
    return Answer(body=call.key.user.notification_preferences)


@routes.add("PUT /v1/notification-preferences")
def update_notification_preferences(call: Call) -> Answer:
    """Choose the ways."""
    body = call.json()
    for way in ("email", "sms"):
        if body.get(way) is not None:
            if not isinstance(body[way], bool):
                raise invalid(f"{way} must be true or false.")
            call.key.user.notification_preferences[way] = body[way]
    return Answer(body=call.key.user.notification_preferences)


@routes.add("GET /v1/users/me/retention-preference")
def get_retention_preference(call: Call) -> Answer:
    """How long new packages are kept; null means for ever."""
    return Answer(body={"default_retention_days": call.key.user.retention_days})


@routes.add("PUT /v1/users/me/retention-preference")
def update_retention_preference(call: Call) -> Answer:
    """Choose 1 to 3650 days, or null."""
    body = call.json()
    days = body.get("default_retention_days")
    whole = isinstance(days, int) and not isinstance(days, bool)
    if "default_retention_days" not in body or not (days is None or (whole and 1 <= days <= 3650)):
        raise invalid("default_retention_days must be null or a whole number from 1 to 3650.")
    call.key.user.retention_days = days
    return Answer(body={"default_retention_days": days})


_TARGET = "/v1/source-control/preferences/installation"


def _target(target: dict[str, Any] | None) -> dict[str, Any]:
    return {"repository": None, "base_branch": None} | (target or {})


@routes.add(f"GET {_TARGET}")
def get_source_control_preferences(call: Call) -> Answer:
    """Where packages are delivered to."""
    return Answer(body=_target(call.key.user.source_control))


@routes.add(f"PUT {_TARGET}")
def update_source_control_preferences(call: Call) -> Answer:
    """Choose where packages are delivered to."""
    body = call.json()
    call.key.user.source_control = {name: text(body, name, required=False) for name in ("repository", "base_branch")}
    return Answer(body=_target(call.key.user.source_control))
