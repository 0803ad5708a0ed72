"""Flows driven by hand: a made-up service answers their requests, and only their own waits turn the clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import attrs
import httpx

from specstep_flows import errors
from specstep_flows.engine import effects
from specstep_flows.engine.refusals import refusal
from specstep_flows.engine.retry import RULES
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.api import as_sent

#: What a store says of deliveries if there is no receiver.
NOBODY_RECEIVES: Final = effects.Deliveries(0, False, {})


class Stage:
    """Carries a flow's effects out without any I/O. ``service`` gives (status, body) or a reply, or an error."""

    def __init__(self, service: Callable[[effects.Request], Any]) -> None:
        self.service = service
        self.now = 1_000.0
        self.sent: list[effects.Request] = []
        self.told: list[Any] = []
        self.remembered: dict[str, Any] = {}
        #: The run's record, where there is one.
        self.record: RunRecord | None = None
        self.keys = 0
        #: What is read of webhook deliveries: nobody receives any, unless a test says so.
        self.deliveries: Callable[[effects.CheckDeliveries], effects.Deliveries] = lambda _: NOBODY_RECEIVES
        #: Whether the client watches many generations.
        self.is_crowded = False

    def play(self, flow: effects.Flow[Any], *, until: float = 100_000.0) -> Any:
        """Run ``flow`` to its end and give back what it gives back."""
        value: Any = None
        failure: Exception | None = None
        while True:
            try:
                effect = flow.send(value) if failure is None else flow.throw(failure)
            except StopIteration as stop:
                return stop.value
            value, failure = None, None
            try:
                value = self.carry(effect)
            except Exception as error:
                failure = error
            assert self.now < until, "the flow waits for ever"

    def carry(self, effect: effects.Effect[Any]) -> Any:
        match effect:
            case effects.Send():
                return self.send(effect)
            case effects.Sleep():
                self.now += effect.seconds
            case effects.Now():
                return self.now
            case effects.Passed():
                return max(0.0, self.now - effect.since.sent_at)
            case effects.Report():
                self.told.append(effect.event)
            case effects.Remember():
                self.remembered.update(effect.changes)
                if self.record is not None:
                    self.record = attrs.evolve(self.record, **effect.changes)
                return self.record
            case effects.Recall():
                return self.record
            case effects.Crowded():
                return self.is_crowded
            case effects.CheckDeliveries():
                return self.deliveries(effect)
            case effects.Ask():
                return effect.function(*effect.arguments)
            case effects.NewKey():
                self.keys += 1
                return f"key-{self.keys}"
            case effects.Observe():
                from specstep_flows import gateway

                return self.play(gateway.get_generation(effect.generation_id))
            case effects.Fetch():
                return effect.work(lambda: False)
        return None

    def send(self, effect: effects.Send[Any]) -> Any:
        """One attempt: the engine's own retries are tested with the engine."""
        self.sent.append(effect.request)
        before = self.record.intent if self.record is not None else None
        is_durable = self.record is not None and RULES[effect.request.kind].records_intent
        if is_durable:
            self.carry(effects.Remember({"intent": Intent(effect.request.operation, self.now, effect.about or {})}))
        try:
            result = self._read(effect, self.service(effect.request))
        except errors.RequestError as error:
            if is_durable and not error.ambiguous:
                self.carry(effects.Remember({"intent": before}))
            raise
        changes = dict(effect.outcome(result)) if effect.outcome is not None else {}
        if changes or is_durable:
            self.carry(effects.Remember(changes | ({"intent": None} if is_durable else {})))
        return result

    @staticmethod
    def _read(effect: effects.Send[Any], answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, effects.Reply):
            reply = answer
        else:
            headers = httpx.Headers({"content-type": "application/json"})
            content = as_sent(effect.request.operation, json.dumps(answer[1]).encode())
            reply = effects.Reply(answer[0], headers, content)
        if reply.status >= 400:
            raise refusal(effect.request, reply, 0.0)
        return effect.parse(reply)

    def count(self, operation: str) -> int:
        """How often an operation was sent."""
        return sum(request.operation == operation for request in self.sent)


class Killed(BaseException):
    """The process has ended."""


class MortalStage(Stage):
    """A stage that ends before the effect of this number; those inside a request count, too."""

    def __init__(
        self,
        service: Callable[[effects.Request], Any],
        record: RunRecord,
        now: float = 1_000.0,
        die_at: int = 0,
    ) -> None:
        super().__init__(service)
        self.now, self.record, self.die_at, self.passed = now, record, die_at, 0

    def carry(self, effect: effects.Effect[Any]) -> Any:
        self.passed += 1
        if self.passed == self.die_at:
            raise Killed
        return super().carry(effect)
