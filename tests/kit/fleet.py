"""A fleet on one machine: a sandbox, runs in PostgreSQL, and drivers that stand for processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from specstep_flows.engine.limits import scope_of
from specstep_flows.fleet import dispatch, statuses
from specstep_flows.fleet.drive import Driver
from specstep_flows.fleet.keys import Keys
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.fleet.sweep import sweep
from specstep_flows.runs import opening
from specstep_flows.sandbox import Sandbox
from specstep_flows.settings import Settings
from tests.kit.clocks import TurnedClock

ROOT = Path(__file__).parents[2]
KEY = "team-a"


@attrs.define
class Fleet:
    """What all processes of a fleet share, and what they are told."""

    database: Any
    sandbox: Sandbox
    folder: Path
    clock: Any = None

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def submit(self, run_id: str, brief: str = "A portal for feedback.", **columns: Any) -> None:
        """A run and its job, in one transaction."""
        columns = {"key_name": KEY, "policy": "defaults", **columns}
        options = opening.run_options(profile="Fast", output=self.output / f"{run_id}.zip")
        record = opening.new_record([brief], [], options, run_id, self.sandbox.url)
        store = PostgresStore(self.database)

        def submit(connection: Any) -> None:
            store.create_in(connection, record, **columns)
            dispatch.defer(connection, run_id, columns["key_name"])

        self.database.transact(submit)

    def driver(self, keys: Mapping[str, str] | None = None, **more: Any) -> Driver:
        """What drives runs in another process."""
        keys = {KEY: self.sandbox.api_key} if keys is None else keys
        settings = Settings(api_url=self.sandbox.url, request_timeout=10.0)
        clock = TurnedClock(self.sandbox.clock) if self.clock is None else self.clock  # type: ignore[arg-type]
        keys = keys if isinstance(keys, Keys) else Keys(keys)
        return Driver(PostgresStore(self.database), keys, settings, clock=clock, **more)

    def drive(self, run_id: str, **more: Any) -> str:
        """Drive a run in another process; what came of it."""
        return asyncio.run(self.drive_async(self.driver(**more), run_id))

    @staticmethod
    async def drive_async(driver: Driver, *run_ids: str) -> str:
        """Drive these runs, and end; what came of the last."""
        try:
            return ["", *[await driver.drive(run_id) for run_id in run_ids]][-1]
        finally:
            await driver.close()
            if (worker := driver.store._worker) is not None:
                worker.close()

    def column(self, run_id: str, name: str = "status") -> Any:
        """What a column of a run's row holds."""
        return self.rows(f"SELECT {name} FROM runs WHERE run_id = %s", [run_id])[0][0]

    def rows(self, query: str, values: Any = ()) -> list[Any]:
        """What a query finds."""
        return self.database.run(lambda connection: connection.execute(query, values).fetchall())  # type: ignore[no-any-return]

    def change(self, statement: str, values: Any = ()) -> None:
        """Carry a statement out."""
        self.database.run(lambda connection: connection.execute(statement, values))

    def empty(self) -> None:
        """Leave nothing of what others have put into the schema."""
        self.change(
            "TRUNCATE runs, workers, holds, keys, limits, pages, watchers, procrastinate_jobs, procrastinate_workers "
            "CASCADE"
        )

    def wake(self, run_id: str, **more: Any) -> Any:
        """What any pod does that has something new for a run."""
        return self.database.run(lambda connection: statuses.wake(connection, run_id, **more))

    def jobs(self) -> list[tuple[str, str]]:
        """Every job: its run and its status."""
        return self.rows("SELECT queueing_lock, status::text FROM procrastinate_jobs ORDER BY id")

    def sweep(self) -> Any:
        """Sweep once."""
        return sweep(self.database)

    def sent(self, operation: str = "") -> int:
        """How many requests the sandbox had, or of one operation."""
        return sum(
            operation in (request.operation or "")
            for request in self.sandbox.requests
            if "blob" not in (request.operation or "")
        )

    @property
    def scope(self) -> str:
        return scope_of(self.sandbox.api_key, self.sandbox.url)

    @contextlib.contextmanager
    def worker(
        self, *, speed: float, name: str = "", path: Sequence[Path] = (), **order: Any
    ) -> Iterator[subprocess.Popen[str]]:
        """A worker in a process of its own, which has a session and is ready to work.

        ``path``: where it looks for packages before it finds those of this checkout.
        """
        order = {
            "database": self.database._conninfo,
            "schema": self.database.schema,
            "keys": {KEY: self.sandbox.api_key},
            "api_url": self.sandbox.url,
            "speed": speed,
            "name": name,
            **order,
        }
        command = [sys.executable, "-P", "-m", "tests.kit.fleet_worker"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT]))}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{json.dumps(order)}\n")
            process.stdin.flush()
            try:
                assert process.stdout.readline() == "ready\n"
                yield process
            finally:
                process.kill()


def session(database: Any, number: int | None) -> Session:
    """A worker's session; its number at the queue."""
    found = Session(database)
    database.run(
        lambda connection: connection.execute("UPDATE workers SET dispatch_id = %s WHERE id = %s", [number, found.id])
    )
    return found
