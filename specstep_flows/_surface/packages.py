"""Packages and the files in them.

Made from ``_surface_async/packages.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import _paths as paths
    from specstep_flows import callbacks, gateway, models
    from specstep_flows._surface.base import Rows
    from specstep_flows.flows import calling, delivery
    from specstep_flows.runs import opening
else:
    calling = LazyModule("specstep_flows.flows.calling")
    models = LazyModule("specstep_flows.models")
    paths = LazyModule("specstep_flows._paths")
    callbacks = LazyModule("specstep_flows.callbacks")
    delivery = LazyModule("specstep_flows.flows.delivery")
    gateway = LazyModule("specstep_flows.gateway")
    opening = LazyModule("specstep_flows.runs.opening")


class PackageMethods(Base):
    """Packages and the files in them."""

    def download_package(
        self,
        package_id: UUID | str,
        *,
        output: Path | str | None = None,
        unpack: bool = False,
        force: bool = False,
    ) -> models.PackageOnDisk:
        """Download one package by its own id, whichever way it was made: one of migrated documents, too.

        ``output`` is the zip's name, or the folder to put it in (default: the working folder, under the package's id);
        ``unpack`` unpacks it into a folder of the same name, ``force`` replaces a file that is already there. The same
        call continues a download that broke off. It costs nothing. A run's package comes with ``run`` and ``resume``.

        GET /v1/packages/{id}, GET /v1/packages/{id}/zip, then the storage host

        Raises:
            NotFound: it is not there, or not this account's.
            UsageError, OutputError: it cannot be put there.
            DownloadError: the bytes did not arrive; what came is kept.
            DamagedPackage, HostilePackage: what arrived is not what it should be.
        """
        options = opening.run_options(output=output, unpack=unpack, force=force)
        files = self._runtime.files(options)
        return self._drive(delivery.download_package(callbacks.as_id(package_id), files, unpack=unpack))

    def get_package(self, package_id: UUID | str) -> models.Package:
        """A package's record. GET /v1/packages/{id}"""
        return self._drive(gateway.get_package(callbacks.as_id(package_id)))

    def get_package_of(self, generation_id: UUID | str) -> models.Package:
        """The newest package of a generation. GET /v1/generations/{id}/package

        Raises:
            NotFound: there is none yet, or it was deleted.
        """
        return self._drive(gateway.get_generation_package(callbacks.as_id(generation_id)))

    def list_package_files(self, package_id: UUID | str) -> list[models.PackageFile]:
        """The files inside a package, without downloading it. GET /v1/packages/{id}/files"""
        return self._drive(gateway.list_package_files(callbacks.as_id(package_id)))

    def get_package_file(self, package_id: UUID | str, path: str) -> models.PackageFileContent:
        """One file of a package, without downloading it: its ``text``, or its ``content`` as bytes.

        ::

            print(specstep.get_package_file(package_id, "docs/01-vision.md").text)

        GET /v1/packages/{id}/files/{path}

        Raises:
            NotFound: there is no such file.
            APIError: it is larger than 256 KB (400): ``download_package`` brings all of them.
        """
        return self._drive(calling.read_package_file(package_id, path))

    def list_packages(self, *, limit: int | None = None, since: datetime | None = None) -> Rows[models.PackageRow]:
        """Your packages, newest first, fetched page by page. GET /v1/packages

        ``since`` leaves out what was made before.
        """
        return self._list(models.PackageRow, "list_packages", "packages", limit=limit, since=since)

    def list_deleted_packages(self, *, limit: int | None = None) -> Rows[models.PackageRow]:
        """The packages in the recycle bin, fetched page by page. GET /v1/packages/deleted"""
        return self._list(models.PackageRow, "list_deleted_packages", "packages", limit=limit)

    def delete_package(self, package_id: UUID | str) -> None:
        """Put a package into the recycle bin, which keeps it for 30 days. DELETE /v1/packages/{id}"""
        self._drive(calling.remove("delete_package", package_id))

    def restore_package(self, package_id: UUID | str) -> None:
        """Take a package out of the recycle bin. POST /v1/packages/{id}/restore"""
        self._drive(calling.change("restore_package", package_id))

    def purge_package(self, package_id: UUID | str) -> None:
        """Delete a package for good, with its files and addenda. DELETE /v1/packages/{id}/permanent

        Nothing brings it back.

        Raises:
            Conflict: it is not in the recycle bin; nothing was deleted.
        """
        self._drive(calling.remove("purge_package", package_id))

    def search_package(self, package_id: UUID | str, query: str, *, limit: int | None = None) -> list[models.SearchHit]:
        """The files of a package in which something is found, the best match first. GET /v1/packages/{id}/search

        ``query`` takes ``"quoted phrases"``, ``OR``, and ``-`` before what must not be there. A hit has a passage of
        the file as ``text``, and as ``spans`` where in it the matches are. ``limit`` is 20 if it is left out, at most
        50.
        """
        return self._drive(
            calling.read_list(models.SearchHit, "search_package", "results", package_id, q=query, limit=limit)
        )

    def search_packages(self, query: str, *, limit: int | None = None) -> list[models.PackageHit]:
        """The packages in which something is found, each with its five best files. GET /v1/packages/search

        ``query`` as for ``search_package``. ``limit`` is how many packages: 10 if it is left out, at most 25.
        """
        return self._drive(calling.read_list(models.PackageHit, "search_packages", "results", q=query, limit=limit))

    # What belongs to a package.

    def list_addenda(self, package_id: UUID | str) -> list[models.Addendum]:
        """The change addenda of a package, newest first. GET /v1/packages/{id}/addenda"""
        return self._drive(calling.read_list(models.Addendum, "list_addenda", "addenda", package_id))

    def list_explanations(self, package_id: UUID | str) -> list[models.ExplanationRow]:
        """The explanations of a package that are there already. GET /v1/packages/{id}/explanations"""
        return self._drive(calling.read_list(models.ExplanationRow, "list_explanations", "explanations", package_id))

    def list_explain_audiences(self) -> list[models.ExplainAudience]:
        """The audiences that a package can be explained to. It needs no key. GET /v1/explain/audiences"""
        return self._drive(calling.read_list(models.ExplainAudience, "list_explain_audiences", "audiences"))

    def preview_doc_migration(self, path: Path | str) -> models.MigrationPreview:
        """Where the files of a zip of documents would be in a package. Nothing is kept, and nothing is paid for.

        POST /v1/doc-migrations/preview

        Raises:
            UsageError: the file cannot be read, or is empty; nothing was sent.
            APIError: it is not a zip, or larger than 16 MB (400).
        """
        return self._drive(calling.preview_migration(paths.user_path(path)))

    def deliver_package(self, package_id: UUID | str) -> models.PackageDelivery:
        """Open a pull request with a package in the repository that is configured. POST /v1/packages/{id}/deliver

        It is queued, on a new branch. It is never sent twice on a guess: after a lost answer, look at the repository.

        Raises:
            APIError: no repository is configured (``update_source_control_preferences``).
        """
        return self._drive(calling.read(models.PackageDelivery, "deliver_package", package_id))

    def get_source_control_preferences(self) -> models.SourceControlPreferences:
        """The repository that packages are delivered to. GET /v1/source-control/preferences/installation"""
        return self._drive(calling.read(models.SourceControlPreferences, "get_source_control_preferences"))

    def update_source_control_preferences(
        self, *, repository: str | None, base_branch: str | None
    ) -> models.SourceControlPreferences:
        """Set the repository that packages are delivered to, and the branch that pull requests are opened against.

        The pages do not show these fields, so their names are an assumption. Both are replaced.

        PUT /v1/source-control/preferences/installation
        """
        body = {"repository": repository, "base_branch": base_branch}
        return self._drive(
            calling.read(models.SourceControlPreferences, "update_source_control_preferences", body=body, known=body)
        )
