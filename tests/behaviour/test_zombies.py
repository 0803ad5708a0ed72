"""A process that is stopped on its way to a paid request, loses its run to another one, and wakes: it is paid once.

Stopped for real (SIGSTOP), between any two of: the intent, the connection, each write to it, and the last look. The
file of its lock is deleted meanwhile, so that another process takes the run over and ends it; then it wakes.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from specstep_flows.engine.secrecy import hush_logs
from specstep_flows.sandbox import Failure, Sandbox
from tests.behaviour.test_kill_everywhere import FILES, Starter
from tests.kit.bench import options
from tests.kit.front import Front
from tests.kit.killed_process import Order
from tests.kit.proxy import Proxy
from tests.kit.shared_clock import SharedClock

pytestmark = pytest.mark.slow

#: The ceiling of the service's front door, in seconds (more-facts: about 60, then a 504).
CEILING = 60.0
START, RETRY = "start_generation", "retry_generation"
#: Where the process is stopped. A kickoff has a body, which is written behind its head; a retry has none, and its head
#: is written in two. With SPECSTEP_WHOLE_TABLE, it is stopped at each of them, else where a star is.
POINTS = {
    START: [
        "*before the intent of",
        "behind the intent of",
        "send",
        "before write 1 of",
        "*before write 2 of",
        "before the last look at",
        "behind the last look at",
        "*before write 3 of",
        "*behind write 3 of",
    ],
    RETRY: [
        "behind the intent of",
        "*before write 1 of",
        "before the last look at",
        "*before write 2 of",
        "behind write 2 of",
    ],
}
#: Here it has looked for the last time: only the front door keeps what it still sends from being carried out.
LAST = ("behind the last look at", "before write 3 of")


def points_of(operation: str, *wanted: str) -> list[str]:
    """Where it is stopped; if not everywhere, at those that are wanted."""
    if "SPECSTEP_WHOLE_TABLE" in os.environ:
        return [point.lstrip("*") for point in POINTS[operation]]
    return [point[1:] for point in POINTS[operation] if point[0] == "*" and (not wanted or point[1:] in wanted)]


class Door(Starter):
    """Processes whose service has a front door, which drops what is not whole in time unless it is left open."""

    def __init__(self, folder: Path) -> None:
        clock = SharedClock(folder / "clock")
        told = options(package_files=FILES, requests_per_minute=None, kickoffs_per_minute=None, monthly_quota=None)
        # The door has a client of its own, which no client of ours has hushed here.
        hush_logs()
        with contextlib.ExitStack() as opened:
            sandbox = opened.enter_context(Sandbox(options=told, clock=clock))
            self.front = opened.enter_context(Front(sandbox.url, ceiling=CEILING, now=clock.now))
            proxy = opened.enter_context(Proxy(int(self.front.url.rpartition(":")[2])))
            super().__init__(sandbox, proxy, folder / "clock", folder)
            self._opened = opened.pop_all()

    def close(self) -> None:
        super().close()
        self._opened.close()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One for all tests of a module."""
    door = Door(tmp_path_factory.mktemp("door"))
    yield door
    door.close()


def generations(starter: Door, order: Order) -> int:
    """What was paid for."""
    key = starter.sandbox.state.key_of(order.key)
    assert key is not None
    return sum(run.owner == key.user.id for run in starter.sandbox.state.generations.values())


def stopped(starter: Door, way: str, point: str, *more: str) -> tuple[Order, Order]:
    """A run that is stopped at a point, and what goes on with it."""
    order, resume = starter.new(way)
    order = attrs.evolve(order, command=[*order.command, *more] if order.command else [])
    assert starter.live(attrs.evolve(order, stop_at=point)) == -signal.SIGSTOP, f"{point}: {starter.said(order)}"
    assert starter.points(order)[-1] == point
    return order, attrs.evolve(resume, stop_at="")


def lose(order: Order) -> None:
    """Somebody has deleted the file of its lock."""
    Path(order.folder, "state", "locks", "proof.lock").unlink()


def paid(door: Door, way: str, operation: str, points: list[str], *more: str) -> dict[str, int]:
    """What was paid for, for each point at which a process was stopped, lost its run to another one, and woke."""
    seen = {}
    for point in points:
        order, resume = stopped(door, way, f"{point} {operation}", *more)
        lose(order)
        ended = door.live(resume)
        assert door.wake() != 0
        seen[point] = generations(door, order)
        if not more:
            assert ended == 0, f"{point}: {door.said(order)}"
            if seen[point] == 1:
                door.judge(order)
    return seen


@pytest.mark.parametrize("way", ["command", "async"])
def test_whoever_lost_the_run_pays_for_nothing_when_it_wakes(door: Door, way: str) -> None:
    """Stopped at any point, with a front door that drops what is not whole in time: one generation, and a whole run."""
    # The other driver has the same points.
    points = points_of(START) if way == "command" else points_of(START, "before write 3 of")
    assert paid(door, way, START, points) == dict.fromkeys(points, 1)


def test_without_a_front_door_only_the_last_byte_itself_is_open(door: Door) -> None:
    """What the docs say: stopped after its last look, it pays a second time where nobody drops what is not whole."""
    points = points_of(START, "before write 3 of")
    door.front.ceiling = float("inf")
    try:
        assert paid(door, "command", START, points) == {point: 2 if point in LAST else 1 for point in points}
    finally:
        door.front.ceiling = CEILING


def test_a_request_without_a_body_is_no_exception(door: Door) -> None:
    """Its head is what is not whole: every generation fails, so a retry is paid for, once."""
    points = points_of(RETRY)
    door.sandbox.options.failures = (Failure(),)
    try:
        assert paid(door, "command", RETRY, points, "--retry-failed", "1") == dict.fromkeys(points, 2)
    finally:
        door.sandbox.options.failures = ()


def test_whoever_is_stopped_with_its_lock_keeps_its_run(door: Door) -> None:
    """Nobody takes it over; it wakes, however late, and ends its run, which is paid once."""
    for point in points_of(START, "before write 3 of"):
        order, resume = stopped(door, "command", f"{point} {START}")
        assert door.live(resume) != 0
        SharedClock(Path(order.clock)).sleep(200.0)
        assert door.wake() == 0, f"{point}: {door.said(order)}"
        door.judge(order)
