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


def test_a_rehearsal_of_an_update(specstep: Any, sandbox: Any, home: Path, first: Path) -> None:
    """--dry-run says what it would do, as `run` does; of one that is begun, which run it is. It sends reads alone."""
    count = len(list(sandbox.requests))
    update = ("update", "tea", "Add French.")
    planned = specstep(*update, "--dry-run")
    runs = specstep("runs", "--json").document["runs"]
    refused = specstep(*update, "--dry-run", "--output", first)
    sent = {request.method for request in list(sandbox.requests)[count:]}
    made = specstep(*update, "--yes", "--json")
    again = specstep(*update, "--dry-run", "--json").document
    other = specstep(*update, "--again", "--dry-run", "--json").document
    another = specstep("update", "tea", "Add German.", "--run-id", again["run_id"], "--dry-run")

    assert planned.code == 0, planned.err
    assert "Would run an interview of 1 turn, update generation" in planned.out
    assert f"and save the package in {first.parent}." in planned.out
    assert "Dry run: nothing was started or charged." in planned.out
    assert [run["run_id"] for run in runs] == ["tea"]
    assert refused.code == 2
    assert sent == {"GET"}
    assert (again["code"], again["run_id"]) == ("dry_run", made.document["run_id"])
    assert (other["run_id"], other["profile"]) == (None, "Fast")
    assert another.code != 0
    assert "was started with another brief" in another.err
    assert len(sandbox.state.generations) == 2


def test_the_package_of_a_finished_run_is_put_where_its_command_says_now(
    specstep: Any, sandbox: Any, home: Path, first: Path
) -> None:
    """The same `run` or `update` with another --output pays nothing, and the package is there; also by the library."""
    again = ("run", "A shop for tea.", "--profile", "Fast", "--run-id", "tea", "--yes", "--output")
    update = ("update", "tea", "Add French.", "--yes", "--output")
    specstep(*update, "french")
    for number, command in enumerate((again, update)):
        place = home / f"moved-{number}.zip"
        moved = specstep(*command, place.name)

        assert (moved.code, moved.out) == (0, f"{place}\n")
        assert place.exists()
        assert specstep(*command[:-1]).out == f"{place}\n"
    assert (home / "moved-0.zip").read_bytes() == first.read_bytes()
    taken = specstep(*again, "moved-1.zip")
    assert taken.code == 2
    assert "moved-1.zip" in taken.err
    assert len(sandbox.state.generations) == 2


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

    assert (unasked.code, declined.code, turned.code, unknown.code) == (2, 2, 2, 2)
    assert (waiting.code, early.code) == (5, 1)
    assert "only a complete one can be updated" in early.err
    assert "add --yes" in unasked.err
    assert "can no longer change" in turned.err
    assert sandbox.requests.count(op("update_generation")) == 0


def test_one_generation_of_a_fan_out_is_updated_alone(specstep: Any, sandbox: Any, home: Path) -> None:
    """Whoever names it does not pay for all of them, and is shown what differs from its own package."""
    sandbox.options.clarifications = ()
    assert specstep("run", "A shop.", "--yes", "--profile", "Researcher", "--run-id", "tea", "-o", "out").code == 0
    package = specstep("show", "tea", "--json").document["packages"][1]
    planned = specstep("update", package["generation_id"], "Add French.", "--dry-run", "--json").document
    made = specstep("update", package["generation_id"], "Add French.", "--yes", "--json").document

    assert planned["generation_id"] == package["generation_id"]
    (updated,) = [one for one in sandbox.state.generations.values() if one.updates is not None]
    assert updated.updates == package["generation_id"]
    assert made["before"] == package["file"]
    assert Path(made["path"]).parent == Path(package["file"]).parent


def test_a_run_whose_kickoff_is_not_settled_is_not_said_to_have_none(specstep: Any, sandbox: Any, home: Path) -> None:
    """What may be paid for already is looked for, and not denied."""
    sandbox.faults.add(Fault(op("start_generation"), "status", status=503, times=None))
    assert specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea").code != 0
    for more in ([], ["--dry-run"]):
        refused = specstep("update", "tea", "Add French.", "--yes", *more)

        assert refused.code == 1
        assert "what became of that is not known yet: `specstep resume tea` looks" in refused.err


def test_what_is_no_file_is_asked_about_as_a_change(specstep: Any, untouched: None) -> None:
    """Nobody is asked whether a word is the brief of what is there already."""
    refused = specstep("update", "tea", "changes.md", "--yes")
    asked = specstep("update", "tea", "blue", typed="n\n")

    assert "If it is the change itself, add --text." in refused.err
    assert "Is 'blue' the whole change?" in asked.err
