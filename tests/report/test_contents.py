"""What is shown of a package."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.report.contents import MOST_CHARACTERS_OF_A_FILE, read_contents


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
