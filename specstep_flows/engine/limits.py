"""Rate limits that all runs of a process and all processes of a user share: sliding windows and holds.

The service allows 60 requests per rolling 60 s and, counted separately, 5 kickoffs (its rate-limits page), per key for
``sf_`` keys and per user for ``oat_`` tokens. One rule (``Window``) works on two stores: a small SQLite database that
processes share, and plain memory.
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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeGuard, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows.runs.forks import close_over_forks
from specstep_flows.runs.privacy import make_private

Bucket: TypeAlias = Literal["standard", "kickoff"]
Limits: TypeAlias = Mapping[Bucket, int | None]
T = TypeVar("T")
#: A window as it is stored: the leaves as doubles, and its other members.
_Row: TypeAlias = tuple[bytes, float, float, int | None, float]

#: The service's rate-limits page: requests per rolling 60 s. None or 0 switches a limit off.
DEFAULT_LIMITS: Final[Limits] = {"standard": 60, "kickoff": 5}
WINDOW_SECONDS: Final = 60.0
#: The service counts a request when it arrives, we when it is sent: a slow one still counts there when we have
#: forgotten it. So a request stays in our count this much longer.
MARGIN_SECONDS: Final = 1.0
#: However fast the clock is, this machine and the network need real time between the two.
REAL_MARGIN_SECONDS: Final = 0.5
#: No hold lasts longer from when it began, whatever a Retry-After says.
LONGEST_HOLD_SECONDS: Final = 3600.0

_SCHEMA_VERSION: Final = 1
_BUSY_SECONDS: Final = 5.0
#: From this length on, the log is copied into the file (SQLite's own default).
_LOG_PAGES: Final = 1000
#: How many scopes (a key at an origin) the database keeps. Sandboxes on changing ports would fill it up otherwise.
_ROWS_KEPT: Final = 128
#: How often a process writes its row in place before the row gets a new id, which says that it is in use.
_EXCHANGES: Final = 15

_log = logging.getLogger("specstep_flows.limits")


def checked_limits(given: Mapping[str, int | None]) -> Limits:
    """The default limits with those that were given. Raises ``UsageError`` for what is not a limit, or of nothing."""
    for name, limit in given.items():
        is_count = isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0
        if name not in DEFAULT_LIMITS or not (is_count or limit is None):
            raise errors.UsageError(
                f"{name}={limit!r} is not a limit of requests a minute: give {' or '.join(DEFAULT_LIMITS)} a whole "
                "number, or None for no limit. Nothing was sent."
            )
    return {**DEFAULT_LIMITS, **given}  # type: ignore[dict-item]


def margin_at(speed: float) -> float:
    """``MARGIN_SECONDS`` for a clock that is so many times as fast as real time, in seconds on that clock."""
    return min(max(MARGIN_SECONDS, REAL_MARGIN_SECONDS * speed), WINDOW_SECONDS)


def scope_of(api_key: str, origin: str) -> str:
    """A short digest that identifies one key at one API origin; the key cannot be recovered from it."""
    return hashlib.sha256(f"{origin}\n{api_key}".encode()).hexdigest()[:16]


class Limiter(Protocol):
    """What the engine needs of a limiter. ``now`` and ``until`` are in seconds on the run's clock."""

    def is_off(self, bucket: Bucket) -> bool:
        """Whether requests of a bucket are not counted at all, so that nothing of this needs to be asked."""
        ...

    def acquire(self, bucket: Bucket, now: float) -> float:
        """Count one request: 0.0 if it may be sent now, else the seconds to wait before asking again."""
        ...

    def acquire_at_once(self, bucket: Bucket, now: float) -> float | None:
        """``acquire`` where that does not block, on an event loop; None otherwise, and nothing was counted."""
        ...

    def renew(self, bucket: Bucket, taken: float, now: float) -> float:
        """Count a request now that was counted at ``taken`` and has not left since; as ``acquire``."""
        ...

    def hold(self, bucket: Bucket, until: float, now: float) -> None:
        """Send nothing before ``until``, after a 429 that came ``now``; an hour at most."""
        ...

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """Correct the count from ``RateLimit-*`` headers (None if one is missing or unreadable).

        ``reset`` is in seconds from ``now`` (an assumption: the documentation does not give its unit).
        """
        ...

    def later(self, bucket: Bucket, ahead: int, now: float) -> float:
        """About how many seconds it takes until there is a place for whoever has ``ahead`` others before it.

        Nothing is counted, and nothing blocks: what was read last is what it goes by.
        """
        ...

    def is_news(self, bucket: Bucket, limit: int | None, remaining: int | None, now: float) -> bool:
        """Whether ``learn`` would change anything, by what was read last. Nothing blocks."""
        ...

    def close(self) -> None:
        """Close files."""
        ...


