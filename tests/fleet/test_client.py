"""``Fleet`` and ``SyncFleet``: the same for code that blocks and code that does not, in whose transaction ever."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from specstep_flows import errors
from specstep_flows.fleet import Fleet, Keys, SyncFleet
from specstep_flows.fleet.desk import Desk
from specstep_flows.settings import Settings
from tests.kit.postgres import Postgres

SETTINGS = Settings(api_url="http://127.0.0.1:9")
#: What of a twin has another name.
TWINS = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}


def sync_fleet(database: Any, server: Postgres) -> SyncFleet:
    return SyncFleet(server.url, settings=SETTINGS, schema=database.schema)


@pytest.fixture
def fleet(database: Any, server: Postgres) -> Iterator[SyncFleet]:
    """A fleet without a run, as a process without a key sees it."""
    with sync_fleet(database, server) as fleet:
        yield fleet


def ids(fleet: SyncFleet) -> list[str]:
    return sorted(run.run_id for run in fleet.runs())


def test_the_two_have_the_same_methods_with_the_same_arguments() -> None:
    """What one can do, the other can."""
    methods = {
        name: member for name, member in vars(Fleet).items() if callable(member) or isinstance(member, classmethod)
    }
    for name, member in methods.items():
        twin = inspect.getattr_static(SyncFleet, TWINS.get(name, name))
        function, other = (getattr(one, "__func__", one) for one in (member, twin))
        assert list(inspect.signature(function).parameters) == list(inspect.signature(other).parameters)
        assert not inspect.iscoroutinefunction(other)


@pytest.mark.parametrize("row_factory", [None, dict_row])
@pytest.mark.parametrize("is_committed", [True, False])
def test_a_submission_in_a_transaction_of_yours_is_there_if_that_is_committed(
    fleet: SyncFleet, server: Postgres, is_committed: bool, row_factory: Any
) -> None:
    """On a connection with another search path, whose rows are of any kind; the job with it."""
    more = {} if row_factory is None else {"row_factory": row_factory}
    with psycopg.connect(server.url, **more) as connection:
        connection.execute("SET search_path TO pg_catalog")
        for _ in range(2):
            run = fleet.submit_in(connection, "A shop.", key="team-a", run_id="tea")
            assert (run.run_id, run.status) == ("tea", "open")
        assert ids(fleet) == []
        if not is_committed:
            connection.rollback()
    assert ids(fleet) == (["tea"] if is_committed else [])
    queue = f"SELECT queueing_lock FROM {fleet._desk.database.schema}.procrastinate_jobs"
    assert server.execute(queue) == ([("tea",)] if is_committed else [])


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("is_committed", [True, False])
def test_so_it_is_on_an_event_loop_with_either_kind_of_connection(
    database: Any, server: Postgres, is_async: bool, is_committed: bool
) -> None:
    """A connection that blocks is used in a thread."""

    async def main() -> list[str]:
        async with Fleet(server.url, settings=SETTINGS, schema=database.schema) as fleet:
            if is_async:
                async with await psycopg.AsyncConnection.connect(server.url, row_factory=dict_row) as connection:
                    await fleet.submit_in(connection, "A shop.", run_id="tea")
                    if not is_committed:
                        await connection.rollback()
            else:
                with psycopg.connect(server.url) as blocking:
                    await fleet.submit_in(blocking, "A shop.", run_id="tea")
                    if not is_committed:
                        blocking.rollback()
            return [run.run_id async for run in fleet.runs()]

    assert asyncio.run(main()) == (["tea"] if is_committed else [])


def test_a_connection_of_another_library_is_refused(fleet: SyncFleet, server: Postgres) -> None:
    """With a sentence, and nothing is written; so is an asynchronous one where code blocks."""
    with pytest.raises(errors.UsageError, match=r"psycopg\.Connection"):
        fleet.submit_in(object(), "A shop.")

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(server.url) as connection:
            with pytest.raises(errors.UsageError, match="AsyncConnection"):
                fleet.submit_in(connection, "A shop.")

    asyncio.run(main())
    assert ids(fleet) == []


def test_runs_come_page_by_page_and_only_as_they_are_wanted(
    fleet: SyncFleet, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than two pages, each run once; whoever stops early reads no further."""
    schema = fleet._desk.database.schema
    fleet.submit("A shop.", run_id="run-000")
    columns = [
        row[0]
        for row in server.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = 'runs' "
            "AND column_name NOT IN ('run_id', 'created_at')",
            [schema],
        )
    ]
    listed = ", ".join(columns)
    server.execute(
        f"INSERT INTO {schema}.runs (run_id, created_at, {listed}) SELECT 'run-' || lpad(n::text, 3, '0'), "
        f"created_at + n / 4, {listed} FROM {schema}.runs, generate_series(1, 450) n"
    )
    pages: list[int] = []
    page = Desk.page

    def counted(desk: Desk, *arguments: Any) -> Any:
        pages.append(1)
        return page(desk, *arguments)

    monkeypatch.setattr(Desk, "page", counted)
    found = [run.run_id for run in fleet.runs()]
    assert found == [f"run-{number:03}" for number in reversed(range(451))]
    assert len(pages) == 4
    assert next(iter(fleet.runs())).run_id == "run-450"
    assert len(pages) == 5


def test_the_environment_describes_a_fleet(database: Any, server: Postgres, tmp_path: Path) -> None:
    """Its database, its files, its keys by name; no password and no key is shown."""
    environ = {
        "SPECSTEP_FLEET_URL": server.url,
        "SPECSTEP_FLEET_SCHEMA": database.schema,
        "SPECSTEP_FLEET_FILES": str(tmp_path / "files"),
        "SPECSTEP_KEY_TEAM_A": "sf_secret",
        "SPECSTEP_API_URL": "http://127.0.0.1:9",
    }
    with SyncFleet.from_env(environ) as fleet:
        assert list(fleet.keys) == ["team-a"]
        assert {one.name for one in fleet.check() if not one.is_fit} == {"durability"}
        assert "secret" not in repr(fleet) + repr(fleet.keys)
    with pytest.raises(errors.SettingsError, match="SPECSTEP_FLEET_URL"):
        Fleet.from_env({})
    # Who only submits need not be able to read them.
    broken = {**environ, "SPECSTEP_FLEET_KEYS": "/nowhere/keys.toml"}
    with SyncFleet.from_env(broken, keys={}) as fleet:
        assert (list(fleet.keys), fleet.waiting()) == ([], {})


def test_a_process_without_a_key_drives_nothing(fleet: SyncFleet) -> None:
    """It says which variables have them."""
    fleet.submit("A shop.", key="team-a", run_id="tea")
    with pytest.raises(errors.SettingsError, match="SPECSTEP_KEY_<NAME>"):
        fleet.work()
    with pytest.raises(errors.SettingsError, match="SPECSTEP_KEY_TEAM_A"):
        fleet.drive("tea")
    with pytest.raises(errors.UsageError, match="1 to 10,000"):
        SyncFleet(fleet._desk.database._conninfo, keys=Keys({"a": "sf_key_of_a"}), settings=SETTINGS).work(capacity=0)
