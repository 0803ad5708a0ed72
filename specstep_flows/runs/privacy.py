"""The files of the state folder are their owner's alone, whatever mode the folder has."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

#: SQLite gives these the mode of their database when it makes them; an earlier version may have made them.
_BESIDE = ("", "-wal", "-shm")


def make_private(file: Path) -> None:
    """Make a file, if there is none, that its owner alone can read, and take it from others if there is one.

    What belongs to somebody else, or lies on a disk without modes, stays as it is.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        _make(file)
    for path in [file.with_name(f"{file.name}{ending}") for ending in _BESIDE]:
        with contextlib.suppress(OSError):
            # Not by opening it: closing a database's file lets go of the locks that this process has on it.
            if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
                os.chmod(path, 0o600)


def _make(file: Path) -> None:
    if os.path.lexists(file):
        return
    try:
        os.mknod(file, stat.S_IFREG | 0o600)
    except PermissionError:
        # Only root may do that on some systems.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
