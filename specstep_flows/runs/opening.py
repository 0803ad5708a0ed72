"""Opening a run: its record in the store, its lock, its job. What both clients do before and after driving the flow."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from specstep_flows import errors
from specstep_flows.callbacks import Brief, whole_brief
from specstep_flows.engine.session import Session, Shared
from specstep_flows.flows.job import Job, KeyCheck
from specstep_flows.flows.run import answer_run, run_job
from specstep_flows.runs.attachments import read_attachment
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore

if TYPE_CHECKING:
    from specstep_flows.callbacks import Confirm, Policy, Respondent
    from specstep_flows.engine.effects import Flow
    from specstep_flows.events import Event
    from specstep_flows.flows.delivery import Files
    from specstep_flows.models import Answer, Generation, RunResult

__all__ = [
    "Launch",
    "adopted_record",
    "answer",
    "check_run_id",
    "driven",
    "new_run_id",
    "open_run",
    "prepare",
    "resume",
    "run",
]

R = TypeVar("R")

RUN_ID_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
LONGEST_RUN_ID: Final = 64


def new_run_id() -> str:
    """A run id that nobody has: the day, and enough chance."""
    return f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4)}"


def check_run_id(run_id: str) -> str:
    """A run id that can be a file name and an argument. Raises ``UsageError``."""
    fits = 0 < len(run_id) <= LONGEST_RUN_ID and RUN_ID_LETTERS.issuperset(run_id) and run_id[0] not in ".-"
    if not fits:
        raise errors.UsageError(
            f"{run_id!r} cannot be a run id: use 1 to {LONGEST_RUN_ID} letters, digits, '.', '_' and '-'."
        )
    return run_id


def prepare(brief: Brief, options: Mapping[str, Any], run_id: str, api_url: str) -> RunRecord:
    """The record of a new run, with everything checked that can be checked without the service.

    With a respondent there may be no messages: then the agent's opening turn is what is answered first.

    Raises:
        UsageError: an empty brief, an attachment that cannot be read, an id that does not fit.
    """
    messages = tuple(message for message in brief.messages if message.strip())
    if not messages and brief.respondent is None:
        raise errors.UsageError("The brief is empty: say in a sentence or more what is to be built. Nothing was sent.")
    paths = tuple(str(path.expanduser().absolute()) for path in brief.attachments)
    for path in paths:
        read_attachment(Path(path))
    names = [Path(path).name for path in paths]
    if twice := {name for name in names if names.count(name) > 1}:
        raise errors.UsageError(
            f"Two reference documents are called {min(twice)}, and only its name would tell whether the second one has "
            "arrived: rename one. Nothing was sent."
        )
    limit = options.get("max_cost_usd")
    if limit is not None and not limit > 0:
        raise errors.UsageError("The cost limit must be more than 0 US dollars.")
    now = time.time()
    return RunRecord(
        run_id=check_run_id(run_id),
        api_url=api_url,
        created_at=now,
        updated_at=now,
        messages=messages,
        attachments=paths,
        options=options,
    )


def open_run(store: RunStore, wanted: RunRecord) -> tuple[RunRecord, bool]:
    """The run in the store: new, or the one of that id, if it is the same job. The flag says which.

    Raises:
        RunConflict: the id is taken by another brief, profile or service.
    """
    try:
        known = store.get(wanted.run_id)
    except errors.RunNotFound:
        store.create(wanted)
        return wanted, False
    for what, differs in (
        ("brief", known.messages != wanted.messages),
        ("service", known.api_url != wanted.api_url),
        ("profile", known.options.get("profile") != wanted.options.get("profile")),
        ("project type", _has_other_type(known, wanted)),
        ("attachments", known.attachments != wanted.attachments),
    ):
        if differs:
            raise errors.RunConflict(
                f"Run {wanted.run_id} was started with another {what}. Resume it with `specstep resume {wanted.run_id}`, "
                "or choose another run id."
            )
    # What only says how to go on may change from one attempt to the next. What is not said again stays: a limit on cost,
    # too.
    said = {name: value for name, value in wanted.options.items() if value is not None}
    return store.update(wanted.run_id, {"options": {**known.options, **said}}), True


def _has_other_type(known: RunRecord, wanted: RunRecord) -> bool:
    """Whether the project types differ. One that was left out may still be given while nothing was started."""
    before, now = known.options.get("project_type"), wanted.options.get("project_type")
    is_open = known.generation_id is None and known.intent is None
    return before != now and not (before is None and is_open)


@attrs.frozen
class Launch(Generic[R]):
    """A run that is about to be driven: how its record is opened, what is done, and who is asked and told in this process."""

    run_id: str
    open: Callable[[RunStore, str], tuple[RunRecord, bool]]
    work: Callable[[Job], Flow[R]]
    policy: Policy | None = None
    confirm: Confirm | None = None
    respondent: Respondent | None = None
    on_event: Callable[[Event], Any] | None = None
    timeout: float | None = None
    #: Whether it may be done beside another process that drives the run.
    is_beside: bool = False

    def job(
        self, record: RunRecord, files: Files, key_check: KeyCheck, settle_seconds: float, is_user_actor: bool
    ) -> Job:
        """The job: the record's options, and the people and hands of this process."""
        options: Mapping[str, Any] = record.options
        return Job(
            files=files,
            key_check=key_check,
            policy=self.policy,
            confirm=self.confirm,
            respondent=self.respondent,
            settle_seconds=settle_seconds,
            is_user_actor=is_user_actor,
            unpack=bool(options.get("unpack")),
            max_cost_usd=options.get("max_cost_usd"),
            retry_failed=int(options.get("retry_failed") or 0),
        )


