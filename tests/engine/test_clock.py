"""The machine's clock: its seconds are shorter by its speed, in waits as in time."""

from __future__ import annotations

import asyncio
import time

import pytest

from specstep_flows.engine.clock import SystemClock


def test_a_faster_clock_waits_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty of its seconds are a twentieth of that at twenty times the speed; no wait is negative."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    clock = SystemClock(20.0)

    clock.sleep(30.0)
    clock.sleep(-1.0)
    asyncio.run(clock.sleep_async(30.0))
    asyncio.run(clock.sleep_async(-1.0))

    assert slept == [1.5, 0.0, 1.5, 0.0]


def test_time_and_waits_have_the_same_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that is checked by ``now`` comes when the waits towards it are over."""
    moment = [1_000.0]

    def pass_time(seconds: float) -> None:
        moment[0] += seconds

    for counter in ("time", "monotonic"):
        monkeypatch.setattr(time, counter, lambda: moment[0])
    monkeypatch.setattr(time, "clock_gettime", lambda _: moment[0], raising=False)
    monkeypatch.setattr(time, "sleep", pass_time)
    clock = SystemClock(50.0)
    begun = clock.now()
    clock.sleep(90.0)

    assert clock.now() - begun == pytest.approx(90.0)


@pytest.mark.parametrize("step", [-1e6, -30.0, 30.0, 1e6])
@pytest.mark.parametrize("speed", [1.0, 600.0])
def test_setting_the_machine_s_clock_changes_no_wait(
    monkeypatch: pytest.MonkeyPatch, step: float, speed: float
) -> None:
    """Neither ends a time-out nor makes it longer, at any speed. At first it is the machine's clock."""
    clock = SystemClock(speed)
    assert clock.now() == pytest.approx(time.time() * speed, abs=5.0 * speed)

    before, right = clock.now(), time.time
    monkeypatch.setattr(time, "time", lambda: right() + step)
    assert 0.0 <= clock.now() - before < 5.0 * speed
