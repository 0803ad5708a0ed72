"""SpecStep: the service for code that blocks, every method written out.

Made from ``client_async.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows._http import open_http
from specstep_flows._lazy import LazyModule, load
from specstep_flows._surface.access import AccessMethods
from specstep_flows._surface.account import AccountMethods
from specstep_flows._surface.base import Rows
from specstep_flows._surface.generations import GenerationMethods
from specstep_flows._surface.interviews import InterviewMethods
from specstep_flows._surface.packages import PackageMethods
from specstep_flows._surface.paid import PaidMethods
from specstep_flows._surface.service import ServiceMethods
from specstep_flows.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import ModuleType, TracebackType
    from typing import Self, Unpack
    from uuid import UUID

    from specstep_flows import _runtime as runtimes
    from specstep_flows import callbacks, gateway, models
    from specstep_flows.callbacks import Attachments, Brief, Messages, SyncConfirm, SyncPolicy, SyncRespondent
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.wire import Tracer
    from specstep_flows.events import Event
    from specstep_flows.flows import calling
    from specstep_flows.flows import run as run_flows
    from specstep_flows.models import Duration, Profile, RunChanges
    from specstep_flows.runs import opening, telling
    from specstep_flows.runs.protocol import RunKeeper
    from specstep_flows.runs.records import RunList, RunRecord
else:
    callbacks = LazyModule("specstep_flows.callbacks")
    calling = LazyModule("specstep_flows.flows.calling")
    gateway = LazyModule("specstep_flows.gateway")
    opening = LazyModule("specstep_flows.runs.opening")
    telling = LazyModule("specstep_flows.runs.telling")
    run_flows = LazyModule("specstep_flows.flows.run")
    runtimes = LazyModule("specstep_flows._runtime")

__all__ = ["Rows", "SpecStep"]


class SpecStep(
    AccountMethods,
    InterviewMethods,
    GenerationMethods,
    PackageMethods,
    PaidMethods,
    AccessMethods,
    ServiceMethods,
):
    """The service, for code that blocks. Close it, or use it in ``with``.

    ::

        with SpecStep() as specstep:
            result = specstep.run("A portal for customer feedback.")
            print(result.path)

    Ids may be given as text. Every method raises errors of the tree in ``specstep_flows.errors``.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_url: str | None = None,
        settings: Settings | None = None,
        store: RunKeeper | Path | str | None = None,
        on_event: Callable[[Event], Any] | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
        anonymous: bool = False,
        files: runtimes.NewFiles | None = None,
    ) -> None:
        """Open a client.

        Args:
            api_key: an ``sf_`` API key or an ``oat_`` access token; default: ``SPECSTEP_API_KEY`` or the user's file.
            api_url: the service's address; default: ``SPECSTEP_API_URL``, else https://specstep.com.
            settings: all settings at once, instead of looking for them; ``api_key`` and ``api_url`` come first.
            store: where runs are kept: a ``RunStore``, a folder, or nothing for the user's own folder
                (``SPECSTEP_STATE``). ``RunStore.in_memory()`` keeps nothing beyond the process. Any other object with
                everything of ``stores.Store`` will do.
            on_event: called with every event of every step and run.
            clock: another clock than the machine's, for tests.
            limits: requests a minute, ``{"standard": 60, "kickoff": 5}`` by default; None turns one off.
            anonymous: send no key, for what needs none: the service's status, what it accepts (``get_capabilities``),
                audiences, feedback templates. Anything else then raises ``SettingsError``.
            files: makes the file operations of each run, where packages belong elsewhere than on this disk, such as
                ``specstep_flows.fleet.files.FileStore``.

        Raises:
            SettingsError: no key, or a key, a URL or a setting that does not fit.
        """
        given = {"api_key": api_key, "api_url": api_url}
        found = Settings.load(given, source="argument") if settings is None else settings.with_arguments(**given)
        self.settings = found.without_key() if anonymous else found
        self._http = open_http(self.settings, is_anonymous=anonymous)
        self._made_of = (store, on_event, clock, limits, files)
        self._opened: runtimes.Runtime | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.api_url!r})"

    def close(self) -> None:
        """Close the connections. Runs continue at the service and can be resumed."""
        self._http.close()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Self:
        load("specstep_flows._runtime", "specstep_flows.flows.run")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def with_options(
        self,
        *,
        timeout: Duration | None = None,
        request_timeout: Duration | None = None,
        headers: Mapping[str, str] | None = None,
        on_response: Callable[[models.RawResponse], Any] | None = None,
        tracer: Tracer | None = None,
    ) -> Self:
        """This client with other options, for one call or for several; what is left out stays as it is.

        ::

            specstep.with_options(timeout=10, headers={"X-Request-Id": "7"}).get_generation(generation_id)

        Connections, store and limits are this client's, and closing either closes both.

        Args:
            timeout: the longest time for a whole call with all its attempts and waits, in seconds, as a ``timedelta``
                or as text (``"90s"``); after it ``WaitTimeout``. An attempt that may cost is not cut short by it.
            request_timeout: the longest time for one read of the response to one attempt, in the same forms; all of it
                may take twice that. Default: the setting.
            headers: more headers for every request to the service; never sent to the storage host. Those that could
                carry or replace the key, or change what a request does, are refused.
            on_response: called with each response, refusals and responses that are tried again included, once what it
                means is recorded.
            tracer: makes a span for each run and each attempt; ``specstep_flows.otel`` has one.

        Raises:
            UsageError: a time, a header or a callback that cannot be used. Nothing was sent.
        """
        import copy

        view = copy.copy(self)
        view._opened = self._runtime.with_wire(
            timeout=timeout, request_timeout=request_timeout, headers=headers, on_response=on_response, tracer=tracer
        )
        return view

    @property
    def store(self) -> RunKeeper:
        """Where this client keeps its runs."""
        return self._runtime.store

    def runs(self) -> RunList:
        """Every run in the store, the newest first."""
        return self._runtime.runs()

    # The whole job.

    def run(
        self,
        brief: Messages | Brief = (),
        *,
        attachments: Attachments = (),
        profile: Profile | None = None,
        project_type: str | None = None,
        mirror_selection: str | None = None,
        output: str | Path | None = None,
        unpack: bool = False,
        force: bool = False,
        run_id: str | None = None,
        on_question: SyncPolicy | None = None,
        respondent: SyncRespondent | None = None,
        confirm: SyncConfirm | None = None,
        on_event: Callable[[Event], Any] | None = None,
        max_cost_usd: float | None = None,
        retry_failed: int = 0,
        wait: bool = True,
        wait_paused: Duration = 3600.0,
        timeout: Duration | None = None,
        remember: Mapping[str, Any] | None = None,
    ) -> models.RunResult:
        """The whole job, from a brief to a package on disk. It can be resumed from any process.

        The callables are plain functions.

        Args:
            brief: what is to be built, as text, or as the ``Path`` of a text file; several are several turns of the
                interview. With a ``respondent`` it may be left out. A ``Brief`` holds texts, attachments and respondent
                in one value.
            attachments: reference documents to upload before the first turn: one path or several.
            profile: ``Fast``, ``Normal``, ``Extensive`` or what ``get_capabilities`` lists; left out, the setting
                ``profile``, and without one ``Normal``.
            project_type: ``WebApp``, …; left out, the service goes by what it detected.
            mirror_selection: ``ClaudeMd``, … (``get_capabilities``); left out, the service's default.
            output: the zip's name, or the folder to put it in (default: the working folder).
            unpack: also unpack the zip, into a folder of the same name.
            force: replace a file that already has the package's name.
            run_id: the run's id; called again with the same one, the run is resumed where it stopped.
            on_question: answers the generation's questions: called with them, it returns an answer to each. Without it,
                a question raises ``AnswersNeeded``.
            respondent: called with the agent's reply and the interview when the brief's texts are used up; it returns
                the next thing to say, or None to end the interview.
            confirm: called with the run's record before anything that costs; False leaves the run where it is.
            on_event: called with every event of this run.
            max_cost_usd: cancel the generation when its reported cost exceeds this; kept until another is given.
            retry_failed: how often a failure that is likely to clear may be retried; each retry is paid for.
            wait: wait for what clears by itself: a place where your plan's limit of concurrent generations is reached
                (until ``timeout``), and the end of a pause. With False either ends the call at once.
            wait_paused: how long a generation that was paused is watched: seconds, a ``timedelta``, or ``"30m"``.
            timeout: the longest time for the whole wait, in the same forms; what was started keeps running at SpecStep.
            remember: more to keep in the run's record, for whoever resumes it.

        Raises:
            SpecStepError: any of the tree in ``specstep_flows.errors``; its ``run_id`` names what to resume.
        """
        with self._runtime.entrance:
            whole = callbacks.whole_brief(brief, attachments, respondent)
            identifier = run_id if run_id is not None else opening.new_run_id()
            options = opening.run_options(
                profile=profile if profile is not None else self.settings.profile,
                project_type=project_type,
                mirror_selection=mirror_selection,
                output=output,
                unpack=unpack,
                force=force,
                max_cost_usd=max_cost_usd,
                retry_failed=retry_failed,
                wait=wait,
                wait_paused=wait_paused,
                # Whoever resumes without a respondent must not end an interview that is only half held.
                interview=whole.respondent is not None,
                remember=remember or {},
            )

        def find(store: RunKeeper, api_url: str) -> tuple[RunRecord, bool]:
            wanted = opening.new_record(whole.messages, whole.attachments, options, identifier, api_url)
            return opening.open_run(store, wanted)

        return self._runtime.drive_run(
            identifier,
            find,
            run_flows.run_job,
            runtimes.People(on_question, confirm, whole.respondent, on_event),
            timeout,
        )

    def update(
        self,
        updated: UUID | str,
        brief: Messages | Brief = (),
        *,
        attachments: Attachments = (),
        output: str | Path | None = None,
        unpack: bool = False,
        force: bool = False,
        run_id: str | None = None,
        again: bool = False,
        on_question: SyncPolicy | None = None,
        respondent: SyncRespondent | None = None,
        confirm: SyncConfirm | None = None,
        on_event: Callable[[Event], Any] | None = None,
        max_cost_usd: float | None = None,
        retry_failed: int = 0,
        wait: bool = True,
        wait_paused: Duration = 3600.0,
        timeout: Duration | None = None,
        remember: Mapping[str, Any] | None = None,
    ) -> models.RunResult:
        """Generate a package again from what has changed, as one run: it can be resumed from any process.

        A new interview begins with what the project is and what ``brief`` says of the change; the generation is then
        updated from it, and the new package is put beside the old one. The result's ``changes`` are the files that
        differ, ``before`` is the old package. It takes the profile and the project type of the generation.

        The same generation with the same brief and attachments is the same run: called again, it is resumed, or shown
        if it is finished. ``again`` pays for another one then. A ``run_id`` names the run otherwise.

        Args:
            updated: the run, or the generation, whose package is to be updated; it must be complete.
            brief: what has changed: text, or the ``Path`` of a text file; several are several turns.
            output: the zip's name, or the folder to put it in (default: where the old package is).
            again: another update, and pay for it, where this one is finished or has failed.

        Other arguments and errors are those of ``run``.

        GET /v1/generations/{id}, the interview, POST /v1/generations/{id}/update, then as ``run``
        """
        runtime = self._runtime
        runtime.check(on_question=on_question, respondent=respondent, confirm=confirm, on_event=on_event)
        whole = callbacks.whole_brief(brief, attachments, respondent)
        options = opening.run_options(
            output=output,
            unpack=unpack,
            force=force,
            max_cost_usd=max_cost_usd,
            retry_failed=retry_failed,
            wait=wait,
            wait_paused=wait_paused,
            interview=whole.respondent is not None,
            remember=remember or {},
        )
        before, generation_id = runtime.aside(runtime.find_updated, updated)
        wanted = opening.update_record(
            whole.messages, whole.attachments, options, generation_id, run_id, self.settings.api_url
        )
        wanted, is_there = runtime.aside(opening.find_update, runtime.store, wanted, run_id, again)
        if not is_there:
            wanted = opening.new_update(self.get_generation(generation_id), before, wanted)
        if again:
            runtime.aside(telling.keep_untold, runtime.store, wanted.run_id)
        try:
            return runtime.drive_run(
                wanted.run_id,
                lambda store, _: opening.open_run(store, wanted),
                run_flows.run_job,
                runtimes.People(on_question, confirm, whole.respondent, on_event),
                timeout,
            )
        finally:
            if again:
                runtime.aside(telling.tell, runtime.store, wanted.run_id)

    def resume(
        self,
        run_id: str,
        *,
        on_question: SyncPolicy | None = None,
        respondent: SyncRespondent | None = None,
        confirm: SyncConfirm | None = None,
        on_event: Callable[[Event], Any] | None = None,
        timeout: Duration | None = None,
        **changes: Unpack[RunChanges],
    ) -> models.RunResult:
        """Resume a run where it stopped, in this process or any other. Arguments and errors as for ``run``.

        ``changes`` are options to change from here on: ``max_cost_usd``, ``retry_failed``, ``output``, ``unpack``, …
        (``models.RunChanges``).

        Raises:
            RunNotFound, RunBusy: it is not in the store, or another process drives it.
            RunConflict: it was handed over to a fleet.
            UnknownOption: one of ``changes`` is not an option of a run; nothing was sent.
        """
        return self._runtime.drive_run(
            run_id,
            lambda store, api_url: opening.reopen_run(store, run_id, api_url, changes),
            run_flows.run_job,
            runtimes.People(on_question, confirm, respondent, on_event),
            timeout,
        )

    def answer(
        self,
        run_id: str,
        on_question: SyncPolicy,
        *,
        on_event: Callable[[Event], Any] | None = None,
        timeout: Duration | None = None,
    ) -> list[models.Answer]:
        """Answer the questions that a run's generation waits for, from any process; the answers that were accepted.

        ``on_question`` is a policy as for ``run``: it is called with the pending questions. The answers, and the rule
        that each came from, are kept in the run's record, and nothing is sent twice when a response is lost. Nothing
        else is done: ``resume`` continues the run, or the process that drives it does. Empty when no question waits, or
        when they were answered already and the service has yet to take the answers up. If one kickoff started
        several generations, each is answered.

        GET /v1/generations/{id}, GET /v1/generations/{id}/clarifications,
        POST /v1/generations/{id}/clarifications/answers

        Raises:
            AnswersNeeded: a question has no answer; none was sent.
            UsageError: the run has no generation yet.
            RunNotFound: it is not in the store.
        """
        return self._runtime.drive_run(
            run_id,
            lambda store, api_url: opening.reopen_run(store, run_id, api_url),
            run_flows.answer_run,
            runtimes.People(on_question, on_event=on_event),
            timeout,
            is_beside=True,
        )

    def find_generation_of(
        self, run_id: str, *, on_event: Callable[[Event], Any] | None = None, timeout: Duration | None = None
    ) -> UUID | None:
        """The generation that a run has now; None if it has none yet.

        Where one was requested and the answer is not known, it is looked for until the settle time is over. Nothing is
        sent that costs, and another process may drive the run meanwhile.

        GET /v1/generations, GET /v1/generations/deleted

        Raises:
            OutcomeUnknown: it was requested, and none has appeared, or it cannot be told which is the run's.
            RunNotFound: the run is not in the store.
        """
        return self._runtime.drive_run(
            run_id,
            lambda store, api_url: (opening.at_service(store.get(run_id), api_url), True),
            run_flows.find_generation,
            runtimes.People(on_event=on_event),
            timeout,
            is_beside=True,
        )

    def adopt(
        self, generation_id: UUID | str, *, run_id: str | None = None, **options: Unpack[RunChanges]
    ) -> RunRecord:
        """Make a managed run of a generation that was started elsewhere; ``resume`` then continues it.

        ``options`` are those of ``run`` that make sense from here on: ``output``, ``unpack``, ``max_cost_usd``, …
        (``models.RunChanges``). A generation that a run drives already gives that run, with these options; so does one
        that a run has requested without learning of it: then it is that run's.

        GET /v1/generations/{id}

        Raises:
            UnknownOption: one of ``options`` is not an option of a run.
            NotFound: there is no such generation, or it is not this account's.
        """
        opening.run_options(**options)  # What makes no sense is refused before anything is asked.
        generation = self._drive(gateway.get_generation(callbacks.as_id(generation_id)))
        return self._runtime.adopt(generation, run_id, options)

    # Everything else that the API offers.

    def call(
        self,
        operation: str | ModuleType,
        *args: object,
        timeout: Duration | None = None,
        headers: Mapping[str, str] | None = None,
        **arguments: object,
    ) -> Any:
        """Any operation of the API by its name (``specstep api`` lists them); the parsed body, or the bytes of a file.

        ::

            for notification in specstep.call("list_notifications").notifications:
                ...

        Its module in the generated client (``specstep_client.api.notifications.list_notifications``) does as well as
        its name. It has the same limits, retries and errors as everything else; what costs is never sent twice on a
        guess. ``timeout`` and ``headers`` as for ``with_options``.

        Raises:
            UsageError: there is no such operation, or it does not take these arguments.
            OutcomeUnknown: the service refused what costs, and its list shows something new all the same.
        """
        flow = calling.call(operation, *args, **arguments)
        if timeout is None and headers is None:
            return self._drive(flow)
        try:
            return self.with_options(timeout=timeout, headers=headers)._drive(flow)
        finally:
            flow.close()
