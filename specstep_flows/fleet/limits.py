"""Rate limits that all hosts share: one row a key and bucket, changed under its lock, on the server's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from specstep_flows.engine.limits import (
    DEFAULT_LIMITS,
    MARGIN_SECONDS,
    WINDOW_SECONDS,
    MemoryLimiter,
    Window,
    margin_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.engine.limits import Bucket, Limits
    from specstep_flows.fleet.clock import DatabaseClock
    from specstep_flows.fleet.database import Connection, Database

T = TypeVar("T")

_COLUMNS: Final = "leaves, hold_until, held_at, server_limit, limited_at"


@attrs.frozen
class Room:
    """What is left of one limit of a key."""

    #: How many requests may be sent now, of how many in 60 s.
    left: int
    limit: int
    #: How many seconds it takes until one more may be sent; 0.0 if it may be now.
    seconds: float


def rooms(connection: Connection, speed: float = 1.0) -> dict[str, dict[Bucket, Room]]:
    """What is left of the limits of every key that anybody has used, by its name. Nothing is counted by looking."""
    found = connection.execute(
        f"SELECT name, bucket, {_COLUMNS}, extract(epoch FROM clock_timestamp())::double precision * %s "
        "FROM keys LEFT JOIN limits USING (scope)",
        [speed],
    ).fetchall()
    windows = {(name, bucket): Window(*columns) for name, bucket, *columns, _ in found if bucket is not None}
    stay = WINDOW_SECONDS + margin_at(speed)
    known: dict[str, dict[Bucket, Room]] = {}
    for name, *_, now in found:
        for bucket, limit in DEFAULT_LIMITS.items():
            window = windows.get((name, bucket), Window())
            wait = window.later(limit or 0, 0, now, stay) / speed
            known.setdefault(name, {})[bucket] = Room(window.left(limit or 0, now, stay), limit or 0, wait)
    return known


class PostgresLimiter(MemoryLimiter):
    """A limiter that processes on any host share. Without PostgreSQL nothing may be sent (``StoreError``).

    Args:
        database: where the counts are.
        scope: the key and the service's address, as a digest.
        limits: how many requests a minute.
        clock: the clock that requests are counted on, asked at each use. None: whatever time the caller gives, which
            must then be the same for all.
        margin: see ``MARGIN_SECONDS``.
    """

    def __init__(
        self,
        database: Database,
        scope: str,
        limits: Limits = DEFAULT_LIMITS,
        *,
        clock: Callable[[], DatabaseClock | None] = lambda: None,
        margin: float = MARGIN_SECONDS,
    ) -> None:
        super().__init__(limits, margin=margin)
        self._database = database
        self._scope = scope
        self._clock = clock
        table = database.table("limits")
        self._read = (
            f"SELECT {_COLUMNS}, extract(epoch FROM clock_timestamp())::double precision FROM {table} "
            "WHERE scope = %s AND bucket = %s FOR UPDATE"
        )
        self._create = f"INSERT INTO {table} (scope, bucket, leaves) VALUES (%s, %s, '{{}}') ON CONFLICT DO NOTHING"
        self._write = (
            f"UPDATE {table} SET leaves = %s::double precision[], hold_until = %s, held_at = %s, server_limit = %s, "
            "limited_at = %s WHERE scope = %s AND bucket = %s"
        )

    def acquire(self, bucket: Bucket, now: float) -> float:
        """See ``Limiter.acquire``. A place that is not free is only looked at."""
        if self.is_off(bucket):
            return 0.0
        acquire = super().acquire
        return self._locked(bucket, now, lambda at: acquire(bucket, at), is_change=lambda wait: wait <= 0)

    def acquire_at_once(self, bucket: Bucket, now: float) -> float | None:
        """See ``Limiter.acquire_at_once``. Whatever is counted is counted by the server, which has to be asked."""
        return 0.0 if self.is_off(bucket) else None

    def renew(self, bucket: Bucket, taken: float, now: float) -> float:
        """See ``Limiter.renew``."""
        if self.is_off(bucket):
            return 0.0
        renew = super().renew
        return self._locked(bucket, now, lambda at: renew(bucket, at - (now - taken), at), lambda wait: wait <= 0)

    def hold(self, bucket: Bucket, until: float, now: float) -> None:
        """See ``Limiter.hold``."""
        if not self.is_off(bucket):
            hold = super().hold
            self._locked(bucket, now, lambda at: hold(bucket, at + (until - now), at))

    def learn(self, bucket: Bucket, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        """See ``Limiter.learn``. Most responses confirm the count, and then the database is not asked."""
        if not self.is_off(bucket) and self.is_news(bucket, limit, remaining, now):
            learn = super().learn
            self._locked(bucket, now, lambda at: learn(bucket, limit, remaining, reset, at))

    def _locked(
        self,
        bucket: Bucket,
        now: float,
        act: Callable[[float], T],
        is_change: Callable[[T], bool] = lambda result: True,
    ) -> T:
        """Change the window while nobody else does; ``act`` is told the time at which that is."""

        def work(connection: Connection) -> T:
            clock = self._clock()
            before = clock.count() if clock is not None else 0.0
            row = connection.execute(self._read, [self._scope, bucket]).fetchone()
            if row is None:
                connection.execute(self._create, [self._scope, bucket])
                row = connection.execute(self._read, [self._scope, bucket]).fetchone()
            assert row is not None
            leaves, hold_until, held_at, server_limit, limited_at, server = row
            self._windows[bucket] = Window(leaves, hold_until, held_at, server_limit, limited_at)
            at = now
            if clock is not None:
                clock.note(server, before, clock.count())
                at = server * clock.speed
            result = act(at)
            if is_change(result):
                values = attrs.astuple(self._windows[bucket])
                connection.execute(self._write, [*values, self._scope, bucket])
            return result

        with self._lock:
            return self._database.transact(work)

    def _change(self, bucket: Bucket, change: Callable[[Window], T]) -> T:
        """Called under the lock of the row, with the window as it is there."""
        return change(self._windows[bucket])
