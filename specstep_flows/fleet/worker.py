"""A worker of a fleet: it drives as many runs at a time as it may have in hand, until it is told to stop.

It lives as long as its session with PostgreSQL. When that is lost, its runs are others' already, so it stops at once
and is to be started again (exit code 70). Told to stop (SIGTERM), it takes nothing more, ends the waits of its runs,
lets what was sent be answered, and leaves its runs to the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows.engine.drivers import in_thread
from specstep_flows.fleet import refusals, statuses
from specstep_flows.fleet.dispatch import Dispatch, Stopped
from specstep_flows.fleet.sweep import Swept, drop_lost, sweep
from specstep_flows.fleet.watchdog import EXIT_CODE, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.fleet.database import Connection
    from specstep_flows.fleet.drive import Driver
    from specstep_flows.fleet.session import Session

R = TypeVar("R")
logger = logging.getLogger("specstep_flows.fleet")

#: How many runs a worker drives at a time, unless it is told otherwise.
CAPACITY: Final = 200
BEAT_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 1.0
#: However many workers sweep in turn, each does so often: the others may all be gone at once.
LONGEST_SWEEP_SECONDS: Final = 3.0
#: A run that met a database which could not be used is left alone for so long.
PAUSE_SECONDS: Final = 5.0
#: After so many beats it looks for jobs that it has by their rows alone.
LOST_BEATS: Final = 6
#: How long a worker whose session is lost may take to end by itself.
END_SECONDS: Final = 5.0


@attrs.define(eq=False)
class Worker:
    """Drives the runs of a fleet in this process, under one session. ``run`` it once."""

    driver: Driver
    #: What the driver's store holds its runs with.
    session: Session
    capacity: int = CAPACITY
    beat_seconds: float = BEAT_SECONDS
    sweep_seconds: float = SWEEP_SECONDS
    #: Ends the process at once.
    end: Callable[[int], Any] = os._exit
    #: What became of runs, by outcome; and ``taken_over`` from workers that were gone, ``deferred`` by a sweep.
    counts: Counter[str] = attrs.field(factory=Counter, init=False)
    is_draining: bool = attrs.field(default=False, init=False)
    _is_told: bool = attrs.field(default=False, init=False)
    is_told_twice: bool = attrs.field(default=False, init=False)
    #: Whether it takes runs: what a probe for readiness asks.
    is_ready: bool = attrs.field(default=False, init=False)
    watchdog: Watchdog = attrs.field(init=False)
    _dispatch: Dispatch = attrs.field(init=False)
    #: What it is called at the queue.
    _number: int | None = attrs.field(default=None, init=False)
    _tasks: set[asyncio.Task[Any]] = attrs.field(factory=set, init=False)
    _is_lost: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    #: Something came on the session's connection that nobody has asked for: its end, mostly.
    _is_stirred: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)

    @watchdog.default
    def _watching_this_loop(self) -> Watchdog:
        return Watchdog(self.end)

    @_dispatch.default
    def _dispatching_to_this(self) -> Dispatch:
        return Dispatch(self.driver.store.database, self.work)

    async def run(self) -> int:
        """Work until ``drain``, or until the session is lost; the exit code: 0, or 70 to be started again."""
        self.watchdog.start()
        loop = asyncio.get_running_loop()
        jobs = loop.create_task(self._dispatch.run(str(self.session.id), self.driver.keys, self.capacity, self._begin))
        lost = loop.create_task(self._is_lost.wait())
        others = [lost, *map(loop.create_task, (self.watchdog.turn(), self._beat_on(), self._sweep_on()))]
        try:
            with stopped_by_signals(loop, self._stop):
                await asyncio.wait([jobs, lost], return_when=asyncio.FIRST_COMPLETED)
                if jobs.done() and self.is_draining and not lost.done():
                    return 0
                await self._give_up(jobs)
                return EXIT_CODE
        finally:
            self.is_ready = False
            if not jobs.done():
                # The caller was cancelled. Its event loop lives on, and nothing of ours may keep running on it.
                jobs.cancel()
                await self._end_all(jobs)
            for task in others:
                task.cancel()
            # A look or a sweep that is in its thread is waited for: it uses the session that is closed next.
            await asyncio.wait(others, timeout=END_SECONDS)
            self.watchdog.stop()
            await self.driver.close()
            await in_thread(self.session.close)

    def drain(self) -> None:
        """Take no more runs, leave those in hand to others as soon as each waits, and end."""
        self.is_draining, self.is_ready = True, False
        logger.info("Worker %s takes no more runs, and leaves its %s to others.", self.session.id, len(self._tasks))
        self._dispatch.stop()
        for stop in list(self.driver.runs.values()):
            stop.stop()

    async def work(self, run_id: str) -> None:
        """One job: drive the run. Raises ``Stopped`` where others are to do that at once."""
        if self.is_draining or self._is_lost.is_set():
            raise Stopped
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        logger.info("Run %s is taken.", run_id)
        try:
            outcome = await self.driver.drive(run_id)
        except (errors.SettingsError, errors.UnknownOption, errors.StoreUnreadable) as error:
            logger.warning("Run %s is left to others for a while: %s", run_id, error)
            outcome = "open"
        except errors.StoreError as error:
            logger.warning("Run %s is left alone for a while: %s", run_id, error)
            await self._ask(lambda connection: statuses.put_off(connection, run_id, PAUSE_SECONDS, is_failure=False))
            outcome = "open"
        finally:
            self._tasks.discard(task)
        self.counts[outcome] += 1
        logger.info("Run %s is left: %s.", run_id, outcome)
        if outcome == "stopped":
            raise Stopped

    async def _begin(self, number: int) -> None:
        """It has a number at the queue: write down whose it is, before the first job is fetched."""
        self._number = number
        mine = [number, list(self.driver.keys), list(self.driver.known_policies), self.session.id]

        def begin(connection: Connection) -> dict[tuple[str, str], str]:
            refusals.forget_replaced(connection, self.driver.scopes())
            connection.execute("UPDATE workers SET dispatch_id = %s, keys = %s, policies = %s WHERE id = %s", mine)
            statuses.offer(connection, self.driver.keys)
            return refusals.refused(connection)

        refused = await self._ask(begin)
        self.is_ready = not self.is_draining
        logger.info(
            "Worker %s takes up to %s runs, with %s.", self.session.id, self.capacity, ", ".join(self.driver.keys)
        )
        for key in self.driver.scopes().items():
            if key in refused:
                logger.warning("The key %s is refused, and its runs wait: %s", key[0], refused[key])

    async def _give_up(self, jobs: asyncio.Task[None]) -> None:
        """Its runs are others' already: end all that is under way, and the process, should that not do."""
        if jobs.done() and (error := jobs.exception()) is not None:
            logger.critical("The queue cannot be used any more: %s", error)
        logger.critical("Worker %s gives up its runs, and is to be started again.", self.session.id)
        if not await self._end_all(jobs):
            self.end(EXIT_CODE)

    async def _end_all(self, jobs: asyncio.Task[None]) -> bool:
        """End all that is under way; whether it has ended in time."""
        self._is_lost.set()
        self._dispatch.stop()
        for task in self._tasks:
            task.cancel()
        ended, _ = await asyncio.wait([jobs], timeout=END_SECONDS)
        return bool(ended)

    async def _beat_on(self) -> None:
        loop, socket = asyncio.get_running_loop(), self.session.fileno()
        beats = 0
        while not self._is_lost.is_set():
            self._is_stirred.clear()
            beats += 1
            with contextlib.suppress(errors.StoreError):
                await self.beat()
                if beats % LOST_BEATS == 0 and self._number is not None:
                    await self._ask(partial(drop_lost, worker=self._number, in_hand=list(self.driver.runs)))
            # What comes between two beats, nobody has asked for.
            loop.add_reader(socket, self._is_stirred.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_stirred.wait(), self.beat_seconds)
            loop.remove_reader(socket)

    async def beat(self) -> None:
        """A sign of life; the server's time, refused keys and runs that are to be stopped are read with it."""
        clock = self.driver.store.make_clock(self.driver.settings.clock_speed)
        read = self.driver.reading()

        def beat() -> tuple[bool, list[str]] | None:
            before = clock.count()
            said = self.session.beat(read)
            if said is None:
                return None
            server, is_to_drain, unwanted = said
            clock.note(server, before, clock.count())
            return is_to_drain, unwanted

        said = await in_thread(beat)
        if said is None:
            self._is_lost.set()
            return
        is_to_drain, unwanted = said
        if is_to_drain and not self.is_draining:
            self.drain()
        await self.driver.act_on(unwanted)

    async def _sweep_on(self) -> None:
        others = 0
        while True:
            with contextlib.suppress(errors.StoreError):
                swept = await in_thread(sweep, self.driver.store.database, self.sweep_seconds / 3) or Swept(
                    workers=others
                )
                others = swept.workers
                self.counts["taken_over"] += len(swept.put_back)
                self.counts["deferred"] += len(swept.deferred)
                if swept.put_back:
                    logger.info("Runs were put back whose workers are gone: %d.", len(swept.put_back))
            await asyncio.sleep(pause_of(others, self.sweep_seconds) * random.uniform(0.8, 1.2))  # noqa: S311

    async def _ask(self, what: Callable[[Connection], R]) -> R:
        return await in_thread(self.driver.store.database.run, what)

    def _stop(self, number: int) -> None:
        """Drain when told to stop, and end at once when told so twice: by a signal each time, not by its row before."""
        if self._is_told:
            self.is_told_twice = True
            self.end(128 + number)
        self._is_told = True
        if not self.is_draining:
            self.drain()


