"""A worker whose event loop hangs ends, and one that was stopped as a whole does not."""

from __future__ import annotations

import asyncio

from specstep_flows.fleet.watchdog import EXIT_CODE, HANG_TICKS, Watchdog


def test_a_loop_that_does_not_turn_for_a_minute_ends_the_process() -> None:
    """Nobody could take its runs over as long as it has its session."""
    ended: list[int] = []
    dog = Watchdog(ended.append)
    for _ in range(HANG_TICKS):
        dog.tick()
    assert ended == []

    dog.tick()
    assert ended == [EXIT_CODE]


def test_a_loop_that_turns_keeps_the_process() -> None:
    """Its own ticks are counted, and no time that passed meanwhile."""
    ended: list[int] = []
    dog = Watchdog(ended.append, ticks=2)

    async def turn_and_tick() -> None:
        turning = asyncio.ensure_future(dog.turn())
        for _ in range(3):
            await asyncio.sleep(0)
            dog.tick()
            dog.tick()
            turning.cancel()
            turning = asyncio.ensure_future(dog.turn())
        turning.cancel()

    asyncio.run(turn_and_tick())
    assert ended == []
