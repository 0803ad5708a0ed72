"""A process that holds a run of a fleet's store, to be stopped, woken and killed; it does what it is told by a line."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self

from specstep_flows.fleet.database import Database

_PROGRAM = """
import sys
from specstep_flows import errors
from specstep_flows.fleet.database import Database
from specstep_flows.fleet.store import PostgresStore
url, schema, run_id = sys.argv[1:]
store = PostgresStore(Database(url, schema))
store.hold(run_id)
print("held", flush=True)
for line in sys.stdin:
    try:
        store.check_held(run_id)
        print(store.update(run_id, {"stage": line.strip()}).stage, flush=True)
    except errors.StoreError as error:
        print(type(error).__name__, flush=True)
"""


class Holder:
    """Another process that holds a run while the ``with`` block runs, unless it was killed."""

    def __init__(self, database: Database, run_id: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, database.conninfo, database.schema, run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._line() == "held"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, stage: str) -> None:
        """Have it write a stage, after a last look."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{stage}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """The stage that it wrote, or the name of what was raised."""
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()
