"""SQLite files across forks: closed before one, and open again after it.

SQLite counts the locks that its process has on a file. A child inherits the count without the locks: once its parent
has closed the file or ended, whoever closes it next takes it for unused and deletes the log that the child writes to,
and the child's runs with it. So no process may fork while it has a file open.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Final, Protocol

from specstep_flows import errors

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class ForkedFile(Protocol):
    """Whoever has a file open."""

    def closed_over_fork(self) -> AbstractContextManager[None]:
        """Closes the file, keeps other threads from opening it, and opens it again at the end if it was open."""


_files: Final[weakref.WeakSet[ForkedFile]] = weakref.WeakSet()
_adding: Final = threading.Lock()
_closed: Final = contextlib.ExitStack()


def close_over_forks(file: ForkedFile) -> None:
    """Have a file closed whenever this process forks."""
    with _adding:
        _files.add(file)


def _before() -> None:
    _adding.acquire()
    for file in list(_files):
        _closed.enter_context(file.closed_over_fork())


def _after() -> None:
    try:
        # What cannot be opened again says so when it is used next.
        with contextlib.suppress(sqlite3.Error, OSError, errors.StoreError):
            _closed.close()
    finally:
        _adding.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
