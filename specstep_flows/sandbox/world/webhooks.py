"""Webhook subscriptions, and what is told to them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..clock import timestamp, timestamp_or_none

if TYPE_CHECKING:
    from .generations import Generation
    from .world import World

EVENTS = (
    "generation.state_changed",
    "generation.paused_awaiting_clarification",
    "generation.completed",
    "generation.failed",
)
TEST_EVENT = "webhook.test"
_SPECIAL = {
    "PausedAwaitingClarification": "generation.paused_awaiting_clarification",
    "Complete": "generation.completed",
    "Failed": "generation.failed",
}


@dataclass
class Subscription:
    """One webhook of one API key."""

    id: str
    key_id: str
    owner: str
    url: str
    events: list[str]
    secret: str
    created_at: float
    last_delivery_at: float | None = None
    last_status: str | None = None
    last_http_code: int | None = None

    def body(self, *, with_secret: bool = False) -> dict[str, Any]:
        """The subscription record; the secret stands in it only when it was just made."""
        return {
            "id": self.id,
            "url": self.url,
            "events": self.events,
            "signing_secret": self.secret if with_secret else None,
            "created_at": timestamp(self.created_at),
            "last_delivery_at": timestamp_or_none(self.last_delivery_at),
            "last_status": self.last_status,
            "last_http_code": self.last_http_code,
        }


@dataclass(frozen=True)
class Delivery:
    """Something to be told to a subscription: signed and sent outside the world."""

    id: str
    subscription: Subscription
    event: str
    at: float
    payload: dict[str, Any]


class Webhooks:
    """All subscriptions, and the deliveries that wait to be sent."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.subscriptions: dict[str, Subscription] = {}
        self.outbox: list[Delivery] = []

    def tell(self, generation: "Generation", at: float, state: str) -> None:
        """Put the events of a change of state into the outbox of everyone who listens for them."""
        from .projection import generation_body

        events = ["generation.state_changed", *([_SPECIAL[state]] if state in _SPECIAL else [])]
        for subscription in self.subscriptions.values():
            if subscription.owner != generation.owner:
                continue
            for event in events:
                if event in subscription.events:
                    body = generation_body(self._world, generation, at)
                    self.outbox.append(self.make(subscription, event, at, body))

    def make(self, subscription: Subscription, event: str, at: float, generation: dict[str, Any] | None) -> Delivery:
        """Write one delivery; `generation` is missing from a test event."""
        payload: dict[str, Any] = {"event": event, "delivered_at": timestamp(at)}
        if generation is not None:
            payload["generation"] = generation
        return Delivery(self._world.ids.uuid(at), subscription, event, at, payload)
