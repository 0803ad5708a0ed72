"""The interview's part of the job: from its start, or from where it stands, to its intake artifact."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows._json import storable
from specstep_flows._text import heading, plain_line
from specstep_flows.engine.effects import SOON, Ask, Fetch, NewKey, Remember, Report
from specstep_flows.flows import budget
from specstep_flows.flows.interview import (
    attach_document,
    complete_interview,
    is_answered,
    say,
    start_interview,
    warn_of_full_transcript,
)
from specstep_flows.flows.job import Job, confirm, current_record, generation_changes
from specstep_flows.flows.pace import once_known
from specstep_flows.models import Interview
from specstep_flows.runs.attachments import sent_name
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from uuid import UUID

#: The pages name no limit for a reference document; a larger one gets a warning.
LARGE_BYTES: Final = 20_000_000
#: The expected answer when a key, not a person, held the interview.
NO_AUTO_START: Final = "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE"
#: What the service starts by itself for a user's token (walkthrough, step 3: "sensible defaults").
AUTO_START_PROFILE: Final = DEFAULT_PROFILE
#: How a turn ends that was cancelled while the agent was answering it.
TURN_TAKEN_BACK: Final = "cancelled"


async def hold_interview(job: Job) -> None:
    """The interview, from its start or from where it stands, to its intake artifact."""
    record = await current_record()
    if record.interview_id is None:
        interview = await start_interview()
    else:
        interview = await _take_up_interview(record.interview_id)
    for name in record.attachments:
        if name not in record.uploads:
            path = await _document(job, name)
            intent = _upload_in_doubt(record, sent_name(path))
            changes: dict[str, Any] = {"uploads": (*record.uploads, name)}
            attach = partial(
                attach_document,
                interview.id,
                path,
                settle_seconds=job.settle_seconds,
                sent_at=None if intent is None else intent.sent_at,
                older=None if intent is None else intent.about.get("older"),
                changes=changes,
            )
            await once_known(attach)
            await Remember(changes)
            record = await current_record()
    if job.is_user_actor and not interview.is_complete:
        await Report(
            events.Notice(
                "With this token the service starts a generation by itself when the interview is complete, with the "
                f"profile {AUTO_START_PROFILE}."
            )
        )
        await budget.check_before_paying(job.options.max_cost_usd, record)
        await confirm(job)
    interview = await _take_turns(job, interview)
    await _note_auto_start(interview)
    complete = await complete_interview(interview.id, interview)
    record = await current_record()
    # A complete interview settles whatever was on its way to it.
    changes = {
        "interview_complete": True,
        "intake_artifact_id": complete.intake_artifact_id,
        "intent": None,
    }
    changes |= _described(complete)
    started = complete.started_generation_id
    if started is not None and record.generation_id is None:
        changes |= generation_changes(started)
    await Remember(changes, 0.0 if started is not None else SOON)
    assert complete.intake_artifact_id is not None
    unused = sum(1 for number in range(len(record.messages)) if number >= len(record.turns))
    await Report(events.InterviewCompleted(interview.id, complete.intake_artifact_id, unused))


def _upload_in_doubt(record: RunRecord, name: str) -> Intent | None:
    """The upload of this document whose answer an earlier process did not see."""
    intent = record.intent
    if intent is None or intent.operation != "upload_reference_document" or intent.about.get("name") != name:
        return None
    return intent


async def _document(job: Job, name: str) -> Path:
    """The file of a reference document. A large one is warned of and sent anyway: the pages name no limit."""
    path: Path = await Fetch(lambda _: job.files.attachment(name))
    size = await Fetch(lambda _: job.files.size(path))
    if size > LARGE_BYTES:
        await Report(
            events.Notice(f"{path.name} is large ({size / 1e6:.0f} MB); the service may refuse it. Uploading.")
        )
    return path


async def _take_up_interview(interview_id: UUID) -> Interview:
    try:
        return await once_known(lambda: gateway.get_interview(interview_id))
    except errors.NotFound:
        raise errors.InterviewEnded(
            f"Interview {interview_id} no longer exists, or belongs to another key, so the run cannot continue. No "
            "generation was started; start a new run."
        ) from None


def _described(interview: Interview) -> dict[str, Any]:
    """What the interview says of its project: the service's guess at its type, and how it calls it for now."""
    found = {"detected_type": interview.detected_type, "project_name": interview.display_title}
    return {name: value for name, value in found.items() if value}


