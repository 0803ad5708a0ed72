"""Interviews: turns and the jobs that answer them, completion, reference documents, artifacts.

From the walkthrough, steps 2 to 3.7.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from specstep_flows.sandbox import kickoffs
from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.records import STATUSES, Artifact, Document, Interview, Key, TurnJob
from specstep_flows.sandbox.refusals import Refusal, conflict, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, listed, required_text
from specstep_flows.sandbox.world import World

routes = Routes(
    "InterviewConversations",
    names={
        "id": "conversationId",
        "interviewId": "conversationId",
        "jobId": "turnJobId",
        "documentId": "referenceDocumentId",
    },
    records={
        "TranscriptSizeDto": "chars:int tokens_estimate:int max_chars:int max_tokens:int percent_used:num",
        "AutoStartProblem": "code:text message:text",
        "TranscriptEntry": "role:text content:text created_at:date",
        "InterviewResponse": (
            "id:uuid status:@ConversationStatus detected_type:text? display_title:text? turn_count:int "
            "turns:[@TranscriptEntry] intake_artifact_id:uuid? started_generation_id:uuid? "
            "auto_start_failure:@AutoStartProblem? transcript_size:@TranscriptSizeDto started_at:date "
            "last_activity_at:date"
        ),
        "InterviewListItem": (
            "id:uuid status:@ConversationStatus detected_type:text? display_title:text? turn_count:int started_at:date "
            "last_activity_at:date"
        ),
        "InterviewListResponse": "interviews:[@InterviewListItem]",
        "SubmitInterviewTurnRequest": "message:text",
        "InterviewTurnJobResponse": (
            "status:text job_id?:uuid? interview_id:uuid submission_id?:uuid? user_turn_committed?:flag? "
            "snapshot?:@InterviewResponse? error_code?:text? error_message?:text? is_retryable?:flag? "
            "created_at?:date? completed_at?:date?"
        ),
        "ReferenceDocumentDto": (
            "id:uuid interview_id:uuid file_name:text content_type:text size_bytes:long uploaded_at:date"
        ),
        "IntakeArtifactDto": "id:uuid interview_id:uuid project_name:text? schema_version:text completed_at:date",
        "IntakeArtifactsResponse": "artifacts:[=IntakeArtifactDto]",
    },
    enums={"ConversationStatus": " ".join(STATUSES)},
)


#: How long the walkthrough's step 3 tells a retry to wait while the original is in flight.
IN_FLIGHT_SECONDS = 5


def open_interview(world: World, owner: str, now: float) -> Interview:
    """Open a conversation with the agent's first words."""
    interview = Interview(world.ids.uuid(now), owner, now, forced_type=world.options.detected_type)
    interview.say("agent", world.options.opening, now)
    world.interviews[interview.id] = interview
    return interview


def _earlier_job(world: World, interview: Interview, key: str | None) -> TurnJob | None:
    """The newest job that carried this Idempotency-Key in this interview."""
    if key is None:
        return None
    jobs = (job for job in world.jobs.values() if job.interview_id == interview.id and job.key == key)
    return max(jobs, key=lambda job: job.created_at, default=None)


def _submit(world: World, interview: Interview, message: str, actor: Key, key: str | None, now: float) -> TurnJob:
    """Commit the user's turn and start the job that replies; or find the job that did so under the same key.

    A job that is complete is returned as it is (the caller replays it); one that failed or was cancelled brought no
    result, so it is tried again without committing the same turn twice.
    """
    earlier = _earlier_job(world, interview, key)
    if earlier is not None and earlier.outcome == "completed":
        return earlier
    if any(job.interview_id == interview.id for job in world.open_jobs.values()):
        raise _in_flight(key)
    if interview.status != "Active":
        raise conflict("INTERVIEW_NOT_ACTIVE", f"The interview is {interview.status}; it takes no more turns.")
    if earlier is None or not interview.awaits_reply:
        interview.say("user", message, now)
    return _start_job(world, interview, message, actor, key, now)


