"""Workers: what they have in hand when they are killed, stopped, or lose their session, others finish."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows.answers import ProposedDefaults
from specstep_flows.engine.limits import scope_of
from specstep_flows.fleet import refusals, statuses
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.watchdog import EXIT_CODE
from specstep_flows.fleet.worker import Worker, pause_of
from specstep_flows.sandbox import Sandbox
from tests.kit.api import path_of
from tests.kit.bench import options
from tests.kit.clocks import ConcurrentClock
from tests.kit.fleet import KEY, Fleet

SPEED = 30.0


@pytest.fixture
def quick(shared: Any, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet on a clock that runs by itself, for processes."""
    with Sandbox(speed=SPEED, options=options()) as sandbox:
        fleet = Fleet(shared, sandbox, tmp_path)
        fleet.empty()
        yield fleet


def until(condition: Callable[[], Any]) -> Any:
    """What a condition gives once it holds."""
    while not (found := condition()):
        time.sleep(0.05)
    return found


def started(fleet: Fleet, worker: str, count: int) -> bool:
    """Whether a worker has so many runs in hand whose generations have started."""
    (row,) = fleet.rows(
        "SELECT count(*) FROM holds JOIN runs ON run_id = holds.name JOIN workers ON workers.id = holds.worker "
        "WHERE generation_id <> 'null' AND workers.name = %s",
        [worker],
    )
    return bool(row[0] >= count)


def all_done(fleet: Fleet) -> bool:
    return fleet.rows("SELECT count(*) FROM runs WHERE status <> 'done'") == [(0,)]


@pytest.mark.slow
def test_what_a_killed_worker_had_in_hand_the_other_one_finishes(quick: Fleet) -> None:
    """It never comes back. Each brief is paid for once, and each package is there."""
    for number in range(20):
        quick.submit(f"run-{number}")
    with quick.worker(speed=SPEED, name="dies") as dies, quick.worker(speed=SPEED, name="lives") as lives:
        until(lambda: started(quick, "dies", 2))
        dies.send_signal(signal.SIGKILL)
        until(lambda: all_done(quick))
        lives.send_signal(signal.SIGTERM)
        assert lives.wait() == 0
        assert lives.stdout is not None
        counts = json.loads(lives.stdout.read())

    assert len(quick.sandbox.state.generations) == 20
    assert len(list(quick.output.glob("*.zip"))) == 20
    assert counts["taken_over"] >= 2
    assert (quick.jobs(), quick.rows("SELECT name FROM holds")) == ([], [])


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_leaves_its_runs_at_once(quick: Fleet) -> None:
    """Its jobs wait in the queue again without any sweep, of which the others are told; and it ends well."""
    for number in range(3):
        quick.submit(f"run-{number}")
    with (
        quick.worker(speed=SPEED, name="stops", options={"sweep_seconds": 3600.0}) as stops,
        quick.database.connect() as other,
    ):
        until(lambda: started(quick, "stops", 3))
        other.execute(f'LISTEN "procrastinate_queue_v1#{KEY}"')
        stops.send_signal(signal.SIGTERM)
        assert stops.wait() == 0
        assert len(list(other.notifies(timeout=10.0, stop_after=3))) == 3
    assert {status for _, status in quick.jobs()} == {"todo"}
    assert quick.rows("SELECT count(*) FROM holds") == quick.rows("SELECT count(*) FROM workers") == [(0,)]


@pytest.mark.slow
def test_workers_are_replaced_one_after_the_other_while_they_work(quick: Fleet) -> None:
    """As when a new version is rolled out: each drains and ends well, and nothing is paid for twice."""
    for number in range(12):
        quick.submit(f"run-{number}")
    with contextlib.ExitStack() as stack:
        olds = [stack.enter_context(quick.worker(speed=SPEED, name=f"old-{number}")) for number in range(2)]
        until(lambda: started(quick, "old-0", 2) or started(quick, "old-1", 2))
        for number, old in enumerate(olds):
            stack.enter_context(quick.worker(speed=SPEED, name=f"new-{number}"))
            old.send_signal(signal.SIGTERM)
            assert old.wait() == 0
        until(lambda: all_done(quick))
    assert len(quick.sandbox.state.generations) == 12
    assert len(list(quick.output.glob("*.zip"))) == 12


@pytest.mark.slow
def test_a_worker_whose_session_is_lost_ends_to_be_started_again(quick: Fleet) -> None:
    """It notices at once, and not with its next beat."""
    quick.submit("order")
    with quick.worker(speed=SPEED, name="lost", options={"beat_seconds": 3600.0}) as lost:
        until(lambda: started(quick, "lost", 1))
        quick.rows(
            "SELECT pg_terminate_backend(pg_locks.pid) FROM pg_locks JOIN workers ON objid = id "
            "WHERE locktype = 'advisory' AND name = 'lost'"
        )
        assert lost.wait() == EXIT_CODE
    until(lambda: quick.sweep().put_back or quick.jobs() == [("order", "todo")])


