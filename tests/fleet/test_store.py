"""The run store of a fleet: one driver per run among all hosts, and whoever was replaced writes nothing."""

from __future__ import annotations

import contextlib
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows.fleet.database import Connection, Database
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.runs.records import Intent, RunRecord, StepRecord
from tests.kit import postgres
from tests.kit.holder import Holder
from tests.kit.postgres import Postgres
from tests.kit.tiers import one_in


def record(run_id: str = "one", **more: Any) -> RunRecord:
    """A record with something in it."""
    return RunRecord(run_id, "http://127.0.0.1:1", 1.0, 1.0, messages=("Grüße — 🦊",), **more)


def end_session(server: Postgres, store: PostgresStore) -> None:
    """What the death of its host does to a store: the server no longer has its session."""
    assert store._worker is not None
    server.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s "
        "AND classid = %s AND granted",
        [store._worker.id, store.database.lock_class + (1 << 32 if store.database.lock_class < 0 else 0)],
    )


def test_whoever_lost_its_session_writes_nothing(database: Database, server: Postgres) -> None:
    """Whether or not somebody else has taken the run: no write of any kind, and no last look, passes."""
    first, second = PostgresStore(database), PostgresStore(database)
    first.create(record())
    let_go = first.hold("one")
    step = StepRecord.wanted("create_addendum", {"title": "t"}, "http://127.0.0.1:1")
    first.add_step(step, "one")
    first.update("one", {"stage": "interview"})
    with pytest.raises(errors.RunBusy):
        second.hold("one")
    end_session(server, first)
    doors: dict[str, Callable[[], object]] = {
        "update": lambda: first.update("one", {"intent": Intent("start_generation", 1.0)}),
        "generation": lambda: first.update("one", {"generation_id": UUID(int=1)}),
        "discard": lambda: first.discard("one"),
        "add": lambda: first.add_step(step, "one"),
        "change": lambda: first.change_step(step, "one"),
        "drop": lambda: first.drop_step(step.run_id, "one"),
        "fleet": lambda: first.set_fleet_columns("one", status="done"),
        "look": lambda: first.check_held("one"),
    }
    for is_taken in (False, True):
        if is_taken:
            second.hold("one")
        for name, door in doors.items():
            with pytest.raises(errors.RunTaken):
                door()
            assert (name, second.get("one").stage) == (name, "interview")
    assert first.is_lost
    second.update("one", {"stage": "generation"})
    let_go()
    second.check_held("one")


@pytest.mark.slow
def test_of_many_who_want_the_run_of_a_dead_one_one_gets_it(database: Database, server: Postgres) -> None:
    """Whoever waits for the row finds that it has a living driver by now."""
    dead, others = PostgresStore(database), [PostgresStore(database) for _ in range(8)]
    for number, store in enumerate(others):
        store.hold(f"other-{number}")
    dead.hold("one")
    end_session(server, dead)

    def hold(store: PostgresStore) -> bool:
        try:
            store.hold("one")
        except errors.RunBusy:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(hold, others)) == 1
    for store in others:
        store.close()


def take_soon(store: PostgresStore, run_id: str) -> Callable[[], None]:
    """Hold a run as soon as the server knows that its holder is gone, which is a matter of milliseconds."""
    end = time.monotonic() + 30.0
    while True:
        try:
            return store.hold(run_id)
        except errors.RunBusy:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_stopped_process_keeps_its_run_and_a_killed_one_loses_it_at_once(database: Database) -> None:
    """SIGSTOP is no death: it wakes and writes. After kill -9 the next one to ask has the run."""
    store = PostgresStore(database)
    store.create(record())
    with Holder(database, "one") as holder:
        with pytest.raises(errors.RunBusy, match=rf"process {holder.process.pid} on"):
            store.hold("one")
        holder.process.send_signal(signal.SIGSTOP)
        holder.ask("interview")
        for _ in range(3):
            with pytest.raises(errors.RunBusy):
                store.hold("one")
        holder.process.send_signal(signal.SIGCONT)
        assert holder.answer() == "interview"
        holder.process.kill()
        let_go = take_soon(store, "one")
    assert store.update("one", {"stage": "generation"}).stage == "generation"
    let_go()
    store.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_one_that_was_stopped_and_lost_its_session_wakes_to_nothing(database: Database, server: Postgres) -> None:
    """The zombie: its run was taken while it was stopped, and neither its last look nor a write passes."""
    store = PostgresStore(database)
    store.create(record())
    with Holder(database, "one") as holder:
        holder.process.send_signal(signal.SIGSTOP)
        server.execute(
            "SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND a.application_name = 'specstep' AND a.datname = current_database()"
        )
        store.hold("one")
        store.update("one", {"stage": "generation"})
        holder.ask("done")
        holder.process.send_signal(signal.SIGCONT)
        assert holder.answer() == "RunTaken"
    assert store.get("one").stage == "generation"
    store.close()


