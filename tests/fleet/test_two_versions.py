"""Workers of two versions drive the runs of one fleet side by side, and go on with each other's."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import specstep_flows
from specstep_flows.fleet import schema
from specstep_flows.sandbox import Sandbox
from tests.fleet.test_worker import SPEED, all_done, started, until
from tests.kit import postgres
from tests.kit.bench import options
from tests.kit.fleet import Fleet

ROOT = Path(__file__).parents[2]
#: What the next version has more: a field of the record, which it fills with each step, and its column.
RECORD = ("    packages: tuple[Mapping[str, Any], ...] = ()\n", "    colour: str | None = None\n")
COLUMN = "\nALTER TABLE runs ADD COLUMN IF NOT EXISTS colour text NOT NULL DEFAULT 'null';\n"
FILLED = """

_update = PostgresStore.update
PostgresStore.update = lambda self, run_id, changes: _update(self, run_id, {**changes, "colour": "red"})
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Where the next version can be imported from."""
    package = tmp_path / "newer" / "specstep_flows"
    shutil.copytree(Path(specstep_flows.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))

    def change(name: str, before: str, after: str) -> None:
        file = package / name
        text = file.read_text("utf-8")
        assert text.count(before) == 1
        file.write_text(text.replace(before, after), "utf-8")

    major, minor = schema.VERSION
    change("fleet/schema.py", f"= ({major}, {minor})", f"= ({major}, {minor + 1})")
    change("runs/records.py", RECORD[0], "".join(RECORD))
    for name, more in (("fleet/schema.sql", COLUMN), ("fleet/store.py", FILLED)):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write(more)
    return package.parent


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet of this version, on a clock that runs by itself, with a schema that the next version will change."""
    with postgres.schema() as database, Sandbox(speed=SPEED, options=options()) as sandbox:
        yield Fleet(database, sandbox, tmp_path)


def init(fleet: Fleet, version: Path) -> None:
    """``specstep fleet init`` with another version."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(version), str(ROOT / "generated")]),
        "SPECSTEP_FLEET_URL": fleet.database._conninfo,
        "SPECSTEP_FLEET_SCHEMA": fleet.database.schema,
    }
    command = [sys.executable, "-P", "-m", "specstep_flows.cli", "fleet", "init"]
    subprocess.run(command, env=environment, cwd=version, check=True)


@pytest.mark.slow
def test_workers_of_two_versions_go_on_with_each_others_runs(fleet: Fleet, newer: Path) -> None:
    """One of each is killed with runs in hand. Nothing is paid for twice, and what the newer one has noted stays."""
    for number in range(16):
        fleet.submit(f"run-{number}")

    def worker(name: str, *path: Path) -> Any:
        return stack.enter_context(fleet.worker(speed=SPEED, name=name, path=path, options={"capacity": 8}))

    with contextlib.ExitStack() as stack:
        old = worker("old")
        until(lambda: started(fleet, "old", 2))
        init(fleet, newer)
        assert schema.version_of(fleet.database) == (schema.VERSION[0], schema.VERSION[1] + 1)
        new = worker("new", newer)
        until(lambda: started(fleet, "new", 2))
        begun = [
            name
            for (name,) in fleet.rows(
                "SELECT run_id FROM runs JOIN holds ON holds.name = run_id JOIN workers ON workers.id = worker "
                "WHERE workers.name = 'new' AND generation_id <> 'null'"
            )
        ]
        new.send_signal(signal.SIGKILL)
        theirs = (
            "SELECT 1 FROM holds JOIN workers ON workers.id = worker "
            "WHERE workers.name = 'old' AND holds.name = ANY(%s)"
        )
        until(lambda: fleet.rows(theirs, [begun]))
        worker("newer", newer)
        old.send_signal(signal.SIGKILL)
        until(lambda: all_done(fleet))

    assert len(fleet.sandbox.state.generations) == 16
    assert len(list(fleet.output.glob("*.zip"))) == 16
    colours = fleet.rows("SELECT colour FROM runs WHERE run_id = ANY(%s)", [begun])
    assert colours == [('"red"',)] * len(begun)
