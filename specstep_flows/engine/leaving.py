"""What is looked at when a request really leaves: its place in the rate window, and how old its intent is.

Between a step and the socket a process may be stopped, for as long as anybody likes. So neither is good for long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows.engine.clock import boot_time, steady
from specstep_flows.engine.limits import margin_at
from specstep_flows.runs.records import Intent

if TYPE_CHECKING:
    from specstep_flows.engine import effects
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.limits import Bucket, Limiter
    from specstep_flows.engine.session import Session

#: A place is good for this much of the margin that the limiter adds to the window: what leaves later may still be
#: counted by the service when we have forgotten it.
PLACE_SHARE: Final = 0.6
#: So often a place is moved in a row: a machine that cannot send in time sends late.
MOST_MOVES: Final = 3
#: An intent is good for this long; then it is written again before the request that costs leaves. Who takes the run
#: over waits from then on for longer than a front door holds what is not whole.
INTENT_SECONDS: Final = 10.0


class Overdue(Exception):
    """A request has not left, because its place is no longer good and there is none for it now."""


@attrs.define(eq=False)
class Place:
    """A request's place in the rate window."""

    limiter: Limiter
    bucket: Bucket
    clock: Clock
    #: When it was counted, by the run's clock and by one that nobody sets.
    _taken: float = attrs.field(default=0.0, init=False)
    _since: float = attrs.field(default=0.0, init=False)

    def take(self) -> float:
        """Count the request: 0.0 if it may be sent now, else the seconds to wait before asking again. It may block."""
        since, now = steady(self.clock), self.clock.now()
        wait = self.limiter.acquire(self.bucket, now)
        self._since, self._taken = since, now
        return wait

    def take_at_once(self) -> float | None:
        """``take`` where that does not block; None otherwise, and nothing was counted."""
        since, now = steady(self.clock), self.clock.now()
        wait = self.limiter.acquire_at_once(self.bucket, now)
        self._since, self._taken = since, now
        return wait

    def is_stale(self) -> bool:
        """Whether it was taken too long ago for the request to leave."""
        return steady(self.clock) - self._since > PLACE_SHARE * margin_at(self.clock.speed)

    def leave(self) -> None:
        """The request leaves now: one whose place is too old takes another. Raises ``Overdue`` if there is none."""
        if self.is_stale() and self.renew() > 0:
            raise Overdue

    def renew(self) -> float:
        """Count the request now and no longer when its place was taken; as ``take``."""
        wait = 0.0
        for _ in range(MOST_MOVES):
            if wait > 0 or not self.is_stale():
                break
            since, now = steady(self.clock), self.clock.now()
            wait = self.limiter.renew(self.bucket, self._taken, now)
            self._since, self._taken = since, now
        return wait


@attrs.define(eq=False)
class Intention:
    """The intent of a request: written before it is sent, and looked at once more before its last byte leaves."""

    effect: effects.Send[Any]
    session: Session
    place: Place | None
    #: When it was written, on a clock that nobody sets.
    _since: float = attrs.field(default=-math.inf, init=False)

    def write(self) -> None:
        clock = self.session.shared.clock
        self._since = steady(clock)
        about = dict(self.effect.about or {})
        intent = Intent(self.effect.request.operation, clock.now(), about, *boot_time(clock))
        self.session.write({"intent": intent})

    def look(self) -> None:
        """Make sure that whoever takes the run over would find an intent that is young enough.

        Raises:
            RunTaken: somebody has taken it over.
        """
        # Looking may itself take longer than the place is good for. Whose the run is, is looked at last.
        for _ in range(MOST_MOVES):
            if self.place is not None and self.place.is_stale():
                # Where there is no other, the service refuses it at most.
                self.place.renew()
            if steady(self.session.shared.clock) - self._since > INTENT_SECONDS:
                self.write()
            else:
                self.session.check_held()
            if self.place is None or not self.place.is_stale():
                break
