"""The queue: a job is there if the transaction that made its run is committed, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, cast

import psycopg
import pytest

from specstep_flows import errors
from specstep_flows.fleet import dispatch
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.schema import init
from tests.kit import postgres
from tests.kit.fleet import KEY, Fleet


def test_a_job_is_part_of_whatever_transaction_puts_it_in(fleet: Fleet, server: Any) -> None:
    """On a connection of the caller's own, which knows nothing of our tables; a second one changes nothing there."""
    defer = f"SELECT {fleet.database.table('defer_run')}(%s, %s)"
    with psycopg.connect(server.url) as own:
        assert own.execute(defer, ["order", KEY]).fetchone() == (True,)
        assert own.execute(defer, ["order", KEY]).fetchone() == (False,)
        own.rollback()
        assert fleet.jobs() == []

        own.execute(defer, ["order", KEY])
        own.execute(defer, ["order", KEY])
        own.commit()
    assert fleet.jobs() == [("order", "todo")]


def test_workers_are_told_of_a_job_that_is_put_back(fleet: Fleet, server: Any) -> None:
    """They need not ask for it, whatever the length of its key's name."""
    name = "k" * 40
    fleet.submit("order", key_name=name)
    fleet.change("UPDATE procrastinate_jobs SET status = 'doing'")
    with psycopg.connect(server.url, autocommit=True) as listener:
        listener.execute(f'LISTEN "procrastinate_queue_v1#{name}"')
        fleet.change("SELECT put_back(id, NULL) FROM procrastinate_jobs")
        (told,) = listener.notifies(stop_after=1, timeout=60.0)
    assert '"job_inserted"' in told.payload
    assert fleet.jobs() == [("order", "todo")]


def test_a_run_that_is_driven_can_be_put_in_again(fleet: Fleet) -> None:
    """Whatever is new may have come too late for whoever drives it."""
    fleet.submit("order")
    fleet.change("UPDATE procrastinate_jobs SET status = 'doing'")
    assert fleet.database.run(lambda connection: dispatch.defer(connection, "order", KEY))
    assert fleet.jobs() == [("order", "doing"), ("order", "todo")]


def test_what_is_put_back_together_is_told_once(fleet: Fleet, server: Any) -> None:
    """Of each queue: workers fetch until there is nothing left, however often they are told."""
    for number in range(20):
        fleet.submit(f"run-{number}", key_name=f"key-{number % 2}")
    fleet.change("UPDATE procrastinate_jobs SET status = 'doing'")
    with psycopg.connect(server.url, autocommit=True) as listener:
        listener.execute('LISTEN "procrastinate_queue_v1#key-0"; LISTEN "procrastinate_queue_v1#key-1"; LISTEN last')
        fleet.change("SELECT put_back(id, NULL) FROM procrastinate_jobs")
        fleet.change("NOTIFY last")
        channels = [told.channel for told in listener.notifies(stop_after=3, timeout=60.0)]
    assert sorted(channels) == ["last", "procrastinate_queue_v1#key-0", "procrastinate_queue_v1#key-1"]


class Fetching:
    """What fetches a worker's jobs, with every statement of its own that was carried out."""

    def __init__(self, fleet: Fleet, capacity: int, work: Callable[[str], Awaitable[None]]) -> None:
        self.fleet, self.capacity = fleet, capacity
        self.dispatch = dispatch.Dispatch(fleet.database, work)
        self.statements: list[str] = []
        self.jobs: Any = self.dispatch._jobs
        self.connector = cast("Any", self.jobs.connector)
        #: Does something after each statement.
        self.after: Callable[[str], Awaitable[Any]] | None = None
        get_cursor = self.connector._get_cursor
        self.connector._get_cursor = lambda *more: _Seen(self, get_cursor(*more))

    @property
    def fetches(self) -> int:
        return sum("fetch_job" in statement for statement in self.statements)

    async def run(self) -> None:
        async def registered(number: int) -> None:
            """Nobody asks whose it is."""

        await self.dispatch.run("here", [KEY], self.capacity, registered)


