"""What the engine needs to run a flow: the parts that all flows of a client share, and those of one run of a flow."""

from __future__ import annotations

import math
import random
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows.engine.line import Line
from specstep_flows.engine.lockout import Lockout

if TYPE_CHECKING:
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Flow, Observe, Request
    from specstep_flows.engine.limits import Limiter
    from specstep_flows.engine.wire import Span, Wire
    from specstep_flows.events import Event
    from specstep_flows.models import Generation
    from specstep_flows.runs.protocol import Deliveries
    from specstep_flows.runs.records import Records, RunRecord

#: However fast the clock is, a real server needs real time to respond.
SHORTEST_REAL_TIMEOUT_SECONDS = 5.0
#: However slow it is: a week. No socket takes a time-out of more than 24 days.
LONGEST_REAL_TIMEOUT_SECONDS = 7 * 86400.0


def new_key() -> str:
    """A fresh Idempotency-Key: 1 to 128 characters of ``[A-Za-z0-9._:-]`` (walkthrough, step 3)."""
    return f"ssf-{secrets.token_hex(16)}"


@attrs.define(eq=False)
class Shared:
    """What every flow of one client shares."""

    clock: Clock
    limiter: Limiter
    observe: Callable[[Observe], Flow[Generation]]
    #: Webhook deliveries, where somebody receives them for this client's store.
    deliveries: Deliveries | None = None
    #: Whether many generations are watched at a time by the run's clock.
    is_crowded: Callable[[float], bool] = lambda now: False
    request_timeout: float = 75.0
    random: random.Random = attrs.field(factory=random.Random)
    new_key: Callable[[], str] = new_key
    closing: threading.Event = attrs.field(factory=threading.Event)
    #: Held while a flow of ``observe`` runs, whose state all threads share.
    observing: threading.Lock = attrs.field(factory=threading.Lock)
    lockout: Lockout = attrs.field(factory=Lockout)
    #: On an event loop: what a request without an intent passes, so that few connections serve any number of runs.
    gate: AbstractAsyncContextManager[Any] = attrs.field(factory=nullcontext)
    #: Who waits for a place under each of the service's limits.
    lines: Mapping[str, Line] = attrs.field(factory=lambda: {"standard": Line(), "kickoff": Line()})
    #: Called before a request is sent; raises if it must not be.
    check: Callable[[Request], None] | None = None
    #: Whether the service has responded to this client, with whatever.
    has_responded: bool = False
    #: The variable or the file to look at for the key.
    key_source: str = "SPECSTEP_API_KEY"

    @property
    def real_timeout(self) -> float:
        """The timeout of one request in real seconds."""
        return self.real_timeout_of(0.0)

    def real_timeout_of(self, works_seconds: float) -> float:
        """The same for one on which the service may work so many seconds."""
        return self.real_seconds(max(self.request_timeout, works_seconds))

    def real_seconds(self, timeout: float) -> float:
        """A timeout of one request in real seconds."""
        floor = min(timeout, SHORTEST_REAL_TIMEOUT_SECONDS)
        return min(max(timeout / self.clock.speed, floor), LONGEST_REAL_TIMEOUT_SECONDS)


class Flag:
    """What one thread sets and others look at; nobody waits for it, as one could for a ``threading.Event``."""

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Set it for good."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._is_set


@attrs.define(eq=False)
class Session:
    """One run of one flow: its deadline, its listener, and the record that it keeps, if it has one."""

    shared: Shared
    deadline: float | None = None
    report: Callable[[Event], Any] | None = None
    store: Records | None = None
    record: RunRecord | None = None
    stopping: Flag = attrs.field(factory=Flag)
    #: Whether it was told that the key is refused for a while.
    is_lockout_told: bool = False
    #: What the caller wants of single requests, and the span of the run.
    wire: Wire | None = None
    span: Span | None = None
    #: Changes that wait for the next write, and until when, on the run's clock.
    _waiting: dict[str, Any] = attrs.field(factory=dict, init=False)
    _due: float = attrs.field(default=math.inf, init=False)
    #: The record without them, as the store has it.
    _stored: RunRecord | None = attrs.field(init=False)

    @_stored.default
    def _as_given(self) -> RunRecord | None:
        return self.record

    def read(self) -> RunRecord | None:
        """The record as it is in the store, with the changes that wait."""
        if self.record is not None and self.store is not None:
            self._take(self.store.get(self.record.run_id))
        return self.record

    def glance(self) -> RunRecord | None:
        """``read`` where that does not block; otherwise None."""
        if self.record is not None and self.store is not None:
            stored = self.store.glance(self.record.run_id)
            return None if stored is None else self._take(stored)
        return self.record

    def write(self, changes: Mapping[str, Any]) -> RunRecord | None:
        """Make ``changes`` durable, with all that wait, and keep the changed record."""
        if self.record is not None and self.store is not None:
            if self._waiting and self.glance() is None:
                self.read()
            changes = {**self._waiting, **changes}
            if changes:
                self._stored = self.record = self.store.update(self.record.run_id, changes)
            self._waiting, self._due = {}, math.inf
        return self.record

    def check_held(self) -> None:
        """Raises ``RunTaken`` if another driver has taken the record."""
        if self.record is not None and self.store is not None:
            self.store.check_held(self.record.run_id)

    def put_off(self, changes: Mapping[str, Any], until: float) -> None:
        """Make changes that are durable with the next write; ``is_due`` once it must not wait any longer."""
        self._waiting |= changes
        self._due = min(self._due, until)
        if self.record is not None:
            self.record = attrs.evolve(self.record, **changes)

    def is_due(self, now: float) -> bool:
        """Whether changes have waited as long as they may by then."""
        return bool(self._waiting) and now >= self._due

    def _take(self, stored: RunRecord) -> RunRecord:
        """What the store holds now. Whatever others have written there since is right, and not what waits here."""
        before = self._stored
        if stored is not before and before is not None:
            self._waiting = {
                name: value for name, value in self._waiting.items() if getattr(stored, name) == getattr(before, name)
            }
        if stored is not before or not self._waiting:
            self._stored = stored
            self.record = attrs.evolve(stored, **self._waiting) if self._waiting else stored
        assert self.record is not None
        return self.record

    def should_stop(self) -> bool:
        """Whether blocking work should end early: given up, client closed, or overall deadline passed."""
        return self.stopping.is_set() or self.shared.closing.is_set() or self.is_late()

    def is_late(self) -> bool:
        """Whether the overall deadline has passed."""
        return self.deadline is not None and self.shared.clock.now() >= self.deadline
