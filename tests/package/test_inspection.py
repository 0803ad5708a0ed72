"""A part file is read while it grows: each byte once, whatever breaks, and nothing that was changed is believed."""

from __future__ import annotations

import contextlib
import errno
import gc
import hashlib
import io
import os
import random
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from specstep_flows.errors import DamagedPackage, Detached, DownloadError, OutputError
from specstep_flows.package import inspection
from specstep_flows.package.archive import Archive
from specstep_flows.package.download import place, verify
from specstep_flows.package.inspection import Growth, Inspection
from specstep_flows.package.members import Members
from specstep_flows.package.part_file import PartFile
from tests.kit.blob_host import ETAG, BlobHost, Handler, fetch


def make_large(size: int = 5 << 20) -> bytes:
    """A package of several chunks, with files that are stored and deflated."""
    noise, buffer = random.Random(size), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(size >> 18):
            method = zipfile.ZIP_STORED if number % 2 else zipfile.ZIP_DEFLATED
            archive.writestr(f"docs/{number}.md", noise.randbytes(1 << 18), method, 1)
    return buffer.getvalue()


LARGE = make_large()


@pytest.fixture
def large(host: BlobHost) -> BlobHost:
    host.content = LARGE
    return host


@attrs.define
class Seen:
    """How many bytes were gone through at a time, and how many of them came from the part file."""

    gone_through: list[int] = attrs.Factory(list)
    from_file: list[int] = attrs.Factory(list)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """The files in a zip must not be read one by one at all."""
    found = Seen()
    take = Members.take

    class Counted(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            count = super().readinto(buffer) or 0
            found.from_file.append(count)
            return count

    def counted(members: Members, chunk: memoryview) -> None:
        found.gone_through.append(len(chunk))
        take(members, chunk)

    def refuse(*_: object) -> Iterator[bytes]:
        raise AssertionError("a file was read a second time")

    monkeypatch.setattr(Members, "take", counted)
    monkeypatch.setattr("specstep_flows.package.inspection.io.FileIO", Counted)
    monkeypatch.setattr(Archive, "chunks", refuse)
    return found


def assert_verified(part: Path, inspected: Inspection | None) -> None:
    """It is found to be the package."""
    verified = verify(part, inspection=inspected)
    assert (verified.sha256, verified.size_bytes) == (hashlib.sha256(LARGE).hexdigest(), len(LARGE))
    assert verified.files == len(LARGE) >> 18


def overwrite_some(part: Path) -> None:
    """As another process might do."""
    with part.open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"something else")


def test_a_package_is_gone_through_once_while_it_arrives(large: BlobHost, part: Path, seen: Seen) -> None:
    """When its last byte is there it has been, in large pieces, and checking it takes no more."""
    inspected = Inspection()
    fetch(large, part, inspection=inspected)
    assert sum(seen.gone_through) == len(LARGE)
    assert len(seen.gone_through) <= 2 * len(LARGE) / inspection.CHUNK + 1
    assert sum(seen.from_file) < len(LARGE)

    assert_verified(part, inspected)
    assert sum(seen.gone_through) == len(LARGE)


