"""What an open client holds besides its HTTP client: the run store, the limits, the clock, and how flows are driven."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from specstep_flows import events, launch
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.drive import drive, drive_async, refuse_coroutines
from specstep_flows.engine.limits import DEFAULT_LIMITS, MemoryLimiter, SharedLimiter, scope_of
from specstep_flows.engine.quiet import hide_signed_addresses
from specstep_flows.engine.session import Session, Shared
from specstep_flows.flows.board import Board
from specstep_flows.flows.job import Job, KeyCheck, run_job
from specstep_flows.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Flow
    from specstep_flows.events import Event
    from specstep_flows.files import RunFiles
    from specstep_flows.models import Generation, RunResult
    from specstep_flows.runs import RunRecord
    from specstep_flows.settings import Settings

__all__ = ["Connection"]

R = TypeVar("R")


class Connection:
    """One client's state. It is made with the first call."""

    def __init__(
        self,
        settings: Settings,
        store: RunStore | Path | str | None = None,
        on_event: Callable[[Event], Any] | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
    ) -> None:
        hide_signed_addresses()
        self.settings = settings
        self.on_event = on_event
        self._key_check = KeyCheck()
        self._owns_store = not isinstance(store, RunStore)
        self.store = (
            store if isinstance(store, RunStore) else RunStore(Path(store) if store else settings.state_folder())
        )
        scope = scope_of(settings.require_key(), settings.api_url)
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
            observe=Board().observe,
            request_timeout=settings.request_timeout,
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
        return self.settings.require_key().startswith("oat_")

    def _session(self) -> Session:
        return Session(self._shared, report=self.on_event)

    def drive(self, flow: Flow[R], client: httpx.Client) -> R:
        """Carry a flow out in this thread."""
        refuse_coroutines(self.on_event)
        return drive(flow, self._session(), client)

    async def drive_async(self, flow: Flow[R], client: httpx.AsyncClient) -> R:
        """Carry a flow out on the event loop."""
        return await drive_async(flow, self._session(), client)

    def run(self, opening: launch.Launch, client: httpx.Client) -> RunResult:
        """Open a run and drive it alone, in this thread."""
        refuse_coroutines(self.on_event, opening.on_event, opening.policy, opening.confirm, opening.respondent)
        record, resumed = opening.open(self.store, self.settings.api_url)
        with self._driven(record, opening) as session:
            job = self._job(record, opening)
            return drive(_told(events.RunOpened(record.run_id, resumed), job), session, client)

    async def run_async(self, opening: launch.Launch, client: httpx.AsyncClient) -> RunResult:
        """Open a run and drive it alone, on the event loop."""
        import asyncio

        record, resumed = await asyncio.to_thread(opening.open, self.store, self.settings.api_url)
        with self._driven(record, opening) as session:
            job = self._job(record, opening)
            return await drive_async(_told(events.RunOpened(record.run_id, resumed), job), session, client)

    def _driven(self, record: RunRecord, opening: launch.Launch) -> Any:
        return launch.driven(
            self.store,
            record,
            self._shared,
            timeout=opening.timeout,
            report=_both(self.on_event, opening.on_event),
        )

    def _job(self, record: RunRecord, opening: launch.Launch) -> Job:
        return opening.job(
            record, self._files(record), self._key_check, self.settings.settle_seconds, self.is_user_actor
        )

    def _files(self, record: RunRecord) -> RunFiles:
        from specstep_flows.files import RunFiles

        return RunFiles(dict(record.options), self.settings, self._shared)

    def adopt(self, generation: Generation, run_id: str | None, options: Mapping[str, Any]) -> RunRecord:
        """A managed run of a generation that was started elsewhere; the one that there is already, if there is one."""
        known = self.store.find_generation(generation.id)
        if known is not None:
            return known
        record = launch.adopted_record(generation, options, run_id, self.settings.api_url)
        self.store.create(record)
        return record


def _told(opened: events.RunOpened, job: Job) -> Flow[RunResult]:
    """Say which run this is before anything is sent."""
    from specstep_flows.engine.effects import Report, do

    yield from do(Report(opened))
    return (yield from run_job(job))


def _both(first: Callable[[Event], Any] | None, second: Callable[[Event], Any] | None) -> Callable[[Event], Any] | None:
    if first is None or second is None:
        return first or second
    if first is second:
        return first
    import inspect

    if inspect.iscoroutinefunction(first) or inspect.iscoroutinefunction(second):

        async def tell_async(event: Event) -> None:
            for function in (first, second):
                answer = function(event)
                if inspect.isawaitable(answer):
                    await answer

        return tell_async

    def tell(event: Event) -> None:
        first(event)
        second(event)

    return tell
