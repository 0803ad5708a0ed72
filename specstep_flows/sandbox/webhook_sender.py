"""Sends webhook deliveries: signed, in order, and again after a failure."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from specstep_flows.sandbox.clock import Clock
from specstep_flows.sandbox.records import Delivery
from specstep_flows.sandbox.world import World

#: Virtual seconds before each further try (walkthrough, delivery semantics).
BACKOFF = (1, 4, 16)

Job = Callable[[], Coroutine[Any, Any, None]]


async def deliver(delivery: Delivery, now: float) -> tuple[int | None, str | None]:
    """Send one delivery once; returns its HTTP status (None without one), and what went wrong."""
    raw = json.dumps(delivery.payload, separators=(",", ":")).encode()
    subscription = delivery.subscription
    signature = hmac.new(subscription.secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-SpecStep-Webhook-Signature": f"sha256={signature}",
        "X-SpecStep-Webhook-Timestamp": str(int(now)),
        "X-SpecStep-Webhook-Event": delivery.event,
        "X-SpecStep-Webhook-Delivery": delivery.id,
    }
    subscription.last_delivery_at = now
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.post(subscription.url, content=raw, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        subscription.last_status, subscription.last_http_code = "failed", None
        return None, f"The receiver cannot be reached ({type(error).__name__})."
    subscription.last_http_code = answer.status_code
    subscription.last_status = "delivered" if answer.is_success else "failed"
    return answer.status_code, None if answer.is_success else f"The receiver answered with {answer.status_code}."


class WebhookSender:
    """Empties the world's outbox, and is there when something falls due that nobody asks about.

    `run` carries a job out in the server's loop, from whatever thread the clock's callbacks come.
    """

    def __init__(self, world: World, clock: Clock, run: Callable[[Job], None]) -> None:
        self._world = world
        self._clock = clock
        self._run = run
        self._awaited: float | None = None
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def called(self) -> None:
        """A request was answered, within the loop: send what it caused, and wait for what is due next."""
        if self._world.subscriptions:
            self._wait_for_the_next()
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        self._world.settle(self._clock.now())
        async with self._one_at_a_time:
            waiting, self._world.outbox = self._world.outbox, []
            for delivery in waiting:
                await self._send(delivery, 0)
        self._wait_for_the_next()

    async def _send(self, delivery: Delivery, failures: int) -> None:
        now = self._clock.now()
        status, _ = await deliver(delivery, now)
        if (status is None or status >= 500) and failures < len(BACKOFF):
            again = now + BACKOFF[failures]
            self._clock.call_at(again, lambda: self._run(lambda: self._send(delivery, failures + 1)))

    def _wait_for_the_next(self) -> None:
        """Come back when the next change is due, unless that is waited for already."""
        changes = [run.next_change() for run in self._world.open_generations.values()]
        due = min((change for change in changes if change is not None), default=None)
        if due is None or (self._awaited is not None and self._clock.now() < self._awaited <= due):
            return
        self._awaited = due
        self._clock.call_at(due, lambda: self._run(self._work))
