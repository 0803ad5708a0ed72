"""``runs``, ``show``, ``forget``: the store as a table and as facts, without asking the service or having a key."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import SpecStep
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import Failure

GENERATION = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


def test_a_table_of_runs(specstep: Any, store: RunStore) -> None:
    """The newest first, each with its state, cost and project; the project's name cannot colour or turn the line."""
    result = specstep("runs")

    lines = result.out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        ["new-one", "new"],
        ["failed", "failed"],
        ["asking", "question"],
        ["done", "done"],
    ]
    assert "$1.50" in lines[2]
    assert lines[4].endswith("Tea shop")
    assert result.code == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--status", "open"], ["new-one", "asking"]),
        (["--status", "done", "--status", "FAILED"], ["failed", "done"]),
        (["--search", "TEA"], ["done"]),
        (["--search", str(GENERATION)], ["done"]),
        (["--limit", "1"], ["new-one"]),
        (["--search", "nothing"], []),
    ],
)
def test_filters(specstep: Any, store: RunStore, arguments: list[str], expected: list[str]) -> None:
    """Runs are chosen by state, by text and by number."""
    result = specstep("runs", "--json", *arguments)

    assert [run["run_id"] for run in result.document["runs"]] == expected


def test_a_state_that_no_run_has(specstep: Any, store: RunStore) -> None:
    """An unknown word is refused with the known ones."""
    result = specstep("runs", "--status", "finished")

    assert result.code == 2
    assert "open, new, interview" in result.err


def test_no_runs_write_nothing(specstep: Any, home: Path) -> None:
    """An empty store is an empty result, and says so on stderr."""
    result = specstep("runs")

    assert (result.code, result.out, result.err) == (0, "", "No runs yet.\n")


