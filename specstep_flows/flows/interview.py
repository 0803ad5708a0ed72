"""The interview (walkthrough, steps 2 and 3): start it, say something, get the reply, attach documents, complete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows._json import storable
from specstep_flows._text import percent
from specstep_flows.engine.effects import Changes, Fetch, NewKey, Now, Report, Sleep
from specstep_flows.engine.retry import refusal_wait
from specstep_flows.flows.pace import KNOWN_LOOKS
from specstep_flows.models import ReferenceDocument, TurnJob
from specstep_flows.runs.attachments import read_attachment, sent_name
from specstep_flows.states import is_one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path
    from uuid import UUID

    from specstep_flows.models import Interview

#: How often a turn's job is looked at: the official samples wait three seconds.
TURN_POLL_SECONDS: Final = 3.0
#: How often a turn that failed as retryable is submitted again, with the same key (an assumption).
MOST_RESUBMISSIONS: Final = 2
RESUBMIT_AFTER_SECONDS: Final = 5.0
#: A turn that is refused with a bare 409 is submitted again this often, for this long.
BUSY_POLL_SECONDS: Final = 5.0
BUSY_PATIENCE_SECONDS: Final = 300.0
#: At most this many attempts at something that is settled by reading the service's state.
MOST_ATTEMPTS: Final = 6
#: How often the list of documents is read while an upload whose answer was lost may still arrive.
DOCUMENT_POLL_SECONDS: Final = 10.0
#: ``intake_artifact_id`` may appear a moment after completion: these looks come before the list of artifacts.
ARTIFACT_LOOKS: Final = (0.0, 2.0, 4.0, 8.0, 15.0, 15.0)
#: The ceilings on transcripts are not enforced yet (walkthrough, step 3); warn when one comes near.
NEARLY_FULL_PERCENT: Final = 80.0
#: The states of a turn's job in which nothing more happens.
TURN_FAILED: Final = frozenset({"failed"})
TURN_CANCELLED: Final = frozenset({"cancelled", "canceled"})
TURN_DONE: Final = frozenset({"completed", "complete", "cached_replay"})


async def start_interview() -> Interview:
    """Start an interview; its ``reply`` is the agent's opening turn.

    An empty conversation costs nothing and is never listed, so a start whose answer was lost is simply sent again.

    POST /v1/interviews
    """
    interview = await gateway.start_interview(outcome=lambda started: {"interview_id": started.id})
    await Report(events.InterviewStarted(interview.id, interview.reply))
    return interview


async def say(
    interview_id: UUID,
    message: str,
    *,
    key: str | None = None,
    job_id: UUID | None = None,
    before: int | None = None,
    repeated: int = 0,
    outcome: Callable[[TurnJob], Changes] | None = None,
) -> Interview:
    """Submit one turn and wait for the agent's reply; the interview as it stands then.

    ``key`` is the turn's Idempotency-Key, the same for every attempt (default: a fresh one). ``job_id`` is the job of
    an earlier attempt, if one is known. ``before`` is how many transcript entries there were when the turn was first
    sent, where that is known, and ``repeated`` how often the same words had been said by then.

    POST /v1/interviews/{id}/turns, GET /v1/interviews/turns/{jobId}

    Raises:
        TurnFailed: the service could not answer, or somebody cancelled the turn.
        UsageError: the message is empty; nothing was sent.
    """
    if not isinstance(message, str):
        raise errors.UsageError(f"The message must be text, not {message!r}. Nothing was sent.")
    if not message.strip():
        raise errors.UsageError("There is nothing to say: the message is empty.")
    # As the transcript will have it, in which it is looked for.
    message = storable(message)
    if key is None:
        key = await NewKey()
    resubmissions = forgotten = 0
    busy = 0.0

    def is_over(interview: Interview) -> bool:
        # Once the interview is complete, a run has nothing more to say, whatever its transcript shows.
        return interview.is_complete or is_answered(interview, message, before, repeated)

    while True:
        if job_id is None:
            try:
                submitted = await gateway.submit_turn(
                    interview_id, message, key=key, outcome=outcome, is_answered=None if before is None else is_over
                )
            except errors.Conflict as error:
                # The conflict may be with this very turn: an earlier attempt was carried out, or is being so.
                interview = await gateway.get_interview(interview_id)
                if before is not None and is_over(interview):
                    return interview
                if error.problem_type is not None or busy >= BUSY_PATIENCE_SECONDS:
                    raise
                busy += BUSY_POLL_SECONDS
                await Report(events.Waiting(error.message, BUSY_POLL_SECONDS))
                await Sleep(BUSY_POLL_SECONDS)
                continue
            job = await _wait_for_turn(submitted)
        else:
            # An earlier attempt's job: there is no need to wait first.
            job = await _wait_for_turn(TurnJob("submitted", job_id), at_once=True)
            job_id = None
        if job is None:
            forgotten += 1
            if forgotten > MOST_RESUBMISSIONS:
                raise errors.TurnFailed(
                    "The service no longer knows the turn's job. No generation was started; resume the run.",
                    is_retryable=True,
                )
            continue
        if is_one_of(job.status, *TURN_DONE) or (job.snapshot is not None and job.job_id is None):
            return job.snapshot or (await gateway.get_interview(interview_id))
        if is_one_of(job.status, *TURN_CANCELLED):
            raise errors.TurnFailed(
                "The turn was cancelled. Nothing was paid for; resume the run to send it again.",
                error_code="cancelled",
                is_retryable=True,
            )
        # The agent's reply may be in the transcript although its job failed: then the turn is done.
        interview = await gateway.get_interview(interview_id)
        if is_answered(interview, message, before, repeated):
            return interview
        resubmissions += 1
        if job.is_retryable is not True or resubmissions > MOST_RESUBMISSIONS:
            raise _turn_failed(job)
        await Report(events.Waiting(f"The turn failed ({job.error_code}) and is sent again.", RESUBMIT_AFTER_SECONDS))
        await Sleep(RESUBMIT_AFTER_SECONDS)


async def _wait_for_turn(job: TurnJob, *, at_once: bool = False) -> TurnJob | None:
    """Look at the job until it is over; None when the service has forgotten it (it may have been restarted).

    A status that is not known means: keep waiting.
    """
    job_id = job.job_id
    while job_id is not None and not is_one_of(job.status, *TURN_DONE, *TURN_FAILED, *TURN_CANCELLED):
        if not at_once:
            await Sleep(TURN_POLL_SECONDS)
        at_once = False
        try:
            job = await gateway.get_turn_job(job_id)
        except errors.NotFound:
            return None
    return job


def is_answered(interview: Interview, message: str, before: int | None, repeated: int = 0) -> bool:
    """Whether the transcript holds the user's message, at its place or later, and an agent's entry after it.

    Where its place is not known, the last of the same words count: they may have been said before.
    """
    said = [
        number
        for number, turn in enumerate(interview.turns)
        if turn.is_users and (turn.content or "").strip() == message.strip()
    ]
    said = [number for number in said[repeated:] if number >= (before or 0)]
    if not said:
        return False
    place = said[-1] if before is None else said[0]
    return any(turn.content and not turn.is_users for turn in interview.turns[place + 1 :])


def _turn_failed(job: TurnJob) -> errors.TurnFailed:
    why = f"{job.error_code or 'no code'}" + (f": {job.error_message}" if job.error_message else "")
    again = (
        "Sending it again did not help; resume the run later."
        if job.is_retryable
        else "The service says that sending it again will not help."
    )
    return errors.TurnFailed(
        f"The service could not answer the turn ({why}). No generation was started. {again}",
        error_code=job.error_code,
        is_retryable=job.is_retryable,
    )


async def warn_of_full_transcript(interview: Interview) -> None:
    """Warn when the transcript nears its ceiling, which counts UTF-16 units and is not enforced yet."""
    size = interview.transcript_size
    if size is not None and size.percent_used is not None and size.percent_used >= NEARLY_FULL_PERCENT:
        await Report(
            events.Notice(
                f"The interview's transcript is {percent(size.percent_used)} full ({size.chars} of {size.max_chars} "
                "UTF-16 units). The service does not enforce the ceiling yet."
            )
        )


async def complete_interview(interview_id: UUID, known: Interview | None = None) -> Interview:
    """Close the interview and wait until it names its intake artifact. One that is complete is left alone.

    POST /v1/interviews/{id}/complete, GET /v1/interviews/{id}, GET /v1/intake-artifacts

    Raises:
        InterviewEnded: the service did not let it be completed, or no intake artifact came of it.
    """
    interview = known if known is not None else (await gateway.get_interview(interview_id))
    attempts = 0
    while not interview.is_complete:
        attempts += 1
        if interview.is_abandoned:
            raise errors.InterviewEnded(
                "The interview was abandoned, so no generation can come of it. Start a new run."
            )
        try:
            answered = await gateway.complete_interview(interview_id)
        except (errors.Conflict, errors.BadRequest) as error:
            # After an earlier attempt, maybe of a process that died, the conflict may be that attempt's doing.
            interview = await _soon_complete(interview_id, isinstance(error, errors.Conflict) or attempts > 1)
            if not interview.is_complete:
                why = error.detail or error.problem_type or f"{error.status}, without a reason"
                raise errors.InterviewEnded(
                    f"The interview cannot be completed yet ({why}). Nothing was paid for; say more in the brief and "
                    "start a new run."
                ) from None
        except errors.RequestError as error:
            if not error.ambiguous or attempts >= MOST_ATTEMPTS:
                raise
            # It may have been carried out: the interview's status shows it.
            await Sleep(TURN_POLL_SECONDS * attempts)
            interview = await gateway.get_interview(interview_id)
        else:
            try:
                return await find_intake_artifact(interview_id, answered)
            except errors.InterviewEnded:
                # An empty answer may come from a proxy in between, with the interview still open.
                interview = await gateway.get_interview(interview_id)
                if interview.is_complete or attempts > 1:
                    raise
    return await find_intake_artifact(interview_id, interview)


async def _soon_complete(interview_id: UUID, is_likely: bool) -> Interview:
    """The interview once it shows that it is complete; as it is now, if it is not likely to or does not soon."""
    interview = await gateway.get_interview(interview_id)
    for wait in KNOWN_LOOKS:
        if interview.is_complete or not is_likely:
            break
        await Sleep(wait)
        interview = await gateway.get_interview(interview_id)
    return interview


async def find_intake_artifact(interview_id: UUID, interview: Interview | None) -> Interview:
    """The completed interview with its ``intake_artifact_id``, which may appear a moment late."""
    for wait in ARTIFACT_LOOKS:
        if interview is not None and interview.intake_artifact_id is not None:
            return interview
        if wait:
            await Sleep(wait)
        interview = await gateway.get_interview(interview_id)
    assert interview is not None
    if interview.intake_artifact_id is not None:
        return interview
    artifact = await gateway.find_intake_artifact(interview_id)
    if artifact is None:
        raise errors.InterviewEnded(
            f"The interview produced no intake artifact (its status is {interview.status!r}). No generation was "
            "started; resume the run to look again, or start a new one with more in the brief.",
            is_final=False,
        )
    return attrs.evolve(interview, intake_artifact_id=artifact.id)


async def attach_document(
    interview_id: UUID,
    path: Path,
    *,
    settle_seconds: float = 90.0,
    sent_at: float | None = None,
    older: Collection[str] | None = None,
    changes: Changes | None = None,
) -> ReferenceDocument:
    """Upload a reference document, unless one of that name and size is attached already.

    ``sent_at`` is when an upload of it was sent whose outcome is unknown: it is not sent again before the settle time
    is over. ``older`` are the ids of the documents that were listed before it was sent. ``changes`` are made to the
    run's record together with the end of the upload.

    POST and GET /v1/interviews/{interviewId}/reference-documents

    Raises:
        UsageError: the file cannot be read or is empty; nothing was sent.
    """
    content = await Fetch(lambda _: read_attachment(path))
    name = sent_name(path)
    attempts = 0
    while True:
        listed = await gateway.list_reference_documents(interview_id)
        present = next((document for document in listed if _is_same(document, name, len(content))), None)
        if present is None and older is not None:
            present = next((document for document in listed if _has_come(document, older, len(content))), None)
        if present is not None:
            if sent_at is not None or attempts:
                # An upload whose answer was lost, or that was refused, has arrived.
                await Report(events.DocumentAttached(name, len(content)))
            return present
        if sent_at is not None:
            now = await Now()
            # What was sent in the future was sent before the machine's clock was set back.
            sent_at = min(sent_at, now)
            left = sent_at + settle_seconds - now
            if left >= 0:
                await Sleep(min(DOCUMENT_POLL_SECONDS, left + 0.5))
                continue
        attempts += 1
        older = older if older is not None else [str(document.id) for document in listed]
        try:
            document = await gateway.upload_reference_document(
                interview_id, name, content, about={"older": older}, changes=changes
            )
        except errors.RequestError as error:
            wait = refusal_wait(error)
            if (not error.ambiguous and wait is None) or attempts >= MOST_ATTEMPTS:
                raise
            # It may have arrived, or may yet: the list of documents shows it.
            if error.ambiguous:
                sent_at = await Now()
            elif wait:
                await Report(events.Waiting(error.message, wait))
                await Sleep(wait)
            continue
        await Report(events.DocumentAttached(name, len(content)))
        return document or ReferenceDocument(None, name, len(content))


def _is_same(document: ReferenceDocument, name: str, size: int) -> bool:
    return document.name == name and document.size_bytes in (None, size)


def _has_come(document: ReferenceDocument, older: Collection[str], size: int) -> bool:
    """Whether a document may be one that was uploaded, under another name: the pages do not say how it is listed."""
    fits = document.size_bytes == size or (document.size_bytes is None and document.name is None)
    return fits and str(document.id) not in older
