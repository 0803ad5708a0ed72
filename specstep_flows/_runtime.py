"""What an open client holds besides its HTTP client, how it drives flows, and how it opens a run to drive it alone."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import errno
import inspect
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors, events
from specstep_flows._http import KEPT_CONNECTIONS
from specstep_flows._paths import home_path
from specstep_flows.callbacks import as_id, check_callable
from specstep_flows.engine.drivers import drive, drive_async, in_thread, refuse_coroutines
from specstep_flows.engine.effects import Fetch, Flow, Now
from specstep_flows.engine.limits import checked_limits, margin_at, scope_of
from specstep_flows.engine.retry import may_clear
from specstep_flows.engine.secrecy import hush_logs
from specstep_flows.engine.session import Session, Shared
from specstep_flows.engine.threads import widen
from specstep_flows.engine.wire import Wire, check_headers
from specstep_flows.flows.control import moments_of
from specstep_flows.flows.history import seen, states_of
from specstep_flows.flows.job import Job, KeyCheck, generation_changes, retry_changes
from specstep_flows.flows.status_cache import StatusCache
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.models import Generation
from specstep_flows.package.disk import RunFiles
from specstep_flows.runs import opening, telling
from specstep_flows.runs.records import NOT_BEGUN, RunList, RunRecord, check_number, seconds_of
from specstep_flows.runs.steps import StepStore
from specstep_flows.runs.store import RunStore
from specstep_flows.stores import common_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import httpx

    from specstep_flows.callbacks import Confirm, Policy, Respondent
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Request
    from specstep_flows.flows.delivery import Files
    from specstep_flows.models import Duration, RunOptions
    from specstep_flows.runs.protocol import RunKeeper
    from specstep_flows.runs.records import StepRecord
    from specstep_flows.settings import Settings

R = TypeVar("R")

#: Somebody who is told of events; with AsyncSpecStep it may be a coroutine function.
Listener: TypeAlias = Callable[[events.Event], Any]
#: Finds or makes a run's record, given the store and the service's address, and says whether it was there before.
Find: TypeAlias = Callable[["RunKeeper", str], tuple["RunRecord", bool]]


class NewFiles(Protocol):
    """Makes the file operations of a run. ``is_paid_for``: its package exists already."""

    def __call__(
        self,
        options: RunOptions,
        settings: Settings,
        shared: Shared,
        on_progress: Callable[[int, int | None], None] | None = None,
        *,
        is_paid_for: bool = False,
    ) -> Files:
        """Those of a run with ``options``; ``on_progress`` is called while its package arrives."""
        ...


@attrs.frozen
class People:
    """Who is asked and told in this process."""

    policy: Policy | None = None
    confirm: Confirm | None = None
    respondent: Respondent | None = None
    on_event: Listener | None = None

    def by_argument(self) -> dict[str, object]:
        """Each of them by the name of the argument that it is given as."""
        given = attrs.asdict(self, recurse=False)
        return {"on_question": given.pop("policy"), **given}


class _Runtime:
    """One client's state. It is made with the first call.

    A process that forks shares its sockets and its database with the child: a response could reach the wrong one of
    them, and nobody would know what was paid for. So a client works only in the process that opened it.
    """

    def __init__(
        self,
        settings: Settings,
        http: Any,
        store: RunKeeper | Path | str | None = None,
        on_event: Listener | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
        files: NewFiles | None = None,
    ) -> None:
        hush_logs()
        self._process = os.getpid()
        self.settings = settings
        self._http = http
        self._on_event = on_event
        self._new_files = files or RunFiles
        self._wire: Wire | None = None
        #: What this is a view of, with other options: the store is opened there, and closed.
        self._origin: Self | None = None
        self._key_check = KeyCheck()
        self._store: RunKeeper | None = None
        self._folder = None
        if store is None or isinstance(store, str | Path):
            self._folder = home_path(store) if store else settings.state_folder()
        elif hasattr(store, "hold"):
            self._store = store
        else:
            folder: Any = store
            # It is neither, and is refused as the folder that it is not.
            home_path(folder)
        self._owns_store = self._store is None
        self._opening = threading.Lock()
        common = common_of(self.store)
        widen("store", self.store.threads)
        self._absences = common.make_absences()
        scope = scope_of(settings.api_key or "", settings.api_url)
        clock = clock or common.make_clock(settings.clock_speed)
        self._limiter = common.make_limiter(scope, checked_limits(limits or {}), margin_at(clock.speed))
        statuses = StatusCache(common.make_pages(scope))
        self._shared = Shared(
            clock=clock,
            limiter=self._limiter,
            observe=statuses.observe,
            is_crowded=statuses.is_crowded,
            deliveries=self.store.deliveries,
            request_timeout=settings.request_timeout,
            check=self._refuse if settings.api_key is None else None,
            key_source=settings.key_source,
        )

    @property
    def store(self) -> RunKeeper:
        """Where the runs are kept, opened when it is first wanted. Raises ``StoreError``."""
        if self._store is None:
            with self._opening:
                origin = self._origin
                self._store = self._store or (RunStore(self._folder) if origin is None else origin.store)
        return self._store

    def open(self) -> None:
        """Open the store, which blocks as long as a disk does. Raises ``StoreError``."""
        self.store  # noqa: B018 - opened by being wanted

    def close(self) -> None:
        """Let go of files; downloads in threads stop at their next chunk."""
        if self._origin is not None:
            self._origin.close()
            return
        self._shared.closing.set()
        self._limiter.close()
        if self._owns_store and self._store is not None:
            self._store.close()

    def _refuse(self, request: Request) -> None:
        """Without a key, nothing is sent that needs one: it would count as a failed authentication."""
        known = OPERATIONS.get(request.operation)
        if known is None or not known.anonymous:
            self.settings.require_key()

    def with_wire(self, **wanted: Any) -> Self:
        """The same client, whose calls have other options; what is None stays. Raises ``UsageError``."""
        given = {name: value for name, value in wanted.items() if value is not None}
        for name, what in (("timeout", "The timeout"), ("request_timeout", "The request timeout")):
            if name in given:
                given[name] = seconds_of(name, given[name])
                check_number(given[name], what, "seconds")
        before = self._wire or Wire()
        if "headers" in given:
            given["headers"] = {**before.headers, **check_headers(given["headers"], self.settings.api_key)}
        self.check(on_response=given.get("on_response"))
        view = copy.copy(self)
        view._origin, view._opening = self, threading.Lock()
        view._wire = attrs.evolve(before, **given)
        return view

    def _new_session(self, **more: Any) -> Session:
        """A session with this client's options for single calls, its time limit among them."""
        wire, shared = self._wire, self._shared
        if wire is not None and wire.timeout is not None and more.get("deadline") is None:
            more["deadline"] = shared.clock.now() + wire.timeout
        return Session(shared, wire=wire, **more)

    def _traced(self, session: Session, resumed: bool, is_alone: bool) -> contextlib.AbstractContextManager[None]:
        """A span for the run, where somebody traces it."""
        if self._wire is None or self._wire.tracer is None:
            return contextlib.nullcontext()
        from specstep_flows.engine.attempts import traced_run

        return traced_run(session, resumed=resumed, is_alone=is_alone)

    def _session(self) -> Session:
        return self._new_session(report=self._on_event)

    def _refuse_unusable(self) -> None:
        if self._shared.closing.is_set():
            raise errors.UsageError("This client is closed. Open another one; nothing was sent.")
        if os.getpid() != self._process:
            raise errors.UsageError(
                "This client was opened before the process forked. Open one in each process; nothing was sent."
            )

    async def _followed(self, flow: Flow[R]) -> R:
        """The flow; whatever it reads of a run's generation is the state that the run's record has then."""
        try:
            found = await flow
        except errors.SpecStepError as error:
            # A generation that failed, was cancelled or is paused is on the error.
            await self._follow(getattr(error, "generation", None))
            raise
        await self._follow(found)
        return found

    async def _follow(self, found: object) -> None:
        if not isinstance(found, Generation) or found.id in self._absences:
            return
        now = await Now()
        record = await Fetch(lambda _: self._record_of(found))
        if record is None:
            return
        moments = await moments_of(record, found, now)

        def keep(_: Callable[[], bool]) -> None:
            # The record only follows: it may be where nothing can be written.
            with contextlib.suppress(errors.StoreError, errors.RunNotFound):
                if changes := seen(self.store.get(record.run_id), found, now, moments=moments):
                    self.store.update(record.run_id, changes)

        await Fetch(keep)

    def _record_of(self, generation: Generation) -> RunRecord | None:
        stamp = self._absences.stamp()
        try:
            record = self.store.find_generation(generation.id, self.settings.api_url)
        except errors.StoreError:
            return None
        if record is None:
            self._absences.note(generation.id, stamp)
        return record

    def check(self, **callbacks: object) -> None:
        """Whether this client can be used, and call these arguments. Raises ``UsageError`` before anything is sent."""
        self._refuse_unusable()
        for name, function in (("on_event", self._on_event), *callbacks.items()):
            check_callable(name, function)

    def find_updated(self, updated: UUID | str) -> tuple[RunRecord | None, UUID]:
        """The generation that is to be updated, by its id or its run's, and the run that manages it.

        Raises:
            UsageError, RunNotFound: there is none.
        """
        try:
            record = None if isinstance(updated, UUID) else self.store.get(updated)
        except errors.RunNotFound:
            record = None
            with contextlib.suppress(errors.UsageError):
                updated = as_id(updated)
            if not isinstance(updated, UUID):
                raise
        if record is None:
            identifier = as_id(updated)
            return self.store.find_generation(identifier, self.settings.api_url), identifier
        generation_id = opening.generation_to_update(record)
        return opening.at_service(record, self.settings.api_url), generation_id

    def runs(self) -> RunList:
        """Every run in the store, the newest first."""
        self._refuse_unusable()
        return RunList(self.store.all())

    def _files_of(self, options: RunOptions, tell: Listener | None, *, is_paid_for: bool = False) -> Files:
        return self._new_files(options, self.settings, self._shared, _progress(tell), is_paid_for=is_paid_for)

    async def _work(
        self,
        work: Callable[[Job], Flow[R]],
        people: People,
        session: Session,
        resumed: bool,
        tell: Listener | None,
    ) -> R:
        """The flow of a run, which says which run it is before anything is sent that leaves a trace."""
        record = session.record
        assert isinstance(record, RunRecord)
        job = Job(
            files=self._files_of(record.options, tell),
            opened=events.RunOpened(record.run_id, resumed, states_of(record), record.history, record.is_finished),
            key_check=self._key_check,
            policy=people.policy,
            confirm=people.confirm,
            respondent=people.respondent,
            settle_seconds=self.settings.settle_seconds,
            # With a user's access token the service starts generations by itself.
            is_user_actor=(self.settings.api_key or "").startswith("oat_"),
            options=record.options,
        )
        return await work(job)

    @contextlib.contextmanager
    def _open_run(
        self, run_id: str, find: Find, report: Listener | None, timeout: Duration | None, is_beside: bool
    ) -> Iterator[tuple[Session, bool]]:
        """A session that drives a run alone, and whether the run was there before. It blocks as long as a disk does.

        With ``is_beside`` it may be done beside another process that drives the run. What ends the run early is noted
        in its record and named on the error. A new run that was refused, or whose checks were interrupted, leaves no
        record.
        """
        opening.check_run_id(run_id)
        allowed: float | None = None if timeout is None else seconds_of("timeout", timeout)
        if allowed is not None:
            check_number(allowed, "The timeout", "seconds")
        is_alone = True
        try:
            let_go = self.store.hold(run_id)
        except errors.RunBusy:
            if not is_beside:
                raise
            is_alone, let_go = False, _nothing
        try:
            before = self._before(run_id)
            record, resumed = find(self.store, self.settings.api_url)
            session = self._new_session(
                deadline=None if allowed is None else self._shared.clock.now() + allowed,
                report=report,
                store=self.store,
                record=record,
            )
            try:
                with _ENOUGH_DESCRIPTORS, self._traced(session, resumed, is_alone):
                    yield session, resumed
                session.write({})
            except BaseException as error:
                assert session.record is not None
                if not resumed and session.record.stage == NOT_BEGUN and not may_clear(error):
                    with contextlib.suppress(errors.StoreError):
                        self.store.discard(run_id)
                    raise
                if not isinstance(error, errors.StoreError):
                    with contextlib.suppress(errors.StoreError):
                        session.write({})
                if isinstance(error, errors.SpecStepError):
                    error.run_id = run_id
                    if before is not None and isinstance(error, errors.UsageError | errors.SettingsError):
                        self._take_back(before, record)
                    # Whoever was replaced has nothing more to say of the run.
                    if is_alone and not isinstance(error, errors.RunTaken):
                        self._note(run_id, error)
                raise
        finally:
            let_go()

    def _note(self, run_id: str, error: errors.SpecStepError) -> None:
        """Note in its record what ended a run early.

        Raises:
            RunTaken: the run is another's; what this one met may be what that one has done, such as the package.
        """
        # Who stopped waiting has met no error: where the run is, its state says.
        is_left = isinstance(error, errors.WaitTimeout | errors.GenerationPaused)
        try:
            self.store.update(run_id, {"error": None if is_left else error.message})
        except errors.RunTaken as taken:
            taken.run_id = run_id
            raise taken from error
        except errors.StoreError:
            pass

    def _before(self, run_id: str) -> RunRecord | None:
        try:
            return self.store.get(run_id)
        except errors.RunNotFound:
            return None

    def _take_back(self, before: RunRecord, opened: RunRecord) -> None:
        """Undo changes that were refused before anything was done with them, which the next resume would meet again."""
        with contextlib.suppress(errors.StoreError):
            if self.store.get(before.run_id) == opened:
                changes = {name: getattr(before, name) for name in opening.CHANGED_ON_OPENING}
                self.store.update(before.run_id, changes)

    @contextlib.contextmanager
    def _alone(self, identifier: UUID | None, step: str) -> Iterator[None]:
        """Nobody else who has this store pays meanwhile for what is made of a generation or an intake, or for a step.

        Two that look for what is there, and then both send, would both pay.
        """
        try:
            let_go = self.store.hold(step if identifier is None else str(identifier))
        except errors.RunBusy:
            what = "the same" if identifier is None else f"a generation that is made of {identifier}"
            raise errors.RunBusy(
                f"Another process or thread is paying for {what} just now, and this one has sent nothing: wait until "
                "that is done. The same call then shows what came of it, and pays for nothing."
            ) from None
        try:
            yield
        finally:
            let_go()

    @contextlib.contextmanager
    def _open_step(self, wanted: StepRecord, again: bool, alone: UUID | None) -> Iterator[Session]:
        """A session that drives alone what costs and is part of no run. Where nothing was sent, no record is left.

        ``alone`` is the generation or intake that it is made of, where another step may be made of the same.
        """
        with self._alone(alone, wanted.run_id):
            steps = StepStore(self.store, str(alone or wanted.run_id))
            # The engine needs of a record what a step's and a run's have in common.
            record: Any = steps.open(wanted, again=again)
            if again:
                telling.keep_untold(self.store, record.run_id)
            session = self._new_session(report=self._on_event, store=steps, record=record)
            try:
                yield session
            except BaseException as error:
                with contextlib.suppress(errors.StoreError):
                    found: Any = session.record
                    # A refused request may be carried out all the same; what was there before shows whether it was.
                    if not found.may_have_cost and found.known is None:
                        steps.discard(record.run_id)
                    elif isinstance(error, errors.OutcomeUnknown):
                        steps.update(record.run_id, {"is_unknown": True})
                raise
            finally:
                if again:
                    telling.tell(self.store, record.run_id)

    def _adopt(self, generation: Generation, run_id: str | None, options: Mapping[str, Any]) -> RunRecord:
        self._refuse_unusable()
        api_url = self.settings.api_url
        record = opening.adopted_record(generation, opening.run_options(**options), run_id, api_url)
        known = self.store.find_generation(generation.id, api_url) or self._adopt_started(generation)
        if known is None:
            try:
                self.store.create(record)
            except errors.RunConflict:
                # Another process may have adopted it since; else the id is taken.
                known = self.store.find_generation(generation.id, api_url)
                if known is None:
                    raise
        return record if known is None else opening.reopen_run(self.store, known.run_id, api_url, options)[0]

    def _adopt_started(self, generation: Generation) -> RunRecord | None:
        """The run whose kickoff may have started the generation: it is that run's, by the user's word."""
        if generation.intake_id is None:
            return None
        found = self.store.find_starting(generation.intake_id, self.settings.api_url)
        if found is None:
            return None
        let_go = self.store.hold(found.run_id)
        try:
            record = self.store.get(found.run_id)
            intent = record.kickoff_intent
            if intent is None or str(generation.id) in intent.about.get("known", ()):
                return None
            is_retry = intent.operation == "retry_generation"
            changes = retry_changes(record, generation.id) if is_retry else generation_changes(generation.id)
            return self.store.update(record.run_id, {**changes, "intent": None})
        finally:
            let_go()


