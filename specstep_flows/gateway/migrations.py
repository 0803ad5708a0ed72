"""Existing documents made into a package (walkthrough, step 6.7)."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Final
from uuid import UUID

from specstep_flows import errors, models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import steering_text, steering_uuid
from specstep_flows.gateway.requests import request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


async def preview_doc_migration(name: str, content: bytes) -> models.MigrationPreview:
    """POST /v1/doc-migrations/preview: where each file would go; nothing is kept, and nothing is paid for."""
    from specstep_client.api.doc_migrations import preview_doc_migration as endpoint
    from specstep_client.models.doc_migration_upload import DocMigrationUpload
    from specstep_client.types import File

    operation = "preview_doc_migration"

    def parse(reply: Reply) -> models.MigrationPreview:
        from specstep_client.models.doc_migration_preview import DocMigrationPreview

        body = reading.body(reply, DocMigrationPreview, operation)
        if not isinstance(body.mapping, list):
            raise errors.UnexpectedResponse(
                "The preview of the migration has no mapping.", operation=operation, field="mapping"
            )
        mapping = tuple(
            models.MigrationMapping(
                steering_text(row.source_path, operation, "source_path"),
                steering_text(row.target_path, operation, "target_path"),
                reading.optional(row, "doc_type", str),
                reading.optional(row, "layer", str),
                reading.optional(row, "confidence", float),
            )
            for row in body.mapping
        )
        found = body.conflicting_target_paths
        conflicts = tuple(map(str, found)) if isinstance(found, list) else ()
        return models.MigrationPreview(mapping, conflicts, **reading.optional_fields(body, _PREVIEW_FIELDS))

    upload = DocMigrationUpload(file=File(BytesIO(content), name, "application/zip"))
    return await Send(request_of(operation, endpoint._get_kwargs(body=upload)), parse)


_PREVIEW_FIELDS: Final = {
    "source_archive_name": str,
    "source_byte_count": int,
    "total_file_count": int,
    "classified_count": int,
    "unclassified_count": int,
    "classifier_version": str,
}


async def commit_doc_migration(
    name: str,
    content: bytes,
    *,
    version: str | None = None,
    project_id: UUID | None = None,
    overrides: Mapping[str, str] | None = None,
    about: Changes | None = None,
    outcome: Callable[[models.Migration], Changes] | None = None,
) -> models.Migration:
    """POST /v1/doc-migrations/commit: makes a package. It has no idempotency key."""
    from specstep_client.api.doc_migrations import commit_doc_migration as endpoint
    from specstep_client.models.doc_migration_commit_upload import DocMigrationCommitUpload
    from specstep_client.types import UNSET, File

    operation = "commit_doc_migration"

    def parse(reply: Reply) -> models.Migration:
        from specstep_client.models.doc_migration import DocMigration

        body = reading.body(reply, DocMigration, operation)
        return models.Migration(
            steering_uuid(body.package_id, operation, "package_id"), **reading.optional_fields(body, _FIELDS)
        )

    upload = DocMigrationCommitUpload(
        file=File(BytesIO(content), name, "application/zip"),
        project_id=project_id if project_id is not None else UNSET,
        version=version if version is not None else UNSET,
        target_path_overrides=json.dumps(dict(overrides)) if overrides else UNSET,
    )
    request = request_of(operation, endpoint._get_kwargs(body=upload))
    return await Send(request, parse, about=about, outcome=outcome)


_FIELDS: Final = {
    "migration_id": UUID,
    "project_id": UUID,
    "version": str,
    "classified_count": int,
    "unclassified_count": int,
}
