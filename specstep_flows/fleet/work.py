"""Working: what of a fleet drives runs in this process, as a worker or for another queue, one run at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from specstep_flows import errors
from specstep_flows.engine.drivers import in_thread
from specstep_flows.fleet.check import refuse_pooler
from specstep_flows.fleet.drive import Driver
from specstep_flows.fleet.health import Health, served
from specstep_flows.fleet.payload import check_policies
from specstep_flows.fleet.schema import check_version
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.fleet.worker import BEAT_SECONDS, CAPACITY, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from specstep_flows.callbacks import Policy
    from specstep_flows.events import Event
    from specstep_flows.fleet.desk import Desk
    from specstep_flows.fleet.drive import Outcome
    from specstep_flows.fleet.keys import Keys

__all__ = ["CAPACITY", "SyncWork", "Work"]

R = TypeVar("R")
logger = logging.getLogger("specstep_flows.fleet")

#: The most runs that one process has in hand; each takes memory, and the event loop some time.
LARGEST_CAPACITY: Final = 10_000


class Work:
    """Drives runs on the event loop that it is called on."""

    def __init__(self, desk: Desk, keys: Keys, on_event: Callable[[str, Event], Any] | None = None) -> None:
        self._desk, self._keys, self._on_event = desk, keys, on_event
        #: Those of another queue's calls: connections belong to a loop, and so does what a worker's beat does besides.
        self._drivers: dict[asyncio.AbstractEventLoop, Driver] = {}
        self._looking: dict[asyncio.AbstractEventLoop, asyncio.Task[None]] = {}
        self.beat_seconds = BEAT_SECONDS
        #: The worker, while there is one.
        self.worker: Worker | None = None

    async def aclose(self) -> None:
        """Close the connections to the service."""
        await self._close(list(self._drivers))

    async def _close(self, loops: Sequence[asyncio.AbstractEventLoop]) -> None:
        for loop in loops:
            driver = self._drivers.pop(loop)
            if loop is asyncio.get_running_loop():
                await driver.close()
            await in_thread(driver.store.close)

    async def work(
        self, capacity: int, policies: Mapping[str, Policy], name: str = "", health_port: int | None = None
    ) -> int:
        """See ``Fleet.work``."""
        if isinstance(asyncio.get_running_loop(), getattr(asyncio, "ProactorEventLoop", ())):
            raise errors.UsageError(
                "A worker cannot run on this event loop, the usual one of Windows, because psycopg cannot: call "
                "SyncFleet.work, or use asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)."
            )
        if not self._keys:
            raise errors.SettingsError(
                "This process has no key to drive runs with: set SPECSTEP_KEY_<NAME>, or name a file of keys in "
                "SPECSTEP_FLEET_KEYS."
            )
        check_policies(policies)
        if not isinstance(capacity, int) or not 1 <= capacity <= LARGEST_CAPACITY:
            raise errors.UsageError(f"A worker drives 1 to {LARGEST_CAPACITY:,} runs at a time, not {capacity!r}.")
        session = await in_thread(self._open_session, name, capacity)
        try:
            driver = self._new_driver(PostgresStore(self._desk.database, session), policies)
            worker = self.worker = Worker(driver, session, capacity)
            with contextlib.ExitStack() as stack:
                if health_port is not None:
                    port = stack.enter_context(served(health_port, lambda: _health(worker)))
                    logger.info("Probes are answered on port %s: /live, /ready and /metrics.", port)
                return await worker.run()
        finally:
            self.worker = None
            await in_thread(session.close)

    async def drive(self, run_id: str, policies: Mapping[str, Policy]) -> Outcome:
        """See ``Fleet.drive``."""
        check_policies(policies)
        loop = asyncio.get_running_loop()
        if loop not in self._drivers:
            await in_thread(check_version, self._desk.database)
            await in_thread(refuse_pooler, self._desk.database)
            # Of a loop that is over, its session is left.
            await self._close([other for other in self._drivers if other.is_closed()])
        if loop not in self._drivers:
            self._drivers[loop] = self._new_driver(PostgresStore(self._desk.database), {})
        driver = self._drivers[loop]
        if loop not in self._looking:
            self._looking[loop] = asyncio.create_task(self._look_on(driver))
        try:
            return await driver.drive(run_id, policies)
        finally:
            if not driver.runs:
                self._looking.pop(loop).cancel()

    async def _look_on(self, driver: Driver) -> None:
        while True:
            await asyncio.sleep(self.beat_seconds)
            with contextlib.suppress(errors.StoreError):
                await driver.look()

    def _open_session(self, name: str, capacity: int) -> Session:
        check_version(self._desk.database)
        refuse_pooler(self._desk.database)
        if self._desk.files is not None:
            self._desk.files.check()
        return Session(self._desk.database, name, capacity=capacity)

    def _new_driver(self, store: PostgresStore, policies: Mapping[str, Policy]) -> Driver:
        return Driver(
            store,
            self._keys,
            self._desk.settings,
            policies=policies,
            on_event_of=self._on_event,
            files=self._desk.files,
        )


class SyncWork:
    """Drives runs for code that blocks, each time on an event loop of its own."""

    def __init__(self, desk: Desk, keys: Keys, on_event: Callable[[str, Event], Any] | None = None) -> None:
        self._made_of = desk, keys, on_event

    def close(self) -> None:
        """Nothing is kept open between two calls."""

    def work(
        self, capacity: int, policies: Mapping[str, Policy], name: str = "", health_port: int | None = None
    ) -> int:
        """See ``SyncFleet.work``."""
        _refuse_loop()
        return _run(Work(*self._made_of).work(capacity, policies, name, health_port))

    def drive(self, run_id: str, policies: Mapping[str, Policy]) -> Outcome:
        """See ``SyncFleet.drive``."""

        async def drive() -> Outcome:
            work = Work(*self._made_of)
            try:
                return await work.drive(run_id, policies)
            finally:
                await work.aclose()

        _refuse_loop()
        return _run(drive())


def _run(work: Coroutine[Any, Any, R]) -> R:
    """``asyncio.run``, on Windows with a loop that psycopg can use."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop if sys.platform == "win32" else None) as runner:
        return runner.run(work)


def _refuse_loop() -> None:
    """Raise ``UsageError`` on an event loop, which would stand still meanwhile."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise errors.UsageError(
            "SyncFleet cannot drive runs where an event loop is running: use Fleet there, and await it. Nothing was "
            "sent."
        )


def _health(worker: Worker) -> Health:
    counts = dict(worker.counts)
    taken_over, deferred = counts.pop("taken_over", 0), counts.pop("deferred", 0)
    return Health(
        worker.watchdog.missed,
        worker.is_ready,
        len(worker.driver.runs),
        worker.capacity,
        counts,
        taken_over,
        deferred,
    )
