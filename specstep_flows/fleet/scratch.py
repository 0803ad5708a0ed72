"""A folder of this process's own, for what is on its way to where all hosts see it.

Nobody else writes there, so whoever takes a run over meets no half-written file of a process that is stopped. The next
process on this machine removes what one that was killed has left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from specstep_flows import errors

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from io import FileIO

_PREFIX: Final = "specstep-fleet-"
#: Held as long as the process lives.
_LOCK: Final = "lock"


class Scratch:
    """The folder, made when it is first wanted. ``parent`` is what it is made in; None is the system's own place."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent
        self._opening = threading.Lock()
        self._lock: FileIO | None = None
        self._folder: Path | None = None

    def folder(self, name: str) -> Path:
        """A folder in it. Raises ``OutputError``."""
        try:
            with self._opening:
                if self._folder is None:
                    self._open()
                assert self._folder is not None
                found = self._folder / name
                found.mkdir(parents=True, exist_ok=True)
                return found
        except OSError as error:
            where = self._parent or tempfile.gettempdir()
            raise errors.OutputError(f"No temporary file can be made in {where} ({error.strerror}).") from None

    def close(self) -> None:
        """Remove it."""
        with self._opening:
            if self._folder is not None and self._lock is not None:
                if sys.platform == "win32":
                    # What is open cannot be removed there.
                    self._lock.close()
                shutil.rmtree(self._folder, ignore_errors=True)
                self._lock.close()
            self._folder = self._lock = None

    def _open(self) -> None:
        if self._parent is not None:
            self._parent.mkdir(parents=True, exist_ok=True)
        if sys.platform == "win32":
            # A folder in which a file is open cannot be renamed there, and without that file nobody removes it.
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._parent))
            self._lock = (self._folder / _LOCK).open("xb", buffering=0)
        else:
            # Nobody removes it before its lock is held, for it has another name until then.
            made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=self._parent))
            self._lock = (made / _LOCK).open("xb", buffering=0)
            _take(self._lock)
            self._folder = made.rename(made.with_name(made.name[1:]))
        for other in self._folder.parent.glob(f"{_PREFIX}*"):
            if other != self._folder:
                _remove_if_left(other)


def _take(lock: FileIO) -> bool:
    """Whether the lock is held from now on."""
    if sys.platform == "win32":
        return False
    with contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _remove_if_left(folder: Path) -> None:
    """Remove the folder of a process that is gone; another user's is left alone, and so is one that is in use."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            # Fails as long as a process has it open. Temporary folders are each user's own.
            (folder / _LOCK).unlink()
            shutil.rmtree(folder, ignore_errors=True)
            return
        if os.lstat(folder).st_uid != os.geteuid():
            return
        with (folder / _LOCK).open("r+b", buffering=0) as lock:
            if _take(lock):
                shutil.rmtree(folder, ignore_errors=True)