def pause_of(workers: int, seconds: float = SWEEP_SECONDS) -> float:
    """How long one of so many workers waits from sweep to sweep, if one is wanted in ``seconds`` of all together."""
    return seconds * min(LONGEST_SWEEP_SECONDS / SWEEP_SECONDS, max(1.0, workers))


@contextlib.contextmanager
def stopped_by_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[int], None]) -> Iterator[None]:
    """While ``stop`` is called on the loop, with its number, for each signal that asks this process to end.

    Only the main thread is told.
    """
    # Windows: Ctrl-Break, and a console that is closed.
    numbers = [signal.SIGTERM, signal.SIGINT, *filter(None, [getattr(signal, "SIGBREAK", None)])]
    with contextlib.ExitStack() as undo:
        for number in numbers:
            with contextlib.suppress(RuntimeError, ValueError):
                try:
                    loop.add_signal_handler(number, stop, number)
                except NotImplementedError:
                    # The loops of Windows hear no signals. This one looks up at least with each sweep.
                    before = signal.signal(number, lambda number, frame: _tell(loop, stop, number))
                    undo.callback(signal.signal, number, before)
                else:
                    undo.callback(loop.remove_signal_handler, number)
        yield


def _tell(loop: asyncio.AbstractEventLoop, stop: Callable[[int], None], number: int) -> None:
    loop.call_soon_threadsafe(stop, number)
