"""Reads a part file while it grows, so that its digest and its checksums are known when its last byte is.

A few megabytes of what just arrived are kept in memory for that; a reader that falls behind, or starts behind because
there was a part before, turns to the file. What the files in a zip come to is not judged here: ``archive`` decides
whether it is what the package says.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import attrs

from specstep_flows.errors import Detached
from specstep_flows.package.archive import Checksums, UnpackLimits
from specstep_flows.package.members import Members
from specstep_flows.package.part_file import STOPPED, PartFile, forget_version, written

#: Bytes that are gone through at once.
CHUNK: Final = 3 << 19
#: Chunks that are kept in memory for the reader.
_MOST_KEPT: Final = 3
#: The longest wait for a reader that is about to be done with a chunk. Meanwhile the system receives what arrives.
_PATIENCE_SECONDS: Final = 0.25
#: A chunk with less room than this is full.
_LEAST_ROOM: Final = 256 << 10
#: Bytes that come before the disk is asked to take them.
SYNC_BYTES: Final = 16 << 20
#: How often a wait looks whether it is still wanted.
_SLICE_SECONDS: Final = 0.25

_sync: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)


@attrs.frozen
class Inspected:
    """What all bytes of a file come to."""

    sha256: str
    size_bytes: int
    checksums: Checksums


class Growth:
    """A file that grows: where its next bytes are put, and how far it has grown for the threads that follow it."""

    def __init__(self, size: int) -> None:
        self._changed = threading.Condition()
        #: The bytes that are written, and those that others were told of, which they are a chunk at a time.
        self._size = self._announced = size
        self._is_over = self._is_complete = False
        self._kept: deque[tuple[int, memoryview]] = deque()
        self._free: list[memoryview] = []
        #: Chunks that were never filled. They are made when they are needed: little may come.
        self._unmade = _MOST_KEPT
        self._spare: memoryview | None = None
        self._chunk: memoryview | None = None
        self._filled = 0
        #: Whether the reader gave a chunk back since it was last waited for in vain.
        self._is_keeping_up = True

    @property
    def room(self) -> memoryview:
        """Where the next bytes are put. A reader that is only just behind is waited for: it would read them twice."""
        if self._chunk is None:
            self._chunk = self._empty_chunk()
        return self._chunk[self._filled :]

    def _empty_chunk(self) -> memoryview:
        with self._changed:
            if self._free:
                return self._free.pop()
            if self._unmade:
                self._unmade -= 1
                return memoryview(bytearray(CHUNK))
            if self._is_keeping_up and self._changed.wait_for(lambda: self._free, _PATIENCE_SECONDS):
                return self._free.pop()
            self._is_keeping_up = False
        # The spare chunk is used again at once. What was in it is read from the file.
        self._spare = self._spare or memoryview(bytearray(CHUNK))
        return self._spare

    def grew_by(self, count: int) -> None:
        """Called when that many bytes of ``room`` were written to the file."""
        self._size, self._filled = self._size + count, self._filled + count
        if CHUNK - self._filled < _LEAST_ROOM:
            with self._changed:
                self._announce()

    def end(self, *, is_complete: bool) -> None:
        """No more is written. Unless the file is complete, nobody needs the rest of it either."""
        with self._changed:
            self._announce()
            self._is_over, self._is_complete = True, is_complete

    def _announce(self) -> None:
        if self._chunk is not None and self._filled and self._chunk is not self._spare:
            self._kept.append((self._announced, self._chunk[: self._filled]))
        self._chunk, self._filled = None, 0
        self._announced = self._size
        self._changed.notify_all()

    def wait_past(self, position: int, step: int) -> int:
        """Wait for ``step`` bytes after ``position``, or for the last; how many bytes there are, or 0 to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._announced - position >= step)
            return 0 if self._is_over and not self._is_complete else self._announced

    def after(self, position: int) -> memoryview | int:
        """Wait for bytes after ``position``: those bytes, or how many are to be read from the file; 0 at the end."""
        with self._changed:
            end = self.wait_past(position, 1)
            if end > position and self._kept:
                end, chunk = self._kept[0]
                if end == position:
                    self._kept.popleft()
                    return chunk
            return max(0, end - position)

    def give_back(self, chunk: memoryview) -> None:
        """Called when the bytes in a chunk are no longer needed."""
        with self._changed:
            self._free.append(memoryview(chunk.obj))
            self._is_keeping_up = True
            self._changed.notify_all()