def _in_flight(key: str | None) -> Refusal:
    """The 409 of a turn whose original, or whose predecessor, is still being answered."""
    return conflict(
        "INTERVIEW_TURN_IN_FLIGHT",
        "A turn of this interview is still in flight.",
        headers={"Retry-After": str(IN_FLIGHT_SECONDS)},
        retryable=True,
        retry_after_seconds=IN_FLIGHT_SECONDS,
        turn_committed=False,
        client_request_id=key,
    )


def _start_job(world: World, interview: Interview, message: str, actor: Key, key: str | None, now: float) -> TurnJob:
    options = world.options
    ordinal = len(world.jobs) + 1
    failure = next((planned for planned in options.turn_failures if ordinal in planned.on), None)
    job = TurnJob(
        world.ids.uuid(now),
        interview.id,
        interview.owner,
        "user" if actor.is_person else "key",
        key,
        message,
        now,
        now + min(options.turn_queue_seconds, options.turn_seconds),
        now + options.turn_seconds,
        failure,
        world.ids.uuid(now),
    )
    job.finish = partial(_finish_job, world, job)
    world.jobs[job.id] = job
    world.open_jobs[job.id] = job
    return job


def _finish_job(world: World, job: TurnJob) -> None:
    """The moment at which the agent has replied, or has failed to."""
    at = job.ends_at
    interview = world.interviews[job.interview_id]
    world.open_jobs.pop(job.id, None)
    job.completed_at = at
    if job.failure is None or job.failure.reply_committed:
        replied = sum(1 for turn in interview.turns if turn.role == "agent") - 1
        interview.say("agent", world.options.replies[replied % len(world.options.replies)], at)
    if job.failure is not None:
        job.outcome = "failed"
        return
    job.outcome = "completed"
    limit = world.options.agent_completes_after
    if limit is not None and interview.status == "Active" and len(interview.messages) >= limit:
        complete(world, interview, at)
        _hand_off(world, interview, job, at)
    job.snapshot = interview.body(at, world.options)


def _cancel_job(world: World, job: TurnJob, now: float) -> None:
    """Cancel a job that is queued or running; the committed user turn stays."""
    if job.outcome == "cancelled":
        return
    if job.outcome is not None:
        raise conflict("INTERVIEW_TURN_NOT_CANCELLABLE", f"The turn is already {job.outcome}.")
    if world.options.reply_after_cancel and job.status(now) == "running":
        world.interviews[job.interview_id].say("agent", world.options.replies[0], now)
    job.outcome, job.completed_at = "cancelled", now
    world.open_jobs.pop(job.id, None)


def complete(world: World, interview: Interview, at: float) -> Artifact:
    """Close the conversation and leave the artifact that a generation starts from."""
    artifact = Artifact(
        world.ids.uuid(at),
        interview.id,
        interview.owner,
        interview.title or "Untitled project",
        at,
        at + world.options.intake_artifact_delay,
    )
    interview.status, interview.completed_at, interview.artifact = "Complete", at, artifact
    interview.last_activity_at = at
    world.artifacts[artifact.id] = artifact
    return artifact


def _complete_by_user(world: World, interview: Interview, now: float) -> None:
    """`POST /v1/interviews/{id}/complete`: refused while a turn is in flight, or when there is nothing to complete."""
    if any(job.interview_id == interview.id for job in world.open_jobs.values()):
        raise _in_flight(None)
    if interview.status != "Active":
        raise conflict("INTERVIEW_NOT_ACTIVE", f"The interview is already {interview.status}.")
    if not interview.messages:
        raise conflict("INTERVIEW_EMPTY", "Nothing has been said yet.")
    complete(world, interview, now)


def _hand_off(world: World, interview: Interview, job: TurnJob, at: float) -> None:
    """Completion auto-handoff: a person's interview starts a generation by itself, a program's does not."""
    if job.actor == "key":
        interview.auto_start_failure = {
            "code": "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE",
            "message": "API keys start generations themselves.",
        }
        return
    assert interview.artifact is not None
    order: dict[str, Any] = {
        "review_profile": "Normal",
        "mirror_selection": "ClaudeMd",
        "project_type": interview.detected_type,
        "source_channel": "AutoHandoff",
    }
    try:
        run = kickoffs.start(world, interview.owner, interview.artifact, order, at)
    except Refusal as refusal:
        interview.auto_start_failure = {"code": refusal.type, "message": refusal.detail}
    else:
        interview.started_generation_id = run.id


