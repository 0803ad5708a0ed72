"""The whole job: interview, generation, clarifications, package on disk. It can be begun again at any point.

Every step first looks at the run's record for what is done already, so that "go on" and "start" are the same code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Ask, Changes, Fetch, Flow, NewKey, Now, Remember, Report, do
from specstep_flows.flows import budget, generations, interviews, packages
from specstep_flows.flows.clarifications import Desk, Policy
from specstep_flows.flows.history import Sample, sampled
from specstep_flows.models import Account, Answer, Generation, Interview, RunResult
from specstep_flows.runs import RunRecord, TurnRecord

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["Confirm", "Job", "KeyCheck", "Respondent", "run_job"]

#: Called with the run's record before anything that costs; False leaves the run where it is.
Confirm: TypeAlias = Callable[[RunRecord], bool | Awaitable[bool]]
#: Called with the agent's reply and the interview; gives back the next thing to say, or None to end the interview.
Respondent: TypeAlias = "Callable[[str | None, Interview], Awaitable[str | None] | str | None]"

#: What the pages name; anything else is looked up in GET /v1/capabilities before a turn is sent.
DOCUMENTED_PROFILES: Final = frozenset({"Fast", "Normal", "Extensive", "Researcher"})
DOCUMENTED_PROJECT_TYPES: Final = frozenset(
    {"WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool"}
)
#: The expected answer when a key, not a person, held the interview.
NO_AUTO_START: Final = "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE"
#: What the service starts by itself for a user's token (walkthrough, step 3: "sensible defaults").
AUTO_START_PROFILE: Final = "Normal"


@attrs.define
class KeyCheck:
    """Whose key it is, once it was verified: all runs of a client verify it together."""

    account: Account | None = None


@attrs.frozen
class Job:
    """What a run needs besides its record: people to ask, hands for files, and how this service is to be treated."""

    files: packages.Files
    key_check: KeyCheck = attrs.field(factory=KeyCheck)
    policy: Policy | None = None
    #: Called with what is about to be paid for; False leaves the run where it is.
    confirm: Confirm | None = None
    #: Answers the agent when the scripted messages are used up; None ends the interview.
    respondent: Callable[[str | None, Interview], str | Awaitable[str | None] | None] | None = None
    settle_seconds: float = 90.0
    #: With an ``oat_`` token the last turn may start a generation by itself.
    is_user_actor: bool = False
    unpack: bool = False
    max_cost_usd: float | None = None
    retry_failed: int = 0


def run_job(job: Job) -> Flow[RunResult]:
    """Carry a run from wherever its record says it is to a package on disk.

    Raises:
        SpecStepError: any of the tree; the run can be resumed unless the error says otherwise.
    """
    record = yield from _record()
    if not record.is_finished:
        yield from do(Fetch(lambda _: job.files.check()))
    if job.key_check.account is None:
        job.key_check.account = yield from gateway.get_me()
        yield from do(Report(events.KeyVerified(job.key_check.account)))
    if record.generation_id is None:
        yield from _check_choices(record)
        if record.intake_artifact_id is None:
            yield from _hold_interview(job)
        record = yield from _record()
        if record.generation_id is None:
            yield from _start(job)
    generation = yield from _see_through(job)
    return (yield from _bring_home(job, generation))


def _record() -> Flow[RunRecord]:
    record = yield from do(Remember({}))
    assert record is not None, "a job is driven with a run's record"
    return record


def _check_choices(record: RunRecord) -> Flow[None]:
    """Refuse an unknown profile or project type before a turn is sent, with the accepted ones."""
    profile, project_type = record.options.get("profile"), record.options.get("project_type")
    if profile in DOCUMENTED_PROFILES | {None} and project_type in DOCUMENTED_PROJECT_TYPES | {None}:
        return
    capabilities = yield from gateway.get_capabilities()
    for what, chosen, accepted in (
        ("review profile", profile, capabilities.review_profiles or tuple(sorted(DOCUMENTED_PROFILES))),
        ("project type", project_type, capabilities.project_types or tuple(sorted(DOCUMENTED_PROJECT_TYPES))),
    ):
        if chosen is not None and chosen not in accepted:
            near = [word for word in accepted if word.casefold() == str(chosen).casefold()]
            hint = f" Did you mean {near[0]}?" if near else ""
            raise errors.UsageError(
                f"The service knows no {what} {chosen!r}; it accepts {', '.join(accepted)}.{hint} Nothing was paid for."
            )


def _confirm(job: Job) -> Flow[None]:
    if job.confirm is None:
        return
    record = yield from _record()
    if not (yield from do(Ask(job.confirm, (record,)))):
        raise errors.Detached("Not confirmed, so nothing was paid for.")


def _hold_interview(job: Job) -> Flow[None]:
    """The interview, from its start or from where it stands, to its intake artifact."""
    record = yield from _record()
    if record.interview_id is None:
        interview = yield from interviews.start_interview()
        yield from do(Remember({"stage": "interview"}))
    else:
        interview = yield from _take_up_interview(record.interview_id)
    for name in record.attachments:
        if name not in record.uploads:
            yield from interviews.attach_document(interview.id, Path(name))
            yield from do(Remember({"uploads": (*record.uploads, name)}))
            record = yield from _record()
    if job.is_user_actor and not interview.is_complete:
        yield from do(
            Report(
                events.Notice(
                    "With this token the service starts a generation by itself when the interview is complete, with the "
                    f"profile {AUTO_START_PROFILE}."
                )
            )
        )
        yield from budget.check_before_paying(job.max_cost_usd, record)
        yield from _confirm(job)
    interview = yield from _take_turns(job, interview)
    yield from _note_auto_start(interview)
    complete = yield from interviews.complete_interview(interview.id, interview)
    record = yield from _record()
    changes: dict[str, Any] = {"interview_complete": True, "intake_artifact_id": complete.intake_artifact_id}
    if complete.detected_type:
        changes["detected_type"] = complete.detected_type
    started = complete.started_generation_id
    if started is not None and record.generation_id is None:
        changes |= _started(started)
    yield from do(Remember(changes))
    assert complete.intake_artifact_id is not None
    unused = sum(1 for number in range(len(record.messages)) if number >= len(record.turns))
    yield from do(Report(events.InterviewCompleted(interview.id, complete.intake_artifact_id, unused)))


def _take_up_interview(interview_id: UUID) -> Flow[Interview]:
    try:
        return (yield from gateway.get_interview(interview_id))
    except errors.NotFound:
        raise errors.InterviewEnded(
            f"The interview {interview_id} is no longer there (or not this key's), so the run cannot go on. No generation "
            "was started by it; start a new run."
        ) from None


def _take_turns(job: Job, interview: Interview) -> Flow[Interview]:
    """Submit the brief's messages in order, each once, until they are used up or the agent completes the interview."""
    number = 0
    while not interview.is_complete:
        record = yield from _record()
        if number < len(record.turns):
            turn = record.turns[number]
        else:
            message = yield from _next_message(job, record, number, interview)
            if message is None:
                return interview
            key = yield from do(NewKey())
            turn = TurnRecord(message, key, before=len(interview.turns))
            yield from do(Remember({"turns": (*record.turns, turn)}))
            record = yield from _record()
        if not turn.done:
            interview = yield from _take_turn(record, number, turn, interview)
        number += 1
    return interview