def test_a_reader_that_is_slow_turns_to_the_file(
    large: BlobHost, part: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps no more than so much in memory, and nobody waits for it before the last byte."""
    slow, all_there = Members.take, threading.Event()

    def wait(members: Members, chunk: memoryview) -> None:
        assert all_there.wait(20)
        slow(members, chunk)

    def report(arrived: int, _: int | None) -> None:
        if arrived == len(LARGE):
            all_there.set()

    monkeypatch.setattr(Members, "take", wait)
    monkeypatch.setattr(inspection, "_MOST_KEPT", 2)
    monkeypatch.setattr(inspection, "_PATIENCE_SECONDS", 0.0)
    inspected = Inspection()
    fetch(large, part, inspection=inspected, on_progress=report)
    assert len(LARGE) - 3 * inspection.CHUNK <= sum(seen.from_file) < len(LARGE)
    assert_verified(part, inspected)
    assert sum(seen.gone_through) == len(LARGE)


def test_a_reader_that_keeps_up_never_turns_to_the_file() -> None:
    """However many chunks there are: those that it gave back are filled again."""
    growth, position = Growth(7), 7
    for _ in range(5 * inspection._MOST_KEPT):
        count = len(growth.room)
        growth.grew_by(count)
        chunk = growth.after(position)
        assert isinstance(chunk, memoryview)
        growth.give_back(chunk)
        position += count
    growth.end(is_complete=True)
    assert growth.after(position) == 0


def test_a_reader_that_is_just_behind_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have to read from the file what it is about to be given. The network is always offered much room."""
    monkeypatch.setattr(inspection, "_PATIENCE_SECONDS", 20.0)
    growth, kept = Growth(0), 3 * inspection._MOST_KEPT
    given: list[memoryview | int] = []

    def read() -> None:
        position = 0
        while chunk := growth.after(position):
            given.append(chunk)
            if isinstance(chunk, int):
                return
            position += len(chunk)
            growth.give_back(chunk)

    # It starts when all that can be kept is full, so it is behind for certain.
    reader = threading.Thread(target=read)
    for number in range(kept):
        if number == inspection._MOST_KEPT:
            reader.start()
        room = growth.room
        assert len(room) == inspection.CHUNK
        growth.grew_by(len(room))
    growth.end(is_complete=True)
    reader.join(20)
    assert [len(chunk) for chunk in given if not isinstance(chunk, int)] == [inspection.CHUNK] * kept
    assert len({id(chunk.obj) for chunk in given if not isinstance(chunk, int)}) == inspection._MOST_KEPT


def test_a_reader_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few moments for each chunk would add up. Whoever gives one back is waited for again."""
    monkeypatch.setattr(inspection, "_PATIENCE_SECONDS", 0.0)
    growth, waits = Growth(0), 0
    wait_for = growth._changed.wait_for

    def counted(*arguments: Any) -> object:
        nonlocal waits
        waits += 1
        return wait_for(*arguments)

    def fill(chunks: int) -> None:
        for _ in range(chunks):
            growth.grew_by(len(growth.room))

    monkeypatch.setattr(growth._changed, "wait_for", counted)
    fill(inspection._MOST_KEPT)
    assert waits == 0
    fill(9)
    assert waits == 1
    chunk = growth.after(0)
    assert isinstance(chunk, memoryview)
    waits = 0
    growth.give_back(chunk)
    fill(9)
    assert waits == 1


def test_what_is_checked_already_takes_no_memory(large: BlobHost, part: Path) -> None:
    """Nothing is left to read at the end, so there is nothing to read it into."""
    inspected = Inspection()
    fetch(large, part, inspection=inspected)
    tracemalloc.start()
    try:
        verify(part, inspection=inspected)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < inspection.CHUNK / 2


def test_a_download_that_breaks_off_is_gone_through_once(large: BlobHost, part: Path, seen: Seen) -> None:
    """However often: the next attempt of the same process begins where the last one stopped."""
    inspected = Inspection()
    large.cuts = [100, 2 << 20, 0, 1 << 20]
    for _ in range(4):
        with pytest.raises(DownloadError):
            fetch(large, part, inspection=inspected)
    fetch(large, part, inspection=inspected)

    assert_verified(part, inspected)
    assert sum(seen.gone_through) == len(LARGE)


@pytest.mark.parametrize("arrived", [1, 3 << 20, len(LARGE)])
def test_what_another_process_left_is_read_once(large: BlobHost, part: Path, seen: Seen, arrived: int) -> None:
    """While the rest arrives, or when it is checked, if nothing is missing."""
    large.cuts = [arrived] if arrived < len(LARGE) else []
    with pytest.raises(DownloadError) if large.cuts else contextlib.nullcontext():
        fetch(large, part)
    seen.gone_through.clear()
    seen.from_file.clear()

    inspected = Inspection()
    assert fetch(large, part, inspection=inspected).resumed_from == arrived
    assert_verified(part, inspected)
    assert sum(seen.gone_through) == len(LARGE)
    assert arrived <= sum(seen.from_file) <= len(LARGE)


def test_without_a_download_it_is_read_once(part: Path, seen: Seen) -> None:
    """Digest and checksums need no reading each."""
    part.write_bytes(LARGE)
    assert_verified(part, None)
    assert sum(seen.from_file) == len(LARGE)


def test_another_version_is_read_from_its_start(large: BlobHost, part: Path) -> None:
    """Nothing of the bytes that were dropped counts."""
    inspected = Inspection()
    large.content, large.cuts = make_large(4 << 20), [3 << 20]
    with pytest.raises(DownloadError):
        fetch(large, part, inspection=inspected)
    large.content, large.headers = LARGE, {"ETag": '"another"'}
    assert fetch(large, part, inspection=inspected).resumed_from == 0
    assert_verified(part, inspected)


@pytest.mark.parametrize("when", ["between attempts", "before the check"])
def test_bytes_that_were_changed_meanwhile_are_noticed(large: BlobHost, part: Path, when: str) -> None:
    """Whoever changed the file: it is read as it is, and found damaged."""
    inspected = Inspection()
    if when == "between attempts":
        large.cuts = [2 << 20]
        with pytest.raises(DownloadError):
            fetch(large, part, inspection=inspected)
    else:
        fetch(large, part, inspection=inspected)
    overwrite_some(part)
    if when == "between attempts":
        fetch(large, part, inspection=inspected)

    with pytest.raises(DamagedPackage):
        verify(part, inspection=inspected)
    assert fetch(large, part).resumed_from == 0
    assert_verified(part, None)


def test_another_file_under_the_parts_name_is_noticed(large: BlobHost, part: Path) -> None:
    """It has the same size, and is not what was read."""
    inspected = Inspection()
    fetch(large, part, inspection=inspected)
    times = part.stat()
    part.unlink()
    part.write_bytes(b"PK\3\4" + LARGE[4 : 1 << 20] + bytes(len(LARGE) - (1 << 20)))
    os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(DamagedPackage):
        verify(part, inspection=inspected)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_that_takes_the_parts_name_during_the_download_is_noticed(
    large: BlobHost, part: Path, is_there: bool
) -> None:
    """It is that file which gets the final name, so it is read, and not what came from the host."""

    def swap(received: int, _: int | None) -> None:
        if not received:
            part.unlink()
            if is_there:
                part.write_bytes(LARGE)
                overwrite_some(part)

    inspected = Inspection()
    fetch(large, part, inspection=inspected, on_progress=swap)
    with pytest.raises(DamagedPackage if is_there else OutputError):
        verify(part, inspection=inspected)


def test_where_others_cannot_be_kept_out_the_whole_file_counts(
    large: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk without locks two processes may write at once: what was written is not taken for what is there."""
    monkeypatch.setattr("specstep_flows.package.part_file._lock", lambda file, path: False)

    def interfere(received: int, _: int | None) -> None:
        if received == len(LARGE):
            overwrite_some(part)

    inspected = Inspection()
    fetch(large, part, inspection=inspected, on_progress=interfere)
    assert inspected._position == 0
    with pytest.raises(DamagedPackage):
        verify(part, inspection=inspected)


@pytest.fixture
def first() -> threading.Event:
    """Set when the disk was asked to take something."""
    return threading.Event()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, part: Path, first: threading.Event) -> list[int]:
    """The size of the part file at each time that the disk was asked to take it, and -1 for a folder."""
    sizes: list[int] = []

    def sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        sizes.append(found.st_size if part.parent.stat().st_ino != found.st_ino else -1)
        first.set()

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(inspection, "_sync", sync)
    monkeypatch.setattr(inspection, "SYNC_BYTES", 1 << 20)
    return sizes


