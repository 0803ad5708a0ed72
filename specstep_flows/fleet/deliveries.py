"""Webhook deliveries of a fleet: whichever pod receives one, the run that it is about is woken, wherever that is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from specstep_flows import errors
from specstep_flows._text import without_secrets
from specstep_flows.fleet.clock import SERVER_TIME
from specstep_flows.runs.deliveries import (
    KEPT_DELIVERIES,
    KEPT_SECONDS,
    LEASE_SECONDS,
    REPLAY_SECONDS,
    StoredDelivery,
    StoredSubscription,
)

if TYPE_CHECKING:
    from specstep_flows.fleet.database import Connection, Database
    from specstep_flows.runs.deliveries import Claim

#: How often all runs of a process together look for deliveries, in real seconds: while somebody receives them, and
#: while nobody does.
SERVED_SECONDS: Final = 1.0
UNSERVED_SECONDS: Final = 10.0
_COLUMNS: Final = "receiver, id, event, generation_id, received_at, attempts, state, headers, body"


class PostgresDeliveries:
    """See ``runs.protocol.Deliveries``. Times are the server's, so that hosts agree on them."""

    def __init__(self, database: Database, *, count: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._count = count
        self._lock = threading.Lock()
        #: The last delivery's number and whether a receiver is there, and when that was read.
        self._seen = (0, False)
        self._looked_at: float | None = None
        #: The number of the last delivery about each generation.
        self._newest: dict[str, int] = {}
        self._table, self._receivers, self._subscriptions = map(
            database.table, ("deliveries", "receivers", "subscriptions")
        )

    def close(self) -> None:
        """There is nothing of its own to close."""

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
        """See ``Deliveries.claim``; a body with a signed address in it is not kept."""
        text = body.decode("utf-8", "replace")
        kept = body if without_secrets(text) == text else None
        about = None if generation_id is None else str(generation_id)
        row = [receiver, delivery_id, event, about, json.dumps(list(headers)), kept]

        def take(connection: Connection) -> Claim:
            # One after the other: a number must not come to light before a smaller one, which would never be seen.
            connection.execute("SELECT pg_advisory_xact_lock(%s, -1)", [self._database.lock_class])
            server = _server_time(connection)
            made = connection.execute(
                f"INSERT INTO {self._table} (receiver, id, event, generation_id, received_at, begun_at, attempts, "
                "state, headers, body) VALUES (%s, %s, %s, %s, %s, %s, 1, 'begun', %s, %s) ON CONFLICT DO NOTHING",
                [*row[:4], server, server, *row[4:]],
            )
            if made.rowcount:
                self._let_old_ones_go(connection, server)
                return "new"
            found = connection.execute(
                f"UPDATE {self._table} SET state = 'begun', begun_at = %s, attempts = attempts + 1 "
                "WHERE receiver = %s AND id = %s AND (state = 'failed' "
                "OR (state = 'begun' AND NOT %s - begun_at BETWEEN 0 AND %s))",
                [server, receiver, delivery_id, server, LEASE_SECONDS],
            )
            if found.rowcount:
                return "new"
            known = connection.execute(
                f"SELECT state FROM {self._table} WHERE receiver = %s AND id = %s", [receiver, delivery_id]
            ).fetchone()
            return "done" if known == ("done",) else "busy"

        return self._database.transact(take)

    def _let_old_ones_go(self, connection: Connection, now: float) -> None:
        connection.execute(
            f"DELETE FROM {self._table} WHERE received_at < %s AND (received_at < %s OR number <= "
            f"(SELECT max(number) FROM {self._table}) - %s)",
            [now - REPLAY_SECONDS, now - KEPT_SECONDS, KEPT_DELIVERIES],
        )

    def settle(self, receiver: str, delivery_id: str, *, is_done: bool) -> None:
        """See ``Deliveries.settle``."""
        state = "done" if is_done else "failed"
        self._do(
            f"UPDATE {self._table} SET state = %s WHERE receiver = %s AND id = %s AND state <> 'done'",
            [state, receiver, delivery_id],
        )

    def serve(self, token: str, seconds: float) -> None:
        """See ``Deliveries.serve``."""

        def change(connection: Connection) -> None:
            server = _server_time(connection)
            connection.execute(f"DELETE FROM {self._receivers} WHERE until < %s", [server])
            connection.execute(
                f"INSERT INTO {self._receivers} VALUES (%s, %s) ON CONFLICT (token) DO UPDATE SET until = "
                "excluded.until",
                [token, server + seconds],
            )

        self._database.transact(change)

    def leave(self, token: str) -> None:
        """See ``Deliveries.leave``."""
        self._do(f"DELETE FROM {self._receivers} WHERE token = %s", [token])

    # Waiting

    def unchanged(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool] | None:
        """See ``Deliveries.unchanged``: by what was read a moment ago, for whichever run."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if not self._is_fresh():
                return None
            last, is_served = self._seen
            is_old = after is not None and all(self._newest.get(str(one), 0) <= after for one in generation_ids)
            return (last, is_served) if is_old else None
        finally:
            self._lock.release()

    def _is_fresh(self) -> bool:
        wait = SERVED_SECONDS if self._seen[1] else UNSERVED_SECONDS
        return self._looked_at is not None and self._count() - self._looked_at < wait

    def since(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool, dict[UUID, bytes | None]]:
        """See ``Deliveries.since``. What cannot be read says nothing: a run does not depend on it."""
        try:
            with self._lock:
                if not self._is_fresh():
                    self._refresh()
                last, is_served = self._seen
                wanted = [] if after is None or after >= last else self._about(generation_ids, after)
            return last, is_served, self._bodies(wanted, after or 0) if wanted else {}
        except (errors.StoreError, ValueError):
            return after or 0, False, {}

    def _about(self, generation_ids: Collection[UUID], after: int) -> list[UUID]:
        return [one for one in generation_ids if self._newest.get(str(one), 0) > after]

    def _refresh(self) -> None:
        """Note which generations the latest deliveries are about, so that the runs of all others need not ask."""
        query = (
            f"SELECT d.number, d.generation_id, EXISTS (SELECT FROM {self._receivers} WHERE until > ({SERVER_TIME})) "
            f"FROM (SELECT) one LEFT JOIN {self._table} d ON d.number > %s ORDER BY d.number"
        )
        before = self._count()
        rows = self._database.run(lambda connection: connection.execute(query, [self._seen[0]]).fetchall())
        new = [(number, about) for number, about, _ in rows if number is not None]
        self._newest |= {about: number for number, about in new if about is not None}
        self._seen = (new[-1][0] if new else self._seen[0], rows[0][2])
        self._looked_at = before

    def _bodies(self, generation_ids: Collection[UUID], after: int) -> dict[UUID, bytes | None]:
        query = (
            f"SELECT DISTINCT ON (generation_id) generation_id, body FROM {self._table} "
            "WHERE generation_id = ANY(%s) AND number > %s ORDER BY generation_id, number DESC"
        )
        about = [str(one) for one in generation_ids]
        rows = self._database.run(lambda connection: connection.execute(query, [about, after]).fetchall())
        return {UUID(about): body for about, body in rows}

    # Looking

    def all(self) -> list[StoredDelivery]:
        """See ``Deliveries.all``."""
        return self._stored("ORDER BY number DESC", [])

    def find(self, delivery_id: str) -> StoredDelivery | None:
        """See ``Deliveries.find``."""
        return next(iter(self._stored("WHERE id = %s ORDER BY body IS NULL, number", [delivery_id])), None)

    def _stored(self, rest: str, values: Sequence[Any]) -> list[StoredDelivery]:
        query = f"SELECT {_COLUMNS} FROM {self._table} {rest}"
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
            for receiver, id_, event, about, received_at, attempts, state, headers, body in self._fetch(query, values)
        ]

    # What a listener has registered

    def subscriptions(self, api_url: str) -> list[StoredSubscription]:
        """See ``Deliveries.subscriptions``."""
        query = f"SELECT token, api_url, key_id, url, known, webhook_id FROM {self._subscriptions} WHERE api_url = %s"
        return [
            StoredSubscription(token, url_of_api, key_id, url, tuple(json.loads(known)), webhook_id)
            for token, url_of_api, key_id, url, known, webhook_id in self._fetch(query, [api_url])
        ]

    def keep_subscription(self, kept: StoredSubscription) -> None:
        """See ``Deliveries.keep_subscription``."""
        names = ("api_url", "key_id", "url", "known", "webhook_id")
        self._do(
            f"INSERT INTO {self._subscriptions} VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (token) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in names),
            [kept.token, kept.api_url, kept.key_id, kept.url, json.dumps(list(kept.known)), kept.webhook_id],
        )

    def drop_subscription(self, token: str) -> None:
        """See ``Deliveries.drop_subscription``."""
        self._do(f"DELETE FROM {self._subscriptions} WHERE token = %s", [token])

    def _do(self, statement: str, values: Sequence[Any]) -> None:
        self._database.run(lambda connection: connection.execute(statement, values))

    def _fetch(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._database.run(lambda connection: connection.execute(query, values).fetchall())


def _server_time(connection: Connection) -> float:
    row = connection.execute(SERVER_TIME).fetchone()
    assert row is not None
    return float(row[0])