def _next_message(job: Job, record: RunRecord, number: int, interview: Interview) -> Flow[str | None]:
    if number < len(record.messages):
        return record.messages[number]
    if job.respondent is None:
        return None
    message: str | None = yield from do(Ask(job.respondent, (interview.reply, interview)))
    return message if message and message.strip() else None


def _take_turn(record: RunRecord, number: int, turn: TurnRecord, interview: Interview) -> Flow[Interview]:
    total = len(record.messages) if number < len(record.messages) else None
    yield from do(Report(events.TurnSubmitted(number + 1, total, turn.message)))

    def with_turn(turn: TurnRecord) -> tuple[TurnRecord, ...]:
        return (*record.turns[:number], turn, *record.turns[number + 1 :])

    try:
        after = yield from interviews.say(
            interview.id,
            turn.message,
            key=turn.key,
            job_id=turn.job_id,
            before=turn.before,
            outcome=lambda job: {"turns": with_turn(attrs.evolve(turn, job_id=job.job_id))},
        )
    except errors.TurnFailed:
        # That job is over: whoever resumes submits the turn again, with the same key.
        yield from do(Remember({"turns": with_turn(attrs.evolve(turn, job_id=None))}))
        raise
    changes: dict[str, Any] = {"turns": with_turn(attrs.evolve(turn, done=True, reply=after.reply))}
    if after.detected_type:
        changes["detected_type"] = after.detected_type
    if after.started_generation_id is not None:
        changes |= _started(after.started_generation_id)
    yield from do(Remember(changes))
    yield from do(Report(events.ReplyReceived(number + 1, after.reply, after)))
    yield from interviews.warn_of_full_transcript(after)
    return after