class Runtime(_Runtime):
    """What ``SpecStep`` holds: flows are carried out in the calling thread."""

    _http: httpx.Client
    entrance = contextlib.nullcontext()

    def check(self, **callbacks: object) -> None:
        """Coroutine functions, which nobody here can await, are refused as well."""
        refuse_coroutines(self._on_event, *callbacks.values())
        super().check(**callbacks)

    def drive(self, flow: Flow[R]) -> R:
        """Carry a flow out."""
        self.check()
        with _ENOUGH_DESCRIPTORS:
            self.open()
            return drive(self._followed(flow), self._session(), self._http)

    def drive_step(
        self, wanted: StepRecord, flow: Flow[R], *, again: bool, confirm: object = None, alone: UUID | None = None
    ) -> R:
        """Carry out what costs and is part of no run, with its record: the one that there is, or a new one."""
        self.check(confirm=confirm)
        with _ENOUGH_DESCRIPTORS, self._open_step(wanted, again, alone) as session:
            return drive(self._followed(flow), session, self._http)

    def drive_run(
        self,
        run_id: str,
        find: Find,
        work: Callable[[Job], Flow[R]],
        people: People,
        timeout: Duration | None,
        *,
        is_beside: bool = False,
    ) -> R:
        """Open a run and drive it alone."""
        self.check(**people.by_argument())
        report = _both(self._on_event, people.on_event)
        with self._open_run(run_id, find, report, timeout, is_beside) as (session, resumed):
            return drive(self._work(work, people, session, resumed, report), session, self._http)

    def aside(self, work: Callable[..., R], *arguments: Any) -> R:
        """Do what blocks."""
        return work(*arguments)

    def files(self, options: RunOptions, *, is_paid_for: bool = True) -> Files:
        """File operations of a download that no run manages."""
        return self._files_of(options, self._on_event, is_paid_for=is_paid_for)

    def adopt(self, generation: Generation, run_id: str | None, options: Mapping[str, Any]) -> RunRecord:
        """A managed run of a generation that was started elsewhere; the one that there is already, if there is one."""
        return self._adopt(generation, run_id, options)


