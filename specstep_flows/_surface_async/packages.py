"""Packages and the files in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from specstep_flows import callbacks, gateway, models
    from specstep_flows.flows import delivery
    from specstep_flows.runs import opening
else:
    callbacks = LazyModule("specstep_flows.callbacks")
    delivery = LazyModule("specstep_flows.flows.delivery")
    gateway = LazyModule("specstep_flows.gateway")
    opening = LazyModule("specstep_flows.runs.opening")


class PackageMethods(Base):
    """Packages and the files in them."""

    async def download_package(
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
        return await self._drive(delivery.download_package(callbacks.as_id(package_id), files, unpack=unpack))

    async def get_package(self, package_id: UUID | str) -> models.Package:
        """A package's record. GET /v1/packages/{id}"""
        return await self._drive(gateway.get_package(callbacks.as_id(package_id)))

    async def get_package_of(self, generation_id: UUID | str) -> models.Package:
        """The newest package of a generation. GET /v1/generations/{id}/package

        Raises:
            NotFound: there is none yet, or it was deleted.
        """
        return await self._drive(gateway.get_generation_package(callbacks.as_id(generation_id)))

    async def list_package_files(self, package_id: UUID | str) -> list[models.PackageFile]:
        """The files inside a package, without downloading it. GET /v1/packages/{id}/files"""
        return await self._drive(gateway.list_package_files(callbacks.as_id(package_id)))
