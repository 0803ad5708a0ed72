"""Every kind of run store, for the tests of what all of them promise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from specstep_flows.runs.protocol import RunKeeper
from specstep_flows.runs.store import RunStore
from tests.kit import postgres
from tests.kit.run_stores import NewStore


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Opens one more store on the same runs, as another process has it."""
    with contextlib.ExitStack() as opened:
        if request.param == "sqlite":

            def open_one() -> RunKeeper:
                return RunStore(tmp_path)

        else:
            from specstep_flows.fleet.store import PostgresStore

            database = opened.enter_context(postgres.emptied())

            def open_one() -> RunKeeper:
                return PostgresStore(database)

        def new() -> RunKeeper:
            return opened.enter_context(contextlib.closing(open_one()))

        yield new