_TOKENS = {"awaiting_clarification": "AwaitingClarification", "clarification_resolved": "ClarificationResolved"}


@routes.add("POST /v1/interviews", "201:@InterviewResponse")
def start_interview(call: Call) -> Answer:
    """Open an interview; the answer holds the agent's first words."""
    interview = open_interview(call.world, call.owner, call.now)
    return Answer(
        201, interview.body(call.now, call.options), {"Location": routes.path_to(get_interview, interview.id)}
    )


@routes.add("GET /v1/interviews", "200:@InterviewListResponse", query="status:text limit:int")
def list_interviews(call: Call) -> Answer:
    """The caller's interviews, newest first; conversations of fewer than two turns are left out."""
    wanted = call.query.get("status")
    known = {status.lower(): status for status in STATUSES} | _TOKENS
    statuses: tuple[str, ...] = STATUSES
    if wanted and wanted.strip():
        statuses = tuple(known.get(token.strip().lower(), "") for token in wanted.split(","))
    return _listing(
        call,
        lambda interview: interview.deleted_at is None and len(interview.turns) >= 2 and interview.status in statuses,
    )


@routes.add("GET /v1/interviews/deleted", "200:=InterviewListResponse", query="limit:int offset:int")
def list_deleted_interviews(call: Call) -> Answer:
    """The recycle bin."""
    return _listing(call, lambda interview: interview.deleted_at is not None)


def _listing(call: Call, wanted: Callable[[Interview], bool]) -> Answer:
    interviews = (row for row in reversed(call.world.interviews.values()) if row.owner == call.owner and wanted(row))
    rows = [interview.row(call.options) for interview in interviews]
    return Answer(body=listed(call.options, "interviews", call.page(rows, 20, 100)))


@routes.add("GET /v1/interviews/{id}", "200:@InterviewResponse 404")
def get_interview(call: Call) -> Answer:
    """One interview with its transcript."""
    interview = call.world.find_interview(call.owner, call.id())
    return Answer(body=interview.body(call.now, call.options))


@routes.add("POST /v1/interviews/{id}/complete", "200 404 409")
def complete_interview(call: Call) -> Answer:
    """End the interview; it leaves an intake artifact."""
    interview = call.world.find_interview(call.owner, call.id())
    _complete_by_user(call.world, interview, call.now)
    return Answer(body=interview.body(call.now, call.options))


@routes.add("DELETE /v1/interviews/{id}", "204 404")
def delete_interview(call: Call) -> Answer:
    """Move to the recycle bin, in any status and as often as one likes."""
    interview = call.world.find_interview(call.owner, call.id(), deleted=True)
    interview.deleted_at = interview.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/interviews/{id}/restore", "204 404")
