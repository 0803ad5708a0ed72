"""Which generations no run of a store is about, remembered for as long as nobody writes to the store.

Most status reads are of such generations, or follow each other; looking into the database costs each of them a thread
on an event loop, and with many runs a search. Two looks at the files cost next to nothing and block nobody.
"""

from __future__ import annotations

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

#: What changes with each write to a store.
Stamp: TypeAlias = tuple[object, ...]


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
        found: list[object] = []
        latest = 0.0
        for name in (str(self.file), f"{self.file}-wal"):
            try:
                status = os.stat(name)
            except OSError:
                found.append(None)
                continue
            found += (status.st_ino, status.st_size, status.st_mtime_ns)
            latest = max(latest, status.st_mtime)
        return tuple(found) if self.wall() - latest > _SETTLED_SECONDS else None

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
