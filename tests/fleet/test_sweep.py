"""The sweep: whose runs are taken from whom, and which are put into the queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from specstep_flows.fleet import dispatch, statuses
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.sweep import _DEFER, _PUT_BACK, TASK, drop_lost, sweep
from tests.kit.fleet import KEY, Fleet


class Fetcher:
    """What fetches jobs in one process, and its session, which may end."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        (row,) = fleet.rows("SELECT * FROM procrastinate_register_worker_v1()")
        self.number = row[0]
        self.session = Session(fleet.database, capacity=1)
        fleet.change("UPDATE workers SET dispatch_id = %s WHERE id = %s", [self.number, self.session.id])

    def fetch(self, *, seconds_ago: float = 60.0) -> Any:
        """Fetch a job, so long ago; the id of its run."""
        (row,) = self.fleet.rows("SELECT id, queueing_lock FROM procrastinate_fetch_job_v2(NULL, %s)", [self.number])
        self.fleet.change(
            "UPDATE procrastinate_events SET at = at - make_interval(secs => %s) WHERE job_id = %s",
            [seconds_ago, row[0]],
        )
        return row[1]

    def die(self) -> None:
        """Its process is killed: PostgreSQL ends the session, and nobody deletes its row."""
        self.session._connection.close()
        lives = "SELECT count(*) FROM live_workers(%s) WHERE id = %s"
        while self.fleet.rows(lives, [self.fleet.database.lock_class, self.session.id]) != [(0,)]:
            """PostgreSQL takes a moment to notice."""


@pytest.fixture
def fetcher(fleet: Fleet) -> Iterator[Any]:
    """Makes processes that fetch jobs."""
    made: list[Fetcher] = []

    def make() -> Fetcher:
        made.append(Fetcher(fleet))
        return made[-1]

    yield make
    for one in made:
        one.session.close()


def add(fleet: Fleet, *run_ids: str) -> None:
    """Runs with their jobs."""
    for run_id in run_ids:
        fleet.submit(run_id)


def test_the_jobs_of_a_dead_worker_are_put_back_and_of_a_living_one_not(fleet: Fleet, fetcher: Any) -> None:
    """However old their heartbeats are."""
    add(fleet, "a", "b", "c")
    dead, alive = fetcher(), fetcher()
    assert (dead.fetch(), dead.fetch(), alive.fetch()) == ("a", "b", "c")
    fleet.change("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 day'")
    swept = fleet.sweep()
    assert (swept.put_back, swept.workers) == ((), 2)

    dead.die()
    assert sorted(fleet.sweep().put_back) == ["a", "b"]
    assert fleet.sweep().put_back == ()
    assert sorted(fleet.jobs()) == [("a", "todo"), ("b", "todo"), ("c", "doing")]


def test_a_job_that_was_fetched_a_moment_ago_is_put_back_if_whoever_has_it_is_known_to_be_dead(
    fleet: Fleet, fetcher: Any
) -> None:
    """Whoever nobody knows of may not have said yet who it is."""
    add(fleet, "a", "b")
    dead, unknown = fetcher(), fetcher()
    fleet.change("UPDATE workers SET dispatch_id = NULL WHERE id = %s", [unknown.session.id])
    assert (dead.fetch(seconds_ago=0.0), unknown.fetch(seconds_ago=0.0)) == ("a", "b")
    assert fleet.sweep().put_back == ()

    dead.die()
    assert fleet.sweep().put_back == ("a",)


def test_a_job_whose_worker_the_queue_has_forgotten_is_put_back(fleet: Fleet, fetcher: Any) -> None:
    """Its number is gone with the row."""
    add(fleet, "a")
    dead = fetcher()
    dead.fetch()
    dead.die()
    fleet.change("DELETE FROM procrastinate_workers")
    assert fleet.sweep().put_back == ("a",)


def test_a_run_that_is_over_or_waits_in_the_queue_already_is_not_put_back(fleet: Fleet, fetcher: Any) -> None:
    """The job of the dead worker goes, and nothing fails."""
    add(fleet, "a", "b")
    dead = fetcher()
    dead.fetch()
    dead.fetch()
    dead.die()
    fleet.change("UPDATE runs SET status = 'done' WHERE run_id = 'a'")
    assert fleet.database.run(lambda connection: dispatch.defer(connection, "b", KEY))

    swept = fleet.sweep()
    assert (swept.put_back, swept.deferred) == ((), ())
    assert fleet.jobs() == [("b", "todo")]


def test_of_two_dead_jobs_of_a_run_one_is_put_back(fleet: Fleet, fetcher: Any) -> None:
    """Two in the queue would be refused."""
    add(fleet, "a")
    dead = fetcher()
    dead.fetch()
    fleet.database.run(lambda connection: dispatch.defer(connection, "a", KEY))
    dead.fetch()
    dead.die()
    assert fleet.sweep().put_back == ("a",)
    assert fleet.jobs() == [("a", "todo")]