def restore_interview(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_interview(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/interviews/{id}/permanent", "204 404 409")
def purge_interview(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    interview = call.world.find_interview(call.owner, call.id(), deleted=True)
    if interview.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted interview can be removed for good.")
    del call.world.interviews[interview.id]
    if interview.artifact is not None:
        call.world.artifacts.pop(interview.artifact.id, None)
    return Answer(204)


@routes.add("GET /v1/intake-artifacts", "200:@IntakeArtifactsResponse", query="status:text limit:int offset:int")
def list_intake_artifacts(call: Call) -> Answer:
    """What completed interviews left behind, newest first."""
    status = (call.query.get("status") or "ready").strip().lower() or "ready"
    if status not in ("ready",):
        return Answer(body={"artifacts": []})
    rows = [
        {
            "id": artifact.id,
            "interview_id": artifact.interview_id,
            "project_name": artifact.project_name,
            "schema_version": artifact.schema_version,
            "completed_at": timestamp(artifact.completed_at),
        }
        for artifact in reversed(call.world.artifacts.values())
        if artifact.owner == call.owner and artifact.visible_at <= call.now
    ]
    return Answer(body={"artifacts": call.page(rows)})


_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@routes.add(
    "POST /v1/interviews/{id}/turns",
    "200 202:@InterviewTurnJobResponse 400 404 409",
    query="mode:text",
    body="@SubmitInterviewTurnRequest",
)
def submit_turn(call: Call) -> Answer:
    """Commit the user's turn: 202 with a job, 200 with the stored result under a key that was used before."""
    interview = call.world.find_interview(call.owner, call.id())
    key = call.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid("Idempotency-Key must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_', ':' and '-'.")
    message = required_text(call.json(), "message")
    mode = call.query.get("mode") or call.headers.get("x-specstep-turn-mode") or "async"
    job = _submit(call.world, interview, message, call.key, key, call.now)
    if job.outcome == "completed":
        return Answer(200, _submitted(job, "cached_replay", None, job.snapshot))
    if mode.lower() == "sync":
        return _inline(call, job)
    location = routes.path_to(get_turn_job, job.id)
    return Answer(202, _submitted(job, "queued", job.id, None), {"Location": location})


def _submitted(job: TurnJob, status: str, job_id: str | None, snapshot: Any) -> dict[str, Any]:
    return {
        "status": status,
        "job_id": job_id,
        "interview_id": job.interview_id,
        "submission_id": job.submission_id,
        "user_turn_committed": True,
        "snapshot": snapshot,
    }


def _inline(call: Call, job: TurnJob) -> Answer:
    """The legacy mode: the reply comes at once here, as virtual time need not pass for it."""
    job.starts_at = job.ends_at = call.now
    call.world.settle(call.now)
    if job.outcome == "failed":
        raise invalid("The agent's reply did not come.")
    return Answer(body=job.snapshot)


@routes.add("GET /v1/interviews/turns/{jobId}", "200:@InterviewTurnJobResponse 404", named="PollTurn")
def get_turn_job(call: Call) -> Answer:
    """How a turn's job stands."""
    return Answer(body=_find_job(call).body(call.now))


@routes.add("POST /v1/interviews/turns/{jobId}/cancel", "200:@InterviewTurnJobResponse 404 409")
def cancel_turn_job(call: Call) -> Answer:
    """Cancel a job that has not ended; once more is no error."""
    job = _find_job(call)
    _cancel_job(call.world, job, call.now)
    body = job.body(call.now)
    return Answer(
        body={name: body[name] for name in ("status", "job_id", "interview_id", "created_at", "completed_at")}
    )


def _find_job(call: Call) -> TurnJob:
    job = call.world.jobs.get(call.id("jobId"))
    if job is None or job.owner != call.owner:
        raise not_found("turn job")
    return job


def _interview(call: Call) -> Interview:
    return call.world.find_interview(call.owner, call.id("interviewId"))


def _document_body(interview: Interview, document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "interview_id": interview.id,
        "file_name": document.file_name,
        "content_type": document.content_type,
        "size_bytes": len(document.content),
        "uploaded_at": timestamp(document.uploaded_at),
    }


@routes.add("GET /v1/interviews/{interviewId}/reference-documents", "200 404")
def list_reference_documents(call: Call) -> Answer:
    """What is attached, oldest first."""
    interview = _interview(call)
    rows = [_document_body(interview, document) for document in interview.documents.values()]
    return Answer(body=listed(call.options, "documents", rows))


@routes.add(
    "POST /v1/interviews/{interviewId}/reference-documents",
    "201:@ReferenceDocumentDto 400 404",
    body="form:@ArchiveForm",
)
def upload_reference_document(call: Call) -> Answer:
    """Attach a file, sent as multipart form data in the field `file`."""
    interview = _interview(call)
    file = call.upload()
    document = Document(call.world.ids.uuid(call.now), file.name, file.content_type, file.content, call.now)
    interview.documents[document.id] = document
    return Answer(
        201,
        _document_body(interview, document),
        {"Location": routes.path_to(delete_reference_document, interview.id, document.id)},
    )


@routes.add("DELETE /v1/interviews/{interviewId}/reference-documents/{documentId}", "204 404")
def delete_reference_document(call: Call) -> Answer:
    """Take a file off the interview."""
    if _interview(call).documents.pop(call.id("documentId"), None) is None:
        raise not_found("reference document")
    return Answer(204)