async def _take_turns(job: Job, interview: Interview) -> Interview:
    """Submit the brief's messages in order, each once, until they are used up or the agent completes the interview."""
    number = 0
    while not interview.is_complete:
        record = await current_record()
        if number < len(record.turns):
            turn = record.turns[number]
        else:
            message = await _next_message(job, record, number, interview)
            if message is None:
                return interview
            key = await NewKey()
            turn = TurnRecord(message, key, before=len(interview.turns))
            # The key is written with the intent of its first use. What somebody said just now is kept at once.
            is_scripted = number < len(record.messages)
            await Remember({"turns": (*record.turns, turn)}, SOON if is_scripted else 0.0)
            record = await current_record()
        if not turn.done:
            interview = await _take_turn(job, record, number, turn, interview)
        number += 1
    return interview


async def _next_message(job: Job, record: RunRecord, number: int, interview: Interview) -> str | None:
    if number < len(record.messages):
        return str(storable(seeded(record, number)))
    if job.respondent is None:
        if record.options.interview:
            raise errors.Detached(
                "This run's interview is answered by a person or a respondent, and it is not over: continue it with "
                f"`specstep interview --run-id {record.run_id}`, or give a respondent. Nothing was paid for."
            )
        return None
    message: str | None = await Ask(job.respondent, (interview.reply, interview))
    return str(storable(message)) if message and message.strip() else None


def seeded(record: RunRecord, number: int) -> str:
    """One of the brief's messages. The agent of an update knows nothing of the project, so the first one says it."""
    message = record.messages[number]
    continues = record.options.continues
    if continues is None or number:
        return message
    name, described = continues.get("project_name"), continues.get("description")
    was = f" So far it was described as: {plain_line(described)}" if described else ""
    return (
        f"# {heading(name) if name else 'An existing project'}\n\nWhat changes:\n\n{message}\n\n"
        f"This updates a specification that exists (generation {continues['generation_id']}); what is not named here "
        f"stays as it is.{was}"
    )


async def _take_turn(job: Job, record: RunRecord, number: int, turn: TurnRecord, interview: Interview) -> Interview:
    total = len(record.messages) if number < len(record.messages) else None
    await Report(events.TurnSubmitted(number + 1, total, turn.message))

    def with_turn(turn: TurnRecord) -> tuple[TurnRecord, ...]:
        return (*record.turns[:number], turn, *record.turns[number + 1 :])

    repeated = sum(1 for earlier in record.turns[:number] if earlier.message.strip() == turn.message.strip())
    try:
        if is_answered(interview, turn.message, turn.before, repeated):
            # An earlier process sent it, and ended before the reply or was told that it failed.
            after = interview
        else:
            after = await once_known(
                lambda: say(
                    interview.id,
                    turn.message,
                    key=turn.key,
                    job_id=turn.job_id,
                    before=turn.before,
                    repeated=repeated,
                    outcome=lambda submitted: {"turns": with_turn(attrs.evolve(turn, job_id=submitted.job_id))},
                )
            )
    except errors.TurnFailed as error:
        if error.error_code == TURN_TAKEN_BACK and job.respondent is not None:
            # Whoever answers took this turn back: it is over, and they are asked again.
            await Remember({"turns": with_turn(attrs.evolve(turn, job_id=None, done=True))})
            return await gateway.get_interview(interview.id)
        # That job is over: a resumed run submits the turn again, with the same key.
        await Remember({"turns": with_turn(attrs.evolve(turn, job_id=None))})
        raise
    except errors.BadRequest as error:
        if job.respondent is not None and number >= len(record.messages) and error.operation == "submit_turn":
            # It was not taken and would not be: whoever answers is asked again when the run is resumed.
            await Remember({"turns": record.turns[:number]})
        raise
    # With what an earlier process stopped is over.
    changes: dict[str, Any] = {"turns": with_turn(attrs.evolve(turn, done=True, reply=after.reply)), "error": None}
    changes |= _described(after)
    started = after.started_generation_id
    if started is not None:
        changes |= generation_changes(started)
    # Until it is written, the turn's job says the same.
    await Remember(changes, 0.0 if started is not None else SOON)
    await Report(events.ReplyReceived(number + 1, after.reply, after))
    await warn_of_full_transcript(after)
    return after


async def _note_auto_start(interview: Interview) -> None:
    failure = interview.auto_start_failure
    if failure is not None and failure.code != NO_AUTO_START:
        await Report(
            events.Notice(
                f"The service did not start a generation by itself ({failure.code}: {failure.message}); this run does."
            )
        )