def _note_auto_start(interview: Interview) -> Flow[None]:
    failure = interview.auto_start_failure
    if failure is not None and failure.code != NO_AUTO_START:
        yield from do(
            Report(
                events.Notice(
                    f"The service did not start a generation by itself ({failure.code}: {failure.message}); this run does."
                )
            )
        )


def _started(generation_id: UUID) -> dict[str, Any]:
    return {"generation_id": generation_id, "generation_ids": (generation_id,), "stage": "generation"}


def _start(job: Job) -> Flow[None]:
    """Start the one generation, or find the one that an earlier attempt, the service itself or a person started."""
    record = yield from _record()
    assert record.intake_artifact_id is not None
    kickoff = generations.Kickoff(
        send=lambda about, outcome: _send_kickoff(record, about, outcome),
        interview_id=record.interview_id,
        intake_id=record.intake_artifact_id,
        settle_seconds=job.settle_seconds,
        is_fan_out=record.options.get("profile") == "Researcher",
        outcome=_started,
    )
    known: frozenset[UUID] = frozenset()
    if record.intent is not None and record.intent.operation == "start_generation":
        found = yield from _settle_intent(kickoff, record)
    else:
        # This run has sent no kickoff yet: whatever the interview has was started for it, by the service or by hand.
        found = yield from generations.find_new_generation(kickoff, frozenset())
        if found is None and job.is_user_actor and record.turns:
            now = yield from do(Now())
            found = yield from generations.settle_kickoff(kickoff, known, now)
        if found is not None:
            yield from do(Remember(_started(found)))
    adopted = found is not None
    if found is None:
        yield from budget.check_before_paying(job.max_cost_usd, record)
        if not job.is_user_actor:
            yield from _confirm(job)
        found = yield from generations.kick_off(kickoff, known)
    yield from do(Report(events.GenerationStarted(found, adopted)))


def _settle_intent(kickoff: generations.Kickoff, record: RunRecord) -> Flow[UUID | None]:
    """What became of a request that was on its way when an earlier process ended."""
    from uuid import UUID

    assert record.intent is not None
    known = frozenset(UUID(identifier) for identifier in record.intent.about.get("known", ()))
    yield from do(Report(events.Notice("An earlier attempt may have started a generation; looking for it first.")))
    return (yield from generations.settle_kickoff(kickoff, known, record.intent.sent_at))


def _send_kickoff(record: RunRecord, about: Changes, outcome: Callable[[UUID], Changes] | None) -> Flow[UUID]:
    """POST /v1/generations with the user's project type or none; when none is refused, with the detected one."""
    assert record.intake_artifact_id is not None
    chosen = record.options.get("project_type")

    def send(project_type: str | None) -> Flow[UUID]:
        assert record.intake_artifact_id is not None
        return gateway.start_generation(
            record.intake_artifact_id,
            profile=record.options.get("profile") or "Normal",
            project_type=project_type,
            mirror_selection=record.options.get("mirror_selection"),
            about=about,
            outcome=outcome,
        )

    try:
        return (yield from send(chosen))
    except errors.BadRequest:
        if chosen is not None or record.detected_type is None:
            raise
        capabilities = yield from gateway.get_capabilities()
        if record.detected_type not in capabilities.project_types:
            raise
    return (yield from send(record.detected_type))


def _see_through(job: Job) -> Flow[Generation]:
    """Watch the run's generation to Complete, through its questions and, where asked for, its retries."""
    while True:
        record = yield from _record()
        assert record.generation_id is not None
        if record.intent is not None and record.intent.operation == "retry_generation":
            yield from _retry(job, record.generation_id)
            continue
        desk = Desk(record.generation_id, job.policy, job.settle_seconds, record.answering, record.answers)
        purse = budget.Purse(job.max_cost_usd, record.spent_before_usd)
        looker = _Looker(desk, purse, record.history)
        generation = yield from generations.watch(record.generation_id, on_question=looker.ask, on_look=looker.look)
        if generation.is_complete:
            return generation
        record = yield from _record()
        if generation.is_failed and record.retries < job.retry_failed and generation.retry_makes_sense:
            yield from _retry(job, generation.id, generation)
            continue
        generations.raise_for_end(generation)


