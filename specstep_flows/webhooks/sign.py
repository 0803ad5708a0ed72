"""Signs deliveries as the service does, so that users can test their receivers (walkthrough, step 7.5)."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from specstep_flows._json import read_json
from specstep_flows.errors import UsageError
from specstep_flows.webhooks.verify import PREFIX, check_seconds, signing_keys


@attrs.frozen
class SignedWebhook:
    """A delivery that ``verify_webhook`` and ``Receiver`` accept: the ``body`` to post, with these ``headers``."""

    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)


def sign_webhook(
    body: bytes | Mapping[str, Any], secret: str | bytes, *, now: float, delivery_id: str | None = None
) -> SignedWebhook:
    """A delivery as the service would send it, for tests.

    ::

        signed = sign_webhook({"event": "generation.completed", "generation": {...}}, secret, now=time.time())
        response = test_client.post("/specstep-hook", content=signed.body, headers=signed.headers)

    Args:
        body: the document, which gets a ``delivered_at`` of ``now`` if it has none; or a body's raw bytes, signed as
            they are, whatever they hold.
        secret: the signing secret.
        now: when it is sent, in seconds since the epoch.
        delivery_id: the id that stays the same when a delivery is sent again; default: a new one.

    Raises:
        SettingsError: the secret is empty.
        UsageError: the document is not JSON, or ``now`` is not a number of seconds.
    """
    check_seconds(now=now)
    (key,) = signing_keys(secret)
    raw = body if isinstance(body, bytes) else _encoded(body, now)
    try:
        document = read_json(raw, is_bounded=True)
    except ValueError:
        document = None
    event = document.get("event") if isinstance(document, dict) else None
    named = {
        "Signature": f"sha256={hmac.new(key, raw, hashlib.sha256).hexdigest()}",
        "Timestamp": str(int(now)),
        "Event": event if isinstance(event, str) else "",
        "Delivery": delivery_id or str(uuid.uuid4()),
    }
    headers = {"Content-Type": "application/json"}
    return SignedWebhook(raw, headers | {f"{PREFIX}{name}": value for name, value in named.items()})


def _encoded(document: Mapping[str, Any], now: float) -> bytes:
    delivered_at = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    try:
        return json.dumps({"delivered_at": delivered_at, **document}, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"The delivery's document cannot be written as JSON: {error}.") from None