def run(
    brief: str | Sequence[str] | Brief = (),
    *,
    attachments: Sequence[str | Path] = (),
    profile: str | None = None,
    project_type: str | None = None,
    mirror_selection: str | None = None,
    output: str | Path | None = None,
    unpack: bool = False,
    force: bool = False,
    run_id: str | None = None,
    on_question: Policy | None = None,
    respondent: Respondent | None = None,
    confirm: Confirm | None = None,
    on_event: Callable[[Event], Any] | None = None,
    max_cost_usd: float | None = None,
    retry_failed: int = 0,
    timeout: float | None = None,
    remember: Mapping[str, Any] | None = None,
) -> Launch[RunResult]:
    """The whole job, from a brief to a package on disk; gives back a ``RunResult``. It can be resumed from any process.

    With AsyncSpecStep the callables may be coroutine functions.

    Args:
        brief: what is to be built; several texts are several turns of the interview. With a ``respondent`` it may be
            left out. A ``Brief`` holds texts, attachments and respondent in one value.
        attachments: reference documents to upload before the first turn.
        profile: ``Fast``, ``Normal`` (the default), ``Extensive`` or what ``get_capabilities`` lists.
        project_type: ``WebApp``, …; left out, the service goes by what it detected.
        mirror_selection: ``ClaudeMd``, … (``get_capabilities``); left out, the service's default.
        output: the zip's name, or the folder to put it in (default: the working folder).
        unpack: unpack the zip beside itself, too.
        force: put the package in place of what stands under its name.
        run_id: the run's id; called again with the same one, the run goes on where it stopped.
        on_question: answers the generation's questions: called with them, gives back an answer to each. Without it, a
            question raises ``AnswersNeeded``.
        respondent: called with the agent's reply and the interview when the brief's texts are used up; gives back the
            next thing to say, or None to end the interview.
        confirm: called with the run's record before anything that costs; False leaves the run where it is.
        on_event: called with every event of this run.
        max_cost_usd: cancel the generation when the cost that is read passes this; kept until another is given.
        retry_failed: how often a failure that is likely to clear may be run again; each costs anew.
        timeout: seconds for the whole wait; what was started goes on at the service.
        remember: more to keep in the record's options, for whoever resumes the run.

    Raises:
        SpecStepError: any of the tree in ``specstep_flows.errors``; its ``run_id`` names what to resume.
    """
    whole = whole_brief(brief, attachments, respondent)
    options = {
        "profile": profile,
        "project_type": project_type,
        "mirror_selection": mirror_selection,
        "output": None if output is None else str(Path(output).expanduser().absolute()),
        "unpack": unpack,
        "force": force,
        "max_cost_usd": max_cost_usd,
        "retry_failed": retry_failed,
        # Whoever resumes without a respondent must not end an interview that is only half held.
        **({"interview": True} if whole.respondent is not None else {}),
        **(remember or {}),
    }
    identifier = run_id if run_id is not None else new_run_id()
    return Launch(
        identifier,
        lambda store, api_url: open_run(
            store,
            prepare(whole, options, identifier, api_url),
        ),
        run_job,
        on_question,
        confirm,
        whole.respondent,
        on_event,
        timeout,
    )


