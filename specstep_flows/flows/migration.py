"""Existing documents made into a package (walkthrough, step 6.7): once, whatever happens on the way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors, gateway, states
from specstep_flows._json import as_json
from specstep_flows.engine.effects import Changes
from specstep_flows.flows import calling
from specstep_flows.flows.listing import Listing
from specstep_flows.flows.steps import Step, Terms, carry_out
from specstep_flows.models import Migration, PackageRow

#: What the service adds to the files (walkthrough, step 6.7).
MANIFEST = "specstep.yaml"
#: For how many new packages the files are read at one look, the newest first.
MOST_ASKED = 10
#: What semver.org calls a version.
_SEMANTIC: Final = re.compile(
    r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}"
    r"(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)


@attrs.frozen
class MigrationStep(Step[Migration]):
    """A migration. Its package is told from others by the files that the preview promises."""

    thing = "migrated package"
    made = "made"
    is_shared = False
    may_vanish = True
    second = "delete one of them"

    name: str
    content: bytes = attrs.field(repr=False)
    version: str | None = None
    project_id: UUID | None = None
    overrides: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def listed_by(self) -> str:
        """The command that lists such things."""
        return "specstep package list"

    def asked(self) -> dict[str, Any]:
        """What is asked for, as the record keeps it."""
        digest = hashlib.sha256(self.content).hexdigest()
        return {
            "file": self.name,
            "sha256": digest,
            "version": self.version,
            "project_id": as_json(self.project_id),
            "target_path_overrides": dict(self.overrides),
        }

    async def send(self, about: Changes, outcome: Callable[[Migration], Changes]) -> Migration:
        """POST /v1/doc-migrations/commit"""
        return await gateway.commit_doc_migration(
            self.name,
            self.content,
            version=self.version,
            project_id=self.project_id,
            overrides=self.overrides,
            about=about,
            outcome=outcome,
        )

    async def listed(self) -> Sequence[PackageRow]:
        """The packages that came of no generation, the newest first."""
        return await _packages("list_packages")

    async def deleted(self) -> Sequence[PackageRow] | None:
        """Those of the recycle bin."""
        try:
            return await _packages("list_deleted_packages")
        except errors.PermissionDenied:
            return None
        except errors.APIError as error:
            # Where nothing deleted is listed, only live packages can be found. One that was just made is live.
            if error.is_not_offered:
                return ()
            raise

    async def sort(self, rows: Sequence[PackageRow]) -> tuple[list[PackageRow], list[UUID]]:
        """Those that hold exactly the files that the preview promises.

        Whether another new one was made by somebody else, or the service has classified the files otherwise since,
        cannot be told.
        """
        if not rows:
            return [], []
        preview = await calling.preview_archive(self.name, self.content)
        targets = (self.overrides.get(row.source_path, row.target_path) for row in preview.mapping)
        promised = {_from_root(target or "") for target in targets} | {MANIFEST}
        ours, undecided = [], []
        for number, row in enumerate(rows):
            files = (await self._files(row)) if number < MOST_ASKED else None
            if files is not None and files | {MANIFEST} == promised:
                ours.append(row)
            elif self.version is None or row.version is None or states.fold(row.version) == states.fold(self.version):
                undecided.append(row.id)
        return ours, undecided

    async def _files(self, row: PackageRow) -> set[str] | None:
        try:
            return {_from_root(file.path) for file in await gateway.list_package_files(row.id)}
        except errors.NotFound:
            # It is deleted.
            return None

    async def take_up(self, row: PackageRow) -> Migration:
        """What the list says of it: the migration's own id is only in the answer that was lost."""
        return Migration(row.id, version=row.version)

    def read(self, result: Mapping[str, Any]) -> Migration:
        """What was asked for, as the record has it."""
        ids = {name: UUID(result[name]) for name in ("package_id", "migration_id", "project_id") if result[name]}
        return Migration(**{**result, **ids})


def _from_root(path: str) -> str:
    """A path in a package as it is compared: ``./a``, ``/a`` and ``a`` are one place."""
    return path.removeprefix("./").lstrip("/")


def check_version(version: str | None) -> None:
    """Refuse a version that is not semantic. Raises ``UsageError``."""
    if version is not None and _SEMANTIC.fullmatch(version) is None:
        raise errors.UsageError(
            f"{version!r} is not a semantic version: write three numbers, such as 1.0.0. Nothing was sent."
        )


async def _packages(operation: str) -> list[PackageRow]:
    """All pages of a list of packages, as far as they came of no generation."""
    listing = Listing(operation, "packages", PackageRow)
    found: list[PackageRow] = []
    while (page := await listing.next_page()) is not None:
        found += [row for row in page if row.generation_id is None]
    return found


async def commit_migration(step: MigrationStep, terms: Terms) -> Migration:
    """Make a package of existing documents, once. POST /v1/doc-migrations/commit"""
    return await carry_out(step, terms)
