"""The machine's clock: its seconds are shorter by its speed, in waits as in time."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest

from specstep_flows.engine.clock import SystemClock, boot_clock, boot_time, passed_since
from specstep_flows.runs.records import Intent
from tests.kit.platforms import POSIX_ONLY


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


@POSIX_ONLY
def test_time_asleep_counts_where_the_system_has_a_clock_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that slept for a night is in the morning of all other processes, too."""
    for platform, expected in (("linux", getattr(time, "CLOCK_BOOTTIME", None)), ("darwin", time.CLOCK_MONOTONIC)):
        monkeypatch.setattr(sys, "platform", platform)
        assert boot_clock() == expected
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert boot_clock() is None


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


class Machine:
    """A clock that anybody may set, on a machine that tells how long it has been up."""

    speed = 1.0

    def __init__(self, now: float, boot: tuple[str, float] | None) -> None:
        self._now, self._boot = now, boot

    def now(self) -> float:
        return self._now

    def boot(self) -> tuple[str, float] | None:
        return self._boot

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits")

    async def sleep_async(self, seconds: float) -> None:
        raise AssertionError("nobody waits")


@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [
        # The clock was put right by an hour, forwards and back: the machine knows that it was 10 seconds.
        ((1000.0, ("a", 50.0)), (4610.0, ("a", 60.0)), 10.0),
        ((4610.0, ("a", 50.0)), (1000.0, ("a", 60.0)), 10.0),
        # It was started anew, and has been up for 20 seconds, whatever the clock says.
        ((1000.0, ("a", 50.0)), (9000.0, ("b", 20.0)), 20.0),
        # Nothing tells: the clock is believed, but never that a request is from the future.
        ((1000.0, None), (1010.0, None), 10.0),
        ((1000.0, None), (900.0, ("b", 20.0)), 0.0),
    ],
)
def test_what_has_passed_since_a_request_is_told_by_the_machine_not_by_its_clock(
    before: Any, after: Any, passed: float
) -> None:
    """The clock may be set between a kill in a kickoff and the resume."""
    sent, now = Machine(*before), Machine(*after)
    intent = Intent("start_generation", sent.now(), {}, *boot_time(sent))

    assert passed_since(intent, now) == passed


@pytest.mark.skipif(sys.platform != "linux", reason="the start of the machine is told by Linux alone")
def test_the_machine_tells_its_start() -> None:
    """The same in every process, and seconds that go on."""
    first, second = SystemClock(2.0).boot(), SystemClock(1.0).boot()

    assert first is not None
    assert second is not None
    assert first[0] == second[0]
    assert second[1] <= first[1] <= 2.0 * second[1]


def test_a_clock_need_not_tell_the_start_of_the_machine() -> None:
    """One that a user made has only what the protocol asks for."""

    class Bare:
        speed = 1.0
        now, sleep, sleep_async = Machine.now, Machine.sleep, Machine.sleep_async

    assert boot_time(Bare()) == (None, None)
