"""The rate limits that all runs of a process, and all processes of a user, share: sliding windows and holds.

The service counts 60 requests per rolling 60 s and, apart from these, 5 kickoffs (its rate-limits page); the count is
per key for ``sf_`` keys and per user for ``oat_`` tokens. One rule (``Window``) stands behind two stores: a small
SQLite database that processes share, and plain memory.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import logging
import math
import os
import sqlite3
import threading
import weakref
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

import attrs

__all__ = ["DEFAULT_LIMITS", "Bucket", "Limiter", "MemoryLimiter", "SharedLimiter", "scope_of"]

Bucket: TypeAlias = Literal["standard", "kickoff"]
Limits: TypeAlias = Mapping[Bucket, int | None]
T = TypeVar("T")

#: The service's rate-limits page: requests per rolling 60 s. A limit of None or 0 means that nothing is counted.
DEFAULT_LIMITS: Final[Limits] = {"standard": 60, "kickoff": 5}
WINDOW_SECONDS: Final = 60.0
#: The service counts a request when it arrives, we when it leaves: one that was slow to arrive is still counted there
#: when it is forgotten here. So a request stays in our count for this much longer.
MARGIN_SECONDS: Final = 1.0
#: A hold further away than this comes of a clock that was set back, not of a service that asked for it.
LONGEST_HOLD_SECONDS: Final = 3600.0

_SCHEMA_VERSION: Final = 1
_BUSY_SECONDS: Final = 5.0
#: Scopes (a key at an origin) that the database remembers. Sandboxes on changing ports would fill it up otherwise.
_ROWS_KEPT: Final = 128

_log = logging.getLogger("specstep_flows.limits")


def scope_of(api_key: str, origin: str) -> str:
    """A short digest that stands for one key at one API origin; the key cannot be read from it."""
    return hashlib.sha256(f"{origin}\n{api_key}".encode()).hexdigest()[:16]


class Limiter(Protocol):
    """What drivers need of a limiter. ``now`` and ``until`` are in seconds on the run's clock."""

    def acquire(self, bucket: Bucket, now: float) -> float:
        """Take one request out of the bucket: 0.0 when it may leave now, else the seconds to wait and ask again."""
        ...

    def hold(self, bucket: Bucket, until: float) -> None:
        """Let nobody send before ``until``: the service answered 429."""
        ...

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """Correct the count by an answer's ``RateLimit-*`` headers (None where one is missing or unreadable).

        ``reset`` is in seconds from ``now`` (an assumption: the pages do not give its unit).
        """
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


@attrs.define
class Window:
    """The requests of one bucket that the service still counts, as the times at which it forgets each."""

    leaves: list[float] = attrs.field(factory=list)
    hold_until: float = 0.0
    server_limit: int | None = None

    def acquire(self, limit: int, now: float, stay: float) -> float:
        """0.0 and one more request in the count, or the seconds until there is room."""
        self._forget(now, stay)
        held = self.hold_until - now
        excess = len(self.leaves) - self._limit(limit)
        if excess >= 0:
            return max(held, self.leaves[excess] - now)
        if held > 0:
            return held
        bisect.insort(self.leaves, now + stay)
        return 0.0

    def learn(
        self,
        limit: int,
        server_limit: int | None,
        remaining: int | None,
        reset: float | None,
        now: float,
        stay: float,
    ) -> None:
        """Add the requests that the service counted and we did not, sent from elsewhere with the same key.

        The service's count holds those of ours that have arrived, and lacks those still on their way. So what it
        has *more* than we have is certainly not ours; a count below ours says nothing, and is never followed.
        """
        self._forget(now, stay)
        if server_limit is not None and server_limit > 0:
            self.server_limit = server_limit
        if remaining is None:
            return
        unknown = min(self._limit(limit) - max(remaining, 0) - len(self.leaves), self._limit(limit))
        if unknown > 0:
            gone = now + (stay if reset is None or not 0 < reset < stay else reset)
            self.leaves = sorted(self.leaves + [gone] * unknown)

    def is_news(self, limit: int, server_limit: int | None, remaining: int | None, now: float, stay: float) -> bool:
        """Whether ``learn`` would change anything. Requests that others have counted since only make that less likely."""
        if server_limit is not None and server_limit > 0 and server_limit != self.server_limit:
            return True
        self._forget(now, stay)
        return remaining is not None and self._limit(limit) - max(remaining, 0) > len(self.leaves)

    def _limit(self, limit: int) -> int:
        return limit if self.server_limit is None else min(limit, self.server_limit)

    def _forget(self, now: float, stay: float) -> None:
        """Drop what has left. Nothing can be further ahead than one stay, unless the clock was set back."""
        leaves = self.leaves
        if leaves and leaves[0] <= now:
            del leaves[: bisect.bisect_right(leaves, now)]
        if leaves and leaves[-1] > now + stay:
            first = bisect.bisect_right(leaves, now + stay)
            leaves[first:] = [now + stay] * (len(leaves) - first)
        self.hold_until = min(self.hold_until, now + LONGEST_HOLD_SECONDS)


