"""A fleet's files in a folder that several hosts see."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.fleet.files import FileStore, files_at


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    """A folder that is not there yet."""
    found = FileStore(tmp_path / "shared", scratch=tmp_path / "scratch")
    yield found
    found.close()


def test_who_is_killed_while_copying_leaves_no_package(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a hidden file, which is removed a day later."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    part = tmp_path / "part"
    part.write_bytes(b"PK")
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", die)
        # A process that is killed cleans nothing up.
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            store.place("x.zip", part)
    (left,) = store.root.iterdir()
    assert left.name.startswith(".x.zip.")
    store.check()
    assert left.exists()
    os.utime(left, (0, 0))
    another = FileStore(store.root, scratch=tmp_path / "scratch")
    another.check()
    another.close()

    assert [path.name for path in store.root.iterdir()] == [".specstep-fleet"]
    store.place("x.zip", part)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_closed_is_said_before_anything_is_paid_for(store: FileStore) -> None:
    """By its name and the system's reason."""
    store.root.mkdir(mode=0o500)
    with pytest.raises(errors.SettingsError, match=r"shared/.specstep-fleet cannot be written \(Permission denied\)"):
        store.check()


def test_a_file_in_place_of_the_folder_is_said(store: FileStore, tmp_path: Path) -> None:
    """Writing and reading."""
    store.root.write_bytes(b"")
    with pytest.raises(errors.SettingsError, match="cannot be written"):
        store.check()
    with pytest.raises(errors.DownloadError, match="cannot be read"):
        store.digest("x.zip")
    with pytest.raises(errors.DownloadError, match="cannot be read"):
        store.size("x.zip")


def test_a_url_needs_an_extra_and_a_folder_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says which."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "obstore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "specstep_flows.fleet.objects", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    assert isinstance(files_at(tmp_path), FileStore)
    with pytest.raises(errors.SettingsError, match="extra `fleet-s3`"):
        files_at("s3://bucket/x")
