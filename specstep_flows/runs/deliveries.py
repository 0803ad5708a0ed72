"""Webhook deliveries beside the runs: which were received, who receives, and what a listener has registered.

A database of its own (``webhooks.db`` in the state folder): a run that waits asks it twice a second whether anything
changed, which costs a few microseconds and would cost more if every write of every run were a change. Deliveries are
kept for some days, so that they can be sent again; a signing secret is never kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._paths import home_path
from specstep_flows._text import without_secrets
from specstep_flows.runs.database import transaction
from specstep_flows.runs.forks import close_over_forks
from specstep_flows.runs.privacy import make_private

#: What may be done with a delivery: it is ``new``, was ``done`` before, or is ``busy`` in another call just now.
Claim: TypeAlias = Literal["new", "done", "busy"]
T = TypeVar("T")

FILE_NAME: Final = "webhooks.db"
#: A delivery whose receiver says nothing for so long, in seconds, was dropped by it. The service's last attempt comes
#: 21 s after the first (walkthrough, step 7.5: 1, 4 and 16 s), and must not find it still taken.
LEASE_SECONDS: Final = 15.0
#: Within so many seconds a delivery that is sent again can still pass for a recent one, so its id is kept whatever
#: comes: 5 minutes before and after, and a margin.
REPLAY_SECONDS: Final = 900.0
#: Older ones are kept for so long and up to so many, so that they can be looked at and sent again.
KEPT_SECONDS: Final = 3 * 86400.0
KEPT_DELIVERIES: Final = 2000

_SCHEMA_VERSION: Final = 1
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, "
    "id TEXT NOT NULL, event TEXT NOT NULL, generation_id TEXT, received_at REAL NOT NULL, begun_at REAL NOT NULL, "
    "attempts INTEGER NOT NULL, state TEXT NOT NULL, headers TEXT NOT NULL, body BLOB, UNIQUE (receiver, id))",
    "CREATE INDEX IF NOT EXISTS by_generation ON deliveries (generation_id, number)",
    "CREATE INDEX IF NOT EXISTS by_age ON deliveries (received_at)",
    "CREATE TABLE IF NOT EXISTS receivers (token TEXT PRIMARY KEY NOT NULL, until REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS subscriptions (token TEXT PRIMARY KEY NOT NULL, api_url TEXT NOT NULL, "
    "key_id TEXT NOT NULL, url TEXT NOT NULL, known TEXT NOT NULL, webhook_id TEXT)",
)
_COLUMNS: Final = "receiver, id, event, generation_id, received_at, attempts, state, headers, body"


@attrs.frozen
class StoredDelivery:
    """A delivery as it was received. ``state`` is ``begun``, ``done`` or ``failed``; ``body`` is None if not kept."""

    receiver: str
    id: str
    event: str
    generation_id: UUID | None
    received_at: float
    attempts: int
    state: str
    headers: Sequence[tuple[str, str]] = attrs.field(repr=False)
    body: bytes | None = attrs.field(repr=False)


@attrs.frozen
class StoredSubscription:
    """A webhook that a listener registers: what it is about to do, and once that is known, the webhook's id.

    ``known`` are the key's webhooks from before, so that after a crash the one that was made can be told from them.
    """

    token: str
    api_url: str
    key_id: str
    url: str
    known: Sequence[str]
    webhook_id: str | None = None


class DeliveryLog:
    """The deliveries of one store. Threads share it, and so do processes; it is opened when it is first used.

    Raises:
        StoreError: it cannot be read or written.
    """

    def __init__(self, folder: Path | str | None) -> None:
        self._folder = None if folder is None else home_path(folder)
        self._lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._process = 0
        self._close: Callable[[], object] = _nothing
        #: Changes of this object, which SQLite does not count as another one's.
        self._writes = 0
        #: The last delivery's number and until when a receiver is there, as they were at a version of the file.
        self._version: tuple[int, int] | None = None
        self._seen = (0, 0.0)
        #: The number of the last delivery about each generation.
        self._newest: dict[str, int] = {}
        if folder is not None:
            close_over_forks(self)

    @contextlib.contextmanager
    def closed_over_fork(self) -> Iterator[None]:
        """See ``ForkedFile``."""
        with self._lock:
            self.close()
            yield

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._close()
            self._database, self._version = None, None

    # Receiving

    def claim(
        self,
        receiver: str,
        delivery_id: str,
        event: str,
        generation_id: UUID | None,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        now: float,
    ) -> Claim:
        """Take a delivery, unless it was taken before. Old ones leave.

        Two receivers may share a store, and one pass its deliveries on to the other: each takes them for itself. A body
        with a signed address in it is not kept.
        """
        text = body.decode("utf-8", "replace")
        kept = body if without_secrets(text) == text else None

        def take(database: sqlite3.Connection) -> Claim:
            found = database.execute(
                "SELECT number, state, begun_at FROM deliveries WHERE receiver = ? AND id = ?", [receiver, delivery_id]
            ).fetchone()
            if found is None:
                about = None if generation_id is None else str(generation_id)
                row = [receiver, delivery_id, event, about, now, now, json.dumps(list(headers)), kept]
                database.execute(
                    "INSERT INTO deliveries (receiver, id, event, generation_id, received_at, begun_at, attempts, "
                    "state, headers, body) VALUES (?, ?, ?, ?, ?, ?, 1, 'begun', ?, ?)",
                    row,
                )
                self._let_old_ones_go(database, now)
                return "new"
            number, state, begun_at = found
            if state == "done":
                return "done"
            if state == "begun" and 0.0 <= now - begun_at < LEASE_SECONDS:
                return "busy"
            database.execute(
                "UPDATE deliveries SET state = 'begun', begun_at = ?, attempts = attempts + 1 WHERE number = ?",
                [now, number],
            )
            return "new"

        return self._write(take)

    @staticmethod
    def _let_old_ones_go(database: sqlite3.Connection, now: float) -> None:
        database.execute(
            "DELETE FROM deliveries WHERE received_at < ? AND (received_at < ? OR number <= "
            "(SELECT max(number) FROM deliveries) - ?)",
            [now - REPLAY_SECONDS, now - KEPT_SECONDS, KEPT_DELIVERIES],
        )

    def settle(self, receiver: str, delivery_id: str, *, is_done: bool) -> None:
        """What was taken is done, or has failed and may be taken again, unless another process is done with it."""
        state = "done" if is_done else "failed"
        self._write(
            lambda database: database.execute(
                "UPDATE deliveries SET state = ? WHERE receiver = ? AND id = ? AND state <> 'done'",
                [state, receiver, delivery_id],
            )
        )

    def serve(self, token: str, seconds: float) -> None:
        """A receiver is there, and will be for that many real seconds unless it says so again."""
        now = time.time()

        def change(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM receivers WHERE until < ?", [now])
            database.execute("INSERT OR REPLACE INTO receivers VALUES (?, ?)", [token, now + seconds])

        self._write(change)

    def leave(self, token: str) -> None:
        """A receiver is no longer there."""
        self._write(lambda database: database.execute("DELETE FROM receivers WHERE token = ?", [token]))

    # Waiting

    def unchanged(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool] | None:
        """What ``since`` would say if it has nothing new; None if the file must be read, or waited for, to know."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if not self._is_there():
                return after or 0, False
            if self._database is None or self._version != self._file_version(self._open()):
                return None
            last, until = self._seen
            is_old = after is not None and all(self._newest.get(str(one), 0) <= after for one in generation_ids)
            return (last, until > time.time()) if is_old else None
        except (sqlite3.Error, OSError):
            return None
        finally:
            self._lock.release()

    def _file_version(self, database: sqlite3.Connection) -> tuple[int, int]:
        return database.execute("PRAGMA data_version").fetchone()[0], self._writes

    def since(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool, dict[UUID, bytes | None]]:
        """The last delivery's number, whether a receiver is there, and the newest body about each generation.

        Bodies are of deliveries after ``after``; there is none without it. What cannot be read says nothing: a run
        does not depend on it. A store that has received nothing is not made by asking.
        """
        try:
            with self._lock:
                if not self._is_there():
                    return after or 0, False, {}
                database = self._open()
                version = self._file_version(database)
                if version != self._version:
                    self._refresh(database)
                    self._version = version
                last, until = self._seen
                found = {} if after is None or after >= last else self._about(database, generation_ids, after)
                return last, until > time.time(), found
        except (sqlite3.Error, OSError, ValueError, errors.StoreError):
            return after or 0, False, {}

    def _refresh(self, database: sqlite3.Connection) -> None:
        """Note which generations the latest deliveries are about, so that the runs of all others need not ask."""
        new = database.execute(
            "SELECT number, generation_id FROM deliveries WHERE number > ? ORDER BY number", [self._seen[0]]
        ).fetchall()
        until = database.execute("SELECT max(until) FROM receivers").fetchone()[0]
        self._newest |= {about: number for number, about in new if about is not None}
        self._seen = (new[-1][0] if new else self._seen[0], until or 0.0)

    @staticmethod
    def _about(database: sqlite3.Connection, generation_ids: Collection[UUID], after: int) -> dict[UUID, bytes | None]:
        found = {}
        for identifier in generation_ids:
            row = database.execute(
                "SELECT body FROM deliveries WHERE generation_id = ? AND number > ? ORDER BY number DESC LIMIT 1",
                [str(identifier), after],
            ).fetchone()
            if row is not None:
                found[identifier] = row[0]
        return found

    # Looking

    def all(self) -> list[StoredDelivery]:
        """Every delivery that is kept, the newest first."""
        return self._read(f"SELECT {_COLUMNS} FROM deliveries ORDER BY number DESC", [])  # noqa: S608 - our names

    def find(self, delivery_id: str) -> StoredDelivery | None:
        """The delivery of that id, if it is kept."""
        query = f"SELECT {_COLUMNS} FROM deliveries WHERE id = ? ORDER BY body IS NULL, number"  # noqa: S608
        return next(iter(self._read(query, [delivery_id])), None)

    def _read(self, query: str, values: Sequence[Any]) -> list[StoredDelivery]:
        def read(database: sqlite3.Connection) -> list[StoredDelivery]:
            return [
                StoredDelivery(
                    receiver,
                    id_,
                    event,
                    None if about is None else UUID(about),
                    received_at,
                    attempts,
                    state,
                    tuple((name, value) for name, value in json.loads(headers)),
                    body,
                )
                for receiver, id_, event, about, received_at, attempts, state, headers, body in database.execute(
                    query, values
                ).fetchall()
            ]

        return self._look(read)

    # What a listener has registered

    def subscriptions(self, api_url: str) -> list[StoredSubscription]:
        """The webhooks that listeners registered at one service and have not removed."""

        def read(database: sqlite3.Connection) -> list[StoredSubscription]:
            rows = database.execute(
                "SELECT token, api_url, key_id, url, known, webhook_id FROM subscriptions WHERE api_url = ?", [api_url]
            ).fetchall()
            return [
                StoredSubscription(token, url_of_api, key_id, url, tuple(json.loads(known)), webhook_id)
                for token, url_of_api, key_id, url, known, webhook_id in rows
            ]

        return self._look(read)

    def keep_subscription(self, kept: StoredSubscription) -> None:
        """Write a listener's webhook down, before it is registered and after."""
        row = [kept.token, kept.api_url, kept.key_id, kept.url, json.dumps(list(kept.known)), kept.webhook_id]
        self._write(
            lambda database: database.execute("INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?, ?, ?, ?)", row)
        )

    def drop_subscription(self, token: str) -> None:
        """A listener's webhook is gone."""
        self._write(lambda database: database.execute("DELETE FROM subscriptions WHERE token = ?", [token]))

    # The file

    def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        def write(database: sqlite3.Connection) -> T:
            with transaction(database):
                result = change(database)
            self._writes += 1
            return result

        return self._with(write)

    def _look(self, read: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        return self._with(read) if self._folder is None or self._is_there() else []

    def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._lock:
                return work(self._open())
        except (sqlite3.Error, OSError, ValueError) as error:
            raise errors.StoreError(
                f"The webhook deliveries in {self._folder or 'memory'} cannot be read or written ({error}). The file "
                f"{FILE_NAME} can be deleted while nothing receives: the runs are elsewhere."
            ) from None

    def _is_there(self) -> bool:
        return self._database is not None or (self._folder is not None and (self._folder / FILE_NAME).exists())

    def _open(self) -> sqlite3.Connection:
        """The database of this process: a connection must not be used after a fork."""
        if self._database is None or self._process != os.getpid():
            self._database, self._process = _connect(self._folder), os.getpid()
            self._version, self._seen, self._newest = None, (0, 0.0), {}
            # Close the file with the last reference; Python warns otherwise.
            self._close = weakref.finalize(self, self._database.close)
        return self._database


def _nothing() -> None:
    """What is not open is not closed."""


def _connect(folder: Path | None) -> sqlite3.Connection:
    name = ":memory:"
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private(folder / FILE_NAME)
        name = str(folder / FILE_NAME)
    database = sqlite3.connect(name, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        # Processes that switch a new file to WAL at the same time get "locked" at once, without waiting.
        with contextlib.suppress(sqlite3.OperationalError):
            database.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the latest deliveries, which the service sends again or a look finds; never the file.
        database.execute("PRAGMA synchronous=NORMAL")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError(f"it has the format of another version, {version}")
        if version != _SCHEMA_VERSION:
            with transaction(database):
                for statement in _SCHEMA:
                    database.execute(statement)
                database.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
    except BaseException:
        database.close()
        raise
    return database