class MemoryLimiter:
    """A limiter without files, for one process; safe to share between threads and between clients of one key."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, margin: float = MARGIN_SECONDS) -> None:
        self._limits = dict(limits)
        self._stay = WINDOW_SECONDS + margin
        self._lock = threading.Lock()
        self._windows: dict[Bucket, Window] = {bucket: Window() for bucket in self._limits}

    def acquire(self, bucket: Bucket, now: float) -> float:
        """See ``Limiter.acquire``."""
        limit = self._limits.get(bucket)
        if not limit:
            return 0.0
        return self._change(bucket, lambda window: window.acquire(limit, now, self._stay))

    def hold(self, bucket: Bucket, until: float) -> None:
        """See ``Limiter.hold``."""
        if self._limits.get(bucket) and math.isfinite(until):
            self._change(bucket, lambda window: _raise_hold(window, until))

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """See ``Limiter.learn``."""
        own = self._limits.get(bucket)
        if own and (limit is not None or remaining is not None):
            self._change(bucket, lambda window: window.learn(own, limit, remaining, reset, now, self._stay))

    def close(self) -> None:
        """Nothing to let go of."""

    def _change(self, bucket: Bucket, change: Callable[[Window], T]) -> T:
        with self._lock:
            return change(self._windows[bucket])


class SharedLimiter(MemoryLimiter):
    """A limiter that processes share through a database of its own (``limits.db`` in the state folder).

    A database that cannot be used costs no run: the limiter then says so once in the log and counts for this process
    alone, from what it last read. A 429 that comes of it is waited out like any other.
    """

    def __init__(
        self, path: Path, scope: str, limits: Limits = DEFAULT_LIMITS, *, margin: float = MARGIN_SECONDS
    ) -> None:
        super().__init__(limits, margin=margin)
        self._path = path
        self._scope = scope
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._is_alone = False

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """See ``Limiter.learn``. Almost every answer confirms what was counted: the database is left alone then."""
        own = self._limits.get(bucket)
        if own:
            with self._lock:
                is_news = self._windows[bucket].is_news(own, limit, remaining, now, self._stay)
            if is_news:
                super().learn(bucket, limit, remaining, reset, now)

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _change(self, bucket: Bucket, change: Callable[[Window], T]) -> T:
        with self._lock:
            if not self._is_alone:
                try:
                    return self._change_in_database(bucket, change)
                except (sqlite3.Error, OSError) as error:
                    self._go_alone(error)
            return change(self._windows[bucket])

    def _change_in_database(self, bucket: Bucket, change: Callable[[Window], T]) -> T:
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            window = self._windows[bucket] = _read(connection, self._scope, bucket)
            result = change(window)
            _write(connection, self._scope, bucket, window)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        # A connection must not be carried across a fork.
        if self._connection is None or self._process != os.getpid():
            self._connection = _connect(self._path)
            self._process = os.getpid()
            # A limiter that nobody holds any more closes its file; Python warns otherwise.
            weakref.finalize(self, self._connection.close)
        return self._connection

    def _go_alone(self, error: Exception) -> None:
        self._is_alone = True
        self._connection = None
        _log.warning(
            "The shared rate limits in %s cannot be used (%s); this process now counts for itself. The file holds "
            "nothing but counts: it can be deleted while no run goes on.",
            self._path,
            error,
        )


def _raise_hold(window: Window, until: float) -> None:
    window.hold_until = max(window.hold_until, until)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # Several processes that make a new file WAL at once get "locked" without any waiting. One of them succeeds, or
        # the next to open it does; until then it is only slower.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the newest counts but never damages the file; no paid thing depends on them.
        connection.execute("PRAGMA synchronous=NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it has the form of another version, {version}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS windows (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, bucket TEXT NOT NULL, "
            "leaves BLOB NOT NULL, hold_until REAL NOT NULL, server_limit INTEGER, UNIQUE (scope, bucket))"
        )
        # A row gets a new id with every write, so the highest ids are the ones in use.
        connection.execute(
            "DELETE FROM windows WHERE id NOT IN (SELECT id FROM windows ORDER BY id DESC LIMIT ?)", (_ROWS_KEPT,)
        )
        connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: sqlite3.Connection, scope: str, bucket: Bucket) -> Window:
    row = connection.execute(
        "SELECT leaves, hold_until, server_limit FROM windows WHERE scope = ? AND bucket = ?", (scope, bucket)
    ).fetchone()
    if row is None:
        return Window()
    leaves = array("d")
    try:
        leaves.frombytes(row[0])
    except (TypeError, ValueError) as error:
        raise sqlite3.DatabaseError("a row does not hold what it should") from error
    return Window(leaves.tolist(), row[1], row[2])


def _write(connection: sqlite3.Connection, scope: str, bucket: Bucket, window: Window) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO windows (scope, bucket, leaves, hold_until, server_limit) VALUES (?, ?, ?, ?, ?)",
        (scope, bucket, array("d", window.leaves).tobytes(), window.hold_until, window.server_limit),
    )
