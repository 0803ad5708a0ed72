"""A fleet that another engine drives: processes of its recipe, of which one is killed in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from specstep_flows.fleet import FleetRun, SyncFleet
from specstep_flows.sandbox import Sandbox
from tests.kit import postgres
from tests.kit.bench import options

SPEED: Final = 30
RUNS: Final = 6
#: How often to look what became of the processes, which nobody can be told of.
_LOOK_SECONDS: Final = 0.2
#: Whatever takes as long is stuck, on any machine.
_LONGEST_SECONDS: Final = 300.0


@attrs.define
class Recipe:
    """The runs of a fleet and the processes that drive them."""

    name: str
    fleet: SyncFleet
    sandbox: Sandbox
    environ: dict[str, str]
    closing: contextlib.ExitStack
    processes: list[subprocess.Popen[bytes]] = attrs.field(factory=list)

    def start(self, **environ: str) -> None:
        """One more process of the recipe."""
        command = [sys.executable, "-m", f"specstep_flows.fleet.recipes.{self.name}"]
        process = subprocess.Popen(
            command, env=self.environ | environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.processes.append(self.closing.enter_context(process))
        self.closing.callback(process.kill)

    def submit(self) -> list[str]:
        """Some runs; their ids."""
        ids = [f"order-{number}" for number in range(RUNS)]
        for run_id in ids:
            self.submit_one(run_id)
        return ids

    def submit_one(self, run_id: str, policy: str | None = "defaults") -> None:
        """A run."""
        self.fleet.submit(f"A portal for {run_id}.", key="team-a", run_id=run_id, policy=policy, profile="Fast")

    def kill_one(self) -> int:
        """Once something was paid for, kill whoever has most runs in hand; how many that were."""
        self.wait(lambda: len(self.sandbox.state.generations) >= 2)
        victim = max(self.fleet.workers(), key=lambda worker: worker.runs)
        os.kill(victim.pid, signal.SIGKILL)
        return victim.runs

    def finish(self) -> list[FleetRun]:
        """Every run, once all are over."""
        self.wait(lambda: all(run.is_over for run in self.fleet.runs()))
        return list(self.fleet.runs())

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Until it is so, as long as there is a process that may make it so."""
        end = time.monotonic() + _LONGEST_SECONDS
        while not is_so():
            assert any(process.poll() is None for process in self.processes), "no process is left"
            assert time.monotonic() < end, self.fleet.workers()
            time.sleep(_LOOK_SECONDS)


@contextlib.contextmanager
def recipe(name: str, folder: Path, **environ: str) -> Iterator[Recipe]:
    """A fleet in a schema of its own, without a worker; the processes end with it."""
    with Sandbox(speed=SPEED, options=options()) as sandbox, postgres.schema() as database:
        given: dict[str, Any] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SPECSTEP")},
            "HOME": str(folder),
            "SPECSTEP_API_URL": sandbox.url,
            "SPECSTEP_CLOCK_SPEED": str(SPEED),
            "SPECSTEP_FLEET_FILES": str(folder / "files"),
            "SPECSTEP_FLEET_SCHEMA": database.schema,
            "SPECSTEP_FLEET_URL": postgres.server().url,
            "SPECSTEP_KEY_TEAM_A": sandbox.api_key,
            **environ,
        }
        with SyncFleet.from_env(given) as fleet, contextlib.ExitStack() as processes:
            yield Recipe(name, fleet, sandbox, given, processes)
