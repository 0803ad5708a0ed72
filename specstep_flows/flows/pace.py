"""How long to wait: between two looks at a running generation, and for what was made a moment ago.

Looks are rare far from the likely end, and frequent near it. For a given number of looks, the end is noticed soonest
when the wait is proportional to one over the square root of the hazard (how likely the end is to come now, given that
it has not come yet). The durations are taken to be log-normal around the service's own forecast; the spread is an
assumption.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows.engine.effects import Sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from specstep_flows.models import Generation

T = TypeVar("T")

#: The longest wait between two looks, in seconds (walkthrough, step 5: "15 to 30 seconds").
LONGEST_SECONDS: Final = 30.0
#: The shortest: a look costs one of the 60 requests a minute.
SHORTEST_SECONDS: Final = 3.0
#: Without a forecast: the official samples' fixed wait.
UNKNOWN_SECONDS: Final = 15.0
#: Waiting for the service to pick up answers or a change at its next tick; longer each time it has not.
SOON_SECONDS: Final = 5.0
#: The longest wait between two looks at what somebody paused, in seconds; the first is that of a running one.
PAUSED_SECONDS: Final = 120.0
#: The longest wait while webhook deliveries report the changes: a delivery may be lost.
TOLD_SECONDS: Final = 120.0
#: The spread of the durations' logarithm around the forecast (an assumption).
SIGMA: Final = 0.25
#: Sets the number of looks: with this, runs of 4, 12 and 32 minutes take a few looks fewer than with fixed 15 seconds.
LOOKS_SECONDS_SQUARED: Final = 165.0
#: The waits between looks for something that was made a moment ago, in seconds (an assumption): a service of several
#: machines may not know it on all of them at once.
KNOWN_LOOKS: Final = (1.0, 2.0, 4.0, 8.0)
#: After this many times the forecast without an end, the forecast is ignored.
BEYOND_BELIEF: Final = 2.5


def hazard(ratio: float) -> float:
    """How likely the end is per unit of the forecast, ``ratio`` of the forecast having passed without it."""
    if ratio <= 0.0:
        return 0.0
    z = math.log(ratio) / SIGMA
    density = math.exp(-0.5 * z * z) / (ratio * SIGMA * math.sqrt(2 * math.pi))
    survival = 0.5 * math.erfc(z / math.sqrt(2))
    # Far beyond the forecast both vanish; their quotient tends to z / (ratio * sigma).
    return density / survival if survival > 1e-12 else z / (ratio * SIGMA)


@attrs.define
class Pace:
    """The waits between looks at one generation. It remembers when the last look with a forecast was."""

    longest: float = LONGEST_SECONDS
    shortest: float = SHORTEST_SECONDS
    _expected: float | None = None
    _began: float | None = None
    _asked: int = 0
    _paused: int = 0

    def next_wait(self, generation: Generation, now: float, *, is_told: bool = False) -> float:
        """Seconds until the next look, ``now`` (seconds on the run's clock) being the time of this one.

        With ``is_told`` webhook deliveries report what happens meanwhile: then looks are a safety net, every two
        minutes and at the forecast's end.
        """
        is_idle = generation.is_paused or generation.is_closed
        self._paused = self._paused + 1 if is_idle else 0
        if is_idle:
            return min(PAUSED_SECONDS, self.longest * 2.0 ** min(self._paused - 1, 8))
        if generation.needs_answers:
            self._asked += 1
            return min(self.longest, SOON_SECONDS * 2.0 ** min(self._asked - 1, 8))
        self._asked = 0
        expected = generation.estimated_duration_seconds
        remaining = generation.estimated_time_remaining_seconds
        if expected is not None and expected > 0:
            self._expected = expected
            if remaining is not None and 0 <= remaining <= expected:
                self._began = now - (expected - remaining)
        if is_told:
            return self._safety_wait(now)
        if self._expected is None or self._began is None:
            return min(UNKNOWN_SECONDS, self.longest)
        ratio = (now - self._began) / self._expected
        if ratio > BEYOND_BELIEF:
            return min(UNKNOWN_SECONDS, self.longest)
        chance = hazard(ratio)
        if chance <= 0.0:
            return self.longest
        return max(self.shortest, min(self.longest, math.sqrt(LOOKS_SECONDS_SQUARED / chance)))

    def _safety_wait(self, now: float) -> float:
        if self._expected is None or self._began is None:
            return TOLD_SECONDS
        left = self._began + self._expected - now
        # A forecast that always ends in a moment asks for no more looks than none at all.
        return min(TOLD_SECONDS, max(UNKNOWN_SECONDS, left)) if left > 0 else TOLD_SECONDS


async def once_known(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask for something that was certainly made; a 404 is raised only when it stays.

    Raises:
        NotFound: the service does not know it, or no longer.
    """
    for wait in KNOWN_LOOKS:
        try:
            return await ask()
        except errors.NotFound:
            await Sleep(wait)
    return await ask()