class AsyncRuntime(_Runtime):
    """What ``AsyncSpecStep`` holds: flows are carried out on the event loop, and what blocks in threads."""

    _http: httpx.AsyncClient
    entrance: asyncio.Semaphore

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        #: So many runs are prepared and opened at a time: a thousand that are started at once would block the loop.
        self.entrance = asyncio.Semaphore(4)
        self._shared.gate = asyncio.Semaphore(KEPT_CONNECTIONS)

    async def drive(self, flow: Flow[R]) -> R:
        """Carry a flow out."""
        self.check()
        with _ENOUGH_DESCRIPTORS:
            if self._store is None:
                await in_thread(self.open)
            return await drive_async(self._followed(flow), self._session(), self._http)

    async def drive_step(
        self, wanted: StepRecord, flow: Flow[R], *, again: bool, confirm: object = None, alone: UUID | None = None
    ) -> R:
        """Carry out what costs and is part of no run, with its record: the one that there is, or a new one."""
        self.check(confirm=confirm)
        with _ENOUGH_DESCRIPTORS:
            async with _in_threads(self._open_step(wanted, again, alone)) as session:
                return await drive_async(self._followed(flow), session, self._http)

    async def drive_run(
        self,
        run_id: str,
        find: Find,
        work: Callable[[Job], Flow[R]],
        people: People,
        timeout: Duration | None,
        *,
        is_beside: bool = False,
    ) -> R:
        """Open a run and drive it alone; the store is opened and closed in a thread."""
        self.check(**people.by_argument())
        report = _both(self._on_event, people.on_event)
        blocking = self._open_run(run_id, find, report, timeout, is_beside)
        async with _in_threads(blocking, self.entrance) as (session, resumed):
            flow = self._work(work, people, session, resumed, _from_thread(report))
            return await drive_async(flow, session, self._http)

    async def aside(self, work: Callable[..., R], *arguments: Any) -> R:
        """Do what blocks in a thread."""
        return await in_thread(work, *arguments)

    def files(self, options: RunOptions, *, is_paid_for: bool = True) -> Files:
        """File operations of a download that no run manages."""
        return self._files_of(options, _from_thread(self._on_event), is_paid_for=is_paid_for)

    async def adopt(self, generation: Generation, run_id: str | None, options: Mapping[str, Any]) -> RunRecord:
        """A managed run of a generation that was started elsewhere; the one that there is already, if there is one."""
        return await in_thread(self._adopt, generation, run_id, options)


