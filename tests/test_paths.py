"""Paths that somebody gave."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows._paths import ObjectUrl, can_be_read_again, place_of, shell_word, user_path
from tests.kit.platforms import POSIX_ONLY

#: Everything that a file may be called on Linux, most of which is no UTF-8.
NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: b"/" not in name and b"\0" not in name and name[:1] != b"~"
)


@POSIX_ONLY
@given(NAMES)
def test_every_name_of_a_file_is_a_path(name: bytes) -> None:
    """Relative ones begin at the working folder, and the bytes stay what they are."""
    path = user_path(os.fsdecode(name))

    assert os.fsencode(path) == os.path.join(os.fsencode(Path.cwd()), name) or name in (b".", b"..")
    assert user_path(Path("/") / os.fsdecode(name)).is_absolute()


@POSIX_ONLY
@pytest.mark.parametrize("given", ["~nobody-here", "~nobody-here/x.zip", Path("~nobody-here/x.zip")])
def test_a_home_folder_of_nobody_is_refused(given: str | Path) -> None:
    """Python raises RuntimeError for it."""
    with pytest.raises(errors.UsageError, match="no home folder for ~nobody-here"):
        user_path(given)


def test_a_zero_character_is_in_no_path() -> None:
    """The operating system's functions raise ValueError for it."""
    with pytest.raises(errors.UsageError, match="zero character"):
        user_path("a\0b")


@POSIX_ONLY
def test_a_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole paths work there, and others are refused."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert user_path(tmp_path / "x.zip") == tmp_path / "x.zip"
    with pytest.raises(errors.UsageError, match="working folder no longer exists"):
        user_path("x.zip")


@POSIX_ONLY
def test_only_a_pipe_or_a_device_cannot_be_read_again(tmp_path: Path) -> None:
    """What is missing or a folder is told by whoever reads it."""
    os.mkfifo(tmp_path / "pipe")

    assert not can_be_read_again(tmp_path / "pipe")
    assert not can_be_read_again(Path("/dev/null"))
    assert all(map(can_be_read_again, [tmp_path, tmp_path / "missing", Path(__file__), tmp_path / ("a" * 300)]))


@POSIX_ONLY
@given(NAMES)
@settings(max_examples=30)
def test_a_path_in_a_command_to_copy_is_that_path(name: bytes) -> None:
    """Whatever its name, bash reads it as it is, and a terminal can show it."""
    word = shell_word(os.fsdecode(name))

    assert word.isprintable()
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert done.stdout == name


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("C:\\Users\\me\\portal.zip", "C:\\Users\\me\\portal.zip"),
        (PureWindowsPath("C:/My files/portal.zip"), '"C:\\My files\\portal.zip"'),
        ("R&D", '"R&D"'),
    ],
)
def test_a_name_is_a_word_of_a_command_of_windows(value: object, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, a backslash is no sign of anything, and what quotes is the double one."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert shell_word(value) == word


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        ("s3://bucket/team a/x.zip", "s3://bucket/team a"),
        ("file:///srv/packages/x.zip", "file:///srv/packages"),
        ("memory:///x/x.zip", "memory:///x"),
    ],
)
def test_the_url_of_an_object_has_names_and_folders_and_opens_nothing(text: str, parent: str) -> None:
    """It is written as it was read, through every operation on its name."""
    place = place_of(text)

    assert isinstance(place, ObjectUrl)
    assert (str(place), os.fspath(place), str(place.parent)) == (text, text, parent)
    assert (place.name, place.stem) == ("x.zip", "x")
    assert str(place.with_name("y.zip")) == str(place.parent / "y.zip") == f"{parent}/y.zip"
    assert place == pickle.loads(pickle.dumps(place)) == place_of(str(place))
    with pytest.raises(FileNotFoundError):
        place.read_bytes()


@pytest.mark.parametrize("text", ["/srv/x.zip", "C:/x.zip", "a/s3://x.zip", "x.zip", "1s://x"])
def test_anything_else_is_the_path_of_a_file(text: str) -> None:
    """A drive's letter is no scheme."""
    assert place_of(text) == Path(text)
    assert not isinstance(place_of(text), ObjectUrl)
