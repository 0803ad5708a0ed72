"""API keys, their scopes and the webhooks that hang on them (walkthrough, step 7.5 and API-key scoping)."""

import time
from urllib.parse import urlsplit

from ..couriers import deliver
from ..world.accounts import Key, digest
from ..world.errors import invalid, not_found
from ..world.webhooks import EVENTS, TEST_EVENT, Subscription
from .call import Answer, Call, identifier, listed, required_text, text
from .routing import Routes

routes = Routes()

PERMISSIONS = {
    "interviews:read": "Read interviews.",
    "interviews:write": "Start and continue interviews.",
    "generations:read": "Read generations.",
    "generations:write": "Start and steer generations.",
    "packages:read": "Read and download packages.",
}
"""Made up: the pages name the catalog and none of its codes."""


@routes.add("GET /v1/permissions")
def list_permissions(call: Call) -> Answer:
    """The codes that a key's scopes may hold."""
    rows = [{"code": code, "description": description} for code, description in PERMISSIONS.items()]
    return Answer(body=listed(call.options, "permissions", rows))


def _scopes(value: object) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(code, str) and code in PERMISSIONS for code in value):
        raise invalid("scopes must be null or a list of known permission codes.")
    return value


def _own_key(call: Call, name: str = "id") -> Key:
    wanted = call.id(name)
    for key in call.world.keys.values():
        if key.id == wanted and key.user is call.key.user and key.prefix == "sf" and key.revoked_at is None:
            return key
    raise not_found("API key")


@routes.add("GET /v1/api-keys")
def list_api_keys(call: Call) -> Answer:
    """The caller's keys, without their secrets."""
    rows = [key.body() for key in call.world.keys.values() if key.user is call.key.user and key.prefix == "sf"]
    return Answer(body=listed(call.options, "keys", rows))


@routes.add("POST /v1/api-keys", auth="person")
def create_api_key(call: Call) -> Answer:
    """Make a key; its secret is shown this once."""
    body = call.json()
    scopes = _scopes(body.get("scopes"))
    name = text(body, "name", required=False) or "API key"
    if body.get("project_id") is not None:
        raise invalid(f"There is no project {identifier(body, 'project_id')}.")
    raw = call.world.ids.token("sf_")
    key = call.world.add_key(raw, call.key.user.name, name=name, scopes=scopes)
    return Answer(201, {**key.body(), "raw_key": raw})


@routes.add("POST /v1/api-keys/{id}/rotate", auth="person")
def rotate_api_key(call: Call) -> Answer:
    """Give the key another secret; the old one is dead at once."""
    key = _own_key(call)
    raw = call.world.ids.token("sf_")
    del call.world.keys[key.digest]
    key.digest, key.last_rotated_at = digest(raw), call.now
    call.world.keys[key.digest] = key
    return Answer(body={**key.body(), "raw_key": raw})


@routes.add("PATCH /v1/api-keys/{id}/scopes", auth="person")
def update_api_key_scopes(call: Call) -> Answer:
    """Replace the key's scopes; null lifts them."""
    key = _own_key(call)
    body = call.json()
    if "scopes" not in body:
        raise invalid("scopes is required; null lifts them.")
    key.scopes = _scopes(body["scopes"])
    return Answer(204)


def _own_webhook(call: Call) -> Subscription:
    key = _own_key(call, "apiKeyId")
    subscription = call.world.webhooks.subscriptions.get(call.id("webhookId"))
    if subscription is None or subscription.key_id != key.id:
        raise not_found("webhook")
    return subscription


@routes.add("GET /v1/api-keys/{apiKeyId}/webhooks")
def list_webhooks(call: Call) -> Answer:
    """The key's subscriptions, without their secrets."""
    key = _own_key(call, "apiKeyId")
    known = call.world.webhooks.subscriptions.values()
    rows = [subscription.body() for subscription in known if subscription.key_id == key.id]
    return Answer(body=listed(call.options, "webhooks", rows))


@routes.add("POST /v1/api-keys/{apiKeyId}/webhooks")
def create_webhook(call: Call) -> Answer:
    """Subscribe a URL; the signing secret is shown now and at rotation only. Plain http is taken on loopback."""
    key = _own_key(call, "apiKeyId")
    body = call.json()
    url = required_text(body, "url")
    events = body.get("events")
    if not isinstance(events, list) or not events or not all(event in EVENTS for event in events):
        raise invalid(f"events must be a list of at least one of {', '.join(EVENTS)}.")
    try:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:
        raise invalid("url cannot be read.") from None
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise invalid("url must be HTTPS.")
    world = call.world
    subscription = Subscription(
        world.ids.uuid(call.now), key.id, call.owner, url, events, world.ids.token("whsec_"), call.now
    )
    world.webhooks.subscriptions[subscription.id] = subscription
    return Answer(201, subscription.body(with_secret=True))


@routes.add("DELETE /v1/api-keys/{apiKeyId}/webhooks/{webhookId}")
def delete_webhook(call: Call) -> Answer:
    """Unsubscribe."""
    del call.world.webhooks.subscriptions[_own_webhook(call).id]
    return Answer(204)


@routes.add("POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/rotate-secret")
def rotate_webhook_secret(call: Call) -> Answer:
    """Give the subscription another signing secret."""
    subscription = _own_webhook(call)
    subscription.secret = call.world.ids.token("whsec_")
    return Answer(body=subscription.body(with_secret=True))


@routes.add("POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/test")
async def test_webhook(call: Call) -> Answer:
    """Send a synthetic event now, and say how it was taken."""
    delivery = call.world.webhooks.make(_own_webhook(call), TEST_EVENT, call.now, None)
    began = time.monotonic()
    status, reason = await deliver(delivery, call.now)
    return Answer(
        body={
            "success": status is not None and status < 300,
            "http_status": status,
            "failure_reason": reason,
            "latency_ms": round((time.monotonic() - began) * 1000),
            "delivery_id": delivery.id,
        }
    )
