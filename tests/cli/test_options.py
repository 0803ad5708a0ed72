"""Options that several verbs share: run ids complete in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import UUID

from specstep_flows.cli.main import VERBS, load
from specstep_flows.runs.store import RunStore

GENERATION = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


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
    # Those of a fleet are elsewhere (and here there is none).
    of_fleet = {name for name in found if name.startswith("specstep fleet ") and name != "specstep fleet import"}
    assert {name for name, completed in found.items() if completed != ["done"]} == of_fleet


def test_words_complete() -> None:
    """Profiles, project types, and the words of a choice."""
    run = {parameter.name: parameter for parameter in load("run").params}

    def complete(name: str, begun: str) -> list[str]:
        return [item.value for item in run[name].shell_complete(None, begun)]

    assert complete("profile", "") == ["Extensive", "Fast", "Normal", "Researcher"]
    assert complete("profile", "F") == ["Fast"]
    assert complete("project_type", "Ai") == ["AiAgent", "AiTool"]
    assert complete("on_question", "de") == ["defaults", "detach"]
    assert complete("progress", "p") == ["plain"]


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
