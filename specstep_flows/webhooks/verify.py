"""Checks that a webhook delivery is from the service before anything in it is used (walkthrough, step 7.5).

``Receiver`` does this and drops repetitions, too; by hand it is::

    from specstep_flows.errors import WebhookRejected
    from specstep_flows.webhooks import verify_webhook

    try:
        delivery = verify_webhook(body, headers, signing_secret, now=time.time())
    except WebhookRejected:
        return 400                      # the service does not retry a 4xx
    if delivery.id not in seen and delivery.event == "generation.completed":
        seen.add(delivery.id)
        ...
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import attrs

from specstep_flows._json import read_json
from specstep_flows.errors import SettingsError, UsageError, WebhookRejected

Headers: TypeAlias = (
    Mapping[str, str] | Mapping[str, Sequence[str]] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
)

__all__ = ["EVENTS", "TOLERANCE_SECONDS", "WebhookDelivery", "verify_webhook"]

#: The event types that the walkthrough names. There may be others: a delivery's event can be any string.
EVENTS: Final = frozenset(
    {
        "generation.state_changed",
        "generation.paused_awaiting_clarification",
        "generation.completed",
        "generation.failed",
        "webhook.test",
    }
)
#: The walkthrough says to reject deliveries that are more than 5 minutes old.
TOLERANCE_SECONDS: Final = 300.0

_ENDLESS_SECONDS: Final = 1e12
#: How the names of a delivery's own headers begin.
PREFIX: Final = "X-SpecStep-Webhook-"
_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_DELIVERY: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


@attrs.frozen
class WebhookDelivery:
    """A delivery that was checked.

    ``id`` stays the same when the service sends a delivery again, so ignore those you have seen. ``event`` may be one
    that is not in ``EVENTS``. ``generation`` is what GET /v1/generations/{id} returns, None if the event has none
    (``webhook.test``); ``raw`` is the whole body. Deliveries can be lost: the state at the service is what counts.
    ``body`` and ``headers`` are what came, byte by byte, for whoever passes the delivery on.
    """

    id: str
    event: str
    sent_at: datetime
    delivered_at: datetime | None
    generation: Mapping[str, Any] | None = attrs.field(repr=False)
    raw: Mapping[str, Any] = attrs.field(repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    headers: Sequence[tuple[str, str]] = attrs.field(default=(), repr=False)

    @property
    def is_test(self) -> bool:
        """Whether somebody just tested the subscription (POST …/webhooks/{webhookId}/test)."""
        return self.event == "webhook.test"


def verify_webhook(
    body: bytes,
    headers: Headers,
    secrets: str | bytes | Sequence[str | bytes],
    *,
    now: float,
    tolerance: float = TOLERANCE_SECONDS,
) -> WebhookDelivery:
    """Check a delivery's signature and age, and read it.

    The signature covers only the body, not the headers: whoever intercepts a delivery can send it again with a new time
    and id. So the body's ``delivered_at`` must be as recent as the header's time, and its ``event`` the same.

    Args:
        body: the raw bytes of the request, not a document that was parsed and serialized again.
        headers: names in any case, as strings or (ASGI) bytes; a mapping to a value or to a list of them (AWS's
            ``multiValueHeaders``), or pairs, which can show a repeated header as well.
        secrets: the signing secret, or several during a rotation.
        now: seconds since the epoch.
        tolerance: how many seconds a delivery may be old, or ahead of this machine's clock.

    Raises:
        WebhookRejected: it must not be trusted; respond with a 4xx. The message contains no secret and no signature.
        SettingsError: there is no signing secret.
        UsageError: ``now`` or ``tolerance`` is not a number of seconds.
    """
    if not isinstance(body, bytes | bytearray | memoryview):
        raise TypeError("body must be the raw bytes of the request, which the signature covers")
    check_seconds(now=now, tolerance=tolerance)
    every = _pairs(headers)
    given = [
        (name.lower().removeprefix(PREFIX.lower()), value)
        for name, value in every
        if name.lower().startswith(PREFIX.lower())
    ]
    _check_signature(bytes(body), _header(given, "signature"), signing_keys(secrets))
    sent_at = _sent_at(_header(given, "timestamp"), now, tolerance)
    delivery_id = _header(given, "delivery")
    if not _DELIVERY.fullmatch(delivery_id):
        raise WebhookRejected("The delivery's id is malformed.")
    raw = _document(bytes(body))
    event = raw.get("event")
    if not isinstance(event, str) or event != _header(given, "event"):
        raise WebhookRejected("The event in the delivery's body is not the one in its header.")
    delivered_at = _moment(raw.get("delivered_at"))
    if delivered_at is not None and abs(delivered_at.timestamp() - now) > tolerance:
        raise WebhookRejected(
            "The time in the delivery's body does not match its header: somebody has sent an old delivery again."
        )
    generation = raw.get("generation")
    return WebhookDelivery(
        delivery_id,
        event,
        sent_at,
        delivered_at,
        generation if isinstance(generation, Mapping) else None,
        raw,
        bytes(body),
        tuple((name, value) for name, value in every if value is not None),
    )


def check_seconds(**given: object) -> None:
    """Raises ``UsageError`` for an argument that is not a number of seconds."""
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _ENDLESS_SECONDS:
            raise UsageError(f"{name} must be a number of seconds, not {value!r:.50}.")


def signing_keys(secrets: str | bytes | Sequence[str | bytes]) -> list[bytes]:
    """The signing secret, or several during a rotation. Raises ``SettingsError`` if one is missing or empty."""
    is_several = isinstance(secrets, Iterable) and not _is_text(secrets)
    # A secret that is no text becomes an empty one, which is refused. A mapping's names are no secrets.
    several: list[Any] = list(secrets) if is_several and not isinstance(secrets, Mapping) else [secrets]
    keys = [_encoded(secret) for secret in several]
    if not keys or not all(keys):
        # With an empty secret, anybody could sign.
        raise SettingsError(
            "The webhook's signing secret is missing or empty. The service shows it once, when it is made or rotated."
        )
    return keys


def _pairs(headers: object) -> list[tuple[str, str | None]]:
    """Headers and their values, None for one that is no text: frameworks hand over what a stranger sent."""
    items = getattr(headers, "items", None)
    pairs: object = items() if callable(items) else headers
    return [
        (_header_text(pair[0]) or "", _header_text(value))
        for pair in (pairs if isinstance(pairs, Iterable) else ())
        if isinstance(pair, Sequence) and not _is_text(pair) and len(pair) == 2
        for value in (pair[1] if isinstance(pair[1], list | tuple) else [pair[1]])
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes | bytearray)


def _encoded(secret: object) -> bytes:
    if isinstance(secret, str):
        return secret.encode("utf-8", "surrogatepass")
    return bytes(secret) if isinstance(secret, bytes | bytearray) else b""


def _header_text(part: object) -> str | None:
    if isinstance(part, bytes | bytearray):
        return part.decode("latin-1")
    return part if isinstance(part, str) else None


def _header(given: list[tuple[str, str | None]], name: str) -> str:
    values = [value for header, value in given if header == name and value is not None]
    if len(values) != 1:
        raise WebhookRejected(
            f"The delivery has no X-SpecStep-Webhook-{name.capitalize()} header."
            if not values
            else f"The delivery has more than one X-SpecStep-Webhook-{name.capitalize()} header."
        )
    return values[0].strip()


def _check_signature(body: bytes, signature: str, keys: list[bytes]) -> None:
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise WebhookRejected("The delivery's signature is malformed: it must be sha256= and 64 hexadecimal digits.")
    claimed = match[1]
    # Every key is tried, in constant time.
    fits = [hmac.compare_digest(hmac.new(key, body, hashlib.sha256).hexdigest(), claimed) for key in keys]
    if not any(fits):
        raise WebhookRejected("The delivery's signature does not match its body and the secret.")


def _sent_at(timestamp: str, now: float, tolerance: float) -> datetime:
    if not _SECONDS.fullmatch(timestamp):
        raise WebhookRejected("The delivery's time is malformed: it must be whole seconds since 1970.")
    try:
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookRejected("The delivery's time is in no calendar.") from None
    age = now - int(timestamp)
    if abs(age) > tolerance:
        when = f"{age:,.0f} s old" if age > 0 else f"{-age:,.0f} s in the future"
        raise WebhookRejected(
            f"The delivery is {when}, and only {tolerance:g} s are allowed. Check this machine's clock."
        )
    return sent_at


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = read_json(body, is_bounded=True)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise WebhookRejected("The delivery's body is not a JSON object.")
    return document


def _moment(value: object) -> datetime | None:
    """A timestamp, whose seconds may have more digits than Python reads; None if it is not one."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
