"""Where a report and a receipt are written."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.report import default_path, receipt_path, write_receipt, write_report

if TYPE_CHECKING:
    from specstep_flows.report import Collected


def test_a_report_stands_beside_its_package_and_replaces_only_itself(collected: Collected, tmp_path: Path) -> None:
    """Written again it is renewed; another run's report or anything else stays unless force says otherwise."""
    package = tmp_path / "portal.zip"
    package.write_bytes(b"zip")
    mine = attrs.evolve(collected, record=attrs.evolve(collected.record, file=str(package)))
    path = default_path(mine.record)
    assert path == tmp_path / "portal-report.html"

    write_report(mine, path)
    write_report(mine, path)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert stat.S_IMODE(path.stat().st_mode) & 0o400

    other = attrs.evolve(mine, record=attrs.evolve(mine.record, run_id="other"))
    with pytest.raises(errors.OutputError, match="not a report of this run"):
        write_report(other, path)
    path.write_text("mine")
    with pytest.raises(errors.OutputError):
        write_report(mine, path)
    write_report(mine, path, force=True)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_receipt_is_called_receipt_json_unless_that_is_another_runs(collected: Collected, tmp_path: Path) -> None:
    """Two runs may share a folder; neither loses its receipt."""
    package = tmp_path / "portal.zip"
    package.write_bytes(b"zip")
    mine = attrs.evolve(collected, record=attrs.evolve(collected.record, file=str(package)))
    other = attrs.evolve(mine, record=attrs.evolve(mine.record, run_id="other"))
    page = tmp_path / "portal-report.html"

    first = receipt_path(mine.record, page)
    write_receipt(mine, first)
    assert first == tmp_path / "receipt.json"
    assert receipt_path(mine.record, page) == first
    assert receipt_path(other.record, page) == tmp_path / "portal-receipt.json"
    with pytest.raises(errors.OutputError):
        write_receipt(other, first)


def test_a_folder_that_takes_nothing_is_named(collected: Collected, tmp_path: Path) -> None:
    """The error says where, and nothing is left behind."""
    with pytest.raises(errors.OutputError, match="cannot be written"):
        write_report(collected, tmp_path / "missing" / "report.html")
