"""Virtual time: the one thing from which everything in the sandbox follows.

Nothing in the sandbox ticks. Each request asks the clock for the present moment and the world works out what must have
happened since the last look, so a test that turns a `ManualClock` sees exactly what a patient user would.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Protocol

#: Where a `ManualClock` begins: just after the date of the pages that the sandbox follows.
EPOCH = datetime(2026, 6, 1, 12, 0, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """What the sandbox needs of a clock."""

    def now(self) -> float:
        """The virtual present, in seconds since 1970."""
        ...

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        """Run `action` once, when the virtual moment has come, in whatever thread gets there."""
        ...


class ManualClock:
    """A clock that stands still until a test turns it."""

    def __init__(self, start: float = EPOCH) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._pending: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        """The virtual present, in seconds since 1970."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` and return the new present."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        with self._lock:
            self._now += seconds
            due = [action for at, action in sorted(self._pending, key=lambda entry: entry[0]) if at <= self._now]
            self._pending = [(at, action) for at, action in self._pending if at > self._now]
        for action in due:
            action()
        return self._now

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        """Run `action` inside the `advance` that reaches the moment, or inside the next one if it is past."""
        with self._lock:
            self._pending.append((moment, action))


class ScaledClock:
    """A clock that runs `speed` times as fast as the real one."""

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        if not speed > 0:
            raise ValueError("speed must be above zero")
        self.speed = speed
        self._start = time.time() if start is None else start
        self._zero = time.monotonic()

    def now(self) -> float:
        """The virtual present, in seconds since 1970."""
        return self._start + (time.monotonic() - self._zero) * self.speed

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        """Run `action` on a timer thread once the moment has come."""
        timer = threading.Timer(max(0.0, moment - self.now()) / self.speed, action)
        timer.daemon = True
        timer.start()


def timestamp(moment: float) -> str:
    """A moment as .NET writes it: seven fractional digits and an offset."""
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0+00:00"


def timestamp_or_none(moment: float | None) -> str | None:
    """Like `timestamp`, for a moment that may not have come."""
    return None if moment is None else timestamp(moment)


def http_date(moment: float) -> str:
    """A moment as the Date, Last-Modified and Retry-After headers write it."""
    return formatdate(moment, usegmt=True)
