"""Reads a part file while it grows, so that its digest and its checksums are known when its last byte is.

What reads follows the file and not the network: nothing waits in memory, what counts is what the system will keep, and
bytes that were there before are read like those that come. What the files in a zip come to is not judged here;
``archive`` decides whether it is what the package says.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import attrs

from specstep_flows.errors import Detached
from specstep_flows.package.archive import Checksums, UnpackLimits
from specstep_flows.package.members import Members
from specstep_flows.package.part_file import STOPPED, PartFile, forget_version, written

#: Bytes that are read at once.
CHUNK: Final = 1 << 20
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
    """How far a file has grown, for the threads that follow it."""

    def __init__(self, size: int) -> None:
        self._changed = threading.Condition()
        self._size = self._announced = size
        self._is_over = self._is_complete = False

    def grew_to(self, size: int) -> None:
        """Called by whoever writes, after every write. Those who wait are woken for a chunk, not for every byte."""
        self._size = size
        if size - self._announced >= CHUNK:
            self._announced = size
            with self._changed:
                self._changed.notify_all()

    def end(self, *, is_complete: bool) -> None:
        """No more is written. Unless the file is complete, nobody needs the rest of it either."""
        with self._changed:
            self._is_over, self._is_complete = True, is_complete
            self._changed.notify_all()

    def wait_past(self, position: int, step: int) -> int:
        """Wait for ``step`` bytes after ``position``, or for the last; how many bytes there are, or 0 to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or self._size - position >= step)
            return 0 if self._is_over and not self._is_complete else self._size


class Inspection:
    """What was read of one part file so far. Kept from one attempt to the next, it reads no byte twice."""

    def __init__(self, limits: UnpackLimits | None = None) -> None:
        self._limits = limits or UnpackLimits()
        self._stamp: Stamp | None = None
        self._start_over()

    def _start_over(self) -> None:
        self._digest, self._members = hashlib.sha256(), Members(self._limits)
        self._readers = (_Reader(self._digest.update), _Reader(self._members.take))

    @contextlib.contextmanager
    def following(self, file: PartFile, size: int, should_stop: Callable[[], bool]) -> Iterator[Callable[[int], None]]:
        """Read a file while the caller adds to the ``size`` bytes that it has; yields what is told its new size.

        At the end all of it was read, and is on the disk if it is large. If the caller raises, nothing more is read.
        What cannot be read is left to ``finish``, as is a file that others may write to as well.

        Raises:
            OutputError: the disk does not keep what was written. The next download starts over.
            Detached: ``should_stop`` returned true while the threads caught up.
        """
        if not file.is_locked:
            yield lambda _: None
            return
        with self._reading(file.path, size, should_stop) as growth:
            syncer = _Syncer(file.path, size)
            thread = _start(syncer.follow, growth)
            yield growth.grew_to
            growth.end(is_complete=True)
            _wait(thread, should_stop)
            if syncer.failure is not None:
                with written(file.path):
                    raise syncer.failure

    def finish(self, path: Path) -> Inspected:
        """Read what was not read, or all of it if the file is not what it was. Raises ``OSError``."""
        size = os.stat(path).st_size
        with self._reading(path, size, lambda: False):
            pass
        for reader in self._readers:
            if reader.failure is not None:
                raise reader.failure
        return Inspected(self._digest.hexdigest(), size, self._members.checksums)

    @contextlib.contextmanager
    def _reading(self, path: Path, size: int, should_stop: Callable[[], bool]) -> Iterator[Growth]:
        with io.FileIO(path) as for_digest, io.FileIO(path) as for_members:
            files = (for_digest, for_members)
            if self._stamp is None or {_stamp(file) for file in files} != {self._stamp}:
                self._start_over()
            growth = Growth(size)
            threads = [_start(reader.follow, file, growth) for reader, file in zip(self._readers, files, strict=True)]
            try:
                yield growth
                growth.end(is_complete=True)
                for thread in threads:
                    _wait(thread, should_stop)
            finally:
                growth.end(is_complete=False)
                for thread in threads:
                    thread.join()
                stamps = {_stamp(file) for file in files}
                is_sound = len(stamps) == 1 and not any(reader.failure for reader in self._readers)
                self._stamp = stamps.pop() if is_sound else None


#: Which file it is, and its state: device, inode, size, and when it was changed.
Stamp = tuple[int, int, int, int, int]


def _stamp(file: io.FileIO) -> Stamp:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _Reader:
    """Gives all bytes of a file to one function, as they come."""

    def __init__(self, use: Callable[[memoryview], None]) -> None:
        self._use = use
        self._position = 0
        self.failure: Exception | None = None

    def follow(self, file: io.FileIO, growth: Growth) -> None:
        """Read from where it stopped, in a thread of its own."""
        buffer = memoryview(bytearray(CHUNK))
        try:
            file.seek(self._position)
            while (size := growth.wait_past(self._position, CHUNK)) > self._position:
                count = file.readinto(buffer[: size - self._position])
                if not count:
                    raise OSError(errno.EIO, "it became shorter")
                self._use(buffer[:count])
                self._position += count
        except Exception as error:
            self.failure = error


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
