"""``specstep report RUN``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.kit.api import op
from tests.kit.report_page import Reader


@pytest.fixture
def package(specstep: Any, sandbox: Any) -> Path:
    """The package of a run that is over, in a folder of its own."""
    result = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea", "-o", "packages/portal.zip")
    return Path(result.out.strip())


def test_it_writes_the_page_and_the_receipt_beside_the_package(specstep: Any, package: Path) -> None:
    """Only the page's path is on stdout; the service is asked for what the record does not hold."""
    page = package.with_name("portal-report.html")
    result = specstep("report", "tea")

    assert result.code == 0
    assert result.out == f"{page}\n"
    assert "portal-receipt.json" in result.err
    assert "Refinement audit" in page.read_text("utf-8")
    assert json.loads((page.parent / "portal-receipt.json").read_text("utf-8"))["run_id"] == "tea"


def test_without_a_key_it_shows_what_is_known_here(
    specstep: Any, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, another service, or --offline: the page says what is missing."""
    monkeypatch.delenv("SPECSTEP_API_KEY")
    document = specstep("report", "tea", "-o", tmp_path, "--no-receipt", "--json").document

    assert document["report"] == str(tmp_path / "tea-report.html")
    assert document["receipt"] is None
    assert document["gaps"] == ["The service was not asked; the report shows what this machine knows."]
    assert Path(document["report"]).read_text("utf-8").count("<section") >= 6


def test_it_overwrites_nothing_of_others(specstep: Any, package: Path, tmp_path: Path) -> None:
    """A file that is not a report of this run stays as it is."""
    taken = tmp_path / "mine.html"
    taken.write_text("mine")
    refused = specstep("report", "tea", "--offline", "-o", taken)

    assert refused.code == 2
    assert "--force overwrites it" in refused.err
    assert "specstep resume" not in refused.err
    assert taken.read_text("utf-8") == "mine"
    assert specstep("report", "tea", "--offline", "-o", taken, "--force").code == 0
    assert "<!doctype html>" in taken.read_text("utf-8")


def test_a_receipt_that_is_not_this_runs_is_known_before_the_page_is_written(specstep: Any, package: Path) -> None:
    """Half of what was asked for is not left behind."""
    other = package.with_name("portal-receipt.json")
    other.write_text('{"run_id": "other"}')
    refused = specstep("report", "tea")

    assert refused.code == 2
    assert f"{other} already exists and is not a receipt of this run" in refused.err
    assert not package.with_name("portal-report.html").exists()
    assert specstep("report", "tea", "--no-receipt").code == 0


def test_a_run_that_is_not_there_is_named(specstep: Any, untouched: None) -> None:
    """The way to the list of runs is told."""
    result = specstep("report", "nothing")

    assert result.code == 2
    assert "no run called nothing" in result.err


def run_again(specstep: Any, run: str, verb: str) -> list[str]:
    """The command that a run's report gives to run it again, without its answers file."""
    report = Path(specstep("report", run, "--no-receipt", "--force").out.strip())
    texts = Reader(report.read_text("utf-8")).texts
    return shlex.split(next(text for text in texts if text.startswith(f"specstep {verb} ")))[1:]


def turns(sandbox: Any) -> list[str]:
    """What was said in the newest interview."""
    return [turn.content for turn in list(sandbox.state.interviews.values())[-1].turns if turn.role == "user"]


@pytest.mark.parametrize("brief", ["-1 is the floor.", "notes.md", "A shop for tea."])
def test_the_command_to_run_it_again_says_the_same(specstep: Any, sandbox: Any, home: Path, brief: str) -> None:
    """Whatever the brief begins with, and if a file is called so; and it has the limit that the run had."""
    (home / "notes.md").write_text("Something else.")
    limited = ("--yes", "--profile", "Fast", "--run-id", "tea", "--max-cost", "2.5", "-m", "Shops use it.", "--text")
    assert specstep("run", *limited, "--", brief).code == 0
    said = turns(sandbox)
    command = run_again(specstep, "tea", "run")

    assert specstep("run", "--yes", *command[1:]).code == 0
    assert turns(sandbox) == said == [brief, "Shops use it."]
    assert command[command.index("--max-cost") + 1] == "2.5"


def test_an_update_is_run_again_as_an_update(specstep: Any, sandbox: Any, package: Path) -> None:
    """As a brief of its own, what is said of a change would be paid for and build something else."""
    assert specstep("update", "tea", "Add French.", "--run-id", "french", "--yes", "--max-cost", "3").code == 0
    said = turns(sandbox)
    page = Path(specstep("report", "french", "--no-receipt").out.strip()).read_text("utf-8")
    command = run_again(specstep, "french", "update")
    done = specstep(command[0], "--yes", *command[1:])

    assert done.code == 0, done.err
    assert turns(sandbox) == said
    assert sandbox.requests.count(op("update_generation")) == 2
    assert sandbox.requests.count(op("start_generation")) == 1
    assert "result = specstep.update(" in page
    assert "again=True," in page
    assert "max_cost_usd=3," in page
    assert "specstep run" not in page
    shown = specstep("show", "french").out
    tea = specstep("show", "tea", "--json").document["generation_id"]
    assert f"updates:      generation {tea}\n" in shown
