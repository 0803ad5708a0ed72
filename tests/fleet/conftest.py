"""What a fleet needs: a real PostgreSQL, with a schema of its own for each test, and places for its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.sandbox import ManualClock, Sandbox
from tests.kit import postgres
from tests.kit.bench import options
from tests.kit.file_places import Places
from tests.kit.fleet import Fleet
from tests.kit.object_host import ObjectHost


@pytest.fixture
def server() -> postgres.Postgres:
    """The server of this session."""
    return postgres.server()


@pytest.fixture
def database() -> Iterator[Any]:
    """An initialised schema with empty tables, which the tests of a session share."""
    with postgres.emptied() as database:
        yield database


@pytest.fixture
def own_schema() -> Iterator[Any]:
    """An initialised schema of the test's own."""
    with postgres.schema() as database:
        yield database


@pytest.fixture(scope="module")
def _object_host() -> Iterator[ObjectHost]:
    host = ObjectHost()
    yield host
    host.stop()


@pytest.fixture
def object_host(_object_host: ObjectHost) -> ObjectHost:
    """An S3 without objects, which does what it should."""
    _object_host.objects.clear()
    _object_host.seen.clear()
    _object_host.refusals.clear()
    _object_host.lost_answers, _object_host.ignores_conditions = 0, False
    return _object_host


@pytest.fixture(params=["folder", "s3", "memory", "file"])
def places(request: pytest.FixtureRequest, tmp_path: Path, object_host: ObjectHost) -> Iterator[Places]:
    """Each kind of place."""
    found = Places(request.param, tmp_path, object_host)
    yield found
    found.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """One schema for a module's tests."""
    with postgres.schema() as database:
        yield database


@pytest.fixture
def fleet(shared: Any, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet without a run, on a turned clock, whose sandbox asks two questions."""
    with Sandbox(clock=ManualClock(), options=options()) as sandbox:
        fleet = Fleet(shared, sandbox, tmp_path)
        fleet.empty()
        yield fleet
