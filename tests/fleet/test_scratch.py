"""A process's own folder, and what is left of those that are gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.fleet.scratch import Scratch
from tests.kit.platforms import LINUX_ONLY
from tests.kit.windows import behave_as_windows

STOPS = (
    "import os, pathlib, signal, sys\nfrom specstep_flows.fleet.scratch import Scratch\n"
    "folder = Scratch(pathlib.Path(sys.argv[1])).folder('parts')\n(folder / 'x.zip.part').write_bytes(b'PK')\n"
    "os.kill(os.getpid(), signal.SIGKILL)"
)


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is killed so there")
def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    """By a lock, which ends with the process: a process that is stopped keeps its own."""
    alive = Scratch(tmp_path)
    kept = alive.folder("parts")
    subprocess.run([sys.executable, "-c", STOPS, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / "specstep-fleet-unlike").mkdir()
    third = Scratch(tmp_path)
    new = third.folder("parts")

    assert {path.name for path in tmp_path.iterdir()} == {kept.parent.name, new.parent.name, "specstep-fleet-unlike"}
    assert kept.is_dir()
    third.close()
    assert not new.parent.exists()
    # Closed is not the end: it is made again when it is wanted.
    assert third.folder("parts").is_dir()
    third.close()
    alive.close()


@LINUX_ONLY
def test_where_what_is_open_can_be_neither_renamed_nor_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: a folder that is in use stays, that of a process that is gone goes, and a closed one is gone."""
    (tmp_path / "specstep-fleet-left").mkdir()
    (tmp_path / "specstep-fleet-left" / "lock").touch()
    (tmp_path / "specstep-fleet-left" / "x.zip.part").touch()
    behave_as_windows(monkeypatch)
    first, second = Scratch(tmp_path), Scratch(tmp_path)
    folders = [one.folder("parts").parent for one in (first, second)]

    assert sorted(tmp_path.iterdir()) == sorted(folders)
    first.close()
    second.close()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.OutputError, match=r"No temporary file can be made in .*file"):
        Scratch(tmp_path / "file").folder("parts")


def test_a_folder_is_made_when_it_is_wanted(tmp_path: Path) -> None:
    """Whoever submits a text needs none."""
    Scratch(tmp_path / "none").close()
    assert not (tmp_path / "none").exists()
    own = Scratch(tmp_path)
    # Somebody cleaned the machine's temporary files.
    shutil.rmtree(own.folder("a").parent)
    assert own.folder("a").is_dir()
    own.close()