@attrs.define
class Window:
    """The requests of one bucket that the service still counts, by the time at which each stops counting."""

    leaves: list[float] = attrs.field(factory=list)
    hold_until: float = 0.0
    #: When the hold began.
    held_at: float = 0.0
    #: A limit below ours that the service stated, and when it did last. It is believed for as long as a request counts:
    #: one odd answer must not slow every later process.
    server_limit: int | None = None
    limited_at: float = 0.0

    def acquire(self, limit: int, now: float, stay: float) -> float:
        """Count one more request and return 0.0, or return the seconds until there is room."""
        self._forget(now, stay)
        held = self.hold_until - now
        excess = len(self.leaves) - self._limit(limit)
        if excess >= 0:
            return max(held, self.leaves[excess] - now)
        if held > 0:
            return held
        bisect.insort(self.leaves, now + stay)
        return 0.0

    def renew(self, limit: int, taken: float, now: float, stay: float) -> float:
        """Move the request that was counted at ``taken`` to now; one that no longer counts is counted again."""
        self._forget(now, stay)
        # To the nearest: whoever counts by another clock than the caller is off by a little.
        leaf = min(self.leaves, key=lambda leaf: abs(leaf - taken - stay), default=math.inf)
        if self.hold_until > now or abs(leaf - taken - stay) > stay - WINDOW_SECONDS:
            return self.acquire(limit, now, stay)
        self.leaves.remove(leaf)
        bisect.insort(self.leaves, now + stay)
        return 0.0

    def later(self, limit: int, ahead: int, now: float, stay: float) -> float:
        """Seconds until there is room for one more behind ``ahead`` others; 0.0 if there is now."""
        self._forget(now, stay)
        excess = len(self.leaves) - self._limit(limit) + ahead
        if excess < 0:
            return max(0.0, self.hold_until - now)
        # Whoever takes a place keeps it for as long, and then the next round has it.
        rounds, place = divmod(excess, len(self.leaves) or 1)
        free_at = (self.leaves[place] if self.leaves else now) + rounds * stay
        return max(free_at, self.hold_until) - now

    def left(self, limit: int, now: float, stay: float) -> int:
        """How many requests may be sent now."""
        self._forget(now, stay)
        return max(0, self._limit(limit) - len(self.leaves)) if self.hold_until <= now else 0

    def hold(self, until: float, now: float, stay: float) -> None:
        """Send nothing before ``until``; a shorter hold does not shorten the one that is set."""
        self._forget(now, stay)
        until = min(until, now + LONGEST_HOLD_SECONDS)
        if until > self.hold_until:
            self.hold_until, self.held_at = until, now

    def learn(
        self,
        limit: int,
        server_limit: int | None,
        remaining: int | None,
        reset: float | None,
        now: float,
        stay: float,
    ) -> None:
        """Add the requests that the service has counted and we have not, sent from elsewhere with the same key.

        The service's count includes those of our requests that have arrived, and lacks those still on their way. So if
        it is *higher* than ours, the rest is certainly not ours; if it is lower, that says nothing and is ignored.
        """
        self._forget(now, stay)
        if _is_stated(server_limit, remaining):
            self.server_limit, self.limited_at = (server_limit, now) if server_limit < limit else (None, 0.0)
        if remaining is None:
            return
        unknown = min(self._limit(limit) - max(remaining, 0) - len(self.leaves), self._limit(limit))
        if unknown > 0:
            gone = now + (stay if reset is None or not 0 < reset < stay else reset)
            self.leaves = sorted(self.leaves + [gone] * unknown)

    def is_news(self, limit: int, server_limit: int | None, remaining: int | None, now: float, stay: float) -> bool:
        """Whether ``learn`` would change anything. What others have counted since can only make that less likely."""
        self._forget(now, stay)
        if _is_stated(server_limit, remaining):
            stated = server_limit if server_limit < limit else None
            # One that holds is stated again before it is forgotten.
            if stated != self.server_limit or (stated is not None and now - self.limited_at > stay / 2):
                return True
        return remaining is not None and self._limit(limit) - max(remaining, 0) > len(self.leaves)

    def _limit(self, limit: int) -> int:
        return limit if self.server_limit is None else min(limit, self.server_limit)

    def _forget(self, now: float, stay: float) -> None:
        """Drop what no longer counts. Nothing is further ahead than one stay, unless the clock was set back."""
        leaves = self.leaves
        if leaves and leaves[0] <= now:
            del leaves[: bisect.bisect_right(leaves, now)]
        if leaves and leaves[-1] > now + stay:
            first = bisect.bisect_right(leaves, now + stay)
            leaves[first:] = [now + stay] * (len(leaves) - first)
        if now < self.held_at:
            # Nobody knows how much of the hold is over, so it begins again.
            self.hold_until, self.held_at = now + (self.hold_until - self.held_at), now
        self.hold_until = min(self.hold_until, self.held_at + LONGEST_HOLD_SECONDS)
        if not 0.0 <= now - self.limited_at < stay:
            self.server_limit = None


