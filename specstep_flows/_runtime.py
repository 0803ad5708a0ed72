"""What an open client holds besides its HTTP client: the run store, the limits, the clock, and how flows are driven."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from specstep_flows import errors, events
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.drivers import drive, drive_async, in_thread, refuse_coroutines
from specstep_flows.engine.effects import Flow, Report
from specstep_flows.engine.limits import DEFAULT_LIMITS, MemoryLimiter, SharedLimiter, scope_of
from specstep_flows.engine.session import Session, Shared
from specstep_flows.engine.wire_logs import hide_queries
from specstep_flows.flows.delivery import bring_package
from specstep_flows.flows.history import states_of
from specstep_flows.flows.job import Job, KeyCheck
from specstep_flows.flows.status_cache import StatusCache
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.package.disk import RunFiles
from specstep_flows.runs import opening as launch
from specstep_flows.runs.store import RunStore

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from uuid import UUID

    import httpx

    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Request
    from specstep_flows.events import Event
    from specstep_flows.models import Generation, PackageOnDisk
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings

__all__ = ["Connection"]

R = TypeVar("R")

#: Somebody who is told of events; with AsyncSpecStep it may be a coroutine function.
Listener: TypeAlias = Callable[[events.Event], Any]
Tell: TypeAlias = Callable[[events.Event], Any]


class Connection:
    """One client's state. It is made with the first call.

    A process that forks shares its sockets and its database with the child: an answer could reach the wrong one of
    them, and nobody would know what was paid for. So a client works only in the process that opened it.
    """

    def __init__(
        self,
        settings: Settings,
        store: RunStore | Path | str | None = None,
        on_event: Callable[[Event], Any] | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
    ) -> None:
        hide_queries()
        self._process = os.getpid()
        self.settings = settings
        self.on_event = on_event
        self._key_check = KeyCheck()
        self._owns_store = not isinstance(store, RunStore)
        self.store = (
            store if isinstance(store, RunStore) else RunStore(Path(store) if store else settings.state_folder())
        )
        scope = scope_of(settings.api_key or "", settings.api_url)
        wanted: dict[Any, int | None] = dict(DEFAULT_LIMITS)
        wanted.update(limits or {})
        self._limiter = (
            MemoryLimiter(wanted)
            if self.store.folder is None
            else SharedLimiter(self.store.folder / "limits.db", scope, wanted)
        )
        self._shared = Shared(
            clock=clock or SystemClock(settings.clock_speed),
            limiter=self._limiter,  # type: ignore[arg-type]
            observe=StatusCache().observe,
            request_timeout=settings.request_timeout,
            check=self._refuse if settings.api_key is None else None,
        )

    def close(self) -> None:
        """Let go of files; downloads in threads stop at their next chunk."""
        self._shared.closing.set()
        self._limiter.close()
        if self._owns_store:
            self.store.close()

    @property
    def is_user_actor(self) -> bool:
        """Whether the key is a user's access token, with which the service starts generations by itself."""
        return (self.settings.api_key or "").startswith("oat_")

    def _refuse(self, request: Request) -> None:
        """Without a key, nothing is sent that needs one: it would count as a failed authentication."""
        known = OPERATIONS.get(request.operation)
        if known is None or not known.anonymous:
            self.settings.require_key()

    def _session(self) -> Session:
        self._refuse_fork()
        return Session(self._shared, report=self.on_event)

    def _refuse_fork(self) -> None:
        if os.getpid() != self._process:
            raise errors.UsageError(
                "This client was opened before the process forked. Open one in each process; nothing was sent."
            )

    def drive(self, flow: Flow[R], client: httpx.Client) -> R:
        """Carry a flow out in this thread."""
        try:
            refuse_coroutines(self.on_event)
            return drive(flow, self._session(), client)
        finally:
            flow.close()

    async def drive_async(self, flow: Flow[R], client: httpx.AsyncClient) -> R:
        """Carry a flow out on the event loop."""
        try:
            return await drive_async(flow, self._session(), client)
        finally:
            flow.close()

    def run(self, opening: launch.Launch[R], client: httpx.Client) -> R:
        """Open a run and drive it alone, in this thread."""
        self._refuse_fork()
        refuse_coroutines(self.on_event, opening.on_event, opening.policy, opening.confirm, opening.respondent)
        report = _both(self.on_event, opening.on_event)
        with launch.driven(self.store, opening, self._shared, self.settings.api_url, report) as (session, resumed):
            return drive(self._flow(opening, session, resumed, _teller(report)), session, client)

    async def run_async(self, opening: launch.Launch[R], client: httpx.AsyncClient) -> R:
        """Open a run and drive it alone, on the event loop; the store is opened and closed in a thread."""
        import asyncio

        self._refuse_fork()
        report = _both(self.on_event, opening.on_event)
        driven = launch.driven(self.store, opening, self._shared, self.settings.api_url, report)
        tell = _teller(report, asyncio.get_running_loop())
        async with _in_threads(driven) as (session, resumed):
            return await drive_async(self._flow(opening, session, resumed, tell), session, client)

    async def _flow(self, opening: launch.Launch[R], session: Session, resumed: bool, tell: Tell | None) -> R:
        record = session.record
        assert record is not None
        files = RunFiles(dict(record.options), self.settings, self._shared, _progress(tell))
        job = opening.job(record, files, self._key_check, self.settings.settle_seconds, self.is_user_actor)
        return await _told(events.RunOpened(record.run_id, resumed, states_of(record)), opening.work, job)

    async def bring_package(
        self, package_id: UUID, options: Mapping[str, Any], loop: asyncio.AbstractEventLoop | None = None
    ) -> PackageOnDisk:
        """The flow that brings one package home. ``options`` are ``output``, ``unpack`` and ``force``."""
        tell = _teller(self.on_event, loop)
        files = RunFiles(dict(options), self.settings, self._shared, _progress(tell))
        return await bring_package(package_id, files, unpack=bool(options.get("unpack")))

    def adopt(self, generation: Generation, run_id: str | None, options: Mapping[str, Any]) -> RunRecord:
        """A managed run of a generation that was started elsewhere; the one that there is already, if there is one."""
        self._refuse_fork()
        known = self.store.find_generation(generation.id)
        if known is not None:
            return known
        record = launch.adopted_record(generation, options, run_id, self.settings.api_url)
        self.store.create(record)
        return record


