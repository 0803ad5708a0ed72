"""Clocks whose waiting turns the sandbox's clock, so that a run of minutes takes as long as its computing."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Any

from specstep_flows.sandbox import ManualClock

#: No run of the tests takes longer by the clock; one that does waits for something that never comes.
HANGS_AFTER_SECONDS = 4 * 3600.0


class Hangs(BaseException):
    """A run waits for ever. Not an Exception, so that no flow takes it for a failed effect."""


class TurnedClock:
    """A clock for one run at a time: whoever sleeps turns the sandbox's clock by as much."""

    speed = 1.0

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._until = clock.now() + HANGS_AFTER_SECONDS

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._turn_by(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._turn_by(seconds)
        await asyncio.sleep(0)

    def _turn_by(self, seconds: float) -> None:
        if self._clock.advance(max(0.0, seconds)) > self._until:
            raise Hangs(f"the run still waits after {HANGS_AFTER_SECONDS / 3600:g} hours of turned time")


class ConcurrentClock(TurnedClock):
    """A clock for many tasks of one event loop: time goes on, to the first that wakes, once all of them sleep."""

    def __init__(self, clock: ManualClock, runs: int) -> None:
        super().__init__(clock)
        self._awake = runs
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    async def sleep_async(self, seconds: float) -> None:
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self.now() + max(0.0, seconds), next(self._order), woken))
        self._awake -= 1
        self._turn()
        await woken.wait()

    def leave(self) -> None:
        """A task has ended, and no longer keeps the others waiting."""
        self._awake -= 1
        self._turn()

    async def until_done(self, work: Any) -> Any:
        """Await ``work`` as one of the runs that the clock waits for."""
        try:
            return await work
        finally:
            self.leave()

    def _turn(self) -> None:
        if self._awake > 0 or not self._sleepers:
            return
        self._turn_by(self._sleepers[0][0] - self.now())
        while self._sleepers and self._sleepers[0][0] <= self.now():
            self._awake += 1
            heapq.heappop(self._sleepers)[2].set()


class SteppedClock:
    """Turned by the test alone: where steps are played, a pause is a step, and nothing sleeps."""

    speed = 1.0

    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"a pause is a step, not a sleep of {seconds} s")

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