def _is_stated(server_limit: int | None, remaining: int | None) -> TypeGuard[int]:
    """Whether a limit makes sense: no service leaves more than it allows."""
    return server_limit is not None and server_limit > 0 and (remaining is None or remaining <= server_limit)


class MemoryLimiter:
    """A limiter without files, for one process. Threads, and clients with the same key, can share it."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, margin: float = MARGIN_SECONDS) -> None:
        self._limits = dict(limits)
        self._stay = WINDOW_SECONDS + margin
        self._lock = threading.Lock()
        self._windows: dict[Bucket, Window] = {bucket: Window() for bucket in self._limits}

    def is_off(self, bucket: Bucket) -> bool:
        """See ``Limiter.is_off``."""
        return not self._limits.get(bucket)

    def acquire(self, bucket: Bucket, now: float) -> float:
        """See ``Limiter.acquire``."""
        limit = self._limits.get(bucket)
        if not limit:
            return 0.0
        return self._change(bucket, lambda window: window.acquire(limit, now, self._stay))

    def acquire_at_once(self, bucket: Bucket, now: float) -> float | None:
        """See ``Limiter.acquire_at_once``. Memory never waits."""
        return self.acquire(bucket, now)

    def renew(self, bucket: Bucket, taken: float, now: float) -> float:
        """See ``Limiter.renew``."""
        limit = self._limits.get(bucket)
        if not limit:
            return 0.0
        return self._change(bucket, lambda window: window.renew(limit, taken, now, self._stay))

    def hold(self, bucket: Bucket, until: float, now: float) -> None:
        """See ``Limiter.hold``."""
        if self._limits.get(bucket) and math.isfinite(until):
            self._change(bucket, lambda window: window.hold(until, now, self._stay))

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """See ``Limiter.learn``."""
        own = self._limits.get(bucket)
        if own and (limit is not None or remaining is not None):
            self._change(bucket, lambda window: window.learn(own, limit, remaining, reset, now, self._stay))

    def later(self, bucket: Bucket, ahead: int, now: float) -> float:
        """See ``Limiter.later``."""
        limit = self._limits.get(bucket)
        return self._as_read(bucket).later(limit, ahead, now, self._stay) if limit else 0.0

    def is_news(self, bucket: Bucket, limit: int | None, remaining: int | None, now: float) -> bool:
        """See ``Limiter.is_news``."""
        own = self._limits.get(bucket)
        return own is not None and own > 0 and self._as_read(bucket).is_news(own, limit, remaining, now, self._stay)

    def _as_read(self, bucket: Bucket) -> Window:
        """A copy of the window, which another thread may be changing: it is only to be looked at."""
        window = self._windows[bucket]
        # Not ``evolve``, which takes as long as all the rest.
        return Window(window.leaves[:], window.hold_until, window.held_at, window.server_limit, window.limited_at)

    def close(self) -> None:
        """There is nothing to close."""

    def _change(self, bucket: Bucket, change: Callable[[Window], T]) -> T:
        with self._lock:
            return change(self._windows[bucket])


class SharedLimiter(MemoryLimiter):
    """A limiter that processes share through its own database (``limits.db`` in the state folder).

    If the database cannot be used, runs go on: the limiter logs it once and counts for this process only, from what it
    last read. A 429 that results from it is waited out like any other.
    """

    def __init__(
        self, path: Path, scope: str, limits: Limits = DEFAULT_LIMITS, *, margin: float = MARGIN_SECONDS
    ) -> None:
        super().__init__(limits, margin=margin)
        self._path = path
        self._scope = scope
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        #: With a log beside the file, a write is not waited for; without one, it is when it is on the disk.
        self._never_waits = False
        self._is_alone = False
        #: What this process wrote last, and how often without a new id.
        self._rows: dict[Bucket, _Row] = {}
        self._exchanged = 0
        close_over_forks(self)

    @contextlib.contextmanager
    def closed_over_fork(self) -> Iterator[None]:
        """See ``ForkedFile``."""
        with self._lock:
            self._shut()
            yield

    def acquire(self, bucket: Bucket, now: float) -> float:
        """See ``Limiter.acquire``."""
        wait = self.acquire_at_once(bucket, now)
        return super().acquire(bucket, now) if wait is None else wait

    def acquire_at_once(self, bucket: Bucket, now: float) -> float | None:
        """See ``Limiter.acquire_at_once``. Mostly nobody else has counted since: one statement is the transaction."""
        limit = self._limits.get(bucket)
        if not limit or self._is_alone:
            return super().acquire(bucket, now)
        if not self._lock.acquire(blocking=False):
            return None
        try:
            # Whatever prevents it, what the database has is read before anything else is written.
            known, connection = self._rows.pop(bucket, None), self._connection
            if known is None or connection is None or self._process != os.getpid():
                return None
            if not self._never_waits or self._exchanged >= _EXCHANGES:
                return None
            window = _window(known)
            wait = window.acquire(limit, now, self._stay)
            row = _row(window)
            if not _exchange(connection, self._scope, bucket, known, row):
                return None
            self._exchanged += 1
            self._windows[bucket], self._rows[bucket] = window, row
            return wait
        except sqlite3.Error:
            # Another process has the file just now; or it is damaged, which the next to open a transaction meets too.
            return None
        finally:
            self._lock.release()

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """See ``Limiter.learn``. Most responses confirm the count, and then the database is not touched."""
        if self.is_news(bucket, limit, remaining, now):
            super().learn(bucket, limit, remaining, reset, now)

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
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
        with _patient(connection):
            connection.execute("BEGIN IMMEDIATE")
            try:
                found = _read(connection, self._scope, bucket)
                if found is not None:
                    self._windows[bucket] = _window(found)
                # A row that is gone was taken for one out of use.
                window = self._windows[bucket]
                result = change(window)
                self._rows[bucket] = _write(connection, self._scope, bucket, window)
                connection.execute("COMMIT")
                self._exchanged = 0
            except BaseException:
                self._rows.pop(bucket, None)
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result

    def _open(self) -> sqlite3.Connection:
        # A connection must not be used after a fork.
        if self._connection is None or self._process != os.getpid():
            self._connection = _connect(self._path)
            self._process = os.getpid()
            self._never_waits = self._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            # Close the file with the last reference; Python warns otherwise.
            weakref.finalize(self, self._connection.close)
        return self._connection

    def _go_alone(self, error: Exception) -> None:
        self._is_alone = True
        self._connection = None
        _log.warning(
            "The shared rate limits in %s cannot be used (%s); this process now counts its own requests only. The file "
            "contains only counts and can be deleted while no run is active.",
            self._path,
            error,
        )


@contextlib.contextmanager
def _patient(connection: sqlite3.Connection) -> Iterator[None]:
    """Wait for whoever else writes, and copy the log into the file once it is long, which waits for the disk."""
    connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000:.0f}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
    try:
        yield
    finally:
        connection.execute("PRAGMA busy_timeout=0")
        connection.execute("PRAGMA wal_autocheckpoint=0")


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # Processes that switch a new file to WAL at the same time get "locked" at once, without waiting. One of them
        # succeeds, or the next to open it does; until then it is only slower.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the latest counts but never damages the file; nothing that is paid for depends on them.
        connection.execute("PRAGMA synchronous=NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it has the format of another version, {version}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS windows (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, bucket TEXT NOT NULL, "
            "leaves BLOB NOT NULL, hold_until REAL NOT NULL, server_limit INTEGER, UNIQUE (scope, bucket))"
        )
        # Earlier versions, which may use the file at the same time, do not write these: their holds count as over.
        present = {row[1] for row in connection.execute("PRAGMA table_info(windows)")}
        for column in {"held_at", "limited_at"} - present:
            connection.execute(f"ALTER TABLE windows ADD COLUMN {column} REAL NOT NULL DEFAULT 0")
        # A row that is in use gets a new id every few writes, so the highest ids are those in use.
        connection.execute(
            "DELETE FROM windows WHERE id NOT IN (SELECT id FROM windows ORDER BY id DESC LIMIT ?)", (_ROWS_KEPT,)
        )
        connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: sqlite3.Connection, scope: str, bucket: Bucket) -> _Row | None:
    row: _Row | None = connection.execute(
        "SELECT leaves, hold_until, held_at, server_limit, limited_at FROM windows WHERE scope = ? AND bucket = ?",
        (scope, bucket),
    ).fetchone()
    return row


def _write(connection: sqlite3.Connection, scope: str, bucket: Bucket, window: Window) -> _Row:
    row = _row(window)
    connection.execute(
        "INSERT OR REPLACE INTO windows (scope, bucket, leaves, hold_until, held_at, server_limit, limited_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (scope, bucket, *row),
    )
    return row


def _exchange(connection: sqlite3.Connection, scope: str, bucket: Bucket, known: _Row, row: _Row) -> bool:
    """Write a row if it still is as it was ``known``, and say whether it was. It keeps its id, which is most of it."""
    written = connection.execute(
        "UPDATE windows SET leaves = ?, hold_until = ?, held_at = ?, server_limit = ?, limited_at = ? WHERE scope = ? "
        "AND bucket = ? AND leaves IS ? AND hold_until IS ? AND held_at IS ? AND server_limit IS ? AND limited_at IS ?",
        (*row, scope, bucket, *known),
    )
    return written.rowcount == 1


def _row(window: Window) -> _Row:
    leaves = array("d", window.leaves).tobytes()
    return leaves, window.hold_until, window.held_at, window.server_limit, window.limited_at


def _window(row: _Row) -> Window:
    leaves = array("d")
    try:
        leaves.frombytes(row[0])
    except (TypeError, ValueError) as error:
        raise sqlite3.DatabaseError("a row is damaged") from error
    return Window(leaves.tolist(), *row[1:])
