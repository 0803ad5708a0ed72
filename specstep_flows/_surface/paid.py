"""What costs and is part of no run: each is paid for once, and found again by asking for the same.

Made from ``_surface_async/paid.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import callbacks, models
    from specstep_flows.flows import migration, steps
    from specstep_flows.flows.steps import ConfirmStep
    from specstep_flows.runs import attachments
else:
    attachments = LazyModule("specstep_flows.runs.attachments")
    callbacks = LazyModule("specstep_flows.callbacks")
    migration = LazyModule("specstep_flows.flows.migration")
    steps = LazyModule("specstep_flows.flows.steps")


class PaidMethods(Base):
    """What costs and is part of no run.

    Each of these calls is recorded in the store before it is sent. The same call again, in this process or another,
    settles what became of an answer that was lost, and shows what was paid for already instead of paying twice.
    """

    def preview_migration(self, archive: Path | str) -> models.MigrationPreview:
        """Where each file of existing documents, a zip of at most 16 MB, would go; nothing is kept, and nothing costs.

        POST /v1/doc-migrations/preview

        Raises:
            UsageError: the file cannot be read.
            BadRequest: it is no zip, is empty, or is too large.
        """
        name, content = attachments.read_archive(archive)
        return self._drive(migration.preview_migration(name, content))

    def commit_migration(
        self,
        archive: Path | str,
        *,
        version: str | None = None,
        project_id: UUID | str | None = None,
        target_path_overrides: Mapping[str, str] | None = None,
        again: bool = False,
        confirm: ConfirmStep | None = None,
        settle_seconds: float | None = None,
    ) -> models.Migration:
        """Make a package of existing documents, a zip of at most 16 MB. It is made once, whatever happens on the way.

        ``target_path_overrides`` correct where files go, from source to target path, as ``preview_migration`` shows
        them; ``version`` is semantic (default: the service's, 1.0.0), ``project_id`` the project (default: the
        service's). ``confirm`` is called with the step's record before anything is sent; False leaves it. The same
        archive with the same arguments is the same migration: it is shown and not made twice, unless with ``again``.

        POST /v1/doc-migrations/commit. After a lost answer, the package is found in GET /v1/packages by the files that
        the preview promises; its ``migration_id`` and ``project_id`` are None then.

        Raises:
            Conflict: two files claim one place (DOC_MIGRATION_UNRESOLVED_CONFLICTS); give ``target_path_overrides``.
            BadRequest: it is no zip, is empty, or is too large.
            Detached: it was not confirmed.
            OutcomeUnknown: the answer was lost, and new packages are there that may be it (``candidates``).
            RunBusy: another process is doing it at this moment.
        """
        name, content = attachments.read_archive(archive)
        project = None if project_id is None else callbacks.as_id(project_id)
        step = migration.MigrationStep(name, content, version, project, target_path_overrides or {})
        terms = steps.Terms(confirm, None, self._settle_seconds(settle_seconds), again)
        flow = migration.commit_migration(step, terms)
        return self._take_step("commit_doc_migration", step.asked(), flow, again=again, confirm=confirm)
