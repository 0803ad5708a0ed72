"""Whole runs on PostgreSQL: what they cost it, what they leave in it, and what becomes of them when it is restarted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import ProposedDefaults, SpecStep, errors
from specstep_flows.fleet.clock import DatabaseClock
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.sandbox import Fault, ManualClock, Sandbox, SandboxOptions
from tests.kit.api import op
from tests.kit.postgres import Postgres
from tests.kit.secrets import Secrets
from tests.kit.tiers import one_in

#: A run with nobody beside it, of 61 requests: one transaction for each, and so many besides. Of these, 32 say how many
#: generations this process watches, which is once for all of its runs.
MOST_TRANSACTIONS_BESIDES = 75


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at its defaults, on a manual clock."""
    with Sandbox(port=0, options=SandboxOptions(), clock=ManualClock()) as running:
        yield running


def run(sandbox: Sandbox, store: PostgresStore, clock: Any, folder: Path) -> Any:
    """A run to its end, or however far it gets; what is there already is carried on with."""
    with SpecStep(sandbox.api_key, api_url=sandbox.url, store=store, clock=clock) as specstep:
        return specstep.run(
            "A portal for small shops.", output=folder, on_question=ProposedDefaults(), run_id="one", timeout="5h"
        )


def everything(database: Database) -> list[str]:
    """Every row of every table, as text."""
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    return [
        f"{table}: {row}"
        for (table,) in rows(database, query)
        for (row,) in rows(database, f"SELECT t::text FROM {table} t")
    ]


def rows(database: Database, query: str) -> list[Any]:
    """What a query returns."""
    return database.run(lambda connection: connection.execute(query).fetchall())


def test_a_run_takes_few_transactions_and_leaves_no_secret(
    database: Database, sandbox: Sandbox, turned: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for each request, which takes its place; a look that shows nothing new none, and a dozen for the rest."""
    asked: list[object] = []
    ask = database.run

    def noted(work: Any, **more: Any) -> Any:
        asked.append(work)
        return ask(work, **more)

    monkeypatch.setattr(database, "run", noted)
    store = PostgresStore(database, count=lambda: 100.0)
    result = run(sandbox, store, turned(sandbox), tmp_path)

    assert result.path.exists()
    assert len(asked) <= len(sandbox.requests) + MOST_TRANSACTIONS_BESIDES
    left = everything(database)
    assert any(str(result.generation_id) in row for row in left)
    assert Secrets({sandbox.api_key}).found_in(left) == []
    store.close()


def write_then(store: PostgresStore, monkeypatch: pytest.MonkeyPatch, column: str, action: Any) -> None:
    """Something happens just after the first write that gives a column of a run a value."""
    update = store.update
    done: list[bool] = []

    def watched(run_id: str, changes: Any) -> Any:
        record = update(run_id, changes)
        value = changes.get(column)
        if not done and value is not None and getattr(value, "operation", "start_generation") == "start_generation":
            done.append(True)
            action()
        return record

    monkeypatch.setattr(store, "update", watched)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["interview_id", "intent", "generation_id", "package_id"])
def test_a_server_that_is_restarted_in_the_middle_costs_nothing_twice(
    database: Database,
    server: Postgres,
    sandbox: Sandbox,
    turned: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
) -> None:
    """Between the intent and its outcome, too: the worker ends, and the next one brings the run home, paid once."""
    first, second = PostgresStore(database, Session(database)), PostgresStore(database, Session(database))
    write_then(first, monkeypatch, column, server.restart)
    with pytest.raises(errors.RunTaken):
        run(sandbox, first, turned(sandbox), tmp_path)
    assert first.is_lost
    assert second.get("one").error is None
    second = PostgresStore(database, Session(database))

    assert run(sandbox, second, turned(sandbox), tmp_path).path.exists()
    assert len(sandbox.state.generations) == 1


@pytest.mark.slow
@pytest.mark.parametrize("column", ["interview_id", "intent", "generation_id", "package_id"])
def test_a_run_that_is_taken_meanwhile_is_left_to_the_other(
    database: Database, sandbox: Sandbox, turned: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    """The first one's session is gone and a second one drives to the end while the first one is stopped: paid once."""
    first = PostgresStore(database, Session(database))
    other: list[Any] = []

    def take() -> None:
        assert first._worker is not None
        first._worker._connection.close()
        with database.connect() as waiting:
            # The server takes a moment to notice.
            waiting.execute("SELECT pg_advisory_lock(%s, %s)", [database.lock_class, first._worker.id])
        second = PostgresStore(database, Session(database))
        other.append(run(sandbox, second, turned(sandbox), tmp_path))

    write_then(first, monkeypatch, column, take)
    with pytest.raises(errors.RunTaken):
        run(sandbox, first, turned(sandbox), tmp_path)

    assert other[0].path.exists()
    assert len(sandbox.state.generations) == 1
    kept = PostgresStore(database).get("one")
    assert (kept.stage, kept.error) == ("done", None)


class Host(DatabaseClock):
    """The clock of one host: its own count of seconds, and the server's time. It turns all of them by sleeping."""

    def __init__(self, manual: ManualClock, up: float, dies: Any = None) -> None:
        self._manual, self._dies = manual, dies
        server: Any = type("Server", (), {"run": lambda _, work: (manual.now(),)})()
        super().__init__(server, count=lambda: up + manual.now())

    def sleep(self, seconds: float) -> None:
        if self._dies is not None and self._dies():
            raise KeyboardInterrupt
        self._manual.advance(seconds)


@pytest.mark.parametrize("skew", one_in(2, [-300.0, 300.0]))
def test_a_kickoff_that_comes_late_is_found_by_a_host_whose_clock_is_wrong(
    database: Database, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    """The first host gets a 504, and dies; 80 s after it was sent, the kickoff is carried out. It settles by the
    server's clock, and neither by that of the second host nor by how long that has been up."""
    sandbox.faults.add(Fault(op("start_generation"), "late_commit", seconds=80))
    manual: Any = sandbox.clock
    first, second = PostgresStore(database), PostgresStore(database)
    with pytest.raises(KeyboardInterrupt):
        run(sandbox, first, Host(manual, 60.0, lambda: is_open(first)), tmp_path)
    first.close()
    assert is_open(second)
    assert len(sandbox.state.generations) == 0
    monkeypatch.setattr(time, "time", lambda: manual.now() + skew)

    assert run(sandbox, second, Host(manual, 2_000_000.0), tmp_path).path.exists()
    assert len(sandbox.state.generations) == 1
    second.close()


def is_open(store: PostgresStore) -> bool:
    """Whether a kickoff may be on its way."""
    try:
        return store.get("one").kickoff_intent is not None
    except errors.RunNotFound:
        return False
