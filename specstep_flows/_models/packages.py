"""Interviews and packages as lists have them, what is in packages, and what belongs to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import states

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

#: How the service marks what was found (walkthrough, step 6.3).
_MARK: Final = re.compile(r"</?mark>", re.IGNORECASE)


@attrs.frozen
class InterviewRow:
    """A row of GET /v1/interviews: an interview without its turns."""

    id: UUID
    status: str
    detected_type: str | None = None
    display_title: str | None = None
    turn_count: int | None = None
    started_at: datetime | None = None
    last_activity_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the interview is complete, in any spelling."""
        return states.is_one_of(self.status, "complete", "completed")


@attrs.frozen
class PackageRow:
    """A row of GET /v1/packages. ``generation_id`` is None for a package of migrated documents."""

    id: UUID
    generation_id: UUID | None = None
    version: str | None = None
    review_profile: str | None = None
    total_cost_usd: float | None = None
    project_name: str | None = None
    description: str | None = None
    kind: str | None = None
    kind_label: str | None = None
    created_at: datetime | None = None
    generation_state: str | None = None
    addenda_count: int | None = None


@attrs.frozen
class SearchHit:
    """A file of a package in which something was found. A higher ``rank`` is a better match.

    ``snippet`` is what the service sent: a passage with ``<mark>`` and ``</mark>`` around what was found.
    """

    file_path: str
    snippet: str | None = None
    rank: float | None = None

    @property
    def text(self) -> str:
        """The passage without the marks. It is the file's own text: escape it before you put it into a page."""
        return _MARK.sub("", self.snippet or "")

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where in ``text`` the matches are: the index of the first character, and the one after the last."""
        found: list[tuple[int, int]] = []
        removed, begin = 0, None
        for mark in _MARK.finditer(self.snippet or ""):
            place = mark.start() - removed
            removed += len(mark[0])
            if mark[0][1] != "/":
                begin = place if begin is None else begin
            elif begin is not None:
                found.append((begin, place))
                begin = None
        if begin is not None:
            # The passage was cut within a match.
            found.append((begin, len(self.text)))
        return tuple(span for span in found if span[0] < span[1])


@attrs.frozen
class PackageHit:
    """A package in which something was found, with its best files; ``total_hit_count`` is how many files there are."""

    package_id: UUID
    project_name: str | None = None
    version: str | None = None
    total_hit_count: int | None = None
    files: tuple[SearchHit, ...] = ()


@attrs.frozen
class PackageFileContent:
    """A file that was read out of a package."""

    path: str
    content: bytes = attrs.field(repr=False)
    #: Its media type, without parameters: ``text/markdown``.
    content_type: str | None = None

    @property
    def text(self) -> str:
        """The file as text: UTF-8, where what is none is replaced by U+FFFD."""
        return self.content.decode("utf-8-sig", "replace")


@attrs.frozen
class PackageDelivery:
    """A delivery that was queued. Its fields are not documented: ``raw`` is the whole answer."""

    status: str | None = None
    repository: str | None = None
    branch: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class SourceControlPreferences:
    """Where packages are delivered to. Its fields are not documented: ``raw`` is the whole answer."""

    repository: str | None = None
    base_branch: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class Addendum:
    """A change addendum of a package (GET /v1/packages/{id}/addenda)."""

    id: UUID
    package_id: UUID | None = None
    title: str | None = None
    description: str | None = None
    cost_usd: float | None = None
    submitted_by_user_id: UUID | None = None
    created_at: datetime | None = None


@attrs.frozen
class SavedFile:
    """What was downloaded beside a package: a file on disk. ``unpacked_to`` is the folder, if it was unpacked."""

    path: Path
    sha256: str
    size_bytes: int
    unpacked_to: Path | None = None


@attrs.frozen
class DraftedAddendum(Addendum):
    """An addendum that was asked for; ``saved`` is its zip, if that was wanted."""

    saved: SavedFile | None = None


@attrs.frozen
class Explanation:
    """A package, explained to an audience. ``saved`` is the file of it, if one was wanted.

    ``cached``: the service had written it before, so this call cost nothing. ``cost_usd`` is what it cost when it was
    written, where that is known.
    """

    markdown: str
    audience: str
    model: str | None = None
    cost_usd: float | None = None
    cached: bool | None = None
    saved: SavedFile | None = None


@attrs.frozen
class ExplainAudience:
    """An audience that a package can be explained to; ``slug`` is the word that ``explain`` takes."""

    slug: str
    display_name: str | None = None
    description: str | None = None


@attrs.frozen
class ExplanationRow:
    """An explanation that is there already: asked for again, it costs nothing."""

    id: UUID
    audience: str | None = None
    model: str | None = None
    cost_usd: float | None = None
    cached: bool | None = None
    created_at: datetime | None = None


@attrs.frozen
class MigrationMapping:
    """Where a file of an uploaded archive would be in the package.

    ``layer`` says what decided it (``Manifest``, ``CanonicalTaxonomy``, ``Heuristic``, ``Fallback``), ``confidence``
    how sure that is.
    """

    source_path: str
    doc_type: str | None = None
    target_path: str | None = None
    layer: str | None = None
    confidence: float | None = None


@attrs.frozen
class MigrationPreview:
    """What a migration of an archive would give. While ``conflicting_target_paths`` is not empty, none is possible."""

    source_archive_name: str | None = None
    source_byte_count: int | None = None
    total_file_count: int | None = None
    classified_count: int | None = None
    unclassified_count: int | None = None
    classifier_version: str | None = None
    mapping: tuple[MigrationMapping, ...] = ()
    conflicting_target_paths: tuple[str, ...] = ()


@attrs.frozen
class Migration:
    """Existing documents that were made into a package. Where its answer was lost, only the package is known."""

    package_id: UUID
    migration_id: UUID | None = None
    project_id: UUID | None = None
    version: str | None = None
    classified_count: int | None = None
    unclassified_count: int | None = None


@attrs.frozen
class ExternalConnector:
    """A connected folder. ``status`` is ``Active``, ``Revoked`` or ``NeedsReconnect``."""

    id: UUID
    provider: str | None = None
    folder_name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    last_synced_at: datetime | None = None


@attrs.frozen
class ExternalFolder:
    """A folder at a provider that can be connected."""

    id: str
    name: str | None = None
    has_subfolders: bool | None = None
