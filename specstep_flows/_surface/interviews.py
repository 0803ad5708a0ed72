"""Interviews, their turns and their documents.

Made from ``_surface_async/interviews.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import _paths as paths
    from specstep_flows import callbacks, gateway, models
    from specstep_flows.flows import interview
else:
    callbacks = LazyModule("specstep_flows.callbacks")
    gateway = LazyModule("specstep_flows.gateway")
    interview = LazyModule("specstep_flows.flows.interview")
    paths = LazyModule("specstep_flows._paths")


class InterviewMethods(Base):
    """Interviews, their turns and their documents."""

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
