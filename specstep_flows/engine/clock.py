"""The clock: waits, deadlines, settle time and rate windows are all in its seconds."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from specstep_flows.runs.records import Intent

#: Changes with each start of the machine (Linux; elsewhere nothing tells).
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_clock() -> int | None:
    """The system's clock that counts the time asleep as well; None where ``time.monotonic`` is all there is."""
    if sys.platform == "darwin":
        # The kernel's own continues while it sleeps; what time.monotonic reads there does not.
        return time.CLOCK_MONOTONIC
    return getattr(time, "CLOCK_BOOTTIME", None)


_BOOT_CLOCK: Final = boot_clock()


class Clock(Protocol):
    """What the engine needs of a clock. ``now`` must agree between all processes that share a run store.

    It may also have ``boot()``: the start of the machine, and the seconds since then on this clock; and ``is_shared``,
    if it is that of several machines.
    """

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


def since_boot() -> float:
    """Seconds that no setting of the machine's clock changes; time asleep counts, where the system can tell."""
    return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)


def steady(clock: Clock) -> float:
    """Seconds on a clock that nobody sets back or forth: only how many have passed means something."""
    return since_boot() * clock.speed


#: The machine's clock is read once, so that all processes agree; after that its uptime is counted. So setting the clock
#: neither ends a wait or a time-out, nor makes one longer.
_BOOTED_AT: Final = time.time() - since_boot()


class SystemClock:
    """The machine's clock, ``speed`` times as fast (``SPECSTEP_CLOCK_SPEED``, only against a loopback service)."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def now(self) -> float:
        return (_BOOTED_AT + since_boot()) * self.speed

    def boot(self) -> tuple[str, float] | None:
        """The start of the machine, and the seconds since then, sleep included; None where nothing tells."""
        try:
            return _BOOT_ID.read_text("ascii").strip(), since_boot() * self.speed
        except (OSError, ValueError):
            return None

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.speed)

    async def sleep_async(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(max(0.0, seconds) / self.speed)


def boot_time(clock: Clock) -> tuple[str, float] | tuple[None, None]:
    """The start of the machine, and the seconds since then, if the clock tells them."""
    boot = getattr(clock, "boot", None)
    return (boot() if boot is not None else None) or (None, None)


def passed_since(intent: Intent, clock: Clock) -> float:
    """The seconds that have certainly passed since a request was sent.

    Within one start of the machine that is what it has been up since; after another one, at most what it has been up
    at all. Only where nothing tells how long it has been up, its clock is believed. On a clock that several machines
    share nothing has: a server's clock can be set, and another server with another clock can take its place.
    """
    if getattr(clock, "is_shared", False):
        return 0.0
    boot, up = boot_time(clock)
    if up is None or intent.up is None:
        return max(0.0, clock.now() - intent.sent_at)
    return max(0.0, up - intent.up) if boot == intent.boot else max(0.0, up)
