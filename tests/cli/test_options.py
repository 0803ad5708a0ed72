"""Options that several verbs share: run ids complete in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows.cli.main import VERBS, load
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore

GENERATION = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


@pytest.fixture
def store(home: Path) -> Iterator[RunStore]:
    """A store with four runs: done, asking, failed, and one of which nothing was sent yet."""
    store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
    now = time.time()

    def add(name: str, age: float, **fields: Any) -> None:
        store.create(RunRecord(name, "https://specstep.com", now - age, now - age, messages=("A brief.",), **fields))

    add("done", 400, stage="done", generation_id=GENERATION, project_name="Tea\x1b[31m shop\u202e", cost_usd=2.5)
    add("asking", 300, generation_id=UUID(int=2), generation_state="PausedAwaitingClarification")
    add("failed", 200, generation_id=UUID(int=3), generation_state="Failed", cost_usd=1.0, spent_before_usd=0.5)
    add("new-one", 100)
    yield store
    store.close()


def test_run_ids_complete(store: RunStore) -> None:
    """Shell completion offers the ids that begin so, each with its state."""
    from specstep_flows.cli.options import complete_run

    assert [name for name, _ in complete_run("")] == ["new-one", "failed", "asking", "done"]
    assert complete_run("do") == [("done", "done Tea shop")]


def test_every_verb_about_a_run_completes_its_id(store: RunStore) -> None:
    """Wherever a run is named, the shell knows the runs there are."""

    verbs = {
        f"specstep {name} {inner}".rstrip(): verb
        for name in VERBS
        for inner, verb in getattr(load(name), "commands", {"": load(name)}).items()
    }
    found = {
        name: [item.value for item in parameter.shell_complete(None, "do")]
        for name, command in verbs.items()
        for parameter in command.params
        if parameter.metavar == "RUN" or (parameter.name == "run_id" and name != "specstep adopt")
    }
    assert len(found) >= 19
    assert {name for name, completed in found.items() if completed != ["done"]} == set()


def test_the_shell_completes_run_ids(store: RunStore) -> None:
    """Verbs and run ids complete in a shell."""
    environment = {**os.environ, "_SPECSTEP_COMPLETE": "complete_bash"}

    def complete(words: str, place: int) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "specstep_flows.cli"],
            env={**environment, "COMP_WORDS": words, "COMP_CWORD": str(place)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    assert "resume" in complete("specstep res", 1).split()
    assert complete("specstep resume do", 2).split() == ["done"]
