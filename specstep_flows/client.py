"""SpecStep: the service for code that blocks, every method written out.

Made from ``client_async.py`` by ``scripts/async_to_sync.py``: never edit it, change that one and run the script.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from specstep_flows._http import open_http
from specstep_flows._lazy import LazyModule
from specstep_flows.settings import Settings
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType, TracebackType
    from typing import Unpack
    from uuid import UUID

    from specstep_flows import _paths as paths
    from specstep_flows import _runtime as runtimes
    from specstep_flows import callbacks, gateway, models
    from specstep_flows.callbacks import Attachments, Brief, Messages, SyncConfirm, SyncPolicy, SyncRespondent
    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.effects import Flow
    from specstep_flows.events import Event
    from specstep_flows.flows import calling, clarifications, control, delivery, estimate, interview, kickoff, watch
    from specstep_flows.flows import run as run_flows
    from specstep_flows.models import Duration, Profile, RunChanges
    from specstep_flows.runs import opening, records
    from specstep_flows.runs.records import RunList, RunRecord
    from specstep_flows.runs.store import RunStore
else:
    callbacks = LazyModule("specstep_flows.callbacks")
    calling = LazyModule("specstep_flows.flows.calling")
    clarifications = LazyModule("specstep_flows.flows.clarifications")
    control = LazyModule("specstep_flows.flows.control")
    delivery = LazyModule("specstep_flows.flows.delivery")
    estimate = LazyModule("specstep_flows.flows.estimate")
    gateway = LazyModule("specstep_flows.gateway")
    interview = LazyModule("specstep_flows.flows.interview")
    kickoff = LazyModule("specstep_flows.flows.kickoff")
    opening = LazyModule("specstep_flows.runs.opening")
    paths = LazyModule("specstep_flows._paths")
    records = LazyModule("specstep_flows.runs.records")
    run_flows = LazyModule("specstep_flows.flows.run")
    runtimes = LazyModule("specstep_flows._runtime")
    watch = LazyModule("specstep_flows.flows.watch")

__all__ = ["SpecStep"]

R = TypeVar("R")


class SpecStep:
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
        store: RunStore | Path | str | None = None,
        on_event: Callable[[Event], Any] | None = None,
        clock: Clock | None = None,
        limits: Mapping[str, int | None] | None = None,
        anonymous: bool = False,
    ) -> None:
        """Open a client.

        Args:
            api_key: an ``sf_`` API key or an ``oat_`` access token; default: ``SPECSTEP_API_KEY`` or the user's file.
            api_url: the service's address; default: ``SPECSTEP_API_URL``, else https://specstep.com.
            settings: all settings at once, instead of looking for them.
            store: where runs are kept: a ``RunStore``, a folder, or nothing for the user's own folder
                (``SPECSTEP_STATE``). ``RunStore.in_memory()`` keeps nothing beyond the process.
            on_event: called with every event of every step and run.
            clock: another clock than the machine's, for tests.
            limits: requests a minute, ``{"standard": 60, "kickoff": 5}`` by default; None turns one off.
            anonymous: send no key, for what needs none: the service's status, what it accepts (``get_capabilities``),
                audiences, feedback templates. Anything else then raises ``SettingsError``.

        Raises:
            SettingsError: no key, or a key, a URL or a setting that does not fit.
        """
        given = {"api_key": api_key, "api_url": api_url}
        found = settings if settings is not None else Settings.load(given, source="argument")
        self.settings = found.without_key() if anonymous else found
        self._http = open_http(self.settings, is_anonymous=anonymous)
        self._made_of = (store, on_event, clock, limits)
        self._opened: runtimes.Runtime | None = None

    @property
    def _runtime(self) -> runtimes.Runtime:
        if self._opened is None:
            self._opened = runtimes.Runtime(self.settings, self._http, *self._made_of)
        return self._opened

    def _drive(self, flow: Flow[R], alone: UUID | None = None) -> R:
        try:
            return self._runtime.drive(flow, alone)
        finally:
            flow.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.api_url!r})"

    def close(self) -> None:
        """Close the connections. Runs continue at the service and can be resumed."""
        self._http.close()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> SpecStep:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def store(self) -> RunStore:
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

        def find(store: RunStore, api_url: str) -> tuple[RunRecord, bool]:
            wanted = opening.new_record(whole.messages, whole.attachments, options, identifier, api_url)
            return opening.open_run(store, wanted)

        return self._runtime.drive_run(
            identifier,
            find,
            run_flows.run_job,
            runtimes.People(on_question, confirm, whole.respondent, on_event),
            timeout,
        )

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
        generation = self.get_generation(generation_id)
        return self._runtime.adopt(generation, run_id, options)

    def download_package(
        self,
        package_id: UUID | str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
    ) -> models.PackageOnDisk:
        """Download one package by its own id, whichever way it was made: one of migrated documents, too.

        ``output`` is the zip's name, or the folder to put it in (default: the working folder, under the package's id);
        ``unpack`` unpacks it into a folder of the same name, ``force`` replaces a file that is already there. The same
        call continues a download that broke off. It costs nothing. A run's package comes with ``run`` and ``resume``.

        GET /v1/packages/{id}, GET /v1/packages/{id}/zip, then the storage host

        Raises:
            NotFound: it is not there, or not this account's.
            UsageError, OutputError: it cannot be put there.
            DownloadError: the bytes did not arrive; what came is kept.
            DamagedPackage, HostilePackage: what arrived is not what it should be.
        """
        options = opening.run_options(output=output, unpack=unpack, force=force)
        files = self._runtime.files(options)
        return self._drive(delivery.download_package(callbacks.as_id(package_id), files, unpack=unpack))

    # The account and the service.

    def get_account(self) -> models.Account:
        """Whose key it is; the cheapest way to verify it. GET /v1/me"""
        return self._drive(gateway.get_me())

    def get_usage(self) -> models.Usage:
        """The quota: used, left, and when it resets. GET /v1/usage"""
        return self._drive(gateway.get_usage())

    def get_capabilities(self) -> models.Capabilities:
        """The profiles, project types and mirror selections that the service accepts. GET /v1/capabilities"""
        return self._drive(gateway.get_capabilities())

    def estimate_generation(self, profile: Profile | None = None) -> models.ServiceEstimate:
        """What the service expects a generation to cost, from your account's history; nothing is started.

        ``profile`` as for ``run``. REST has no estimate, so this asks the service's MCP endpoint with the same key. How
        that answers is an assumption: whatever it says that cannot be understood is an estimate without figures, whose
        ``reason`` says why.

        POST /mcp

        Raises:
            NotConnected: the service cannot be reached.
        """
        return self._drive(estimate.estimate_generation(profile or self.settings.profile or DEFAULT_PROFILE))

    # The interview.

    def start_interview(self) -> models.Interview:
        """Start an interview; its ``reply`` is the agent's opening turn. POST /v1/interviews"""
        return self._drive(interview.start_interview())

    def get_interview(self, interview_id: UUID | str) -> models.Interview:
        """The interview with its transcript so far. GET /v1/interviews/{id}"""
        return self._drive(gateway.get_interview(callbacks.as_id(interview_id)))

    def say(self, interview_id: UUID | str, message: str, *, key: str | None = None) -> models.Interview:
        """Say something and wait for the agent's reply: ``say(…).reply``. POST /v1/interviews/{id}/turns

        ``key`` is the Idempotency-Key (a fresh one by default): give your own to be able to repeat the call in another
        process without saying it twice.

        Raises:
            TurnFailed: the service could not answer.
        """
        return self._drive(interview.say(callbacks.as_id(interview_id), message, key=key))

    def cancel_turn(self, job_id: UUID | str) -> models.TurnJob:
        """Give up a turn that is still in flight. POST /v1/interviews/turns/{jobId}/cancel

        The agent's reply may all the same appear in the transcript.

        Raises:
            Conflict: the turn is over already.
        """
        return self._drive(gateway.cancel_turn_job(callbacks.as_id(job_id)))

    def attach_document(self, interview_id: UUID | str, path: Path | str) -> models.ReferenceDocument:
        """Attach a reference document, once. POST /v1/interviews/{interviewId}/reference-documents

        Raises:
            UsageError: the file cannot be read, or is empty; nothing was sent.
        """
        file = paths.user_path(path)
        return self._drive(interview.attach_document(callbacks.as_id(interview_id), file))

    def list_documents(self, interview_id: UUID | str) -> list[models.ReferenceDocument]:
        """The reference documents of an interview. GET /v1/interviews/{interviewId}/reference-documents"""
        return self._drive(gateway.list_reference_documents(callbacks.as_id(interview_id)))

    def detach_document(self, interview_id: UUID | str, document_id: UUID | str) -> None:
        """Remove a reference document.

        DELETE /v1/interviews/{interviewId}/reference-documents/{documentId}
        """
        return self._drive(
            gateway.delete_reference_document(callbacks.as_id(interview_id), callbacks.as_id(document_id))
        )

    def complete_interview(self, interview_id: UUID | str) -> models.Interview:
        """Close an interview and wait for its ``intake_artifact_id``. POST /v1/interviews/{id}/complete

        Raises:
            InterviewEnded: it cannot be completed yet, or nothing came of it.
        """
        return self._drive(interview.complete_interview(callbacks.as_id(interview_id)))

    # The generation.

    def start_generation(
        self,
        intake_id: UUID | str | models.Interview,
        *,
        interview_id: UUID | str | None = None,
        profile: Profile | None = None,
        project_type: str | None = None,
        mirror_selection: str | None = None,
        settle_seconds: float | None = None,
    ) -> UUID:
        """Start a generation of a completed interview, or of its intake artifact's id. This costs.

        POST /v1/generations; the new generation's id.

        When the response is lost, the list of generations tells whether it was started; it is never sent twice on a
        guess. ``settle_seconds`` is how long the service may take to carry out a lost request (default: the setting).
        Only ``run`` makes it safe against the death of this process as well.

        Raises:
            QuotaExceeded, ConcurrencyCapReached: nothing was started.
            OutcomeUnknown: several new generations are there.
        """
        intake, of_interview = callbacks.intake_of(intake_id, interview_id)
        return self._drive(
            kickoff.start_generation(
                intake,
                of_interview,
                profile=profile,
                project_type=project_type,
                mirror_selection=mirror_selection,
                settle_seconds=self._settle_seconds(settle_seconds),
            )
        )

    def get_generation(self, generation_id: UUID | str) -> models.Generation:
        """A generation with every status field. GET /v1/generations/{id}"""
        return self._drive(gateway.get_generation(callbacks.as_id(generation_id)))

    def list_generations(self, *, deleted: bool = False, first_page: bool = False) -> list[models.GenerationRow]:
        """Every generation of the account, newest first, all pages; with ``first_page`` the newest 50 by one request.

        GET /v1/generations, GET /v1/generations/deleted
        """
        return self._drive(gateway.list_generations(deleted=deleted, first_page=first_page))

    def wait_for_generation(
        self,
        generation_id: UUID | str,
        *,
        on_question: SyncPolicy | None = None,
        settle_seconds: float | None = None,
        wait_paused: Duration = 3600.0,
    ) -> models.Generation:
        """Watch a generation until it is Complete. GET /v1/generations/{id}

        ``on_question`` answers its questions; without it, a question raises ``AnswersNeeded``. One that was paused is
        watched for ``wait_paused``.

        Raises:
            GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
        """
        settle = self._settle_seconds(settle_seconds)
        watched = records.seconds_of("wait_paused", wait_paused)
        records.check_option("wait_paused", watched)
        self._runtime.check(on_question=on_question)
        return self._drive(watch.wait_for_generation(callbacks.as_id(generation_id), on_question, settle, watched))

    def get_questions(self, generation_id: UUID | str) -> list[models.Clarification]:
        """The questions that a paused generation waits for; none when it does not wait.

        GET /v1/generations/{id}/clarifications
        """
        return self._drive(gateway.get_clarifications(callbacks.as_id(generation_id)))

    def answer_questions(
        self,
        generation_id: UUID | str,
        answers: Mapping[str, str] | Sequence[models.Answer] | SyncPolicy,
        *,
        settle_seconds: float | None = None,
    ) -> list[models.Answer]:
        """Answer every pending question, verbatim by its text; what was accepted. A run is answered by ``answer``.

        ``answers`` are given by question, or by a policy that is called with the questions; where the questions change
        meanwhile, the policy is called again.

        POST /v1/generations/{id}/clarifications/answers

        Raises:
            AnswersNeeded: a pending question has no answer; none was sent.
            UsageError: answers were given, and nothing is asked.
        """
        settle = self._settle_seconds(settle_seconds)
        return self._drive(clarifications.answer_questions(callbacks.as_id(generation_id), answers, settle))

    def pause_generation(self, generation_id: UUID | str) -> models.Generation:
        """Halt a generation where it is. POST /v1/generations/{id}/pause

        Raises:
            Conflict: its state does not allow it.
        """
        return self._drive(control.pause_generation(callbacks.as_id(generation_id)))

    def resume_generation(self, generation_id: UUID | str) -> models.Generation:
        """Put a paused generation back into the state it had. POST /v1/generations/{id}/resume

        The service records the state only: it does not queue the work again, so nothing may move for a while.

        Raises:
            Conflict: it is not paused.
        """
        return self._drive(control.resume_generation(callbacks.as_id(generation_id)))

    def cancel_generation(self, generation_id: UUID | str, reason: str | None = None) -> models.Generation:
        """Stop a generation for good. POST /v1/generations/{id}/cancel

        Raises:
            Conflict: it is over already.
        """
        return self._drive(control.cancel_generation(callbacks.as_id(generation_id), reason))

    def retry_generation(
        self, generation_id: UUID | str, *, settle_seconds: float | None = None, again: bool = False
    ) -> UUID:
        """Run a failed generation's intake again; the new generation's id. This costs.

        A newer generation of the same interview and profile that has not failed and was not cancelled is taken for one
        that an earlier call started: ``again`` pays for another all the same.

        POST /v1/generations/{id}/retry

        Raises:
            Conflict: this one cannot be retried (a Researcher's child, an old one).
            OutcomeUnknown: it seems to have been retried already (``candidates``); nothing was sent.
            RunBusy: another process is doing it at this moment.
        """
        settle = self._settle_seconds(settle_seconds)
        identifier = callbacks.as_id(generation_id)
        return self._drive(kickoff.retry_generation(identifier, settle, again=again), alone=identifier)

    def update_generation(
        self,
        generation_id: UUID | str,
        intake_id: UUID | str,
        *,
        settle_seconds: float | None = None,
        again: bool = False,
    ) -> UUID:
        """Generate again from a newer interview; the new generation's id. This costs.

        A newer generation of the same intake is taken for one that an earlier call started, as by
        ``retry_generation``.

        POST /v1/generations/{id}/update

        Raises:
            OutcomeUnknown: it seems to have been updated already (``candidates``); nothing was sent.
            RunBusy: another process is doing it at this moment.
        """
        settle = self._settle_seconds(settle_seconds)
        identifier, intake = callbacks.as_id(generation_id), callbacks.as_id(intake_id)
        return self._drive(kickoff.update_generation(identifier, intake, settle, again=again), alone=intake)

    def rename_generation(self, generation_id: UUID | str, name: str | None) -> None:
        """Give a generation a display name; None goes back to the intake's. PATCH /v1/generations/{id}/name"""
        return self._drive(gateway.rename_generation(callbacks.as_id(generation_id), name))

    def get_conversation(self, generation_id: UUID | str, take: int | None = None) -> list[models.ConversationItem]:
        """What each agent did, newest ``take`` of them. GET /v1/generations/{id}/conversation"""
        return self._drive(gateway.get_conversation(callbacks.as_id(generation_id), take))

    def get_events(self, generation_id: UUID | str) -> list[models.GenerationEvent]:
        """What happened in each stage. GET /v1/generations/{id}/events"""
        return self._drive(gateway.get_events(callbacks.as_id(generation_id)))

    # The package.

    def get_package(self, package_id: UUID | str) -> models.Package:
        """A package's record. GET /v1/packages/{id}"""
        return self._drive(gateway.get_package(callbacks.as_id(package_id)))

    def get_package_of(self, generation_id: UUID | str) -> models.Package:
        """The newest package of a generation. GET /v1/generations/{id}/package

        Raises:
            NotFound: there is none yet, or it was deleted.
        """
        return self._drive(gateway.get_generation_package(callbacks.as_id(generation_id)))

    def list_package_files(self, package_id: UUID | str) -> list[models.PackageFile]:
        """The files inside a package, without downloading it. GET /v1/packages/{id}/files"""
        return self._drive(gateway.list_package_files(callbacks.as_id(package_id)))

    # Everything else that the API offers.

    def call(self, operation: str | ModuleType, *args: object, **arguments: object) -> Any:
        """Any operation of the API by its name (``specstep api`` lists them); the parsed body, or the bytes of a file.

        ::

            for notification in specstep.call("list_notifications").notifications:
                ...

        Its module in the generated client (``specstep_client.api.notifications.list_notifications``) does as well as
        its name. It has the same limits, retries and errors as everything else; what costs is never sent twice on a
        guess.

        Raises:
            UsageError: there is no such operation, or it does not take these arguments.
            OutcomeUnknown: the service refused what costs, and its list shows something new all the same.
        """
        return self._drive(calling.call(operation, *args, **arguments))

    def _settle_seconds(self, given: float | None) -> float:
        if given is None:
            return self.settings.settle_seconds
        records.check_number(given, "The settle time", "seconds", may_be_zero=True)
        return given