def test_a_narrow_terminal_cuts_the_last_column(
    specstep: Any, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal a row takes one line; a pipe gets all of it."""
    monkeypatch.setenv("COLUMNS", "50")
    store.update("done", {"project_name": "A very long name for a shop that sells tea and nothing else"})

    shown, piped = specstep("runs", tty_out=True), specstep("runs")

    assert max(map(len, shown.out.splitlines())) <= 50
    assert "nothing else" in piped.out


def test_show_tells_what_is_recorded(specstep: Any, store: RunStore) -> None:
    """A run is found by its id, by how that begins, and by its generation."""
    for name in ("done", "do", str(GENERATION)):
        result = specstep("show", name)

        assert result.code == 0
        assert f"generation:  {GENERATION}" in result.out

    document = specstep("show", "failed", "--json").document
    assert (document["status"], document["generation_state"]) == ("failed", "Failed")


@pytest.mark.parametrize("name", ["nobody", ""])
@pytest.mark.parametrize("verb", ["show", "resume", "answer", "watch", "download", "cancel", "forget", "report"])
def test_a_run_that_is_not_there(specstep: Any, untouched: None, verb: str, name: str) -> None:
    """A run that is not in the store is one sentence and exit code 2, without a request."""
    result = specstep(verb, name, "--json")

    assert result.code == 2
    assert result.document["code"] == "run_not_found"


def test_a_generation_that_no_run_manages(specstep: Any, untouched: None) -> None:
    """`show` knows runs alone, and says what knows generations."""
    result = specstep("show", str(GENERATION))

    assert result.code == 2
    assert f"specstep adopt {GENERATION}" in result.err


def test_ids_that_begin_alike(specstep: Any, store: RunStore) -> None:
    """The beginning of several ids is refused with what it could mean."""
    store.create(RunRecord("new-two", "https://specstep.com", 0, 0))

    result = specstep("show", "new")

    assert result.code == 2
    assert "new-one" in result.err
    assert "new-two" in result.err


def test_forget_asks_for_force_while_a_run_is_open(specstep: Any, store: RunStore) -> None:
    """The way back to an open run is not thrown away by mistake; one that is over goes."""
    refused = specstep("forget", "asking", "--yes")
    forced = specstep("forget", "asking", "--force", "--yes")
    done = specstep("forget", "done", "--json", "--yes")

    assert (refused.code, forced.code, done.code) == (2, 0, 0)
    assert {record.run_id for record in store.all()} == {"failed", "new-one"}


def test_forget_asks_and_says_what_is_lost(specstep: Any, store: RunStore) -> None:
    """With the run's name; off a terminal it needs --yes; and what still costs is named."""
    unasked = specstep("forget", "done")
    declined = specstep("forget", "done", typed="\n")
    open_one = specstep("forget", "asking", "--force", typed="n\n")

    assert (unasked.code, declined.code, open_one.code) == (2, 2, 2)
    assert "add --yes. Nothing was changed." in unasked.err
    assert "Forget run done (Tea shop)? Its history, answers and cost" in declined.err
    assert f"Generation {UUID(int=2)} is not cancelled. [y/N]" in open_one.err
    assert len(store.all()) == 4
    assert specstep("forget", "done", typed="y\n").code == 0


def test_a_run_that_was_continued_while_the_question_was_read_is_not_forgotten(
    specstep: Any, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The yes was to a run of which nothing had been sent; now something costs."""

    def agree(*_: object) -> None:
        store.update("new-one", {"generation_id": UUID(int=8)})

    monkeypatch.setattr("specstep_flows.cli.commands.runs.agree_to_lose", agree)
    result = specstep("forget", "new-one", "--yes")

    assert result.code == 2
    assert "Run new-one continued in the meantime (it is generating now), so it is not forgotten." in result.err
    assert store.get("new-one").generation_id == UUID(int=8)


def test_a_run_that_is_being_driven_is_not_forgotten(specstep: Any, store: RunStore) -> None:
    """Another process's run stays, and the sentence says who drives it."""
    let_go = store.hold("done")
    try:
        result = specstep("forget", "done", "--json", "--yes")
    finally:
        let_go()

    assert result.code == 3
    assert result.document["code"] == "run_busy"
    assert str(os.getpid()) in result.document["message"]


def test_a_damaged_store(specstep: Any, home: Path) -> None:
    """A damaged store is a sentence, and is left as it is."""
    folder = Path(os.environ["SPECSTEP_STATE"])
    folder.mkdir()
    (folder / "runs.db").write_bytes(b"not a database at all" * 100)

    result = specstep("runs", "--json")

    assert result.code == 2
    assert result.document["code"] == "store_unreadable"
    assert (folder / "runs.db").read_bytes().startswith(b"not a database")


def test_a_newer_store(specstep: Any, store: RunStore) -> None:
    """A store that a newer version made is not touched."""
    with sqlite3.connect(Path(os.environ["SPECSTEP_STATE"]) / "runs.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    result = specstep("runs", "--json")

    assert result.code == 2
    assert "newer version" in result.document["message"]


def test_times_are_text_that_says_when(specstep: Any, store: RunStore) -> None:
    """Nobody has to know that a number counts seconds since 1970, or on which clock."""
    store.update("done", {"history": ({"at": 1780315206.0, "generation_id": str(GENERATION), "state": "Drafting"},)})
    listed = specstep("runs", "--json").document["runs"]
    shown = specstep("show", "done", "--json").document

    assert all(run[name].endswith("+00:00") for run in listed for name in ("created_at", "updated_at"))
    assert datetime.fromisoformat(shown["history"][0]["at"]).tzinfo is not None


def test_a_document_is_laid_out_for_a_person_and_one_line_for_a_program(specstep: Any, store: RunStore) -> None:
    """At a terminal JSON is read; in a pipe it is parsed line by line."""
    shown, piped = specstep("show", "done", "--json", tty_out=True), specstep("show", "done", "--json")

    assert shown.out.startswith('{\n  "schema_version"')
    assert len(piped.out.splitlines()) == 1
    assert shown.document == piped.document


@pytest.mark.parametrize(
    ("record", "status", "project"),
    [
        (
            {"interview_id": GENERATION, "turns": (TurnRecord("# A tea shop\n\nIt sells tea.", "k"),)},
            "interview",
            "A tea",
        ),
        ({"interview_id": GENERATION, "intake_artifact_id": GENERATION, "project_name": "Tea"}, "ready", "Tea"),
        ({"intake_artifact_id": GENERATION, "intent": Intent("start_generation", 1.0)}, "starting", ""),
        (
            {
                "generation_id": UUID(int=9),
                "generation_state": "Failed",
                "intent": Intent("retry_generation", 1.0),
            },
            "starting",
            "",
        ),
    ],
)
def test_an_interview_is_known_by_what_was_said_and_whether_it_is_complete(
    specstep: Any, store: RunStore, record: dict[str, Any], status: str, project: str
) -> None:
    """Who held an interview and did not pay finds it again, and sees that it only has to be paid for."""
    store.create(RunRecord("talk", "https://specstep.com", 2e9, 2e9, **record))
    row = specstep("runs").out.splitlines()[1]

    assert row.split()[:2] == ["talk", status]
    assert project in row
    assert specstep("runs", "--status", status).out.splitlines()[1].split() == row.split()
    assert ("not paid for" in specstep("show", "talk").out) == (status == "ready")


@pytest.mark.parametrize("ending", ["budget", "user", "somebody", "failure", "pause"])
def test_the_record_has_the_state_that_was_read_last(specstep: Any, sandbox: Any, options: Any, ending: str) -> None:
    """Whatever ended a run or halted it, its row says so at once, not only once it is resumed."""
    if ending == "failure":
        options.failures = (Failure(state="Reviewing", category="ReviewBudgetExhausted"),)
    limit = {"budget": ["--max-cost", "0.10"], "failure": []}.get(ending, ["--timeout", "30"])
    result = specstep("run", "A shop.", "-y", "--profile", "Fast", "--run-id", "tea", *limit)
    (generation_id,) = sandbox.state.generations
    if ending == "user":
        with SpecStep() as client:
            client.cancel_generation(generation_id)
    elif ending == "pause":
        specstep("generation", "pause", "tea")
    elif ending == "somebody":
        # On the website, while a process watches.
        sandbox.state.generations[generation_id].cancel(sandbox.clock.now(), None)
        result = specstep("watch", "tea")

    run = specstep("show", "tea", "--json").document
    (row,) = specstep("runs").out.splitlines()[1:]
    expected = {"failure": ("failed", "Failed"), "pause": ("paused", "Paused")}.get(ending, ("cancelled", "Cancelled"))
    assert result.code != 0
    assert (run["status"], run["generation_state"]) == expected
    assert row.split()[1] == expected[0]
    assert run["history"][-1]["state"] == expected[1]
    # What it took is the same wherever it is asked for.
    report = specstep("report", "tea", "--json").document
    receipt = json.loads(Path(report["receipt"]).read_text(encoding="utf-8"))
    again = specstep("show", "tea", "--json").document
    assert receipt["state"] == again["generation_state"] == expected[1]
    assert receipt["duration"] == again["duration"] == run["duration"]
    assert receipt["cost"]["total_usd"] == pytest.approx(run["cost_usd"])