class Inspection:
    """What was read of one part file so far. Kept from one attempt to the next, it reads no byte twice."""

    def __init__(self, limits: UnpackLimits | None = None) -> None:
        self._limits = limits or UnpackLimits()
        self._start_over()

    def _start_over(self) -> None:
        self._digest = hashlib.sha256()
        self._members = Members(self._limits)
        self._position = 0
        #: The file that was read, as it was then.
        self._stamp: Stamp | None = None
        self._failure: Exception | None = None

    @contextlib.contextmanager
    def following(self, file: PartFile, size: int, should_stop: Callable[[], bool]) -> Iterator[Growth]:
        """Read a file while the caller adds to the ``size`` bytes that it has, and says so.

        At the end all of it was read, and is on the disk if it is large. If the caller raises, nothing more is read.
        What cannot be read is left to ``finish``, as is a file that others may write to as well, or have replaced.

        Raises:
            OutputError: the disk does not keep what was written. The next download starts over.
            Detached: ``should_stop`` returned true while the threads caught up.
        """
        opened = _opened_again(file)
        if opened is None:
            yield Growth(size)
            return
        with self._reading(opened, size, should_stop) as growth:
            syncer = _Syncer(file.path, size)
            thread = _start(syncer.follow, growth)
            yield growth
            growth.end(is_complete=True)
            _wait(thread, should_stop)
            if syncer.failure is not None:
                with written(file.path):
                    raise syncer.failure

    def finish(self, path: Path) -> Inspected:
        """Read what was not read, or all of it if the file is not what it was. Raises ``OSError``."""
        size = os.stat(path).st_size
        with self._reading(io.FileIO(path), size, lambda: False):
            pass
        if self._failure is not None:
            raise self._failure
        return Inspected(self._digest.hexdigest(), size, self._members.checksums)

    @contextlib.contextmanager
    def _reading(self, file: io.FileIO, size: int, should_stop: Callable[[], bool]) -> Iterator[Growth]:
        with file:
            if self._stamp != _stamp(file):
                self._start_over()
            growth = Growth(size)
            thread = _start(self._follow, file, growth)
            try:
                yield growth
                growth.end(is_complete=True)
                _wait(thread, should_stop)
            finally:
                growth.end(is_complete=False)
                thread.join()
                self._stamp = _stamp(file) if self._failure is None else None

    def _follow(self, file: io.FileIO, growth: Growth) -> None:
        """Go through each byte once, in a thread; the digest and the checksums are computed side by side."""
        buffer = memoryview(b"")
        try:
            with ThreadPoolExecutor(1) as beside:
                while found := growth.after(self._position):
                    if isinstance(found, int):
                        buffer = buffer or memoryview(bytearray(CHUNK))
                        chunk = self._read(file, buffer[:found])
                    else:
                        chunk = found
                    walk = beside.submit(self._members.take, chunk)
                    self._digest.update(chunk)
                    walk.result()
                    self._position += len(chunk)
                    if not isinstance(found, int):
                        growth.give_back(found)
        except Exception as error:
            self._failure = error

    def _read(self, file: io.FileIO, buffer: memoryview) -> memoryview:
        file.seek(self._position)
        count = file.readinto(buffer)
        if not count:
            raise OSError(errno.EIO, "it became shorter")
        return buffer[:count]


def _opened_again(file: PartFile) -> io.FileIO | None:
    """A part file for reading; None if others may write to it, or it is not what its name leads to by now."""
    if not file.is_locked:
        return None
    try:
        again = io.FileIO(file.path)
    except OSError:
        return None
    if file.is_open_as(again.fileno()):
        return again
    again.close()
    return None


#: Which file it is, and its state: device, inode, size, and when it was changed.
Stamp = tuple[int, int, int, int, int]


def _stamp(file: io.FileIO) -> Stamp:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _Syncer:
    """Has the disk take what arrives, so that little is left to wait for at the end. A small file is left as it is."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self.failure: OSError | None = None

    def follow(self, growth: Growth) -> None:
        """In a thread of its own, which is not waited for if the download breaks off: a disk can be slow."""
        if growth.wait_past(self._size, SYNC_BYTES) < self._size + SYNC_BYTES:
            return
        try:
            with self._path.open("r+b", buffering=0) as file:
                while (size := growth.wait_past(self._size, SYNC_BYTES)) > self._size:
                    _sync(file.fileno())
                    self._size = size
        except OSError as error:
            # The system says so once: what it dropped must not be taken for kept by whoever asks next.
            with contextlib.suppress(OSError):
                forget_version(self._path)
            self.failure = error


def _start(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name="package", daemon=True)
    thread.start()
    return thread


def _wait(thread: threading.Thread, should_stop: Callable[[], bool]) -> None:
    while thread.is_alive():
        thread.join(_SLICE_SECONDS)
        if thread.is_alive() and should_stop():
            raise Detached(STOPPED)
