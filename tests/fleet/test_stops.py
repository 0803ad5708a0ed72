"""A run is stopped where it waits, and nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from specstep_flows.fleet.stops import Stop, StoppingClock, stoppable


class Waits:
    """A clock on which nobody's time comes."""

    speed = 1.0

    def __init__(self) -> None:
        self.begun = 0

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Not used."""

    async def sleep_async(self, seconds: float) -> None:
        self.begun += 1
        await asyncio.Event().wait()


async def _waiting(clock: Any, stop: Stop) -> None:
    with stoppable(stop):
        await StoppingClock(clock).sleep_async(60.0)


async def _stopped(count: int) -> tuple[int, list[BaseException | None]]:
    clock, stops = Waits(), [Stop() for _ in range(count)]
    tasks = [asyncio.ensure_future(_waiting(clock, stop)) for stop in stops]
    while clock.begun < count:
        await asyncio.sleep(0)
    stops[0].stop()
    await asyncio.wait([tasks[0]])
    left = sum(not task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    return left, await asyncio.gather(*tasks, return_exceptions=True)


def test_a_run_that_waits_is_stopped_alone() -> None:
    """Its wait ends at once, and nobody else's."""
    left, (first, *_) = asyncio.run(_stopped(3))
    assert left == 2
    assert isinstance(first, asyncio.CancelledError)


def test_a_run_that_does_not_wait_stops_at_its_next_wait() -> None:
    """What it sends is answered first."""
    clock, stop = Waits(), Stop()
    stop.stop()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_waiting(clock, stop))
    assert clock.begun == 0
