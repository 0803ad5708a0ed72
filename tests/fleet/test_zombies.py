"""A worker that is stopped or killed on its way to a paid request: it is paid once, whoever has the run then.

Stopped for real (SIGSTOP), as in ``tests/behaviour/test_zombies.py``, with the runs in PostgreSQL. While its session
lives, nobody takes its run over. Where PostgreSQL has ended the session meanwhile, another worker does; so it does on
another host, whose clock is another one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from specstep_flows.sandbox import Fault
from tests.behaviour.test_zombies import CEILING, LAST, START, Door, generations, points_of
from tests.behaviour.test_zombies import door as door  # a fixture
from tests.kit import postgres
from tests.kit.api import op
from tests.kit.killed_process import Order
from tests.kit.postgres import Postgres
from tests.kit.shared_clock import SharedClock
from tests.kit.turned_database import TurnedDatabase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database() -> Iterator[TurnedDatabase]:
    """A schema with a turned clock."""
    with postgres.schema() as plain:
        made = TurnedDatabase(postgres.server().url, plain.schema)
        made.prepare()
        yield made
        made.close()


def new(door: Door, database: TurnedDatabase, server: Postgres) -> Order:
    """A worker's run, the only one of its fleet."""
    order, _ = door.new("async")
    database.turn_to(SharedClock(Path(order.clock)).now())
    server.execute(f'DELETE FROM "{database.schema}".runs; DELETE FROM "{database.schema}".holds')
    return attrs.evolve(order, postgres=[server.url, database.schema])


def stopped(door: Door, database: TurnedDatabase, server: Postgres, point: str) -> Order:
    """One that is stopped at a point."""
    order = new(door, database, server)
    assert door.live(attrs.evolve(order, stop_at=f"{point} {START}")) == -signal.SIGSTOP, point
    return order


def end_session(door: Door, database: TurnedDatabase, server: Postgres) -> None:
    """PostgreSQL has not heard of the stopped process for too long; as one whose host vanished."""
    ended = server.execute(
        f'SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l, "{database.schema}".workers w '
        "WHERE l.locktype = 'advisory' AND l.objid = w.id AND l.granted AND w.pid = %s",
        [door.stopped],
    )
    assert ended == [(True,)]


@pytest.mark.parametrize("ceiling", [CEILING, float("inf")], ids=["door", "no door"])
def test_whoever_lost_its_session_pays_for_nothing_when_it_wakes(
    ceiling: float, door: Door, database: TurnedDatabase, server: Postgres
) -> None:
    """Taken over and ended by another worker: one generation, but for the last byte where no front door drops it."""
    wanted = ("before write 2 of", "before write 3 of") if ceiling == CEILING else ("before write 3 of",)
    door.front.ceiling = ceiling
    seen = {}
    try:
        for point in points_of(START, *wanted):
            order = stopped(door, database, server, point)
            end_session(door, database, server)
            assert door.live(order) == 0, point
            assert door.wake() != 0
            seen[point] = generations(door, order)
    finally:
        door.front.ceiling = CEILING
    assert seen == {point: 2 if ceiling > CEILING and point in LAST else 1 for point in seen}


def test_whoever_is_stopped_with_its_session_keeps_its_run(
    door: Door, database: TurnedDatabase, server: Postgres
) -> None:
    """Nobody takes it over; it wakes, however late, and ends its run, which is paid once."""
    for point in points_of(START, "before write 3 of"):
        order = stopped(door, database, server, point)
        assert door.live(order) != 0
        SharedClock(Path(order.clock)).sleep(200.0)
        assert door.wake() == 0, point
        assert generations(door, order) == 1


def test_whoever_is_killed_while_it_is_stopped_is_followed_at_once(
    door: Door, database: TurnedDatabase, server: Postgres
) -> None:
    """As a liveness probe would: its session ends with it, and another worker settles first."""
    for point in points_of(START, "before write 2 of"):
        order = stopped(door, database, server, point)
        os.kill(door.stopped, signal.SIGKILL)
        while server.execute(
            f'SELECT 1 FROM "{database.schema}".workers w, pg_locks l WHERE l.objid = w.id AND '
            "l.locktype = 'advisory' AND w.pid = %s",
            [door.stopped],
        ):
            pass
        assert door.live(order) == 0, point
        assert door.wake() == -signal.SIGKILL
        assert generations(door, order) == 1


def handed_over(
    door: Door, database: TurnedDatabase, server: Postgres, point: str, first: float, second: float, **more: Any
) -> int:
    """What was paid for by a run whose kickoff is answered with a 504 and carried out 80 s later.

    Its worker dies at a point, and another one ends it, on a host whose clock is by as much ahead as is said.
    """
    order = attrs.evolve(new(door, database, server), **more)
    door.sandbox.faults.clear()
    door.sandbox.faults.add(Fault(op(START), "late_commit", seconds=80.0))
    dying = attrs.evolve(order, stop_at=f"{point} {START}", is_killed=True, ahead=first)
    assert door.live(dying) == -signal.SIGKILL
    assert door.live(attrs.evolve(order, ahead=second)) == 0
    return generations(door, order)


@pytest.mark.parametrize(("first", "second"), [(-300.0, 0.0), (0.0, 300.0)])
def test_clocks_that_disagree_by_minutes_pay_for_nothing_twice(
    door: Door, database: TurnedDatabase, server: Postgres, first: float, second: float
) -> None:
    """What was requested on one host may still be carried out when another takes over: PostgreSQL's clock says so."""
    assert handed_over(door, database, server, "answered", first, second) == 1


def test_by_their_own_clocks_they_would(door: Door, database: TurnedDatabase, server: Postgres) -> None:
    """The second host takes what was sent a moment ago for long settled. (So the test above can fail.)"""
    assert handed_over(door, database, server, "answered", -300.0, 0.0, has_own_clock=True) == 2


@pytest.mark.parametrize("point", ["behind write 2 of", "behind write 3 of"])
def test_a_holder_that_dies_around_a_late_kickoff_is_followed_by_one_that_waits(
    door: Door, database: TurnedDatabase, server: Postgres, point: str
) -> None:
    """Before the last byte, and before the answer."""
    assert handed_over(door, database, server, point, 0.0, 0.0) == 1