@attrs.define
class _Looker:
    """What happens at each look: the record follows the state and the cost, and the budget is held."""

    desk: Desk
    purse: budget.Purse
    history: tuple[Sample, ...] = ()
    _seen: dict[str, Any] = attrs.field(factory=dict)

    def ask(self, generation: Generation) -> Flow[None]:
        """The generation waits for answers."""
        yield from self.desk.look()

    def look(self, generation: Generation) -> Flow[None]:
        """Any look at the generation."""
        if not generation.needs_answers:
            yield from self.desk.left()
        changes: dict[str, Any] = {"generation_state": generation.state}
        if generation.running_cost_usd is not None:
            changes["cost_usd"] = generation.running_cost_usd
        if generation.project_name:
            changes["project_name"] = generation.project_name
        if generation.package_id is not None:
            changes["package_id"] = generation.package_id
        if changes != self._seen:
            now = yield from do(Now())
            self.history = sampled(self.history, generation, now)
            yield from do(Remember({**changes, "history": self.history}))
            self._seen = changes
        yield from self.purse.check(generation)


def _retry(job: Job, generation_id: UUID, failed: Generation | None = None) -> Flow[None]:
    """Run a failed generation's intake again, once (POST /v1/generations/{id}/retry)."""
    record = yield from _record()

    def outcome(new: UUID) -> Changes:
        return {
            "generation_id": new,
            "generation_ids": (*record.generation_ids, new),
            "retries": record.retries + 1,
            "spent_before_usd": record.spent_before_usd + (record.cost_usd or 0.0),
            "cost_usd": None,
            "generation_state": None,
            "package_id": None,
            "answering": None,
        }

    interview_id = record.interview_id or (yield from generations.interview_of(generation_id))
    kickoff = generations.Kickoff(
        send=lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
        interview_id=interview_id,
        intake_id=record.intake_artifact_id or (failed.intake_id if failed is not None else None),
        settle_seconds=job.settle_seconds,
        outcome=outcome,
    )
    found: UUID | None = None
    if record.intent is not None and record.intent.operation == "retry_generation":
        found = yield from _settle_intent(kickoff, record)
        if found is None:
            yield from do(Remember({"intent": None}))
            return
    else:
        yield from budget.check_before_paying(job.max_cost_usd, record)
        yield from _confirm(job)
        found = yield from generations.kick_off(kickoff)
    yield from do(Report(events.GenerationStarted(found, adopted=False)))


def _bring_home(job: Job, generation: Generation) -> Flow[RunResult]:
    """The package on disk, verified, under its final name, and unpacked where that was asked for."""
    files = job.files
    record = yield from _record()
    package_id = record.package_id
    if package_id is None:
        package_id = yield from packages.find_package(generation)
    if record.file is None:
        chosen = yield from do(Fetch(lambda _: files.choose(record, generation.id)))
        yield from do(Remember({"package_id": package_id, "file": str(chosen), "stage": "package"}))
        record = yield from _record()
    path = Path(record.file or "")
    digest = yield from do(Fetch(lambda _: files.digest(path)))
    if digest is None or digest != record.sha256:
        digest = yield from packages.fetch_package(package_id, path, files)
    size = yield from do(Fetch(lambda _: files.size(path)))
    yield from do(Remember({"sha256": digest, "size_bytes": size}))
    yield from do(Report(events.PackageSaved(path, size, digest)))
    unpacked: Path | None = Path(record.unpacked_to) if record.unpacked_to else None
    if job.unpack and (unpacked is None or not unpacked.is_dir()):
        unpacked, count = yield from do(Fetch(lambda _: files.unpack(path)))
        yield from do(Remember({"unpacked_to": str(unpacked)}))
        yield from do(Report(events.Unpacked(unpacked, count)))
    yield from do(Remember({"stage": "done", "error": None}))
    record = yield from _record()
    return RunResult(
        run_id=record.run_id,
        interview_id=record.interview_id,
        generation_id=generation.id,
        package_id=package_id,
        path=path,
        sha256=digest,
        size_bytes=size,
        unpacked_to=unpacked,
        cost_usd=generation.running_cost_usd,
        answers=tuple(Answer(**answer) for answer in record.answers),
        project_name=generation.project_name,
    )
