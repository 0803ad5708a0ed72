"""The clock of a fleet: PostgreSQL's, carried on by each machine's own count of seconds.

Hosts disagree about the time, by minutes if nobody sets their clocks. What is compared between hosts (when a request
was sent, and now) is compared on the clock that all of them share.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, ClassVar, Final

import attrs

from specstep_flows.engine.clock import since_boot

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.fleet.database import Database

#: How much two clocks may drift apart in a second: a bad one loses nine seconds a day.
_DRIFT: Final = 1e-4


@attrs.frozen
class _Sample:
    """What was added to this machine's count to get the server's time, how wrong that may be, and when it was read."""

    offset: float
    error: float
    read_at: float

    def error_at(self, now: float) -> float:
        return self.error + _DRIFT * (now - self.read_at)


class DatabaseClock:
    """The server's time, ``speed`` times as fast. Setting a machine's clock changes nothing.

    It says nothing of the start of a machine, unlike ``SystemClock``: another host has another one, and would take the
    seconds since its own for those since a request of the first. Whoever takes a run over waits itself for as long as
    a request may take to be carried out.

    Raises:
        StoreError: the database cannot be used.
    """

    is_shared: ClassVar[bool] = True

    def __init__(self, database: Database, speed: float = 1.0, *, count: Callable[[], float] = since_boot) -> None:
        self.speed = speed
        self._database = database
        self._count = count
        self._lock = threading.Lock()
        self._sample: _Sample | None = None
        self.read()

    def now(self) -> float:
        """Seconds since the epoch, on this clock. Nothing is asked."""
        sample = self._sample
        assert sample is not None
        return (self._count() + sample.offset) * self.speed

    def read(self) -> float:
        """Read the server's clock again; real seconds since the epoch. Raises ``StoreError``."""
        before = self._count()
        server = self._database.run(lambda connection: connection.execute(SERVER_TIME).fetchone())
        assert server is not None
        self.note(server[0], before, self._count())
        return float(server[0])

    def note(self, server: float, before: float, after: float) -> None:
        """The server's time was that at some moment between two counts of this machine."""
        new = _Sample(server - (before + after) / 2, (after - before) / 2, after)
        with self._lock:
            old = self._sample
            # A slow answer says less than what is known; unless both cannot be true, as after a failover.
            if (
                old is None
                or new.error <= old.error_at(after)
                or abs(new.offset - old.offset) > new.error + old.error_at(after)
            ):
                self._sample = new

    def count(self) -> float:
        """This machine's own count of seconds, for ``note``."""
        return self._count()

    def sleep(self, seconds: float) -> None:
        """Block for that many seconds on this clock."""
        time.sleep(max(0.0, seconds) / self.speed)

    async def sleep_async(self, seconds: float) -> None:
        """Wait that many seconds on this clock, without blocking the event loop."""
        import asyncio

        await asyncio.sleep(max(0.0, seconds) / self.speed)


#: The server's time in seconds since the epoch.
SERVER_TIME: Final = "SELECT extract(epoch FROM clock_timestamp())::double precision"