def test_several_sweeps_at_once_put_a_job_back_once(fleet: Fleet, fetcher: Any) -> None:
    """One sweeps, the others leave it to that."""
    add(fleet, *(f"run-{number}" for number in range(8)))
    dead = fetcher()
    for _ in range(8):
        dead.fetch()
    dead.die()
    swept: list[Any] = []
    threads = [threading.Thread(target=lambda: swept.append(fleet.sweep())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(len(one.put_back) for one in swept if one is not None) == 8
    assert sorted(fleet.jobs()) == [(f"run-{number}", "todo") for number in range(8)]
    # Each was put in once when it was submitted, and once now.
    (jobs,) = fleet.rows("SELECT max(id) - min(id) FROM procrastinate_jobs")
    assert jobs == (7,)


def test_an_open_run_without_a_job_is_put_into_the_queue(fleet: Fleet) -> None:
    """Its row is the truth; runs at rest, or over, stay where they are."""
    for number, status in enumerate(("open", "question", "paused", "done", "failed", "cancelled")):
        fleet.submit(f"{number}-{status}", status=status)
    fleet.change("DELETE FROM procrastinate_jobs")
    assert fleet.sweep().deferred == ("0-open",)
    assert fleet.sweep().deferred == ()
    assert fleet.rows("SELECT queue_name FROM procrastinate_jobs") == [(KEY,)]


def test_a_sweep_compares_no_run_with_every_job(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands that were put in a moment ago are a handful to the planner: with 10,000 it took 21 s."""
    fleet.submit("a")
    plans: list[str] = []
    transact = fleet.database.transact

    def explained(work: Any) -> Any:
        def whole(connection: Any) -> Any:
            found = work(connection)
            wanted = {"class": 1, "most": 1000, "task": TASK, "fetched": 3.0}
            for query in (_PUT_BACK, _DEFER):
                plans.extend(row[0] for row in connection.execute(f"EXPLAIN {query}", wanted).fetchall())
            return found

        return transact(whole)

    monkeypatch.setattr(fleet.database, "transact", explained)
    fleet.sweep()
    assert any("Hash" in line for line in plans)
    assert not any("Nested Loop" in line for line in plans)


def test_a_job_that_a_worker_never_heard_of_is_dropped_and_its_run_put_in_again(fleet: Fleet, fetcher: Any) -> None:
    """The answer with it was lost, or what became of it could not be written; those in hand and new ones stay."""
    add(fleet, "lost", "held", "new")
    here = fetcher()
    for seconds in (60.0, 60.0, 1.0):
        here.fetch(seconds_ago=seconds)
    assert fleet.sweep().deferred == ()
    fleet.database.run(lambda connection: drop_lost(connection, here.number, ["held"]))
    assert fleet.jobs() == [("held", "doing"), ("new", "doing")]
    assert fleet.sweep().deferred == ("lost",)


def test_a_run_without_a_keys_name_is_left_to_whoever_made_it(fleet: Fleet) -> None:
    """With a client of their own, on the same database; the others are put in all the same."""
    add(fleet, "a", "b")
    fleet.change("DELETE FROM procrastinate_jobs")
    fleet.change("UPDATE runs SET key_name = NULL WHERE run_id = 'a'")
    assert fleet.sweep().deferred == ("b",)


def test_a_run_that_somebody_drives_without_a_job_is_left(fleet: Fleet) -> None:
    """Another queue than ours may have dispatched it."""
    add(fleet, "a")
    fleet.change("DELETE FROM procrastinate_jobs")
    store = fleet.driver().store
    let_go = store.hold("a")
    assert fleet.sweep().deferred == ()

    let_go()
    assert fleet.sweep().deferred == ("a",)
    assert store._worker is not None
    store._worker.close()


def test_a_run_that_was_put_off_waits_for_its_time(fleet: Fleet) -> None:
    """By the database's clock."""
    add(fleet, "a")
    fleet.change("DELETE FROM procrastinate_jobs")
    fleet.database.run(lambda connection: statuses.put_off(connection, "a", 60.0, is_failure=False))
    assert fleet.sweep().deferred == ()

    fleet.change("UPDATE runs SET wake_at = wake_at - interval '60 seconds'")
    assert fleet.sweep().deferred == ("a",)


def test_dead_workers_are_forgotten_after_a_day(fleet: Fleet, fetcher: Any) -> None:
    """And none that lives, however long ago it was heard of."""
    dead, alive = fetcher(), fetcher()
    dead.die()
    fleet.sweep()
    assert fleet.rows("SELECT count(*) FROM workers") == [(2,)]

    fleet.change("UPDATE workers SET beat_at = beat_at - 86401")
    fleet.change("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '86401 seconds'")
    fleet.sweep()
    assert fleet.rows("SELECT id, dispatch_id FROM workers") == [(alive.session.id, alive.number)]
    assert fleet.rows("SELECT id FROM procrastinate_workers") == [(alive.number,)]


def test_of_sweeps_that_follow_each_other_at_once_one_looks(fleet: Fleet) -> None:
    """A hundred workers would have the database do little else. A server's clock may be set back meanwhile."""
    add(fleet, "a")
    assert sweep(fleet.database) is not None
    assert sweep(fleet.database, 60.0) is None
    assert sweep(fleet.database) is not None
    fleet.change("UPDATE meta SET swept_at = now() + interval '1 hour'")
    assert sweep(fleet.database, 60.0) is not None