def resume(
    run_id: str,
    *,
    on_question: Policy | None = None,
    respondent: Respondent | None = None,
    confirm: Confirm | None = None,
    on_event: Callable[[Event], Any] | None = None,
    timeout: float | None = None,
    **changes: Any,
) -> Launch[RunResult]:
    """Go on with a run where it stopped, in this process or any other. Arguments and errors as for ``run``.

    ``changes`` are options to change from here on: ``max_cost_usd``, ``retry_failed``, ``output``, ``unpack``, ….

    Raises:
        RunNotFound, RunBusy: it is not in the store, or another process drives it.
    """

    def reopen(store: RunStore, api_url: str) -> tuple[RunRecord, bool]:
        record = _at_service(store.get(run_id), api_url)
        if not changes:
            return record, True
        updates: dict[str, Any] = {"options": {**record.options, **changes}}
        if not record.is_finished and not {"output", "force"}.isdisjoint(changes):
            # The package's place is chosen anew.
            updates["file"] = None
        return store.update(run_id, updates), True

    return Launch(run_id, reopen, run_job, on_question, confirm, respondent, on_event, timeout)


def answer(
    run_id: str,
    on_question: Policy,
    *,
    on_event: Callable[[Event], Any] | None = None,
    timeout: float | None = None,
) -> Launch[list[Answer]]:
    """Answer the questions that a run's generation waits for, from any process; the answers that were accepted.

    ``on_question`` is a policy as for ``run``: it is called with the pending questions. The answers, and the rule that
    each came of, are kept in the run's record, and nothing is sent twice when their own answer is lost. Nothing else is
    done: ``resume`` goes on with the run, or the process that drives it does. Empty when no question waits, or when they
    were answered already and the service has yet to take the answers up. Of several generations that one kickoff started
    each is answered.

    GET /v1/generations/{id}, GET /v1/generations/{id}/clarifications, POST /v1/generations/{id}/clarifications/answers

    Raises:
        AnswersNeeded: a question has no answer; none was sent.
        UsageError: the run has no generation yet.
        RunNotFound: it is not in the store.
    """
    return Launch(
        run_id,
        lambda store, api_url: (_at_service(store.get(run_id), api_url), True),
        answer_run,
        on_question,
        on_event=on_event,
        timeout=timeout,
        is_beside=True,
    )


def _at_service(record: RunRecord, api_url: str) -> RunRecord:
    """The record, if this client talks to the run's own service. Raises ``RunConflict``."""
    if record.api_url != api_url:
        raise errors.RunConflict(
            f"Run {record.run_id} belongs to {record.api_url}, and this client talks to {api_url}: set SPECSTEP_API_URL."
        )
    return record


def adopted_record(generation: Generation, options: Mapping[str, Any], run_id: str | None, api_url: str) -> RunRecord:
    """The record of a run whose generation was started elsewhere."""
    now = time.time()
    return RunRecord(
        run_id=check_run_id(run_id) if run_id is not None else new_run_id(),
        api_url=api_url,
        created_at=now,
        updated_at=now,
        stage="generation",
        # The profile tells a fan-out from a single generation.
        options={"profile": generation.review_profile, **options},
        generation_id=generation.id,
        generation_ids=(generation.id,),
        generation_state=generation.state,
        intake_artifact_id=generation.intake_id,
        cost_usd=generation.running_cost_usd,
        project_name=generation.project_name,
    )


@contextlib.contextmanager
def driven(
    store: RunStore,
    opening: Launch[Any],
    shared: Shared,
    api_url: str,
    report: Callable[[Event], Any] | None,
) -> Iterator[tuple[Session, bool]]:
    """A session that drives a run alone, and whether the run was there before. It blocks for as long as a disk does.

    What ends the run early is noted in its record and named on the error.
    """
    run_id = check_run_id(opening.run_id)
    is_alone = True
    try:
        let_go = store.hold(run_id)
    except errors.RunBusy:
        if not opening.is_beside:
            raise
        is_alone, let_go = False, _nothing
    try:
        record, resumed = opening.open(store, api_url)
        session = Session(
            shared,
            deadline=None if opening.timeout is None else shared.clock.now() + opening.timeout,
            report=report,
            store=store,
            record=record,
        )
        try:
            yield session, resumed
        except errors.SpecStepError as error:
            error.run_id = run_id
            if is_alone:
                with contextlib.suppress(errors.StoreError):
                    store.update(run_id, {"error": error.message})
            raise
    finally:
        let_go()


def _nothing() -> None:
    """What was not held is not let go."""
