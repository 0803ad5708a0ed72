"""Webhook deliveries: verified, received once, and signed for tests (walkthrough, step 7.5).

::

    from specstep_flows.webhooks import Receiver, WebhookDelivery

    def on_delivery(delivery: WebhookDelivery) -> None:
        if delivery.event == "generation.completed":
            ...

    app = Receiver(on_delivery, signing_secret)          # an ASGI application
    response = app.receive(body, headers)                # or from Django, WSGI, Lambda

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specstep_flows.webhooks.receiver import Receiver, WebhookResponse
    from specstep_flows.webhooks.sign import SignedWebhook, sign_webhook
    from specstep_flows.webhooks.verify import EVENTS, TOLERANCE_SECONDS, WebhookDelivery, verify_webhook

__all__ = [
    "EVENTS",
    "TOLERANCE_SECONDS",
    "Receiver",
    "SignedWebhook",
    "WebhookDelivery",
    "WebhookResponse",
    "sign_webhook",
    "verify_webhook",
]

_HOMES = {
    "EVENTS": "verify",
    "TOLERANCE_SECONDS": "verify",
    "Receiver": "receiver",
    "SignedWebhook": "sign",
    "WebhookDelivery": "verify",
    "WebhookResponse": "receiver",
    "sign_webhook": "sign",
    "verify_webhook": "verify",
}


def __getattr__(name: str) -> object:
    import importlib

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
