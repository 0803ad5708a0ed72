"""The part file of a download: what it goes on from, and whose bytes it never joins."""

from __future__ import annotations

import io
import os
from email.message import Message
from pathlib import Path

import pytest

from specstep_flows.errors import (
    Detached,
    OutputError,
)
from specstep_flows.package import blob_host
from specstep_flows.package.download import Fetched
from specstep_flows.package.part_file import PartFile, Version
from tests.kit.blob_host import PACKAGE, BlobHost, break_off, fetch, stalling

V1 = Version("ETag", '"one"', 10)


def answer(**headers: str) -> Message:
    """An answer's headers, ``_`` for ``-``."""
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def test_bytes_are_gone_on_from_in_another_process(tmp_path: Path) -> None:
    """What was written, and of which version it is."""
    path = tmp_path / "deep" / "package.zip.part"
    with PartFile.open(path) as part:
        part.start_over(V1)
        part.write(b"12345")

    with PartFile.open(path) as part:
        assert part.resume() == (5, V1)


def test_bytes_of_an_unknown_version_are_not_gone_on_from(tmp_path: Path) -> None:
    """Without a validator nothing tells whether the rest would be of the same package."""
    path = tmp_path / "package.zip.part"
    with PartFile.open(path) as part:
        part.start_over(V1)
        part.write(b"12345")
        part.start_over(None)
        part.write(b"67")
    with PartFile.open(path) as part:
        assert part.resume() == (0, None)


def test_a_new_version_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    """Old bytes under a new name would be a package that never was."""
    path = tmp_path / "package.zip.part"
    with PartFile.open(path) as part:
        part.start_over(V1)
        part.write(b"12345")
        part.start_over(Version("ETag", '"two"', 3))
        part.write(b"abc")

    assert path.read_bytes() == b"abc"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform cannot refuse links")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever can write to the folder cannot aim a download at another file."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "package.zip.part").symlink_to(precious)

    with pytest.raises(OutputError), PartFile.open(tmp_path / "package.zip.part"):
        pass
    assert precious.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": '"strong"'}, "ETag"),
        ({"ETag": 'W/"weak"'}, None),
        ({"Last_Modified": "Sat, 01 Nov 2025 10:00:00 GMT", "Date": "Sat, 01 Nov 2025 10:05:00 GMT"}, "Last-Modified"),
        ({"Last_Modified": "Sat, 01 Nov 2025 10:00:00 GMT", "Date": "Sat, 01 Nov 2025 10:00:30 GMT"}, None),
        ({}, None),
    ],
)
def test_only_a_strong_validator_names_a_version(headers: dict[str, str], expected: str | None) -> None:
    """A weak ETag, or a date that is too young to tell two versions apart, names none."""
    version = Version.of(answer(**headers), 10)

    assert (version.kind if version else None) == expected


def test_an_answer_of_another_version_is_noticed() -> None:
    """By its validator or its size; a host that repeats neither is believed."""
    assert V1.is_that_of(answer(ETag='"one"'), 10)
    assert V1.is_that_of(answer(), None)
    assert not V1.is_that_of(answer(ETag='"two"'), 10)
    assert not V1.is_that_of(answer(ETag='"one"'), 11)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        "{}",
        '{"kind": "Cookie", "value": "x", "total": 9}',
        '{"kind": "ETag", "value": "a\\r\\nHost: evil", "total": null}',
        '{"kind": "ETag", "value": 7, "total": null}',
        '{"kind": "ETag", "value": "x", "total": "many"}',
        "[" * 100_000,
    ],
)
def test_a_note_that_makes_no_sense_is_ignored(host: BlobHost, part: Path, note: str) -> None:
    """The file beside the part is read with care; without it the download starts over."""
    break_off(host, part, 1000)
    part.with_name(f"{part.name}.json").write_text(note)
    assert fetch(host, part) == Fetched(len(PACKAGE), 0)
    assert "Range" not in host.seen[1][1]


def test_a_full_disk_is_said(part: Path) -> None:
    """The sentence is the disk's, not the network's."""
    if not Path("/dev/full").exists():
        pytest.skip("did not run: this machine has no /dev/full")
    with io.FileIO("/dev/full", "r+") as full, pytest.raises(OutputError, match="No space left"):
        PartFile(part, full).write(b"bytes")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform cannot refuse links")
def test_a_link_under_the_parts_name_is_not_followed(host: BlobHost, part: Path, tmp_path: Path) -> None:
    """Somebody who can write to the folder cannot have us write elsewhere."""
    (tmp_path / "precious").write_text("precious")
    part.symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError):
        fetch(host, part)
    assert (tmp_path / "precious").read_text("utf-8") == "precious"


@pytest.mark.skipif(os.name == "nt", reason="locks are POSIX")
def test_two_downloads_into_one_file_do_not_mix(host: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one says so and leaves the first alone."""
    monkeypatch.setattr(blob_host, "SLICE_SECONDS", 0.01)
    host.raw = stalling(1000)
    refused: list[str] = []

    def stop() -> bool:
        if part.stat().st_size < 1000:
            return False
        with pytest.raises(OutputError, match="Another process") as caught:
            fetch(host, part)
        refused.append(str(caught.value))
        return True

    with pytest.raises(Detached):
        fetch(host, part, should_stop=stop)
    assert len(refused) == 1
    assert part.stat().st_size == 1000