def test_the_disk_takes_a_package_while_it_arrives(
    large: BlobHost, part: Path, synced: list[int], first: threading.Event
) -> None:
    """Not only at its end, and no more often than every so many bytes; it is flushed once more before its name is."""
    gate = threading.Event()

    def serve(handler: Handler) -> None:
        handler.answer(200, {"ETag": ETAG, "Content-Length": str(len(LARGE))}, LARGE[: 2 << 20])
        gate.wait(20)
        handler.wfile.write(LARGE[2 << 20 :])

    def release(received: int, _: int | None) -> None:
        if received == 2 << 20:
            assert first.wait(20)
            gate.set()

    large.raw = serve
    fetch(large, part, inspection=Inspection(), on_progress=release)
    assert 2 <= len(synced) <= len(LARGE) / (1 << 20) + 1
    assert synced[0] <= 2 << 20
    assert synced[-1] == len(LARGE)

    synced.clear()
    place(part, part.with_suffix(""))
    assert synced == [len(LARGE), -1]


def test_a_small_package_is_flushed_once(host: BlobHost, part: Path, synced: list[int]) -> None:
    """When it gets its name, and its folder with it."""
    fetch(host, part, inspection=Inspection())
    assert synced == []
    place(part, part.with_suffix(""))
    assert synced == [len(host.content), -1]


