"""A PostgreSQL of the tests' own: one server a test session, and a schema for each test."""

from __future__ import annotations

import contextlib
import functools
import itertools
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from fleet_lab.postgres import Postgres, Unavailable

__all__ = ["Postgres", "emptied", "schema", "server", "stop_server"]

_numbers = itertools.count(1)


@functools.cache
def _server() -> Postgres | str:
    """The server of this session, started when it is first wanted; or why there is none."""
    try:
        server = Postgres()
    except Unavailable as error:
        return f"{error}: tests that need PostgreSQL did not run"
    try:
        server.make()
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        server.close()
        return f"PostgreSQL cannot be started here ({error}): tests that need it did not run"
    return server


def server() -> Postgres:
    """The server of this session. Skips the test where there can be none."""
    found = _server()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def stop_server() -> None:
    """Stop the server of this session, if it was started."""
    if _common.cache_info().currsize:
        _common().close()
    _common.cache_clear()
    if _server.cache_info().currsize and isinstance(found := _server(), Postgres):
        found.close()
    _server.cache_clear()


@contextlib.contextmanager
def schema(postgres: Postgres | None = None, **options: Any) -> Iterator[Any]:
    """A ``Database`` with a schema of its own, which is initialised, and gone afterwards."""
    from specstep_flows.fleet.database import Database
    from specstep_flows.fleet.schema import init

    postgres = postgres or server()
    database = Database(postgres.url, f"test_{next(_numbers)}", **{"max_connections": 4, **options})
    init(database)
    try:
        yield database
    finally:
        database.close()
        with contextlib.suppress(Exception):
            postgres.execute(f'DROP SCHEMA IF EXISTS "{database.schema}" CASCADE')


@functools.cache
def _common() -> Any:
    from specstep_flows.fleet.database import Database
    from specstep_flows.fleet.schema import init

    database = Database(server().url, "test_common", max_connections=4)
    init(database)
    return database


@contextlib.contextmanager
def emptied() -> Iterator[Any]:
    """The ``Database`` of all tests that need only empty tables: quicker than a schema of their own."""
    database = _common()
    # Not TRUNCATE, which makes new files.
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    tables = [name for (name,) in database.run(lambda connection: connection.execute(query).fetchall())]
    queue = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")
    ours = [name for name in tables if name not in ("meta", "dispatch") and not name.startswith("procrastinate")]
    statements = "; ".join(f"DELETE FROM {name}" for name in (*(name for name in queue if name in tables), *ours))
    database.run(lambda connection: connection.execute(statements))
    yield database
