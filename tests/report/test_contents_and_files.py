"""What is shown of a package, and where a report and a receipt are put."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from specstep_flows import errors
from specstep_flows.report import default_path, page, receipt, receipt_path, write_receipt, write_report
from specstep_flows.report.contents import MOST_CHARACTERS_OF_A_FILE, read_contents

if TYPE_CHECKING:
    from specstep_flows.report import Collected


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_only_texts_of_a_bearable_size_are_shown(tmp_path: Path) -> None:
    """The rest is named, with its size and the reason."""
    path = zipped(
        tmp_path / "p.zip",
        {
            "a.md": b"# A",
            "b.png": b"\x89PNG",
            "c.txt": os.urandom(8) * (MOST_CHARACTERS_OF_A_FILE // 4),
            "d.md": b"\xff\xfe",
        },
    )
    shown = {file.path: file for file in read_contents(path).files}

    assert shown["a.md"].text == "# A"
    assert shown["b.png"].text is None
    assert shown["b.png"].why_not == "Not a text file."
    assert shown["c.txt"].why_not == "Too large to show here."
    assert shown["d.md"].text == "\ufffd\ufffd"


def test_a_page_never_grows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past what a reader can bear, files are named only, and past that they are counted."""
    monkeypatch.setattr("specstep_flows.report.contents.MOST_CHARACTERS", 10)
    monkeypatch.setattr("specstep_flows.report.contents.MOST_FILES", 3)
    path = zipped(tmp_path / "p.zip", {f"{name}.md": b"12345678" for name in "abcde"})
    contents = read_contents(path)

    assert [file.text for file in contents.files] == ["12345678", None, None]
    assert contents.more_files == 2


def test_a_hostile_package_is_refused(tmp_path: Path) -> None:
    """What would not be unpacked is not shown, either."""
    path = zipped(tmp_path / "p.zip", {"../../evil.md": b"x"})

    with pytest.raises(errors.HostilePackage):
        read_contents(path)


def test_the_receipt_has_ids_costs_answers_and_digests(collected: Collected) -> None:
    """A program finds everything that identifies the run, and what it cost."""
    found = receipt(collected)
    record = collected.record

    assert next(iter(found)) == "schema_version"
    assert found["generation_id"] == str(record.generation_id)
    assert found["package"]["sha256"] == record.sha256
    assert found["package"]["is_unchanged_on_disk"] is True
    assert found["cost"]["total_usd"] == pytest.approx(3.6375)
    assert found["answers"][0]["answer"] == "Forms, <b>no</b> REST."
    assert json.loads(json.dumps(found)) == found


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


def test_a_fan_outs_packages_are_all_in_the_receipt(collected: Collected) -> None:
    """The page shows the first one's files; program and reader find the others by name."""
    others = ({"file": "/out/portal-2.zip", "sha256": "ab", "generation_id": "g2"},)
    fan_out = attrs.evolve(collected, record=attrs.evolve(collected.record, packages=others))

    assert receipt(fan_out)["packages"] == [dict(others[0])]
    assert "/out/portal-2.zip" in page(fan_out)
