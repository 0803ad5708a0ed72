"""Working, on any event loop and with any signals; driving for another queue, whose process does as a worker does."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.fleet import Fleet, SyncFleet
from specstep_flows.fleet.keys import Keys
from specstep_flows.fleet.work import SyncWork, Work
from specstep_flows.fleet.worker import stopped_by_signals
from specstep_flows.sandbox import Sandbox
from specstep_flows.settings import Settings
from tests.kit import postgres
from tests.kit.bench import options
from tests.kit.clocks import TurnedClock
from tests.kit.fleet import KEY
from tests.kit.fleet import Fleet as FleetOfTests
from tests.kit.platforms import POSIX_ONLY
from tests.kit.pooler import Pooler

SPEED = 60.0


@pytest.mark.slow
def test_a_run_that_another_queue_drives_is_cancelled_when_a_pod_asks_for_it(database: Any, tmp_path: Path) -> None:
    """Its drive ends and says so; the next one cancels what was started, which would have taken an hour."""
    slowly = options(profile_seconds={"Fast": 3600.0 * SPEED})

    async def cancelled(sandbox: Sandbox) -> list[str]:
        settings = Settings(api_url=sandbox.url, clock_speed=SPEED)
        keys = {"team-a": sandbox.api_key}
        url, schema = postgres.server().url, database.schema
        async with Fleet(url, keys=keys, settings=settings, schema=schema, files=tmp_path) as fleet:
            fleet._work.beat_seconds = 0.05
            await fleet.submit("A portal.", key="team-a", run_id="order", policy="defaults", profile="Fast")
            driving = asyncio.create_task(fleet.drive("order"))
            while (await fleet.get("order")).generation_id is None:
                await asyncio.sleep(0.05)
            await fleet.cancel("order")
            return [await asyncio.wait_for(driving, 60), await fleet.drive("order")]

    with Sandbox(speed=SPEED, options=slowly) as sandbox:
        assert asyncio.run(cancelled(sandbox)) == ["stopped", "cancelled"]
        assert [one.state for one in sandbox.state.generations.values()] == ["Cancelled"]


@pytest.mark.slow
def test_each_call_has_the_policies_that_it_brings(fleet: FleetOfTests) -> None:
    """Two at the same time may call different ones by the same name: none answers with the other's."""
    answers: dict[str, set[str]] = {}

    async def both() -> list[str]:
        url, settings = fleet.database._conninfo, Settings(api_url=fleet.sandbox.url)
        keys = {KEY: fleet.sandbox.api_key}
        async with Fleet(url, schema=fleet.database.schema, keys=keys, settings=settings) as own:
            await own.drive("nobody")
            turn(own, fleet)
            calls = [own.drive(run_id, policies={"house": Everything(run_id)}) for run_id in ("a", "b")]
            found = await asyncio.gather(*calls)
            for run_id in ("a", "b"):
                answers[run_id] = {one["answer"] for one in (await own.get(run_id)).record.answers}
            return list(found)

    for run_id in ("a", "b"):
        fleet.submit(run_id, policy="house")
    assert asyncio.run(both()) == ["done"] * 2
    assert answers == {"a": {"a"}, "b": {"b"}}


def turn(own: Fleet, fleet: FleetOfTests) -> None:
    """Give whoever drives on this loop the sandbox's clock."""
    driver = own._work._drivers[asyncio.get_running_loop()]
    driver._clock._clock = TurnedClock(fleet.sandbox.clock)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_fleet_drives_on_one_event_loop_after_another(fleet: FleetOfTests) -> None:
    """As a task queue does whose every task is an ``asyncio.run``; connections of a loop that is over are not used."""
    url, settings = fleet.database._conninfo, Settings(api_url=fleet.sandbox.url)
    own = Fleet(url, schema=fleet.database.schema, keys={KEY: fleet.sandbox.api_key}, settings=settings)

    async def drive(run_id: str) -> str:
        await own.drive("nobody")
        turn(own, fleet)
        return await own.drive(run_id)

    for run_id in ("a", "b"):
        fleet.submit(run_id)
        assert asyncio.run(drive(run_id)) == "done"
    asyncio.run(own.aclose())
    assert fleet.rows("SELECT count(*) FROM workers") == [(0,)]
    # What was left open on the loops complains here, and not in another test.
    gc.collect()


@attrs.frozen
class Everything:
    """Answers every question with the same words."""

    words: str

    def __call__(self, questions: Any) -> dict[str, str]:
        return {question.question: self.words for question in questions}


