"""What the engine needs to run a flow: the parts that all flows of a client share, and those of one run of a flow."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows.engine.lockout import Lockout

if TYPE_CHECKING:
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Flow, Observe, Request
    from specstep_flows.engine.limits import Limiter
    from specstep_flows.engine.wire import Span, Wire
    from specstep_flows.events import Event
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import Record, Records

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
    #: Whether many generations are watched at a time by the run's clock.
    is_crowded: Callable[[float], bool] = lambda now: False
    request_timeout: float = 75.0
    random: random.Random = attrs.field(factory=random.Random)
    new_key: Callable[[], str] = new_key
    closing: threading.Event = attrs.field(factory=threading.Event)
    #: Held while a flow of ``observe`` runs, whose state all threads share.
    observing: threading.Lock = attrs.field(factory=threading.Lock)
    lockout: Lockout = attrs.field(factory=Lockout)
    #: Called before a request is sent; raises if it must not be.
    check: Callable[[Request], None] | None = None
    #: Whether the service has responded to this client, with whatever.
    has_responded: bool = False

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
    record: Record | None = None
    stopping: Flag = attrs.field(factory=Flag)
    #: Whether it was told that the key is refused for a while.
    is_lockout_told: bool = False
    #: What the caller wants of single requests, and the span of the run.
    wire: Wire | None = None
    span: Span | None = None

    def read(self) -> Record | None:
        """The record as it is in the store."""
        if self.record is not None and self.store is not None:
            self.record = self.store.get(self.record.run_id)
        return self.record

    def write(self, changes: Mapping[str, Any]) -> Record | None:
        """Make ``changes`` durable, and keep the changed record."""
        if self.record is not None and self.store is not None and changes:
            self.record = self.store.update(self.record.run_id, changes)
        return self.record

    def should_stop(self) -> bool:
        """Whether blocking work should end early: given up, client closed, or overall deadline passed."""
        return self.stopping.is_set() or self.shared.closing.is_set() or self.is_late()

    def is_late(self) -> bool:
        """Whether the overall deadline has passed."""
        return self.deadline is not None and self.shared.clock.now() >= self.deadline
