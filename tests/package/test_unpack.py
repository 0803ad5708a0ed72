"""Unpacking: a package is on disk whole and inside its folder, or it is refused and nothing is left behind."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from specstep_flows.errors import DamagedPackage, OutputError, PackageError
from specstep_flows.package.unpack import unpack
from tests.kit.zips import FILES, entry, make_zip, on_disk, refuse, zip_of


def test_a_package_is_unpacked_whole(zip_path: Path, tmp_path: Path) -> None:
    """Every file is there with its bytes, in folders with the usual mode, and nothing else is left."""
    target = tmp_path / "new" / "portal"
    paths = unpack(zip_path, target)

    assert paths == sorted(target / name for name in FILES)
    assert on_disk(target) == FILES
    assert sorted(path.name for path in target.parent.iterdir()) == ["portal"]
    usual = tmp_path / "usual"
    usual.mkdir()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_odd_but_harmless_archives_are_accepted(tmp_path: Path) -> None:
    """Folder entries, repeated slashes, a leading ``./``, a comment, accents and spaces do no harm."""
    path = tmp_path / "package.zip"
    content = {"docs/": b"", "docs//a.md": b"a", "./b.md": b"b", "Übersicht der Rollen.md": b"c", "empty/": b""}
    path.write_bytes(make_zip(content, comment=b"made by a test for tests"))

    unpack(path, tmp_path / "portal")

    assert on_disk(tmp_path / "portal") == {"docs/a.md": b"a", "b.md": b"b", "Übersicht der Rollen.md": b"c"}
    assert (tmp_path / "portal" / "empty").is_dir()


def test_modes_and_times_of_the_archive_are_ignored(tmp_path: Path) -> None:
    """A set-uid file comes out as a plain one."""
    path = tmp_path / "package.zip"
    path.write_bytes(zip_of([(entry("run.sh", mode=stat.S_IFREG | 0o6777), b"#!/bin/sh\n")]))
    (unpacked,) = unpack(path, tmp_path / "portal")
    assert stat.S_IMODE(unpacked.stat().st_mode) & 0o6111 == 0


NAMES = st.one_of(
    st.text(st.sampled_from("aA./\\: \x00é~"), min_size=1, max_size=8),
    st.lists(st.sampled_from(["a", "A", "..", ".", "", "b.md", "nul", " "]), min_size=1, max_size=4).map("/".join),
)


@settings(max_examples=150)
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=6))
@example({"a/../../b.md": b"x"})
@example({"a": b"1", "A": b"2"})
def test_nothing_is_ever_written_outside(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    """Whatever the names: all the files inside the folder, or nothing anywhere."""
    room = tmp_path_factory.mktemp("room")
    (room / "package.zip").write_bytes(make_zip(files))
    try:
        unpack(room / "package.zip", room / "inner" / "portal")
    except PackageError:
        assert [path.name for path in room.iterdir()] == ["package.zip"]
    else:
        kept = {name: content for name, content in files.items() if not name.endswith("/")}
        assert on_disk(room / "inner" / "portal") == {os.path.normpath(name): text for name, text in kept.items()}
        assert sorted(path.name for path in room.rglob("*") if path.parent in (room, room / "inner")) == [
            "inner",
            "package.zip",
            "portal",
        ]


def test_a_folder_that_holds_something_is_refused(zip_path: Path, tmp_path: Path) -> None:
    """Without force nothing is touched; an empty folder is taken as it is."""
    target = tmp_path / "portal"
    target.mkdir()
    unpack(zip_path, target)
    (target / "README.md").write_text("mine")

    with pytest.raises(OutputError, match="not empty"):
        unpack(zip_path, target)

    assert (target / "README.md").read_text("utf-8") == "mine"
    with pytest.raises(OutputError, match="is a file"):
        unpack(zip_path, target / "README.md", force=True)


def test_force_replaces_namesakes_and_keeps_the_rest(zip_path: Path, tmp_path: Path) -> None:
    """Files of the user's that the package does not have stay."""
    target = tmp_path / "portal"
    (target / "docs").mkdir(parents=True)
    (target / "docs" / "mine.md").write_text("mine")
    (target / "README.md").write_text("old")

    unpack(zip_path, target, force=True)

    assert on_disk(target) == {**FILES, "docs/mine.md": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"portal", "package.zip"}


def test_force_follows_no_link_and_removes_no_folder(zip_path: Path, tmp_path: Path) -> None:
    """A link planted in the target, or a folder under a file's name, stops it before the first file is moved."""
    target, elsewhere = tmp_path / "portal", tmp_path / "elsewhere"
    elsewhere.mkdir()
    target.mkdir()
    (target / "docs").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="link"):
        unpack(zip_path, target, force=True)

    (target / "docs").unlink()
    (target / "README.md").mkdir()
    with pytest.raises(OutputError, match="folder where"):
        unpack(zip_path, target, force=True)

    assert on_disk(target) == {}
    assert on_disk(elsewhere) == {}


def test_a_junction_of_windows_is_a_link(zip_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a folder by its mode, and leads out of the target: nothing is written through it."""
    target = tmp_path / "package"
    inside = target / "docs"
    inside.mkdir(parents=True)
    lstat = os.lstat

    junctions: list[Path] = []

    def seen(path: Any, **more: Any) -> Any:
        found = lstat(path, **more)
        return SimpleNamespace(st_mode=found.st_mode, st_reparse_tag=0xA0000003) if path in junctions else found

    monkeypatch.setattr(os, "lstat", seen)
    for junction, said in ((inside, "where the package has a folder"), (target, "is a link")):
        junctions[:] = [junction]
        with pytest.raises(OutputError, match=said):
            unpack(zip_path, target, force=True)
    assert not any(inside.iterdir())


def test_force_replaces_a_link_instead_of_writing_through_it(zip_path: Path, tmp_path: Path) -> None:
    """A link under a file's name is replaced; what it points to is untouched."""
    target, outside = tmp_path / "portal", tmp_path / "outside.txt"
    target.mkdir()
    outside.write_text("precious")
    (target / "README.md").symlink_to(outside)

    unpack(zip_path, target, force=True)

    assert outside.read_text("utf-8") == "precious"
    assert on_disk(target) == FILES


def test_a_checksum_that_fails_in_the_last_file_leaves_nothing(tmp_path: Path) -> None:
    """Files that were good do not stay either."""
    content = make_zip({"a.md": b"good", "b.md": b"SENTINEL"}, method=zipfile.ZIP_STORED)
    assert isinstance(refuse(content.replace(b"SENTINEL", b"sentinel"), tmp_path), DamagedPackage)


def test_a_disk_that_does_not_take_it_is_said(zip_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, say, in the middle: one sentence, and nothing left behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be unpacked"):
        unpack(zip_path, tmp_path / "file" / "portal")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left"):
        unpack(zip_path, tmp_path / "new" / "portal")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "package.zip"]


def test_a_folder_filled_meanwhile_is_not_touched(
    zip_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody put there while the package was unpacked is as good as what was there before."""
    target = tmp_path / "portal"
    occupied = [False]

    def seen_empty_once(folder: Path) -> bool:
        if not occupied[0]:
            occupied[0] = True
            target.mkdir()
            (target / "mine.md").write_text("mine")
            return False
        return True

    monkeypatch.setattr("specstep_flows.package.unpack._is_occupied", seen_empty_once)
    with pytest.raises(OutputError):
        unpack(zip_path, target)
    assert on_disk(target) == {"mine.md": b"mine"}