async def _worked(fleet: Fleet, meanwhile: Callable[[Worker], None], **more: Any) -> tuple[int, Worker, list[int]]:
    """A worker in this process, until it ends: its exit code, and those that it would have ended the process with."""
    session = Session(fleet.database, "here")
    ended: list[int] = []
    driver = fleet.driver(**more)
    driver.store._worker = session
    worker = Worker(driver, session, beat_seconds=0.02, sweep_seconds=0.02, end=ended.append)
    thread = threading.Thread(target=meanwhile, args=(worker,))
    thread.start()
    try:
        return await worker.run(), worker, ended
    finally:
        thread.join()


@pytest.mark.slow
def test_a_worker_is_drained_by_its_row(fleet: Fleet) -> None:
    """Whoever deploys need not reach its host."""
    fleet.submit("order", policy=None)

    def drain(worker: Worker) -> None:
        until(lambda: worker.counts["question"])
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    code, worker, ended = asyncio.run(_worked(fleet, drain))
    assert (code, ended, worker.counts["question"]) == (0, [], 1)
    assert fleet.rows("SELECT count(*) FROM workers") == [(0,)]


@pytest.mark.slow
def test_a_worker_that_begins_takes_what_others_have_left_to_it(fleet: Fleet) -> None:
    """Without waiting until they would be tried again; what has failed is left its time."""
    for run_id in ("left", "failed"):
        fleet.submit(run_id, policy="house")
        fleet.change("DELETE FROM procrastinate_jobs")
    fleet.change("UPDATE runs SET wake_at = now() + interval '1 hour', failures = (run_id = 'failed')::integer")

    def drain(worker: Worker) -> None:
        until(lambda: worker.counts["done"])
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    asyncio.run(_worked(fleet, drain, policies={"house": ProposedDefaults()}))
    assert (fleet.column("left"), fleet.column("failed")) == ("done", "open")


@pytest.mark.slow
def test_a_worker_whose_key_is_refused_says_so_when_it_begins(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """It takes no run, and would say nothing."""
    fleet.database.run(lambda connection: refusals.refuse(connection, KEY, fleet.scope, "Refused (401)."))
    fleet.submit("order")

    def drain(worker: Worker) -> None:
        until(lambda: worker.is_ready)
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    asyncio.run(_worked(fleet, drain))
    assert f"The key {KEY} is refused, and its runs wait: Refused (401)." in caplog.messages


@pytest.mark.slow
def test_told_to_stop_twice_a_worker_ends_at_once(fleet: Fleet) -> None:
    """Whatever is still to be answered."""
    fleet.submit("order", policy="slow")
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow(questions: Any) -> None:
        is_asked.set()
        may_answer.wait()

    def stop(worker: Worker) -> None:
        is_asked.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: worker.is_draining)
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: worker.is_told_twice)
        may_answer.set()

    code, _, ended = asyncio.run(_worked(fleet, stop, policies={"slow": slow}))
    assert (code, ended) == (0, [128 + signal.SIGTERM])


@pytest.mark.slow
def test_the_first_signal_to_a_worker_that_is_drained_by_its_row_cuts_nothing(fleet: Fleet) -> None:
    """Whoever drains a host by hand stops its service next; what is under way is answered all the same."""
    fleet.submit("order", policy="slow")
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow(questions: Any) -> None:
        is_asked.set()
        may_answer.wait()

    def stop(worker: Worker) -> None:
        is_asked.wait()
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")
        until(lambda: worker.is_draining)
        os.kill(os.getpid(), signal.SIGTERM)
        until(lambda: worker._is_told)
        may_answer.set()

    code, worker, ended = asyncio.run(_worked(fleet, stop, policies={"slow": slow}))
    assert (code, ended, worker.is_told_twice) == (0, [], False)


@pytest.mark.slow
def test_a_run_in_hand_is_cancelled_when_a_pod_asks_for_it(fleet: Fleet) -> None:
    """The worker that drives it stops, and cancels what it has started."""
    fleet.submit("order", policy="slow")

    def asked(questions: Any) -> None:
        fleet.wake("order", wanted="cancel")

    def drain(worker: Worker) -> None:
        until(lambda: fleet.column("order") == "cancelled")
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    code, *_ = asyncio.run(_worked(fleet, drain, policies={"slow": asked}))
    assert (code, fleet.jobs()) == (0, [])
    assert [one.state for one in fleet.sandbox.state.generations.values()] == ["Cancelled"]


def test_many_workers_sweep_no_more_often_than_one_and_none_so_seldom_that_a_death_is_noticed_late() -> None:
    """Whoever sweeps does it for all; and the others may be gone before the next sweep."""
    pauses = {workers: pause_of(workers) for workers in (0, 1, 2, 3, 4, 1000)}
    assert pauses == {0: 1.0, 1: 1.0, 2: 2.0, 3: 3.0, 4: 3.0, 1000: 3.0}


