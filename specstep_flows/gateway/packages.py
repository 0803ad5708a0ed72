"""Packages: their records, their files, and their download links."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import attrs

from specstep_flows import errors, models
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import optional, steering_uuid
from specstep_flows.gateway.requests import request_of


async def get_generation_package(generation_id: UUID) -> models.Package:
    """GET /v1/generations/{id}/package: 404 until there is one."""
    from specstep_client.api.generations import get_generation_package as endpoint

    request = request_of("get_generation_package", endpoint._get_kwargs(generation_id))
    return await Send(request, lambda reply: _package_of(reply, "get_generation_package"))


async def get_package(package_id: UUID) -> models.Package:
    """GET /v1/packages/{id}"""
    from specstep_client.api.packages import get_package as endpoint

    request = request_of("get_package", endpoint._get_kwargs(package_id))

    def parse(reply: Reply) -> models.Package:
        found = _package_of(reply, "get_package")
        reading.asked_uuid(found.id, "get_package", "id", package_id)
        return found

    return await Send(request, parse)


def _package_of(reply: Reply, operation: str) -> models.Package:
    from specstep_client.models.package import Package

    body = reading.body(reply, Package, operation)
    texts = ("version", "review_profile", "project_name", "description", "kind", "kind_label")
    return models.Package(
        id=steering_uuid(body.id, operation, "id"),
        generation_id=optional(body, "generation_id", UUID),
        total_cost_usd=optional(body, "total_cost_usd", float),
        **{name: optional(body, name, str) for name in texts},
    )


async def list_package_files(package_id: UUID) -> list[models.PackageFile]:
    """GET /v1/packages/{id}/files"""
    from specstep_client.api.packages import list_package_files as endpoint

    def parse(reply: Reply) -> list[models.PackageFile]:
        from specstep_client.models.package_file import PackageFile

        rows = reading.rows(reply, PackageFile, "list_package_files", "files")
        return [models.PackageFile(optional(row, "path", str) or "", optional(row, "size_bytes", int)) for row in rows]

    return await Send(request_of("list_package_files", endpoint._get_kwargs(package_id)), parse)


@attrs.frozen
class ZipLink:
    """Where to download a package: a signed URL (a secret, so not in the repr), or the API itself."""

    url: str = attrs.field(repr=False)
    is_direct: bool


async def get_package_zip(package_id: UUID) -> ZipLink:
    """GET /v1/packages/{id}/zip: the URL that it redirects to. The redirect is not followed here.

    A service that sends the package itself (undocumented) is supported, too.
    """
    from specstep_client.api.packages import get_package_zip as endpoint

    return await zip_link("get_package_zip", endpoint._get_kwargs(package_id))


async def zip_link(operation: str, kwargs: dict[str, Any]) -> ZipLink:
    """Where an operation redirects whoever wants a zip."""
    request = request_of(operation, kwargs, leaves_body=True)

    def parse(reply: Reply) -> ZipLink:
        location = reply.headers.get("location")
        if 300 <= reply.status < 400:
            if not location:
                raise errors.UnexpectedResponse(
                    "The service redirects the download without a location.", operation=operation, field="Location"
                )
            there = _resolved(kwargs["url"], location)
            del location  # So that a traceback with local variables does not show it.
            if there is None:
                raise errors.UnexpectedResponse(
                    "The service redirects the download to an invalid URL.", operation=operation, field="Location"
                )
            return ZipLink(there, is_direct=False)
        if "json" in reply.headers.get("content-type", "") or "html" in reply.headers.get("content-type", ""):
            raise errors.UnexpectedResponse(
                "The service responded to the download with a page instead of a package.", operation=operation
            )
        return ZipLink(kwargs["url"], is_direct=True)

    return await Send(request, parse)


def _resolved(asked: str, location: str) -> str | None:
    """The URL of a redirect, which may be relative to the one that was requested (RFC 9110)."""
    try:
        return urljoin(asked, location)
    except ValueError:
        return None
