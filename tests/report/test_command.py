"""``specstep report RUN``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from specstep_flows import RunStore
from specstep_flows.cli import main

if TYPE_CHECKING:
    from specstep_flows import SpecStep
    from specstep_flows.report import Collected


@pytest.fixture
def state(collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store on disk with the run in it, its package in a folder of its own."""
    package = tmp_path / "packages" / "portal.zip"
    package.parent.mkdir()
    package.write_bytes(Path(str(collected.record.file)).read_bytes())
    store = RunStore(tmp_path / "state")
    store.create(attrs.evolve(collected.record, file=str(package)))
    store.close()
    monkeypatch.setenv("SPECSTEP_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_it_writes_the_page_and_the_receipt_beside_the_package(
    state: Path, client: SpecStep, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the page's path is on stdout; the service is asked for what the record does not hold."""
    monkeypatch.setenv("SPECSTEP_API_URL", client.settings.api_url)
    monkeypatch.setenv("SPECSTEP_API_KEY", client.settings.require_key())
    page = state.parent / "packages" / "portal-report.html"

    assert main(["report", "portal-1"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{page}\n"
    assert "receipt.json" in err
    assert "Refinement audit" in page.read_text("utf-8")
    assert json.loads((page.parent / "receipt.json").read_text("utf-8"))["run_id"] == "portal-1"


def test_without_a_key_it_shows_what_is_known_here(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No key, another service, or --offline: the page says what is missing."""
    assert main(["report", "portal-1", "-o", str(tmp_path), "--no-receipt", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert next(iter(document)) == "schema_version"
    assert document["report"] == str(tmp_path / "specstep-portal-1-report.html")
    assert document["receipt"] is None
    assert document["gaps"] == ["The service was not asked; the report shows what this machine knows."]
    assert Path(document["report"]).read_text("utf-8").count("<section") >= 6


def test_it_overwrites_nothing_of_others(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not a report of this run stays as it is."""
    taken = tmp_path / "mine.html"
    taken.write_text("mine")

    assert main(["report", "portal-1", "--offline", "-o", str(taken)]) == 2
    assert "--force overwrites it" in capsys.readouterr().err
    assert taken.read_text() == "mine"
    assert main(["report", "portal-1", "--offline", "-o", str(taken), "--force"]) == 0
    assert "<!doctype html>" in taken.read_text("utf-8")


def test_a_run_that_is_not_there_is_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way to the list of runs is told."""
    assert main(["report", "nothing"]) == 2
    assert "no run called nothing" in capsys.readouterr().err
