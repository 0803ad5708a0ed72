"""What costs and is part of no run: each is paid for once, and found again by asking for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import callbacks, models
    from specstep_flows.flows import addendum, explanation, migration, steps
    from specstep_flows.flows.delivery import Files
    from specstep_flows.flows.steps import ConfirmStep
    from specstep_flows.runs import attachments, opening
else:
    addendum = LazyModule("specstep_flows.flows.addendum")
    attachments = LazyModule("specstep_flows.runs.attachments")
    callbacks = LazyModule("specstep_flows.callbacks")
    explanation = LazyModule("specstep_flows.flows.explanation")
    migration = LazyModule("specstep_flows.flows.migration")
    opening = LazyModule("specstep_flows.runs.opening")
    steps = LazyModule("specstep_flows.flows.steps")


class PaidMethods(Base):
    """What costs and is part of no run.

    Each of these calls is recorded in the store before it is sent. The same call again, in this process or another,
    settles what became of an answer that was lost, and shows what was paid for already instead of paying twice.
    """

    async def add_addendum(
        self,
        package_id: UUID | str,
        title: str,
        description: str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
        again: bool = False,
        confirm: ConfirmStep | None = None,
        max_cost_usd: float | None = None,
        settle_seconds: float | None = None,
    ) -> models.DraftedAddendum:
        """Draft a change addendum to a package: one change, in about 30 seconds. It costs about $0.50.

        ``title`` has at most 200 characters, ``description`` at most 4000. With ``output`` (a zip's name, or a folder)
        its zip is downloaded, too (``saved``); ``unpack`` and ``force`` are those of ``download_package``. ``confirm``
        is called with the step's record before anything is sent; False leaves it. ``max_cost_usd`` refuses what costs
        more by the service's pages.

        The same title and description for the same package are the same addendum, whoever asked for it: it is shown,
        and not paid for twice, unless with ``again``.

        POST /v1/packages/{id}/addenda, GET /v1/packages/{id}/addenda

        Raises:
            UsageError: the title or the description is blank or too long.
            NotFound: there is no such package, or it is not this account's.
            BudgetExceeded, NotConfirmed: it would cost too much, or was not confirmed; nothing was sent.
            OutcomeUnknown: the answer was lost, and what came of it cannot be told.
            RunBusy: another process is doing it at this moment.
        """
        step = addendum.AddendumStep(callbacks.as_id(package_id), title, description)
        terms = steps.Terms(confirm, max_cost_usd, self._settle_seconds(settle_seconds), again)
        files = self._files(output, unpack, force, is_paid_for=False) if output is not None else None
        flow = addendum.add_addendum(step, terms, files, unpack=unpack)
        return await self._take_step("create_addendum", step.asked(), flow, again=again, confirm=confirm)

    async def download_addendum(
        self,
        package_id: UUID | str,
        addendum_id: UUID | str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
    ) -> models.SavedFile:
        """Download an addendum's zip, as ``download_package`` downloads a package. It costs nothing.

        GET /v1/packages/{id}/addenda/{addendumId}/zip, then the storage host
        """
        files = self._files(output, unpack, force)
        package, identifier = callbacks.as_id(package_id), callbacks.as_id(addendum_id)
        return await self._drive(addendum.download_addendum(package, identifier, files, unpack=unpack))

    async def explain_package(
        self,
        package_id: UUID | str,
        audience: str,
        *,
        output: Path | str | None = None,
        format: str = "md",  # noqa: A002 - the service's own word
        force: bool = False,
        confirm: ConfirmStep | None = None,
        max_cost_usd: float | None = None,
        settle_seconds: float | None = None,
    ) -> models.Explanation:
        """Explain a package to an audience (``executive``, ``investor``, …), as Markdown. The first time costs $0.05.

        The service keeps it, and repeats are free. With ``output`` (a file's name, or a folder) it is saved as
        ``format`` as well (``saved``): ``md``, ``txt``, ``pdf`` or ``docx``. ``confirm`` and ``max_cost_usd`` are those
        of ``add_addendum``. An explanation that the service gives up after 75 seconds costs nothing, and is tried again
        for 10 minutes.

        POST /v1/packages/{id}/explain, GET /v1/packages/{id}/explanations

        Raises:
            BadRequest: there is no such audience.
            QuotaExceeded: this month's explanations are used up.
            NotFound: there is no such package, or it is not this account's.
            BudgetExceeded, NotConfirmed, OutcomeUnknown, RunBusy: as for ``add_addendum``.
        """
        step = explanation.ExplanationStep(callbacks.as_id(package_id), audience)
        terms = steps.Terms(confirm, max_cost_usd, self._settle_seconds(settle_seconds))
        form = explanation.check_form(format)
        files = self._files(output, False, force) if output is not None else None
        flow = explanation.explain_package(step, terms, files, form)
        return await self._take_step("explain_package", step.asked(), flow, confirm=confirm)

    async def download_explanation(
        self,
        package_id: UUID | str,
        audience: str,
        *,
        format: str = "md",  # noqa: A002 - the service's own word
        output: Path | str | None = None,
        force: bool = False,
    ) -> models.SavedFile:
        """Save an explanation that has been written as ``md``, ``txt``, ``pdf`` or ``docx``. It costs nothing.

        ``output`` is the file's name, or the folder to put it in (default: the working folder, under the service's own
        name: ``specstep-explanation-<audience>.<format>``).

        GET /v1/packages/{id}/explain/download

        Raises:
            NotFound: none was written for this audience: ``explain_package`` first.
            UsageError, OutputError: it cannot be put there.
        """
        files = self._files(output, False, force)
        package = callbacks.as_id(package_id)
        return await self._drive(explanation.download_explanation(package, audience, format, files))

    def _files(self, output: Path | str | None, unpack: bool, force: bool, *, is_paid_for: bool = True) -> Files:
        options = opening.run_options(output=output, unpack=unpack, force=force)
        return self._runtime.files(options, is_paid_for=is_paid_for)

    async def commit_migration(
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

        ``target_path_overrides`` correct where files go, from source to target path, as ``preview_doc_migration`` shows
        them; ``version`` is semantic (default: the service's, 1.0.0), ``project_id`` the project (default: the
        service's). ``confirm`` is called with the step's record before anything is sent; False leaves it. The same
        archive with the same arguments is the same migration: it is shown and not made twice, unless with ``again``.

        POST /v1/doc-migrations/commit. After a lost answer, the package is found in GET /v1/packages by the files that
        the preview promises; its ``migration_id`` and ``project_id`` are None then.

        Raises:
            Conflict: two files claim one place (DOC_MIGRATION_UNRESOLVED_CONFLICTS); give ``target_path_overrides``.
            UsageError: the file cannot be read, or ``version`` is not semantic; nothing was sent.
            BadRequest: it is no zip.
            NotConfirmed: it was not confirmed.
            OutcomeUnknown: the answer was lost, and new packages are there that may be it (``candidates``).
            RunBusy: another process is doing it at this moment.
        """
        self._runtime.check()
        migration.check_version(version)
        name, content = attachments.read_archive(archive)
        project = None if project_id is None else callbacks.as_id(project_id)
        step = migration.MigrationStep(name, content, version, project, target_path_overrides or {})
        terms = steps.Terms(confirm, None, self._settle_seconds(settle_seconds), again)
        flow = migration.commit_migration(step, terms)
        return await self._take_step("commit_doc_migration", step.asked(), flow, again=again, confirm=confirm)