def test_whoever_takes_a_run_waits_for_a_write_that_was_begun(database: Database, server: Postgres) -> None:
    """The holder's session is gone in the middle of its write: what it writes is there before the next one begins."""
    first, second = PostgresStore(database), PostgresStore(database)
    first.create(record())
    first.hold("one")
    with ThreadPoolExecutor(1) as threads, database.pool.connection() as connection:
        with connection.transaction():
            statement = f"UPDATE {database.table('runs')} SET stage = %s WHERE run_id = %s"
            assert first._fenced(connection, "one", statement, ['"late"', "one"], "RETURNING true") is not None
            end_session(server, first)
            taking = threads.submit(second.hold, "one")
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while server.execute(waiting) == [(0,)]:
                assert not taking.done()
        taking.result(30)
    assert second.get("one").stage == "late"
    with pytest.raises(errors.RunTaken):
        first.update("one", {"stage": "later"})
    second.close()
    first.close()


def test_a_server_that_was_restarted_is_used_again_and_nobody_holds_anything(
    database: Database, server: Postgres
) -> None:
    """``-m immediate``: what was written is there, who held a run has lost it, and whoever asks has it."""
    worker = Session(database, "worker", capacity=5)
    driving, beside = PostgresStore(database, worker), PostgresStore(database)
    driving.create(record())
    let_go = driving.hold("one")
    driving.update("one", {"stage": "interview", "intent": Intent("start_generation", 5.0)})
    server.restart()

    assert beside.get("one").intent == Intent("start_generation", 5.0)
    with pytest.raises(errors.RunTaken):
        driving.check_held("one")
    with pytest.raises(errors.RunTaken):
        driving.update("one", {"intent": None})
    assert driving.is_lost
    assert worker.beat(lambda connection: None) is None
    # A worker ends then: its session is not replaced behind its back.
    let_go()
    with pytest.raises(errors.RunTaken):
        driving.hold("one")
    beside.hold("one")
    assert beside.update("one", {"stage": "generation"}).stage == "generation"
    beside.close()


