"""``specstep report RUN``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


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
