"""The session of a process with PostgreSQL: what it holds, it holds as long as this one connection lives.

A process that is stopped keeps its connection, so nobody takes its runs; one that is killed loses it at once; a host
that vanishes is noticed by keepalive. There is no lease, and no clock that could be wrong.
"""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from typing import TYPE_CHECKING, Final, TypeVar

import psycopg

from specstep_flows._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.fleet.database import Connection, Database

T = TypeVar("T")

#: How long a session that ended without a word is listed, in seconds.
KEPT_SECONDS: Final = 86400.0


class Session:
    """One connection with the advisory lock of its own ``id``: whoever holds something has one.

    Args:
        database: where.
        name: what to call it where it is listed.
        capacity: how many runs it drives at a time; 0 for a process that is no worker.

    Raises:
        StoreError: PostgreSQL cannot be used.
    """

    def __init__(self, database: Database, name: str = "", *, capacity: int = 0) -> None:
        self.database = database
        self.process = os.getpid()
        self.is_lost = False
        self._table = database.table("workers")
        self._connection = database.connect()
        # Ends with the last reference; psycopg warns otherwise.
        weakref.finalize(self, _close, self._connection, self.process)
        host = socket.gethostname()
        try:
            self.id = self._open(self._connection, name or f"{host}:{self.process}", host, capacity)
        except psycopg.Error as error:
            self._connection.close()
            raise database.failure(error) from None

    def _open(self, connection: Connection, name: str, host: str, capacity: int) -> int:
        row = connection.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))::int", [self._table]).fetchone()
        assert row is not None
        # Before anybody can see the row: one whose lock is free is dead.
        connection.execute("SELECT pg_advisory_lock(%s, %s)", [self.database.lock_class, row[0]])
        now = "extract(epoch FROM clock_timestamp())"
        connection.execute(
            f"INSERT INTO {self._table} (id, name, host, pid, started_at, beat_at, capacity, version) "
            f"VALUES (%s, %s, %s, %s, {now}, {now}, %s, %s)",
            [row[0], name, host, self.process, capacity, __version__],
        )
        forget_dead(connection, self.database, row[0])
        return int(row[0])

    def beat(self, read: Callable[[Connection], T]) -> tuple[float, bool, T] | None:
        """The server's time (real seconds since the epoch), whether to drain, and what is read in the same transaction.

        None if the session is lost. Raises ``StoreError`` if it is not, and yet nothing can be read.
        """
        now = "extract(epoch FROM clock_timestamp())::double precision"
        row = None
        try:
            with self._connection.transaction():
                row = self._connection.execute(
                    f"UPDATE {self._table} SET beat_at = {now} WHERE id = %s RETURNING beat_at, draining",
                    [self.id],
                ).fetchone()
                if row is not None:
                    return row[0], row[1], read(self._connection)
        except psycopg.Error as error:
            if row is not None and not self._connection.closed:
                raise self.database.failure(error) from None
        self.is_lost = True
        return None

    @property
    def is_open(self) -> bool:
        """Whether this process may still have it, as far as can be seen without asking."""
        return not self.is_lost and not self._connection.closed and self.process == os.getpid()

    def fileno(self) -> int:
        """The connection's socket: what comes there between two beats is mostly its end."""
        return self._connection.fileno()

    def close(self) -> None:
        """End it: whatever it holds is free."""
        if self.process != os.getpid():
            return
        with contextlib.suppress(psycopg.Error):
            self._connection.execute(
                f"DELETE FROM {self._table} WHERE id = %s",
                [self.id],
            )
        self.is_lost = True
        self._connection.close()


def _close(connection: Connection, process: int) -> None:
    """Close it, in the process that opened it: a child that ends would end its parent's session."""
    if process == os.getpid():
        connection.close()


def forget_dead(connection: Connection, database: Database, own_id: int = 0) -> None:
    """Forget sessions that ended long ago without a word, with what they held; ``own_id``: this connection's own."""
    connection.execute(
        f"WITH gone AS (DELETE FROM {database.table('workers')} WHERE beat_at < "
        "extract(epoch FROM clock_timestamp()) - %s AND id <> %s AND pg_try_advisory_xact_lock_shared(%s, id::int) "
        f"RETURNING id) DELETE FROM {database.table('holds')} WHERE worker IN (SELECT id FROM gone)",
        [KEPT_SECONDS, own_id, database.lock_class],
    )