class _EnoughDescriptors:
    """Without one to spare, anything may fail, a module that is imported late among it."""

    def __enter__(self) -> None:
        """There is nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            raise errors.StoreError(
                f"No more files can be opened ({os.strerror(errno.EMFILE)}). What was started continues at the "
                "service; raise the limit (ulimit -n) or close some, and resume."
            ) from None


_ENOUGH_DESCRIPTORS: Final = _EnoughDescriptors()
_NOTHING: Final = contextlib.nullcontext()


def _nothing() -> None:
    """What was not held is not let go."""


@contextlib.asynccontextmanager
async def _in_threads(
    blocking: contextlib.AbstractContextManager[R],
    entrance: contextlib.AbstractAsyncContextManager[Any] = _NOTHING,
) -> AsyncIterator[R]:
    """A context whose entry and exit block, entered and left in a thread; entered through ``entrance``."""
    try:
        async with entrance:
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

        def tell(event: events.Event) -> None:
            first(event)
            second(event)

        return tell

    async def tell_async(event: events.Event) -> None:
        for listener in (first, second):
            answer = listener(event)
            if inspect.isawaitable(answer):
                await answer

    return tell_async


def _from_thread(report: Listener | None) -> Listener | None:
    """How a thread that downloads reports its progress: a coroutine function is called on the event loop."""
    if report is None or not inspect.iscoroutinefunction(report):
        return report
    loop = asyncio.get_running_loop()

    def tell(event: events.Event) -> None:
        asyncio.run_coroutine_threadsafe(report(event), loop)

    return tell


def _progress(tell: Listener | None) -> Callable[[int, int | None], None] | None:
    """Progress of a download as events: at its beginning, at its end, and each time another twentieth is there."""
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