def test_a_blocking_fleet_does_not_drive_on_an_event_loop(database: Any) -> None:
    """It would stand still, and everything on it."""

    async def drive() -> None:
        with SyncFleet(postgres.server().url, schema=database.schema, keys={KEY: "sf_key"}) as fleet:
            with pytest.raises(errors.UsageError, match="event loop"):
                fleet.drive("order")
            with pytest.raises(errors.UsageError, match="event loop"):
                fleet.work()

    asyncio.run(drive())


class Proactor(asyncio.SelectorEventLoop):
    """Stands for the usual loop of Windows, which hears no signals, and which psycopg refuses."""

    def add_signal_handler(self, *_: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


@pytest.fixture
def proactor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows, as far as event loops go."""
    monkeypatch.setattr(asyncio, "ProactorEventLoop", Proactor, raising=False)
    monkeypatch.setattr(asyncio.events, "new_event_loop", Proactor)
    monkeypatch.setattr(sys, "platform", "win32")


@pytest.mark.usefixtures("proactor")
def test_a_worker_says_on_which_loop_it_cannot_work_and_chooses_its_own() -> None:
    """Nothing is opened before. The blocking one gets as far as the keys, which are missing."""
    desk: Any = None
    with pytest.raises(errors.UsageError, match="SelectorEventLoop"):
        asyncio.run(Work(desk, Keys({})).work(1, {}))
    with pytest.raises(errors.SettingsError, match="no key"):
        SyncWork(desk, Keys({})).work(1, {})


@pytest.mark.parametrize("policies", [{"a b": print}, {"": print}, {"house": "house.yaml"}, {"house": None}])
def test_a_policy_that_is_none_is_refused_before_anything_is_driven(policies: Any) -> None:
    """Not when the first question comes, which has been paid for by then."""
    fleet = SyncFleet("postgresql://127.0.0.1:1/db", keys={KEY: "sf_0123456789abcdef0123456789"})
    for drive in (fleet.work, lambda **more: fleet.drive("order", **more)):
        with pytest.raises(errors.UsageError, match="polic"):
            drive(policies=policies)


@pytest.mark.parametrize("capacity", [0, -1, 10_001, "200", None, 1.5])
def test_a_capacity_that_no_worker_has_is_refused(capacity: Any) -> None:
    """Whatever it is."""
    fleet = SyncFleet("postgresql://127.0.0.1:1/db", keys={KEY: "sf_0123456789abcdef0123456789"})
    with pytest.raises(errors.UsageError, match="1 to 10,000 runs at a time"):
        fleet.work(capacity=capacity)


@POSIX_ONLY
@pytest.mark.parametrize("loop_class", [asyncio.SelectorEventLoop, Proactor])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGBREAK"])
def test_a_signal_stops_a_worker_on_any_loop(
    monkeypatch: pytest.MonkeyPatch, loop_class: type[asyncio.SelectorEventLoop], name: str
) -> None:
    """Once each time, on the loop; afterwards the signals are what they were."""
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    number = getattr(signal, name)
    before = signal.getsignal(number)

    async def stopped() -> list[int]:
        heard: list[int] = []
        with stopped_by_signals(asyncio.get_running_loop(), heard.append):
            for _ in range(2):
                signal.raise_signal(number)
                # Once for what the system says, and once for what the loop is told.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        return heard

    with asyncio.Runner(loop_factory=loop_class) as runner:
        assert runner.run(stopped()) == [number, number]
    assert signal.getsignal(number) == before


def test_nobody_drives_through_a_pooler_in_transaction_mode(fleet: FleetOfTests) -> None:
    """A session's lock is no lock there: two workers would drive, and pay for, the same run."""
    server = postgres.server()

    async def refused(url: str) -> list[str]:
        settings, keys = Settings(api_url=fleet.sandbox.url), {KEY: fleet.sandbox.api_key}
        found = []
        async with Fleet(url, schema=fleet.database.schema, keys=keys, settings=settings) as own:
            for drive in (own.work, lambda: own.drive("order")):
                with pytest.raises(errors.StoreError) as raised:
                    await drive()
                found.append(raised.value.message)
        return found

    fleet.submit("order")
    with Pooler(server.port) as pooler:
        found = asyncio.run(refused(server.url.replace(str(server.port), str(pooler.port))))
    for message in found:
        assert "pooler in transaction mode" in message
        assert "the server's own address" in message
    assert fleet.sent() == 0
    assert fleet.rows("SELECT * FROM workers") == []
    assert fleet.jobs() == [("order", "todo")]