def test_a_server_that_is_away_is_told_and_what_could_not_be_let_go_is_ours_again(
    database: Database, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was away for a moment, and the session was not: nobody else could free the run."""
    store = PostgresStore(database)
    store.create(record())
    let_go = store.hold("one")
    with monkeypatch.context() as away:
        away.setattr(database, "run", lambda work, **more: (_ for _ in ()).throw(errors.StoreError("away")))
        let_go()
    store.hold("one")()
    with pytest.raises(errors.RunNotFound):
        store.get("two")
    store.close()


def test_what_could_not_be_let_go_is_let_go_with_the_next_beat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would ever drive the run: its holder lives, and no job makes it look."""
    store, other = PostgresStore(database), PostgresStore(database)
    store.create(record())
    let_go = store.hold("one")
    with monkeypatch.context() as away:
        away.setattr(database, "run", lambda work, **more: (_ for _ in ()).throw(errors.StoreError("away")))
        let_go()
        store.let_go_of_rest()
    with pytest.raises(errors.RunBusy):
        other.hold("one")
    store.let_go_of_rest()
    other.hold("one")()
    store.close()
    other.close()


def test_what_is_read_at_a_glance_is_never_older_than_what_this_process_wrote(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks nobody for two seconds; then it does, for all that is held at once. A look at one run writes nothing."""
    now = [100.0]
    here, there = PostgresStore(database, count=lambda: now[0]), PostgresStore(database)
    names = ["one", "two", "three"]
    for name in names:
        here.create(record(name))
        here.hold(name)
        assert here.glance(name) is None
        assert here.get(name).stage == "new"
    written = here.update("one", {"stage": "interview"})
    there.update("two", {"error": "Beside."})
    asked = counted(database, monkeypatch)
    assert here.glance("one") == written == here.glance("one")
    assert here.glance("two") is not None
    assert asked == []
    now[0] += 5.0
    assert here.glance("two") is None
    assert here.get("two").error == "Beside."
    assert [here.glance(name) is not None for name in names] == [True, True, True]
    assert len(asked) == 1
    # Read beside a write of our own, an older state is not taken for the newer one.
    known = here._known["one"]
    here.update("one", {"stage": "generation"})
    here._note("one", attrs.evolve(known, seen_at=now[0] + 1.0))
    glanced = here.glance("one")
    assert glanced is not None
    assert glanced.stage == "generation"
    here.close()
    there.close()


def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for each use of the database from now on."""
    asked: list[object] = []
    run = database.run

    def noted(work: Any, **more: Any) -> Any:
        asked.append(work)
        return run(work, **more)

    monkeypatch.setattr(database, "run", noted)
    return asked


@pytest.mark.parametrize(
    ("column", "text"),
    one_in(
        5, [("turns", '["x"]'), ("turns", "cut"), ("interview_id", "5"), ("generation_ids", "[5]"), ("intent", "[]")]
    ),
)
def test_a_damaged_row_is_told_and_left_as_it_is(database: Database, server: Postgres, column: str, text: str) -> None:
    """A sentence that names the database, without its password, and no traceback."""
    store = PostgresStore(database)
    store.create(record())
    server.execute(f"UPDATE {database.table('runs')} SET {column} = %s", [text])

    with pytest.raises(errors.StoreUnreadable, match=r"127\.0\.0\.1") as raised:
        store.get("one")
    assert "secret-of-tests" not in str(raised.value)
    assert server.execute(f"SELECT {column} FROM {database.table('runs')}") == [(text,)]
    store.close()


@pytest.mark.slow
@settings(max_examples=20)
@given(st.text(st.characters(codec=None)))
def test_every_text_is_kept_as_it_is(text: str) -> None:
    """What PostgreSQL's own texts and JSON cannot hold, too: a zero, half of a pair."""
    with postgres.emptied() as database:
        store = PostgresStore(database)
        store.create(RunRecord("tea", "https://specstep.com", 1.0, 1.0, messages=(text,), file=text, project_name=text))
        kept = store.update("tea", {"error": text})
        step = StepRecord.wanted("create_addendum", {"title": text}, "https://specstep.com")
        store.add_step(step, "tea")

        assert (kept.messages, kept.file, kept.project_name, kept.error) == ((text,), text, text, text)
        assert store.get("tea") == kept
        assert store.read_step(step.run_id) == step
        with contextlib.suppress(errors.RunNotFound):
            store.get(text)
        store.close()


def test_a_run_is_made_in_a_transaction_of_the_callers(database: Database) -> None:
    """Committed with whatever else they do, or not there at all; what the fleet knows of it goes with it."""
    store = PostgresStore(database)
    with database.pool.connection() as connection:
        with contextlib.suppress(KeyError), connection.transaction():
            connection.execute("SET LOCAL search_path TO pg_catalog")
            store.create_in(connection, record(), key_name="team-a")
            raise KeyError
        assert store.all() == []
        with connection.transaction():
            connection.execute("SET LOCAL search_path TO pg_catalog")
            store.create_in(connection, record(), key_name="team-a", policy="house")
            with pytest.raises(errors.RunConflict):
                store.create_in(connection, record())
    store.set_fleet_columns("one", status="question")

    known = store.fleet_columns("one")
    assert (known["key_name"], known["status"], known["policy"], known["rules"]) == (
        "team-a",
        "question",
        "house",
        None,
    )
    with pytest.raises(TypeError, match="colour"):
        store.set_fleet_columns("one", colour="red")
    store.close()


def test_a_process_that_is_stopped_in_a_transaction_keeps_no_row_from_others(database: Database) -> None:
    """The server ends such a transaction by itself; whoever wakes does it again on another connection."""
    store = PostgresStore(database)
    store.create(record())
    shown: list[object] = []

    def work(connection: Connection) -> None:
        shown.append(connection.execute("SHOW idle_in_transaction_session_timeout").fetchone())
        connection.execute(f"UPDATE {database.table('runs')} SET retries = '{len(shown)}', stage = '\"x\"'")
        if len(shown) == 1:
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
            assert select.select([connection.fileno()], [], [], 10.0)[0]
            connection.execute("SELECT 1")

    database.transact(work)
    assert shown == [("5s",)] * 2
    assert store.get("one").retries == 2
    store.close()


class Counting:
    """Takes a run again and again and counts in its record, from several threads; each is as a process of its own."""

    def __init__(self, server: Postgres, schema: str) -> None:
        self._server, self._schema = server, schema
        self.is_over = False
        self.counted, self.refused = 0, 0
        self._lock = threading.Lock()

    def go(self, _: int) -> None:
        database = Database(self._server.url, self._schema, max_connections=2)
        store = PostgresStore(database)
        while not self.is_over:
            with contextlib.suppress(errors.StoreError):
                let_go = store.hold("one")
                try:
                    for _ in range(3):
                        before = store.glance("one") or store.get("one")
                        self.write(store, before.retries + 1)
                finally:
                    let_go()
        store.close()
        database.close()

    def write(self, store: PostgresStore, number: int) -> None:
        try:
            store.update("one", {"retries": number})
        except errors.StoreError:
            with self._lock:
                self.refused += 1
            raise
        with self._lock:
            self.counted += 1


@pytest.mark.slow
def test_nothing_that_a_driver_wrote_is_lost_however_often_connections_die(
    database: Database, server: Postgres
) -> None:
    """Four drivers take a run from each other while the server ends their sessions and their other connections."""
    store = PostgresStore(database)
    store.create(record())
    counting = Counting(server, database.schema)
    with ThreadPoolExecutor(4) as threads:
        driving = [threads.submit(counting.go, number) for number in range(4)]
        try:
            for _ in range(30):
                reached = counting.counted + 5
                while counting.counted < reached and not any(one.done() for one in driving):
                    time.sleep(0.005)
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'specstep' AND random() < 0.3"
                )
        finally:
            counting.is_over = True
        for one in driving:
            one.result(60)

    assert counting.counted >= 150
    # A write whose answer was lost may be there; one that was answered is.
    assert counting.counted <= store.get("one").retries <= counting.counted + counting.refused
    store.close()
