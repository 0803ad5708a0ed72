"""Interviews, their turns and their documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import _paths as paths
    from specstep_flows import callbacks, gateway, models
    from specstep_flows._surface_async.base import AsyncRows
    from specstep_flows.flows import calling, interview
else:
    calling = LazyModule("specstep_flows.flows.calling")
    callbacks = LazyModule("specstep_flows.callbacks")
    gateway = LazyModule("specstep_flows.gateway")
    models = LazyModule("specstep_flows.models")
    interview = LazyModule("specstep_flows.flows.interview")
    paths = LazyModule("specstep_flows._paths")


class InterviewMethods(Base):
    """Interviews, their turns and their documents."""

    async def start_interview(self) -> models.Interview:
        """Start an interview; its ``reply`` is the agent's opening turn. POST /v1/interviews"""
        return await self._drive(interview.start_interview())

    async def get_interview(self, interview_id: UUID | str) -> models.Interview:
        """The interview with its transcript so far. GET /v1/interviews/{id}"""
        return await self._drive(gateway.get_interview(callbacks.as_id(interview_id)))

    async def say(self, interview_id: UUID | str, message: str, *, key: str | None = None) -> models.Interview:
        """Say something and wait for the agent's reply: ``say(…).reply``. POST /v1/interviews/{id}/turns

        ``key`` is the Idempotency-Key (a fresh one by default): give your own to be able to repeat the call in another
        process without saying it twice.

        Raises:
            TurnFailed: the service could not answer.
        """
        return await self._drive(interview.say(callbacks.as_id(interview_id), message, key=key))

    async def cancel_turn(self, job_id: UUID | str) -> models.TurnJob:
        """Give up a turn that is still in flight. POST /v1/interviews/turns/{jobId}/cancel

        The agent's reply may all the same appear in the transcript.

        Raises:
            Conflict: the turn is over already.
        """
        return await self._drive(gateway.cancel_turn_job(callbacks.as_id(job_id)))

    async def attach_document(self, interview_id: UUID | str, path: Path | str) -> models.ReferenceDocument:
        """Attach a reference document, once. POST /v1/interviews/{interviewId}/reference-documents

        Raises:
            UsageError: the file cannot be read, or is empty; nothing was sent.
        """
        file = paths.user_path(path)
        return await self._drive(interview.attach_document(callbacks.as_id(interview_id), file))

    async def list_documents(self, interview_id: UUID | str) -> list[models.ReferenceDocument]:
        """The reference documents of an interview. GET /v1/interviews/{interviewId}/reference-documents"""
        return await self._drive(gateway.list_reference_documents(callbacks.as_id(interview_id)))

    async def detach_document(self, interview_id: UUID | str, document_id: UUID | str) -> None:
        """Remove a reference document.

        DELETE /v1/interviews/{interviewId}/reference-documents/{documentId}
        """
        return await self._drive(
            gateway.delete_reference_document(callbacks.as_id(interview_id), callbacks.as_id(document_id))
        )

    async def complete_interview(self, interview_id: UUID | str) -> models.Interview:
        """Close an interview and wait for its ``intake_artifact_id``. POST /v1/interviews/{id}/complete

        Raises:
            InterviewEnded: it cannot be completed yet, or nothing came of it.
        """
        return await self._drive(interview.complete_interview(callbacks.as_id(interview_id)))

    async def get_turn_job(self, job_id: UUID | str) -> models.TurnJob:
        """The state of a turn, with the interview when it is done. GET /v1/interviews/turns/{jobId}"""
        return await self._drive(gateway.get_turn_job(callbacks.as_id(job_id)))

    def list_interviews(
        self, *, status: str | None = None, limit: int | None = None, since: datetime | None = None
    ) -> AsyncRows[models.InterviewRow]:
        """Your interviews, the newest 100 at most: the service has no further pages. GET /v1/interviews

        Conversations of fewer than two turns are not listed. ``status`` is one word or several with commas: ``active``,
        ``paused``, ``abandoned``, ``complete``, ``awaiting_clarification``. ``since`` leaves out what was started
        before.
        """
        return self._list(
            models.InterviewRow,
            "list_interviews",
            "interviews",
            status=status,
            limit=limit,
            since=since,
            time="started_at",
            is_newest_first=False,
        )

    def list_deleted_interviews(self, *, limit: int | None = None) -> AsyncRows[models.InterviewRow]:
        """The interviews in the recycle bin, fetched page by page. GET /v1/interviews/deleted"""
        return self._list(models.InterviewRow, "list_deleted_interviews", "interviews", limit=limit)

    async def delete_interview(self, interview_id: UUID | str) -> None:
        """Put an interview into the recycle bin, which keeps it for 30 days. DELETE /v1/interviews/{id}"""
        await self._drive(calling.remove("delete_interview", interview_id))

    async def restore_interview(self, interview_id: UUID | str) -> None:
        """Take an interview out of the recycle bin, but not what was made of it. POST /v1/interviews/{id}/restore"""
        await self._drive(calling.change("restore_interview", interview_id))

    async def purge_interview(self, interview_id: UUID | str) -> None:
        """Delete an interview for good, with everything that was made of it. DELETE /v1/interviews/{id}/permanent

        Nothing brings it back.

        Raises:
            Conflict: it is not in the recycle bin; nothing was deleted.
        """
        await self._drive(calling.remove("purge_interview", interview_id))

    def list_intake_artifacts(
        self, *, status: str | None = None, limit: int | None = None, since: datetime | None = None
    ) -> AsyncRows[models.IntakeArtifact]:
        """What completed interviews produced, newest first, fetched page by page. GET /v1/intake-artifacts

        ``since`` leaves out what was completed before.
        """
        return self._list(
            models.IntakeArtifact,
            "list_intake_artifacts",
            "artifacts",
            status=status,
            limit=limit,
            since=since,
            time="completed_at",
        )
