"""Packages: reading, the zip behind a signed URL, single files, delivery, the recycle bin (steps 6 to 7.7)."""

import mimetypes
from collections.abc import Iterable
from typing import Any

from ..clock import timestamp
from ..signing import signed_url
from ..world.errors import conflict, invalid, not_found
from ..world.packages import Package, package_body
from .call import Answer, Call, listed
from .routing import Routes

routes = Routes()

FILE_LIMIT = 256 * 1024
"""The largest file that is served by itself (walkthrough, step 6.2)."""
_TEXT_TYPES = {".md": "text/markdown", ".yaml": "application/yaml", ".yml": "application/yaml"}


def own_package(call: Call) -> Package:
    """The package that the path names."""
    return call.world.find_package(call.owner, call.id())


def _row(call: Call, package: Package) -> dict[str, Any]:
    """A package as it is listed: with its generation's state, and how many addenda it has."""
    run = call.world.generations.get(package.generation_id or "")
    return {
        **package_body(package, call.origin),
        "generation_state": None if run is None else run.state,
        "addenda_count": len(package.addenda),
    }


def _listing(call: Call, packages: Iterable[Package]) -> Answer:
    rows = call.page(call.ordered(sorted(packages, key=lambda package: package.created_at)))
    return Answer(body=listed(call.options, "packages", [_row(call, package) for package in rows]))


@routes.add("GET /v1/packages")
def list_packages(call: Call) -> Answer:
    """The caller's packages, newest first."""
    return _listing(
        call, (item for item in call.world.packages.values() if item.owner == call.owner and item.deleted_at is None)
    )


@routes.add("GET /v1/packages/deleted")
def list_deleted_packages(call: Call) -> Answer:
    """The recycle bin."""
    return _listing(
        call,
        (item for item in call.world.packages.values() if item.owner == call.owner and item.deleted_at is not None),
    )


@routes.add("GET /v1/packages/{id}")
def get_package(call: Call) -> Answer:
    """One package's record."""
    return Answer(body=package_body(own_package(call), call.origin))


@routes.add("GET /v1/packages/{id}/zip")
def get_package_zip(call: Call) -> Answer:
    """302 to a signed URL of the blob server, which holds for a short while."""
    package = own_package(call)
    return redirect(call, f"packages/{package.id}.zip", call.options.url_seconds)


def redirect(call: Call, blob: str, seconds: float) -> Answer:
    """Point to a blob by a URL that needs no key and expires."""
    return Answer(302, None, {"Location": signed_url(call.blob_origin, blob, call.now + seconds)})


@routes.add("GET /v1/packages/{id}/files")
def list_package_files(call: Call) -> Answer:
    """Paths and sizes, in order of the paths."""
    package = own_package(call)
    rows = [{"path": path, "size_bytes": size} for path, size in sorted(package.zip.entries.items())]
    return Answer(body={"files": rows})


@routes.add("GET /v1/packages/{id}/files/{*path}")
def get_package_file(call: Call) -> Answer:
    """The bytes of one file, unless it is too large for that."""
    package = own_package(call)
    path = call.params["path"]
    if ".." in path.split("/"):
        raise invalid("The path must not contain '..'.")
    if package.zip.entries.get(path, 0) > FILE_LIMIT:
        raise invalid("The file is larger than 256 KB; fetch the zip instead.")
    if path not in package.files:
        raise not_found("file in this package")
    suffix = path[path.rfind(".") :]
    kind = _TEXT_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Answer(body=package.files[path], content_type=kind)


@routes.add("POST /v1/packages/{id}/deliver")
def deliver_package(call: Call) -> Answer:
    """Queue a pull request in the configured repository."""
    package = own_package(call)
    target = call.key.user.source_control
    if not target or not target.get("repository"):
        raise conflict("SOURCE_CONTROL_NOT_CONFIGURED", "No repository is configured for delivery.")
    body = {
        "status": "queued",
        "package_id": package.id,
        "repository": target["repository"],
        "branch": f"specstep/{package.id[:8]}",
        "queued_at": timestamp(call.now),
    }
    return Answer(202, body)


@routes.add("DELETE /v1/packages/{id}")
def delete_package(call: Call) -> Answer:
    """Move to the recycle bin; the generation stays."""
    package = call.world.find_package(call.owner, call.id(), deleted=True)
    package.deleted_at = package.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/packages/{id}/restore")
def restore_package(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_package(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/packages/{id}/permanent")
def purge_package(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    package = call.world.find_package(call.owner, call.id(), deleted=True)
    if package.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted package can be removed for good.")
    del call.world.packages[package.id]
    call.world.blobs.pop(f"packages/{package.id}.zip", None)
    return Answer(204)
