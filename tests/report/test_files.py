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


def test_the_names_of_a_report_and_its_receipt_match(collected: Collected, tmp_path: Path) -> None:
    """Two runs may share a folder; neither loses its receipt, and nobody has to guess which belongs to which."""
    mine = attrs.evolve(collected, record=attrs.evolve(collected.record, file=str(tmp_path / "portal.zip")))
    other = attrs.evolve(mine, record=attrs.evolve(mine.record, run_id="other"))
    report = default_path(mine.record)
    receipt = receipt_path(report)

    assert (report.name, receipt.name) == ("portal-report.html", "portal-receipt.json")
    assert receipt_path(tmp_path / "mine.html") == tmp_path / "mine-receipt.json"
    elsewhere = default_path(mine.record, tmp_path / "reports")
    assert elsewhere == tmp_path / "reports" / f"{mine.record.run_id}-report.html"
    assert receipt_path(elsewhere).name == f"{mine.record.run_id}-receipt.json"
    without = attrs.evolve(mine.record, file=None)
    assert default_path(without).name == f"{mine.record.run_id}-report.html"

    write_receipt(mine, receipt)
    write_receipt(mine, receipt)
    with pytest.raises(errors.OutputError, match="not a receipt of this run"):
        write_receipt(other, receipt)


def test_a_folder_that_takes_nothing_is_named(collected: Collected, tmp_path: Path) -> None:
    """The error says where, and nothing is left behind."""
    with pytest.raises(errors.OutputError, match="cannot be written"):
        write_report(collected, tmp_path / "missing" / "report.html")
