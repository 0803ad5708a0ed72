"""The clock: waits, deadlines, settle time and rate windows are all in its seconds."""

from __future__ import annotations

import time
from typing import Final, Protocol


class Clock(Protocol):
    """What the engine needs of a clock. ``now`` must agree between all processes that share a run store."""

    speed: float

    def now(self) -> float:
        """Seconds since the epoch, on this clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block for that many seconds on this clock."""
        ...

    async def sleep_async(self, seconds: float) -> None:
        """Wait that many seconds on this clock, without blocking the event loop."""
        ...


def _since_boot() -> float:
    """Seconds that no setting of the machine's clock changes; time asleep counts, where the system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


#: The machine's clock is read once, so all processes agree; from then on its own counter goes on from there. So nobody
#: who sets the clock ends a wait or a time-out, or makes one longer.
_BOOTED_AT: Final = time.time() - _since_boot()


class SystemClock:
    """The machine's clock, ``speed`` times as fast (``SPECSTEP_CLOCK_SPEED``, only against a loopback service)."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def now(self) -> float:
        return (_BOOTED_AT + _since_boot()) * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.speed)

    async def sleep_async(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(max(0.0, seconds) / self.speed)
