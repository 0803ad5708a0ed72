"""Interviews and their turns."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs

from specstep_flows import errors, models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import optional, steering_text, steering_uuid
from specstep_flows.gateway.requests import field_of, request_of, success_only
from specstep_flows.states import is_one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_client.models.interview import Interview as GeneratedInterview


async def start_interview(outcome: Callable[[models.Interview], Changes] | None = None) -> models.Interview:
    """POST /v1/interviews, without a body. A lost start does no harm."""
    from specstep_client.api.interviews import start_interview as endpoint

    request = request_of("start_interview", endpoint._get_kwargs())
    return await Send(request, lambda reply: _interview_of(reply, "start_interview"), outcome=outcome)


async def get_interview(interview_id: UUID) -> models.Interview:
    """GET /v1/interviews/{id}"""
    from specstep_client.api.interviews import get_interview as endpoint

    request = request_of("get_interview", endpoint._get_kwargs(interview_id))

    def parse(reply: Reply) -> models.Interview:
        found = _interview_of(reply, "get_interview")
        reading.asked_uuid(found.id, "get_interview", "id", interview_id)
        return found

    return await Send(request, parse)


async def complete_interview(interview_id: UUID) -> models.Interview | None:
    """POST /v1/interviews/{id}/complete: the interview, if the response contains it (the documentation does not say).

    A lost response is settled by reading the interview.
    """
    from specstep_client.api.interviews import complete_interview as endpoint

    request = request_of("complete_interview", endpoint._get_kwargs(interview_id))

    def parse(reply: Reply) -> models.Interview | None:
        success_only(reply)
        try:
            return _interview_of(reply, "complete_interview")
        except errors.UnexpectedResponse:
            return None

    return await Send(request, parse, resend=False)


def _interview_of(reply: Reply, operation: str) -> models.Interview:
    from specstep_client.models.interview import Interview

    return _interview(reading.body(reply, Interview, operation), operation)


def _interview(body: GeneratedInterview, operation: str) -> models.Interview:
    size, failure = reading.raw(body, "transcript_size"), reading.raw(body, "auto_start_failure")
    return models.Interview(
        id=steering_uuid(body.id, operation, "id"),
        status=steering_text(body.status, operation, "status"),
        turns=_turns(_transcript(body)),
        intake_artifact_id=reading.optional_uuid(body.intake_artifact_id),
        started_generation_id=reading.optional_uuid(body.started_generation_id),
        auto_start_failure=_auto_start_failure(failure),
        detected_type=_detected_type(reading.raw(body, "detected_type")),
        display_title=optional(body, "display_title", str),
        transcript_size=_transcript_size(size),
        latest_reply=_latest_reply(body),
    )


def _detected_type(value: object) -> str | None:
    return str(getattr(value, "value", value)) if isinstance(value, str) and value else None


def _turns(value: object) -> tuple[models.Turn, ...]:
    """The transcript, whose form is an assumption. An entry that cannot be read is an entry without text."""
    if not isinstance(value, list):
        return ()
    return tuple(
        models.Turn(
            role=field_of(entry, "role", str) or field_of(entry, "speaker", str) or field_of(entry, "author", str),
            content=field_of(entry, "content", str) or field_of(entry, "message", str) or field_of(entry, "text", str),
            created_at=field_of(entry, "created_at", datetime),
        )
        for entry in value
    )


def _transcript(body: GeneratedInterview) -> object:
    """The transcript, under the assumed name or another likely one."""
    names = ("turns", "transcript", "messages", "conversation")
    return next((value for name in names if isinstance(value := reading.raw(body, name), list)), None)


def _latest_reply(body: GeneratedInterview) -> str | None:
    """The agent's latest message, if the service gives it outside the transcript (it is not documented where)."""
    for name in ("agent_reply", "reply", "opening_turn", "latest_reply", "assistant_message"):
        value = reading.raw(body, name)
        if isinstance(value, dict):
            value = value.get("content") or value.get("message") or value.get("text")
        if isinstance(value, str) and value.strip():
            return value
    return None


def _auto_start_failure(value: object) -> models.AutoStartFailure | None:
    if value is None or type(value).__name__ == "Unset":
        return None
    return models.AutoStartFailure(field_of(value, "code", str), field_of(value, "message", str))


def _transcript_size(value: object) -> models.TranscriptSize | None:
    if value is None:
        return None
    return models.TranscriptSize(
        chars=field_of(value, "chars", int),
        tokens_estimate=field_of(value, "tokens_estimate", int),
        max_chars=field_of(value, "max_chars", int),
        max_tokens=field_of(value, "max_tokens", int),
        percent_used=field_of(value, "percent_used", float),
    )


