"""Signing deliveries for tests: what is signed here is what the verification accepts."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.errors import SettingsError, UsageError, WebhookRejected
from specstep_flows.webhooks import sign_webhook, verify_webhook

SECRET, NOW = "whsec_9f8e7d6c5b4a", 1_778_022_000.0


@settings(max_examples=15, deadline=None)
@given(st.text(min_size=1, max_size=30), st.dictionaries(st.text(max_size=5), st.integers()), st.floats(0, 4e9))
def test_what_is_signed_is_accepted(secret: str, generation: dict[str, Any], now: float) -> None:
    """Whatever the secret, the document and the time are; with another secret or a changed body it is refused."""
    signed = sign_webhook({"event": "generation.completed", "generation": generation}, secret, now=now)
    read = verify_webhook(signed.body, signed.headers, secret, now=now)

    assert (read.event, read.generation) == ("generation.completed", generation)
    assert read.sent_at.timestamp() == int(now)
    with pytest.raises(WebhookRejected):
        verify_webhook(signed.body, signed.headers, f"{secret}x", now=now)
    with pytest.raises(WebhookRejected):
        verify_webhook(signed.body + b" ", signed.headers, secret, now=now)


def test_raw_bytes_are_signed_as_they_are() -> None:
    """So a test can send what is malformed, under an id of its choice."""
    signed = sign_webhook(b"not JSON", SECRET, now=NOW, delivery_id="d-1")

    assert (signed.body, signed.headers["X-SpecStep-Webhook-Delivery"]) == (b"not JSON", "d-1")
    with pytest.raises(WebhookRejected, match="not a JSON object"):
        verify_webhook(signed.body, signed.headers, SECRET, now=NOW)


def test_what_cannot_be_signed_is_refused() -> None:
    """An empty secret, with which anybody could sign, and what is no JSON."""
    with pytest.raises(SettingsError):
        sign_webhook({"event": "webhook.test"}, "", now=NOW)
    for odd in ({"event": object()}, {"cost": math.nan}):
        with pytest.raises(UsageError, match="cannot be written as JSON"):
            sign_webhook(odd, SECRET, now=NOW)
    assert "whsec" not in repr(sign_webhook({"event": "webhook.test"}, SECRET, now=NOW))
