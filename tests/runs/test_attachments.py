"""Reference documents on the user's disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.runs.attachments import read_attachment, sent_name
from tests.kit.platforms import LINUX_ONLY, POSIX_ONLY


@POSIX_ONLY
@pytest.mark.parametrize(
    ("name", "said"),
    [("missing", "cannot be read"), (".", "cannot be read"), ("empty", "is empty"), ("pipe", "a pipe or a device")],
)
def test_what_is_no_document_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """A pipe at once: its writer may never come, and it could not be read again to be sent."""
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(errors.UsageError, match=said):
        read_attachment(tmp_path / name)


def test_a_name_with_a_zero_character_is_refused() -> None:
    """No file has one; the operating system's functions raise ValueError."""
    with pytest.raises(errors.UsageError, match="no file has"):
        read_attachment(Path("a\0b"))


@LINUX_ONLY
def test_a_name_that_is_no_utf8_is_sent_as_text(tmp_path: Path) -> None:
    """The document is read under the name that it has."""
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_bytes(b"x")

    assert read_attachment(path) == b"x"
    assert sent_name(path) == "caf\ufffd.txt"
