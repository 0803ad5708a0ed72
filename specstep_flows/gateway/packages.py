"""Packages: their records, their files, and where their bytes are."""

from __future__ import annotations

from urllib.parse import urljoin
from uuid import UUID

import attrs

from specstep_flows import errors, models
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import shown, steering_uuid
from specstep_flows.gateway.requests import request_of


async def get_generation_package(generation_id: UUID) -> models.Package:
    """GET /v1/generations/{id}/package: 404 while there is none."""
    from specstep_client.api.generations import get_generation_package as endpoint

    request = request_of("get_generation_package", endpoint._get_kwargs(generation_id))
    return await Send(request, lambda reply: _package_of(reply, "get_generation_package"))


async def get_package(package_id: UUID) -> models.Package:
    """GET /v1/packages/{id}"""
    from specstep_client.api.packages import get_package as endpoint

    request = request_of("get_package", endpoint._get_kwargs(package_id))
    return await Send(request, lambda reply: _package_of(reply, "get_package"))


def _package_of(reply: Reply, operation: str) -> models.Package:
    from specstep_client.models.package import Package

    body = reading.body(reply, Package, operation)
    texts = ("version", "review_profile", "project_name", "description", "kind", "kind_label")
    return models.Package(
        id=steering_uuid(body.id, operation, "id"),
        generation_id=shown(body, "generation_id", UUID),
        total_cost_usd=shown(body, "total_cost_usd", float),
        **{name: shown(body, name, str) for name in texts},
    )


async def list_package_files(package_id: UUID) -> list[models.PackageFile]:
    """GET /v1/packages/{id}/files"""
    from specstep_client.api.packages import list_package_files as endpoint

    def parse(reply: Reply) -> list[models.PackageFile]:
        from specstep_client.models.package_file import PackageFile

        rows = reading.rows(reply, PackageFile, "list_package_files", "files")
        return [models.PackageFile(shown(row, "path", str) or "", shown(row, "size_bytes", int)) for row in rows]

    return await Send(request_of("list_package_files", endpoint._get_kwargs(package_id)), parse)


@attrs.frozen
class ZipLink:
    """Where a package's bytes are: a signed address (a secret: it is in no repr), or the API itself."""

    url: str = attrs.field(repr=False)
    is_direct: bool


async def get_package_zip(package_id: UUID) -> ZipLink:
    """GET /v1/packages/{id}/zip: the address that it redirects to, which is not followed here.

    A service that answers with the bytes themselves (undocumented) is taken at its word.
    """
    from specstep_client.api.packages import get_package_zip as endpoint

    kwargs = endpoint._get_kwargs(package_id)
    request = request_of("get_package_zip", kwargs, leaves_body=True)

    def parse(reply: Reply) -> ZipLink:
        location = reply.headers.get("location")
        if 300 <= reply.status < 400:
            if not location:
                raise errors.UnexpectedResponse(
                    "The service redirects the download to nowhere.", operation="get_package_zip", field="Location"
                )
            there = _resolved(kwargs["url"], location)
            del location  # A traceback that shows local variables shows none of it.
            if there is None:
                raise errors.UnexpectedResponse(
                    "The service redirects the download to something that is no address.",
                    operation="get_package_zip",
                    field="Location",
                )
            return ZipLink(there, is_direct=False)
        if "json" in reply.headers.get("content-type", "") or "html" in reply.headers.get("content-type", ""):
            raise errors.UnexpectedResponse(
                "The service answered the download with a page instead of a package.", operation="get_package_zip"
            )
        return ZipLink(kwargs["url"], is_direct=True)

    return await Send(request, parse)


def _resolved(asked: str, location: str) -> str | None:
    """A redirect's address, which may be relative to the one that was asked (RFC 9110)."""
    try:
        return urljoin(asked, location)
    except ValueError:
        return None