@pytest.mark.slow
def test_a_worker_takes_no_run_whose_key_it_lacks(fleet: Fleet) -> None:
    """It stays open, and whoever lists runs can say why."""
    fleet.submit("theirs", key_name="team-b")
    fleet.submit("ours", policy=None)
    reasons = {}

    def drain(worker: Worker) -> None:
        until(lambda: worker.counts["question"])
        reasons.update(
            fleet.database.run(lambda connection: statuses.waiting_for(connection, fleet.database.lock_class))
        )
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    asyncio.run(_worked(fleet, drain))
    assert (fleet.column("theirs"), fleet.jobs()) == ("open", [("theirs", "todo")])
    assert reasons == {"theirs": "No worker has the key team-b."}


@pytest.mark.slow
def test_a_worker_that_is_cancelled_leaves_nothing_at_work_on_its_loop(fleet: Fleet) -> None:
    """As when a web application ends it with its lifespan, or a group of tasks with another's failure.

    A run that it has in hand, and that would wait for long, is the others'.
    """
    asked = asyncio.Event()
    fleet.submit("order", policy="slow")

    async def for_ever(questions: Any) -> None:
        asked.set()
        await asyncio.Event().wait()

    async def cancelled() -> None:
        driver = fleet.driver(policies={"slow": for_ever})
        worker = Worker(driver, Session(fleet.database, "here"), beat_seconds=0.001, sweep_seconds=0.001)
        before = asyncio.all_tasks()
        task = asyncio.create_task(worker.run())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == before
        assert fleet.rows("SELECT count(*) FROM workers WHERE name = 'here'") == [(0,)]
        driver.store._worker.close()  # type: ignore[union-attr]

    asyncio.run(cancelled())
    assert fleet.rows("SELECT name FROM holds") == []
    until(lambda: fleet.sweep().put_back or fleet.jobs() == [("order", "todo")])


@pytest.mark.slow
def test_a_job_that_another_worker_has_by_now_is_left_to_it(fleet: Fleet, caplog: Any) -> None:
    """Whoever was taken for dead comes to the end of its run, and takes nothing away, nor fails."""
    fleet.submit("order", policy="slow")

    def asked(questions: Any) -> None:
        fleet.change("UPDATE procrastinate_jobs SET worker_id = NULL")
        fleet.change("UPDATE workers SET draining = true WHERE name = 'here'")

    code, worker, _ = asyncio.run(_worked(fleet, lambda _: None, policies={"slow": asked}))
    assert (code, worker.counts["question"] + worker.counts["stopped"]) == (0, 1)
    assert fleet.jobs() == [("order", "doing")]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


RUNS, WORKERS = 24, 4


async def _many(
    fleet: Fleet, *, keys: dict[str, str] | None = None, besides: Callable[[Any], Any] | None = None
) -> list[str]:
    """All runs at once, by four processes; and what somebody else does with the same clock until they are done."""
    clock = ConcurrentClock(fleet.sandbox.clock, RUNS + (besides is not None))  # type: ignore[arg-type]
    fleet.clock = clock
    drivers = [fleet.driver(keys) for _ in range(WORKERS)]
    runs = [clock.until_done(drivers[number % WORKERS].drive(f"run-{number}")) for number in range(RUNS)]
    other = asyncio.ensure_future(besides(clock)) if besides is not None else None
    found = await asyncio.gather(*runs)
    if other is not None:
        other.cancel()
    for driver in drivers:
        await driver.close()
    return found


@pytest.mark.slow
def test_four_workers_send_few_requests_a_run(fleet: Fleet) -> None:
    """They share the list page and the count of those who watch."""
    fleet.database.run(lambda connection: refusals.verify(connection, KEY, fleet.scope))
    for number in range(RUNS):
        fleet.submit(f"run-{number}")
    assert asyncio.run(_many(fleet)) == ["done"] * RUNS
    assert len(fleet.sandbox.state.generations) == RUNS
    assert fleet.sent() / RUNS <= 14.0


@pytest.mark.slow
def test_no_request_is_refused_although_somebody_else_has_used_a_key(fleet: Fleet) -> None:
    """Four workers, eight keys. A stranger took most of the minute of the one that has most of the runs: what is left,
    the answers say, and no run meets a 429."""
    keys = {f"key-{number}": f"sf_rate_{number}_0123456789abcdef" for number in range(8)}
    for name, key in keys.items():
        fleet.sandbox.state.add_key(key, name)
        scope = scope_of(key, fleet.sandbox.url)
        fleet.database.run(lambda connection, name=name, scope=scope: refusals.verify(connection, name, scope))
    for number in range(RUNS):
        fleet.submit(f"run-{number}", key_name=f"key-{number if number < 8 else 0}")

    async def strange(clock: Any) -> None:
        headers = {"Authorization": f"Bearer {keys['key-0']}", "X-Stranger": "1"}
        async with httpx.AsyncClient(base_url=fleet.sandbox.url, headers=headers) as stranger:
            for _ in range(40):
                await stranger.get(path_of("get_me"))
            clock.leave()

    assert asyncio.run(_many(fleet, keys=keys, besides=strange)) == ["done"] * RUNS
    sent = [request for request in fleet.sandbox.requests if "x-stranger" not in request.header_names]
    assert [request.operation for request in sent if request.status == 429] == []
    assert len(fleet.sandbox.requests) - len(sent) == 40
    assert len(fleet.sandbox.state.generations) == RUNS