async def submit_turn(
    interview_id: UUID,
    message: str,
    *,
    key: str,
    outcome: Callable[[models.TurnJob], Changes] | None = None,
    is_answered: Callable[[models.Interview], bool] | None = None,
) -> models.TurnJob:
    """POST /v1/interviews/{id}/turns in async mode, with its Idempotency-Key.

    ``is_answered`` says whether an interview contains the reply to this turn. If so, the turn is not sent again: the
    same key would repeat it if the job of the first attempt had failed after the reply was committed.
    """
    from specstep_client.api.interviews import submit_turn as endpoint
    from specstep_client.models.turn_request import TurnRequest

    kwargs = endpoint._get_kwargs(interview_id, body=TurnRequest(message=message), idempotency_key=key)
    request = request_of("submit_turn", kwargs, headers=kwargs["headers"])

    def parse(reply: Reply) -> models.TurnJob:
        return _submitted(reply)

    async def look() -> models.TurnJob | None:
        interview = await get_interview(interview_id)
        is_done = is_answered is not None and is_answered(interview)
        return models.TurnJob("completed", snapshot=interview) if is_done else None

    return await Send(request, parse, about={"key": key}, outcome=outcome, look=look if is_answered else None)


def _submitted(reply: Reply) -> models.TurnJob:
    """The response to a turn: a queued job, a cached replay, or (synchronous mode) the interview itself."""
    # The Location contains the job's id as well (walkthrough, step 3).
    tail = reply.headers.get("location", "").partition("?")[0].rstrip("/").rpartition("/")[2]
    named = reading.optional_uuid(tail)
    if named is not None and not reply.content.strip():
        return models.TurnJob("queued", named)
    value = reading.document(reply, "submit_turn")
    if isinstance(value, dict) and "job_id" not in value and "snapshot" not in value and "id" in value:
        return models.TurnJob("completed", snapshot=_interview_of(reply, "submit_turn"))
    job = _job_of(reply, "submit_turn", unless_said="queued")
    if job.job_id is None and job.snapshot is None:
        job = attrs.evolve(job, job_id=named)
    if job.job_id is None and job.snapshot is None and not is_one_of(job.status, "cached_replay"):
        raise errors.UnexpectedResponse(
            "The response to submit_turn contains no job id and no interview, so the reply cannot be found.",
            operation="submit_turn",
            field="job_id",
        )
    return job


async def get_turn_job(job_id: UUID) -> models.TurnJob:
    """GET /v1/interviews/turns/{jobId}"""
    from specstep_client.api.interviews import get_turn_job as endpoint

    def parse(reply: Reply) -> models.TurnJob:
        # A body without a job id is about the job in the path.
        job = _job_of(reply, "get_turn_job")
        reading.asked_uuid(job.job_id or job_id, "get_turn_job", "job_id", job_id)
        return job if job.job_id is not None else attrs.evolve(job, job_id=job_id)

    return await Send(request_of("get_turn_job", endpoint._get_kwargs(job_id)), parse)


async def cancel_turn_job(job_id: UUID) -> models.TurnJob:
    """POST /v1/interviews/turns/{jobId}/cancel: idempotent for a cancelled job, 409 for one that has ended."""
    from specstep_client.api.interviews import cancel_turn_job as endpoint

    request = request_of("cancel_turn_job", endpoint._get_kwargs(job_id))
    return await Send(request, lambda reply: _job_of(reply, "cancel_turn_job"))


def _job_of(reply: Reply, operation: str, unless_said: str | None = None) -> models.TurnJob:
    """The job in a response. ``unless_said`` is its status if the body has none."""
    from specstep_client.models.turn_job import TurnJob

    document = reading.document(reply, operation)
    body = reading.parse(document, TurnJob, operation)
    return models.TurnJob(
        status=steering_text(body.status or unless_said, operation, "status"),
        job_id=reading.optional_uuid(body.job_id),
        interview_id=optional(body, "interview_id", UUID),
        snapshot=_snapshot(document.get("snapshot"), operation),
        error_code=optional(body, "error_code", str),
        error_message=optional(body, "error_message", str),
        is_retryable=optional(body, "is_retryable", bool),
    )


def _snapshot(value: object, operation: str) -> models.Interview | None:
    """The interview inside a job; None if it cannot be read, because it can be requested by itself.

    It is read from the JSON: which class the generated client makes of it depends on the fields that it has there.
    """
    from specstep_client.models.interview import Interview

    try:
        return _interview(reading.parse(value, Interview, operation), operation)
    except errors.UnexpectedResponse:
        return None


async def list_interviews(
    status: str | None = None, *, deleted: bool = False, limit: int = 100
) -> list[models.Interview]:
    """GET /v1/interviews: without transcripts, and without conversations of fewer than two turns."""
    from specstep_client.api.interviews import list_deleted_interviews, list_interviews
    from specstep_client.models.interview_row import InterviewRow

    operation = "list_deleted_interviews" if deleted else "list_interviews"
    kwargs = list_deleted_interviews._get_kwargs() if deleted else list_interviews._get_kwargs()
    params: dict[str, Any] = {"limit": limit} | ({"status": status} if status else {})

    def parse(reply: Reply) -> list[models.Interview]:
        return [
            models.Interview(
                id=steering_uuid(row.id, operation, "id"),
                status=steering_text(row.status, operation, "status"),
                detected_type=optional(row, "detected_type", str),
                display_title=optional(row, "display_title", str),
            )
            for row in reading.rows(reply, InterviewRow, operation, "interviews")
        ]

    return await Send(request_of(operation, kwargs, params=params), parse)
