"""kill -9 of a worker at points of a whole run, its record in PostgreSQL: another one goes on, and pays nothing again.

Points are those of ``tests/behaviour/test_kill_everywhere.py``, and whatever a worker asks of the database besides: it
is killed before it looks whose the run is, and behind its end, before it has said what came of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from specstep_flows.fleet.store import PostgresStore
from specstep_flows.runs import opening
from specstep_flows.sandbox import Sandbox
from tests.behaviour.test_kill_everywhere import FILES, Starter
from tests.kit import postgres
from tests.kit.bench import Bench, options
from tests.kit.killed_process import Order
from tests.kit.postgres import Postgres
from tests.kit.proxy import Proxy
from tests.kit.shared_clock import SharedClock
from tests.kit.turned_database import TurnedDatabase

pytestmark = pytest.mark.slow

#: It is killed at each eighth point of the run, with SPECSTEP_WHOLE_TABLE at all of them; and wherever it asks the
#: database for something itself.
STRIDE = 1 if "SPECSTEP_WHOLE_TABLE" in os.environ else 8
NAME = "team-a"


@attrs.define
class InFleet(Bench):
    """Runs whose records are in PostgreSQL."""

    store: Any = None

    def open_store(self) -> Any:
        return self.store


class Workers(Starter):
    """Processes that drive a run of a fleet as its workers do."""

    def __init__(self, database: TurnedDatabase, server: Postgres, *more: Any) -> None:
        super().__init__(*more)
        self.database, self.server = database, server

    def submitted(self) -> Order:
        """A run that waits for a worker, the only one of its fleet."""
        order, _ = self.new("async")
        order = attrs.evolve(order, postgres=[self.server.url, self.database.schema], key_name=NAME)
        self.database.turn_to(SharedClock(Path(order.clock)).now())
        self.execute("TRUNCATE runs, holds, keys, limits, pages, watchers")
        told = opening.run_options(profile="Fast", output=Path(order.folder, "out"), unpack=True)
        record = opening.new_record(order.brief, list(map(Path, order.attachments)), told, "proof", self.sandbox.url)
        store = PostgresStore(self.database)
        store.create(attrs.evolve(record, api_url=self.proxy.url), key_name=NAME, policy="proof")
        return order

    def execute(self, statement: str, values: Any = ()) -> Any:
        """What somebody else asks of the database."""
        return self.database.run(lambda connection: connection.execute(statement, values))

    def bench(self, order: Order) -> Bench:
        bench = super().bench(order)
        return InFleet(bench.sandbox, bench.folder, bench.clock, bench.key, store=PostgresStore(self.database))

    def until_gone(self) -> None:
        """PostgreSQL takes a moment to notice the end of the process that lived last."""
        lives = "SELECT 1 FROM live_workers(%s) WHERE pid = %s"
        while self.execute(lives, [self.database.lock_class, self.lived]).fetchone():
            pass


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory, shared: Any) -> Iterator[Workers]:
    """The sandbox, a proxy before it, and processes, on one clock that they and PostgreSQL share."""
    folder = tmp_path_factory.mktemp("workers")
    clock = SharedClock(folder / "clock")
    server = postgres.server()
    database = TurnedDatabase(server.url, shared.schema)
    database.prepare()
    told = options(package_files=FILES, requests_per_minute=None, kickoffs_per_minute=None, monthly_quota=None)
    with Sandbox(options=told, clock=clock) as sandbox, Proxy(int(sandbox.url.rpartition(":")[2])) as proxy:
        here = Workers(database, server, sandbox, proxy, folder / "clock", folder)
        yield here
        here.close()
    database.close()


def follow(workers: Workers, order: Order, where: str) -> None:
    """Another worker drives the run that the dead one had, to its right end; its row says so."""
    workers.until_gone()
    assert workers.live(order) == 0, where
    try:
        workers.judge(order)
        assert workers.execute("SELECT status FROM runs").fetchall() == [("done",)]
    except AssertionError as error:
        error.add_note(where)
        raise


def test_a_run_survives_the_death_of_its_worker_at_every_point(workers: Workers) -> None:
    """Taken over by another worker, it ends as if nobody had been killed, at the same cost."""
    order = workers.submitted()
    assert workers.live(order) == 0
    workers.judge(order)
    points = workers.points(order)
    asked = [number for number, point in enumerate(points, 1) if point.startswith("ask ") or point == points[-1]]
    assert len(points) > 100
    assert len(asked) > 3
    for number in sorted({*asked, *range(1, len(points) + 1, STRIDE)}):
        order = workers.submitted()
        behind = points[max(0, number - 4) : number - 1]
        where = f"killed at point {number}, before {points[number - 1]!r}, behind {behind}"
        assert workers.live(order, die_at=number) == -signal.SIGKILL, where
        assert workers.points(order)[-1] == points[number - 1], where
        follow(workers, order, where)


def test_a_run_survives_the_death_of_its_worker_while_an_answer_is_on_the_way(workers: Workers) -> None:
    """The service has carried the request out, and the worker that sent it never hears of it."""
    workers.sandbox.requests.clear()
    order = workers.submitted()
    assert workers.live(order) == 0
    sent = [request.operation for request in workers.sandbox.requests if request.server == "api"]
    for number, operation in enumerate(sent, 1):
        if operation in sent[: number - 1]:
            continue
        order = workers.submitted()
        where = f"killed while the answer to {operation} (number {number}) was on the way"
        assert workers.live(order, die_at_answer=number) == -signal.SIGKILL, where
        follow(workers, order, where)