@pytest.mark.parametrize("cut", [None, 3 << 20])
def test_what_the_disk_drops_is_not_taken_for_kept(
    large: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch, cut: int | None
) -> None:
    """The system says it once: the download fails, and the next one starts over, even if this one broke off."""
    failed = threading.Event()

    def fail(descriptor: int) -> None:
        failed.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(inspection, "_sync", fail)
    monkeypatch.setattr(inspection, "SYNC_BYTES", 1 << 20)
    if cut is not None:
        large.cuts = [cut]

    def wait(received: int, _: int | None) -> None:
        assert received < 2 << 20 or failed.wait(20)

    with pytest.raises(OutputError if cut is None else DownloadError):
        fetch(large, part, inspection=Inspection(), on_progress=wait)
    for thread in threading.enumerate():
        if thread.name == "package":
            thread.join(20)
    monkeypatch.setattr(inspection, "_sync", lambda descriptor: None)
    assert fetch(large, part).resumed_from == 0


def test_a_file_that_cannot_be_read_back_is_left_to_the_check(
    large: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The download is complete all the same; the check says what is wrong, or reads it."""

    class Broken(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    large.cuts = [1 << 20]
    with pytest.raises(DownloadError):
        fetch(large, part)
    inspected = Inspection()
    with monkeypatch.context() as broken:
        broken.setattr("specstep_flows.package.inspection.io.FileIO", Broken)
        assert fetch(large, part, inspection=inspected).size_bytes == len(LARGE)
        with pytest.raises(OutputError, match="cannot be read"):
            verify(part, inspection=inspected)
    assert_verified(part, inspected)


def test_a_download_that_catches_up_can_be_stopped(
    large: BlobHost, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All bytes are there, and much is left to read: nobody has to wait for that. Nothing of it is lost."""
    take, end, is_over = Members.take, Growth.end, threading.Event()

    def slow(members: Members, chunk: memoryview) -> None:
        assert is_over.wait(20)
        take(members, chunk)

    def ended(growth: Growth, *, is_complete: bool) -> None:
        end(growth, is_complete=is_complete)
        if not is_complete:
            is_over.set()

    monkeypatch.setattr(Members, "take", slow)
    monkeypatch.setattr(Growth, "end", ended)
    monkeypatch.setattr(inspection, "_SLICE_SECONDS", 0.001)
    monkeypatch.setattr(inspection, "_PATIENCE_SECONDS", 0.0)
    arrived: list[int] = []
    inspected = Inspection()
    with pytest.raises(Detached):
        fetch(
            large,
            part,
            inspection=inspected,
            should_stop=lambda: len(LARGE) in arrived,
            on_progress=lambda now, _: arrived.append(now),
        )
    assert part.read_bytes() == LARGE
    assert 0 < inspected._position < len(LARGE)
    assert_verified(part, inspected)


@pytest.mark.parametrize("cut", [None, 3 << 20])
def test_no_thread_is_left(large: BlobHost, part: Path, cut: int | None) -> None:
    """Neither after a download nor after one that broke off; whoever resumes it finds the file unlocked."""
    before = set(threading.enumerate())
    if cut is not None:
        large.cuts = [cut]
        with pytest.raises(DownloadError):
            fetch(large, part, inspection=Inspection())
    else:
        fetch(large, part, inspection=Inspection())
    with PartFile.open(part) as file:
        assert file.is_locked
    left = [thread for thread in set(threading.enumerate()) - before if thread.name == "package"]
    for thread in left:
        thread.join(20)
    assert not [thread for thread in left if thread.is_alive()]


def test_memory_does_not_grow_with_the_package(large: BlobHost, part: Path) -> None:
    """A part that is there is read while the rest comes faster than it can be: nothing waits in memory."""
    content = memoryview(make_large(16 << 20))

    def serve(handler: Handler) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        headers = {"ETag": ETAG, "Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.answer(206 if start else 200, headers, b"")
        for at in range(start, len(content) if start else 8 << 20, 1 << 20):
            handler.wfile.write(content[at : at + (1 << 20)])

    large.raw = serve
    with pytest.raises(DownloadError):
        fetch(large, part)
    inspected = Inspection()
    gc.collect()
    tracemalloc.start()
    try:
        fetch(large, part, inspection=inspected)
        verify(part, inspection=inspected)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Three chunks that are kept, one that is not, one to read into, and what a piece of a file unpacks to.
    assert peak < 9 << 20
