"""API keys, their scopes and the webhooks that hang on them (walkthrough, step 7.5 and API-key scoping)."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from specstep_flows.sandbox.records import SHOWN_CHARACTERS, Key, Subscription, digest
from specstep_flows.sandbox.refusals import invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, identifier, listed, required_text, text
from specstep_flows.sandbox.webhook_sender import deliver
from specstep_flows.sandbox.world import EVENTS, TEST_EVENT

_KEY = (
    "id:uuid name:text? prefix:text? scopes:[text]? project_id:uuid? organization_id:uuid? created_at:date "
    "last_rotated_at:date?"
)

routes = Routes(
    "Settings",
    names={"id": "keyId", "apiKeyId": "keyId", "webhookId": "subscriptionId"},
    records={
        "ApiKeyDto": _KEY,
        "ApiKeysResponse": "keys:[@ApiKeyDto]",
        "IssuedApiKeyResponse": f"{_KEY} raw_key:text",
        "IssueApiKeyRequest": "name?:text? scopes?:[text]? project_id?:uuid?",
        "SetScopesRequest": "scopes:[text]?",
        "PermissionDto": "code:text description:text?",
        "PermissionCatalog": "permissions:[=PermissionDto]",
        "WebhookSubscriptionDto": (
            "id:uuid url:text events:[text] signing_secret:text? created_at:date last_delivery_at:date? "
            "last_status:text? last_http_code:int?"
        ),
        "WebhookSubscriptionsResponse": "webhooks:[@WebhookSubscriptionDto]",
        "RegisterWebhookRequest": "url:text events:[text]",
        "WebhookTestOutcome": ("success:flag http_status:int? failure_reason:text? latency_ms:long? delivery_id:uuid?"),
    },
)


#: The codes that the vendor's plugin names; there may be more. What they allow is made up.
PERMISSIONS = {
    "projects.read": "Read interviews, generations and packages.",
    "projects.write": "Start and steer them.",
    "session_state.read": "Read what an agent keeps between sessions.",
    "session_state.write": "Change what an agent keeps between sessions.",
}


@routes.add("GET /v1/permissions", "200:@PermissionCatalog")
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


@routes.add("GET /v1/api-keys", "200:@ApiKeysResponse")
def list_api_keys(call: Call) -> Answer:
    """The caller's keys, without their secrets."""
    rows = [key.body() for key in call.world.keys.values() if key.user is call.key.user and key.prefix == "sf"]
    return Answer(body=listed(call.options, "keys", rows))


@routes.add("POST /v1/api-keys", "201:@IssuedApiKeyResponse 400 403", body="@IssueApiKeyRequest", auth="person")
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


@routes.add("POST /v1/api-keys/{id}/rotate", "200:@IssuedApiKeyResponse 403 404", auth="person")
def rotate_api_key(call: Call) -> Answer:
    """Give the key another secret; the old one is dead at once."""
    key = _own_key(call)
    raw = call.world.ids.token("sf_")
    del call.world.keys[key.digest]
    key.digest, key.last_rotated_at, key.shown = digest(raw), call.now, raw[:SHOWN_CHARACTERS]
    call.world.keys[key.digest] = key
    return Answer(body={**key.body(), "raw_key": raw})


@routes.add("PATCH /v1/api-keys/{id}/scopes", "204 400 403 404", body="@SetScopesRequest", auth="person")
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
    subscription = call.world.subscriptions.get(call.id("webhookId"))
    if subscription is None or subscription.key_id != key.id:
        raise not_found("webhook")
    return subscription


@routes.add("GET /v1/api-keys/{apiKeyId}/webhooks", "200:@WebhookSubscriptionsResponse 404")
def list_webhooks(call: Call) -> Answer:
    """The key's subscriptions, without their secrets."""
    key = _own_key(call, "apiKeyId")
    known = call.world.subscriptions.values()
    rows = [subscription.body() for subscription in known if subscription.key_id == key.id]
    return Answer(body=listed(call.options, "webhooks", rows))


@routes.add(
    "POST /v1/api-keys/{apiKeyId}/webhooks", "201:@WebhookSubscriptionDto 400 404", body="@RegisterWebhookRequest"
)
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
    world.subscriptions[subscription.id] = subscription
    return Answer(201, subscription.body(with_secret=True))


@routes.add("DELETE /v1/api-keys/{apiKeyId}/webhooks/{webhookId}", "204 404")
def delete_webhook(call: Call) -> Answer:
    """Unsubscribe."""
    del call.world.subscriptions[_own_webhook(call).id]
    return Answer(204)


@routes.add("POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/rotate-secret", "200:@WebhookSubscriptionDto 404")
def rotate_webhook_secret(call: Call) -> Answer:
    """Give the subscription another signing secret."""
    subscription = _own_webhook(call)
    subscription.secret = call.world.ids.token("whsec_")
    return Answer(body=subscription.body(with_secret=True))


@routes.add("POST /v1/api-keys/{apiKeyId}/webhooks/{webhookId}/test", "200:@WebhookTestOutcome 404")
async def test_webhook(call: Call) -> Answer:
    """Send a synthetic event now, and say how it was taken."""
    delivery = call.world.delivery(_own_webhook(call), TEST_EVENT, call.now)
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