class _Seen:
    """A cursor that notes what it carries out."""

    def __init__(self, fetching: Fetching, made: Any) -> None:
        self._fetching, self._made = fetching, made

    async def __aenter__(self) -> Any:
        self._cursor = await self._made.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._made.__aexit__(*error)

    async def execute(self, query: str, *values: Any) -> None:
        await self._cursor.execute(query, *values)
        self._fetching.statements.append(query)
        if self._fetching.after is not None:
            await self._fetching.after(query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def statuses_of(fleet: Fleet) -> dict[str, int]:
    """How many jobs have each status."""
    return dict(fleet.rows("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"))


def test_jobs_are_fetched_several_at_a_time_and_no_more_than_the_worker_has_room_for(fleet: Fleet) -> None:
    """A statement for each took most of the time in which hundreds of runs of a dead worker were taken over."""
    for number in range(30):
        fleet.submit(f"run-{number}")
    begun: list[str] = []

    async def work(run_id: str) -> None:
        begun.append(run_id)
        if len(begun) == 25:
            assert statuses_of(fleet) == {"doing": 25, "todo": 5}
            assert fetching.fetches == 3
            fetching.dispatch.stop()
            go_on.set()
        await go_on.wait()
        raise dispatch.Stopped

    go_on = asyncio.Event()
    fetching = Fetching(fleet, 25, work)
    asyncio.run(fetching.run())
    assert begun == [f"run-{number}" for number in range(25)]
    assert statuses_of(fleet) == {"todo": 30}


def test_what_was_fetched_and_not_begun_is_put_back_when_the_worker_stops(fleet: Fleet) -> None:
    """At once, and not by a sweep."""
    for number in range(8):
        fleet.submit(f"run-{number}")
    begun: list[str] = []

    async def work(run_id: str) -> None:
        begun.append(run_id)
        fetching.dispatch.stop()
        raise dispatch.Stopped

    fetching = Fetching(fleet, 8, work)
    asyncio.run(fetching.run())
    assert len(begun) < 8
    assert fetching.fetches == 1
    assert statuses_of(fleet) == {"todo": 8}


def test_what_a_worker_is_told_while_it_looks_is_not_forgotten(fleet: Fleet) -> None:
    """A job that comes beside a look that does not see it would wait until the worker looks by itself."""

    async def work(run_id: str) -> None:
        fetching.dispatch.stop()

    async def beside(query: str) -> None:
        if "fetch_job" in query and fetching.fetches == 1:
            fleet.submit("order")
            while not fetching.jobs._is_told:
                # It may not listen yet.
                fleet.change("SELECT pg_notify(%s, %s)", [f"procrastinate_queue_v1#{KEY}", '{"type": "job_inserted"}'])
                await asyncio.sleep(0)

    fetching = Fetching(fleet, 8, work)
    fetching.after = beside
    asyncio.run(fetching.run())
    assert fetching.fetches == 2
    # Nothing else was asked, and no transaction was opened for anything.
    assert len(fetching.statements) == 6


def test_connections_of_the_queue_that_are_dead_are_replaced(fleet: Fleet, server: Any) -> None:
    """As after a restart of the server, or of what is between: the worker fetches on."""
    fleet.submit("one")
    fleet.submit("two")
    begun: list[str] = []

    async def work(run_id: str) -> None:
        begun.append(run_id)
        if run_id == "two":
            fetching.dispatch.stop()

    async def end_connections(query: str) -> None:
        if "finish_job" in query and begun == ["one"]:
            server.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name <> 'specstep' "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    fetching = Fetching(fleet, 1, work)
    fetching.after = end_connections
    asyncio.run(fetching.run())
    assert begun == ["one", "two"]
    assert fleet.jobs() == []


def test_installing_again_keeps_what_is_there(fleet: Fleet) -> None:
    """Two versions may do it one after the other."""
    fleet.submit("order")
    fleet.database.transact(dispatch.install)
    assert fleet.jobs() == [("order", "todo")]


@pytest.mark.slow
def test_the_tables_of_an_older_queue_are_brought_up(server: Any) -> None:
    """As far as its first migrations; the jobs that are in them stay."""
    folder = files("procrastinate.sql.migrations")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    older = [name for name in names if name < "03.01"]
    with postgres.schema(server) as database:
        server.execute(f'DROP SCHEMA "{database.schema}" CASCADE; CREATE SCHEMA "{database.schema}"')

        def make_older(connection: Any) -> None:
            for name in older:
                connection.execute(folder.joinpath(name).read_bytes())
            connection.execute("CREATE TABLE dispatch (applied text NOT NULL)")
            connection.execute("INSERT INTO dispatch VALUES (%s)", [older[-1]])

        database.run(make_older)
        init(database)

        assert database.run(lambda connection: dispatch.defer(connection, "order", KEY))
        assert database.run(lambda connection: connection.execute("SELECT applied FROM dispatch").fetchall()) == [
            (names[-1],)
        ]
        fetched = "SELECT queueing_lock FROM procrastinate_fetch_job_v2(NULL, NULL)"
        assert database.run(lambda connection: connection.execute(fetched).fetchall()) == [("order",)]


def test_a_queue_for_which_there_is_no_connection_says_why(
    own_schema: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server says, in place of how long a pool has waited."""
    role = "test_of_a_queue"
    server.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    database = Database(server.url.replace("postgres:secret-of-tests", role), own_schema.schema)
    monkeypatch.setattr("specstep_flows.fleet.dispatch.POOL_SECONDS", 0.1)
    try:
        with pytest.raises(errors.StoreError, match="too many connections for role"):
            asyncio.run(dispatch.Dispatch(database, _nothing).run("w", [KEY], 1, _nothing))
    finally:
        server.execute(f"DROP ROLE {role}")


async def _nothing(_: object) -> None:
    pass
