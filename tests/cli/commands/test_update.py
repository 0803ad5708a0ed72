"""``specstep update``: the whole job of a change, as one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows.sandbox import Fault
from tests.kit.api import op


@pytest.fixture
def first(specstep: Any, sandbox: Any, home: Path) -> Path:
    """The package of a run called tea."""
    sandbox.options.clarifications = ()
    made = specstep("run", "A shop for tea.", "--profile", "Fast", "--run-id", "tea", "--output", "out", "--yes")
    assert made.code == 0, made.err
    return Path(made.out.strip())


def test_an_update_is_one_run(specstep: Any, sandbox: Any, home: Path, first: Path) -> None:
    """The new package is beside the old one, with what differs; the same command shows it and pays nothing."""
    (home / "brief.md").write_text("Add French.\n")
    update = ("update", "tea", "brief.md", "--yes", "--json")
    made, again = specstep(*update), specstep(*update)
    other = specstep(*update, "--again")

    assert made.code == 0, made.err
    path = Path(made.document["path"])
    assert path.parent == first.parent
    assert made.document["before"] == str(first)
    assert made.document["changes"]["changed"]
    assert again.document["run_id"] == made.document["run_id"]
    assert again.document["path"] == str(path)
    assert other.document["run_id"] == f"{made.document['run_id']}-2"
    assert sandbox.requests.count(op("update_generation")) == 2
    assert sandbox.requests.count(op("start_generation")) == 1
    updated = [run for run in sandbox.state.generations.values() if run.updates is not None]
    assert {run.profile for run in updated} == {"Fast"}
    assert len({run.updates for run in updated}) == 1
    said = sandbox.state.interviews[str(made.document["interview_id"])].messages[0]
    assert "\n\nAdd French.\n\n" in said


@pytest.mark.slow
@pytest.mark.parametrize("commit", [True, False])
def test_an_update_whose_answer_is_lost_is_paid_for_once(
    specstep: Any, sandbox: Any, home: Path, first: Path, commit: bool
) -> None:
    """Whether the service has carried it out or not."""
    sandbox.faults.add(Fault(op("update_generation"), "reset", commit=commit))
    made = specstep("update", "tea", "Add French.", "--yes")

    assert made.code == 0, made.err
    assert len(sandbox.state.generations) == 2
    assert f"Files: 3 changed since {first}" in made.err
    assert f"specstep diff {first} {made.out.strip()} --patch" in made.err


def test_what_an_update_refuses_before_it_asks_anything(specstep: Any, sandbox: Any, home: Path, first: Path) -> None:
    """Without a yes off a terminal; of a generation that is not complete; with another profile; declined."""
    before = len(list(sandbox.requests))
    unasked = specstep("update", "tea", "Add French.")
    assert len(list(sandbox.requests)) == before
    declined = specstep("update", "tea", "Add French.", "--run-id", "more", typed="n\n")
    turned = specstep("resume", "more", "--profile", "Normal", "--yes")
    sandbox.options.clarifications = type(sandbox.options)().clarifications
    waiting = specstep("run", "A shop for coffee.", "--run-id", "coffee", "--on-question", "detach", "--yes")
    early = specstep("update", "coffee", "Add French.", "--yes")
    unknown = specstep("update", "milk", "Add French.", "--yes")

    assert (unasked.code, declined.code, turned.code, unknown.code) == (2, 3, 2, 2)
    assert (waiting.code, early.code) == (5, 2)
    assert "only a complete one can be updated" in early.err
    assert "add --yes" in unasked.err
    assert "can no longer change" in turned.err
    assert sandbox.requests.count(op("update_generation")) == 0
