"""Existing documents made into a package (walkthrough, step 6.7)."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Final
from uuid import UUID

from specstep_flows import models
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import steering_uuid
from specstep_flows.gateway.requests import request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
