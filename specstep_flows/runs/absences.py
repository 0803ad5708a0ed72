"""Which generations no run of a store is about, remembered for as long as nobody writes to the store.

Most status reads are of such generations, or follow each other; looking into the database costs each of them a thread
on an event loop, and with many runs a search. A look at the file costs next to nothing and blocks nobody.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Files that were written to less than this many seconds ago may be written to once more without looking different:
#: file systems count time in steps of some milliseconds.
_SETTLED_SECONDS: Final = 0.1
#: Windows writes down late when and how far a file was written that is open.
_HAS_TRUE_STAMPS: Final = os.name != "nt"
_MOST: Final = 1024

#: What changes with each write to a store: a file's name, number, size and time.
Stamp: TypeAlias = tuple[str, int, int, int]


@attrs.define(eq=False)
class Absences:
    """Remembers what was not found in the SQLite database ``file`` (None for one in memory, which is fast enough)."""

    file: Path | None
    wall: Callable[[], float] = time.time
    #: Together, because threads look at it and change it.
    _known: tuple[Stamp | None, set[UUID]] = attrs.field(factory=lambda: (None, set()))

    def stamp(self) -> Stamp | None:
        """How the files look now, to be asked before the database is; None where that would not show each write."""
        if self.file is None or not _HAS_TRUE_STAMPS:
            return None
        # Every write goes to the log first, where there is one.
        for name in (f"{self.file}-wal", str(self.file)):
            with contextlib.suppress(OSError):
                status = os.stat(name)
                is_settled = self.wall() - status.st_mtime > _SETTLED_SECONDS
                return (name, status.st_ino, status.st_size, status.st_mtime_ns) if is_settled else None
        return None

    def note(self, generation_id: UUID, stamp: Stamp | None) -> None:
        """It was not there, in a database that looked like this before it was asked."""
        if stamp is None:
            return
        known, absent = self._known
        if stamp == known and len(absent) < _MOST:
            absent.add(generation_id)
        else:
            self._known = (stamp, {generation_id})

    def __contains__(self, generation_id: UUID) -> bool:
        """Whether it certainly is not there."""
        stamp, absent = self._known
        return generation_id in absent and stamp == self.stamp()
