"""The ``.part`` file of a download, and the note next to it that says which version of the package it is."""

from __future__ import annotations

import contextlib
import email.utils
import json
import os
import sys
from collections.abc import Iterator
from email.message import Message
from io import FileIO
from pathlib import Path
from typing import Final

import attrs

from specstep_flows.errors import OutputError

if sys.platform != "win32":
    import fcntl

#: A Last-Modified this much older than the answer tells two versions apart (RFC 9110, 8.8.2.2, rounded up).
_SETTLED_SECONDS: Final = 60
STOPPED: Final = "The download was stopped. What arrived is kept, and the run can be resumed."


@attrs.frozen
class Version:
    """A version of a package: the name (``kind``) and value of a response header, and the total size."""

    kind: str
    value: str
    total: int | None

    @classmethod
    def of(cls, headers: Message, total: int | None) -> Version | None:
        """The strong validator of a response, if it has one. A weak one could join parts of two versions."""
        etag = headers.get("ETag", "")
        if etag.startswith('"'):
            return cls("ETag", etag, total)
        modified, date = _seconds(headers.get("Last-Modified")), _seconds(headers.get("Date"))
        if modified is not None and date is not None and date - modified >= _SETTLED_SECONDS:
            return cls("Last-Modified", headers["Last-Modified"], total)
        return None

    def is_that_of(self, headers: Message, total: int | None) -> bool:
        """Whether a response may be of this version. Not every host respects If-Range, so the headers are compared."""
        return headers.get(self.kind) in (None, self.value) and (self.total is None or total in (None, self.total))


@attrs.define
class PartFile:
    """An open part file, locked by this process. Failures of the disk are an ``OutputError``."""

    path: Path
    _file: FileIO
    #: Whether other processes are kept out: if not, what was written may not be what is there.
    is_locked: bool = False

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path) -> Iterator[PartFile]:
        """Open or create it, but never through a link."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with written(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = FileIO(os.open(path, flags, 0o666), "r+")
        with file:
            yield cls(path, file, _lock(file, path))

    def is_open_as(self, descriptor: int) -> bool:
        """Whether a descriptor is of the very same file: its name may have gone to another one meanwhile."""
        return os.path.samestat(os.fstat(descriptor), os.fstat(self._file.fileno()))

    def resume(self) -> tuple[int, Version | None]:
        """How many bytes are there to continue from, and of which version; (0, None) if that is not known."""
        with written(self.path):
            size = self._file.seek(0, os.SEEK_END)
        version = _read_note(_note(self.path)) if size else None
        return (size, version) if version else (0, None)

    def start_over(self, version: Version | None) -> None:
        """Empty the file. In this order, no crash leaves old bytes with the note of the new version."""
        with written(self.path):
            forget_version(self.path)
            self._file.seek(0)
            self._file.truncate()
            if version is not None:
                _note(self.path).write_text(json.dumps(attrs.asdict(version)), encoding="utf-8")

    def write(self, chunk: bytes | memoryview) -> None:
        """Append bytes."""
        rest = memoryview(chunk)
        with written(self.path):
            while rest:
                rest = rest[self._file.write(rest) :]


def forget_version(path: Path) -> None:
    """Make the next download into this part file start over."""
    _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _read_note(note: Path) -> Version | None:
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        kind, value, total = kept["kind"], kept["value"], kept["total"]
        is_sound = (
            kind in ("ETag", "Last-Modified")
            and value.isprintable()
            and value.isascii()
            and (total is None or total > 0)
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Version(kind, value, total) if is_sound else None


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn a failure of the disk into an ``OutputError``."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}). What arrived is kept.") from error


def _lock(file: FileIO, path: Path) -> bool:
    """Whether other processes are kept out from now on."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"Another process is downloading to {path}.") from None
    except OSError:
        # A file system without locks. If two processes did write at once, the checksums would show it.
        return False
    return True


def _seconds(date: str | None) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
