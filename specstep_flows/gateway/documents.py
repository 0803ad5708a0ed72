"""Reference documents of an interview, and the intake artifacts that interviews produce."""

from __future__ import annotations

import mimetypes
from datetime import datetime
from io import BytesIO
from uuid import UUID

from specstep_flows import errors, models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import optional, steering_uuid
from specstep_flows.gateway.requests import all_pages, field_of, request_of, success_only


async def upload_reference_document(
    interview_id: UUID,
    name: str,
    content: bytes,
    *,
    about: Changes | None = None,
    changes: Changes | None = None,
) -> models.ReferenceDocument | None:
    """POST /v1/interviews/{interviewId}/reference-documents, as the form field ``file`` (an assumption)."""
    from specstep_client.api.reference_documents import upload_reference_document as endpoint
    from specstep_client.models.reference_document_upload import ReferenceDocumentUpload
    from specstep_client.types import File

    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    document = ReferenceDocumentUpload(file=File(BytesIO(content), name, kind))
    request = request_of("upload_reference_document", endpoint._get_kwargs(interview_id, body=document))

    def parse(reply: Reply) -> models.ReferenceDocument | None:
        success_only(reply)
        try:
            value = reading.document(reply, "upload_reference_document")
        except errors.UnexpectedResponse:
            # The upload succeeded, but its response is undocumented: the list of documents has the id.
            return None
        identifier = reading.optional_uuid(value.get("id")) if isinstance(value, dict) else None
        return models.ReferenceDocument(identifier, name, len(content)) if identifier is not None else None

    about = {"name": name, **(about or {})}
    return await Send(request, parse, about=about, outcome=lambda _: changes or {})


async def list_reference_documents(interview_id: UUID) -> list[models.ReferenceDocument]:
    """GET /v1/interviews/{interviewId}/reference-documents"""
    from specstep_client.api.reference_documents import list_reference_documents as endpoint

    def parse(reply: Reply) -> list[models.ReferenceDocument]:
        from specstep_client.models.reference_document import ReferenceDocument

        operation = "list_reference_documents"
        return [
            models.ReferenceDocument(
                id=steering_uuid(row.id, operation, "id"),
                name=optional(row, "file_name", str) or field_of(row, "name", str) or field_of(row, "filename", str),
                size_bytes=optional(row, "size_bytes", int) or field_of(row, "size", int),
            )
            for row in reading.rows(reply, ReferenceDocument, operation, "documents")
        ]

    request = request_of("list_reference_documents", endpoint._get_kwargs(interview_id))
    return await Send(request, parse)


async def delete_reference_document(interview_id: UUID, document_id: UUID) -> None:
    """DELETE /v1/interviews/{interviewId}/reference-documents/{documentId}"""
    from specstep_client.api.reference_documents import delete_reference_document as endpoint

    request = request_of("delete_reference_document", endpoint._get_kwargs(interview_id, document_id))
    return await Send(request, success_only)


async def find_intake_artifact(interview_id: UUID) -> models.IntakeArtifact | None:
    """The intake artifact of an interview, from the pages of GET /v1/intake-artifacts; None if it is not listed."""
    from specstep_client.api.intake_artifacts import list_intake_artifacts as endpoint
    from specstep_client.models.intake_artifact_row import IntakeArtifactRow

    operation = "list_intake_artifacts"

    def parse(reply: Reply) -> list[models.IntakeArtifact]:
        return [
            models.IntakeArtifact(
                id=steering_uuid(row.id, operation, "id"),
                interview_id=reading.optional_uuid(row.interview_id),
                project_name=optional(row, "project_name", str),
                schema_version=optional(row, "schema_version", str),
                completed_at=optional(row, "completed_at", datetime),
            )
            for row in reading.rows(reply, IntakeArtifactRow, operation, "artifacts")
        ]

    try:
        artifacts = await all_pages(
            lambda params: request_of(operation, endpoint._get_kwargs(), params=params),
            parse,
            until=lambda artifact: artifact.interview_id == interview_id,
        )
    except errors.APIError as error:
        # A service without this list cannot tell; that is no failure.
        if error.is_not_offered:
            return None
        raise
    return next((artifact for artifact in artifacts if artifact.interview_id == interview_id), None)