async def _told(opened: events.RunOpened, work: Callable[[Job], Flow[R]], job: Job) -> R:
    """Say which run this is before anything is sent."""
    await Report(opened)
    return await work(job)


@contextlib.asynccontextmanager
async def _in_threads(blocking: contextlib.AbstractContextManager[R]) -> AsyncIterator[R]:
    """A context whose entry and exit block, entered and left in a thread."""
    import asyncio

    try:
        entered = await in_thread(blocking.__enter__)
    except asyncio.CancelledError as error:
        # It may have been entered all the same; left it is in either case.
        await in_thread(blocking.__exit__, type(error), error, error.__traceback__)
        raise
    try:
        yield entered
    except BaseException as error:
        # As in a ``with``: what the context raises instead of the error is raised here, chained to it.
        if not await in_thread(blocking.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await in_thread(blocking.__exit__, None, None, None)


def _both(first: Listener | None, second: Listener | None) -> Listener | None:
    """Both listeners as one; a coroutine function if one of them is."""
    if first is None or second is None or first is second:
        return first or second
    if not (inspect.iscoroutinefunction(first) or inspect.iscoroutinefunction(second)):

        def tell(event: Event) -> None:
            first(event)
            second(event)

        return tell

    async def tell_async(event: Event) -> None:
        for listener in (first, second):
            answer = listener(event)
            if inspect.isawaitable(answer):
                await answer

    return tell_async


def _teller(report: Listener | None, loop: asyncio.AbstractEventLoop | None = None) -> Tell | None:
    """How a thread that downloads tells of its progress."""
    if report is None:
        return None
    if loop is None or not inspect.iscoroutinefunction(report):
        return report

    import asyncio

    def tell(event: Event) -> None:
        asyncio.run_coroutine_threadsafe(report(event), loop)

    return tell


def _progress(tell: Tell | None) -> Callable[[int, int | None], None] | None:
    """Progress of a download as events: at its begin, at its end, and each time another twentieth is there."""
    if tell is None:
        return None
    told = -1

    def progress(received: int, total: int | None) -> None:
        nonlocal told
        step = max((total or 0) // 20, 1 << 20)
        if received // step != told or received == total:
            told = received // step
            tell(events.Downloading(received, total))

    return progress
