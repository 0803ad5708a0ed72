"""Packages: reading, the zip behind a signed URL, single files, search, delivery, the recycle bin (steps 6 to 7.7)."""

from __future__ import annotations

import html
import mimetypes
import re
from typing import Any

import attrs

from specstep_flows.sandbox.blobs import signed_url
from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.records import KIND, KIND_LABEL, Package
from specstep_flows.sandbox.refusals import conflict, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, listed

routes = Routes(
    "Packages",
    names={"id": "packageId", "*path": "entryPath"},
    records={
        "PackageResponse": (
            "id:uuid generation_id:uuid? version:text review_profile:@GenerationProfile? total_cost_usd:num? "
            "project_name:text? description:text? kind:text kind_label:text created_at:date download_url:uri"
        ),
        "PackageListItem": (
            "id:uuid generation_id:uuid? version:text review_profile:@GenerationProfile? total_cost_usd:num? "
            "project_name:text? description:text? kind:text kind_label:text created_at:date download_url:uri "
            "generation_state:@GenerationStateDto? addenda_count:int"
        ),
        "PackagePage": "packages:[@PackageListItem]",
        "PackageEntry": "path:text size_bytes:long",
        "PackageEntriesResponse": "files:[@PackageEntry]",
        "SearchResultDto": "file_path:text snippet:text rank:num",
        "PackageSearchResponse": "query:text results:[@SearchResultDto]",
        "PackageSearchGroup": (
            "package_id:uuid project_name:text? version:text total_hit_count:int files:[@SearchResultDto]"
        ),
        "CrossPackageSearchResponse": "query:text results:[@PackageSearchGroup]",
        "DeliveryResponse": "status:text repository:text? branch:text?",
    },
)


#: The largest file that is served by itself (walkthrough, step 6.2).
FILE_LIMIT = 256 * 1024
_TEXT_TYPES = {".md": "text/markdown", ".yaml": "application/yaml", ".yml": "application/yaml"}


def own_package(call: Call) -> Package:
    """The package that the path names."""
    return call.world.find_package(call.owner, call.id())


def package_body(package: Package, origin: str) -> dict[str, Any]:
    """The answer of `GET /v1/packages/{id}`, which is also the heart of a list row; `origin` is where the API is."""
    return {
        "id": package.id,
        "generation_id": package.generation_id,
        "version": package.version,
        "review_profile": package.profile,
        "project_name": package.project_name,
        "description": package.description,
        "kind": KIND,
        "kind_label": KIND_LABEL,
        "total_cost_usd": package.total_cost_usd,
        "download_url": origin + routes.path_to(get_package_zip, package.id),
        "created_at": timestamp(package.created_at),
    }


def _row(call: Call, package: Package) -> dict[str, Any]:
    """A package as it is listed: with its generation's state, and how many addenda it has."""
    run = call.world.generations.get(package.generation_id or "")
    return {
        **package_body(package, call.origin),
        "generation_state": None if run is None else run.state,
        "addenda_count": len(package.addenda),
    }


def _listing(call: Call, *, deleted: bool) -> Answer:
    packages = [
        package
        for package in call.world.packages.values()
        if package.owner == call.owner and (package.deleted_at is not None) == deleted
    ]
    rows = call.page(call.ordered(sorted(packages, key=lambda package: package.created_at)))
    return Answer(body=listed(call.options, "packages", [_row(call, package) for package in rows]))


@routes.add("GET /v1/packages", "200:@PackagePage", query="limit:int offset:int order:text")
def list_packages(call: Call) -> Answer:
    """The caller's packages, newest first."""
    return _listing(call, deleted=False)


@routes.add("GET /v1/packages/deleted", "200:=PackagePage", query="limit:int offset:int order:text")
def list_deleted_packages(call: Call) -> Answer:
    """The recycle bin."""
    return _listing(call, deleted=True)


@routes.add("GET /v1/packages/{id}", "200:@PackageResponse 404")
def get_package(call: Call) -> Answer:
    """One package's record."""
    return Answer(body=package_body(own_package(call), call.origin))


@routes.add("GET /v1/packages/{id}/zip", "302 404", named="DownloadPackage")
def get_package_zip(call: Call) -> Answer:
    """302 to a signed URL of the blob server, which holds for a short while."""
    package = own_package(call)
    return redirect(call, f"packages/{package.id}.zip", call.options.url_seconds)


def redirect(call: Call, blob: str, seconds: float) -> Answer:
    """Point to a blob by a URL that needs no key and expires."""
    return Answer(302, None, {"Location": signed_url(call.blob_origin, blob, call.now + seconds)})


@routes.add("GET /v1/packages/{id}/files", "200:@PackageEntriesResponse 404")
def list_package_files(call: Call) -> Answer:
    """Paths and sizes, in order of the paths."""
    package = own_package(call)
    rows = [{"path": path, "size_bytes": size} for path, size in sorted(package.zip.entries.items())]
    return Answer(body={"files": rows})


@routes.add("GET /v1/packages/{id}/files/{*path}", "200 400 404")
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


@routes.add("POST /v1/packages/{id}/deliver", "202:@DeliveryResponse 404 409")
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


@routes.add("DELETE /v1/packages/{id}", "204 404")
def delete_package(call: Call) -> Answer:
    """Move to the recycle bin; the generation stays."""
    package = call.world.find_package(call.owner, call.id(), deleted=True)
    package.deleted_at = package.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/packages/{id}/restore", "204 404")
def restore_package(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_package(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/packages/{id}/permanent", "204 404 409")
def purge_package(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    package = call.world.find_package(call.owner, call.id(), deleted=True)
    if package.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted package can be removed for good.")
    del call.world.packages[package.id]
    call.world.blobs.pop(f"packages/{package.id}.zip", None)
    return Answer(204)


_TOKEN = re.compile(r'-?"[^"]*"|\S+')
_WORD = re.compile(r"\w+")
_TEXT = (".md", ".yaml", ".yml", ".json", ".txt", ".csv", ".svg")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "es", "ed", "s")


@attrs.frozen
class _Query:
    """What a text must have (each group: one of its phrases) and must not have; phrases are lists of stems."""

    groups: list[list[list[str]]]
    excluded: list[list[str]]


def _stem(word: str) -> str:
    lower = word.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending) and len(lower) - len(ending) >= 3), "")
    return lower[: len(lower) - len(ending)]


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text)]


def _parse(query: str) -> _Query:
    groups: list[list[list[str]]] = []
    excluded: list[list[str]] = []
    joining = False
    for word in _TOKEN.findall(query):
        if word == "OR":
            joining = bool(groups)
            continue
        phrase = _stems(word)
        if phrase and word.startswith("-"):
            excluded.append(phrase)
        elif phrase and joining:
            groups[-1].append(phrase)
        elif phrase:
            groups.append([phrase])
        joining = False
    return _Query(groups, excluded)


def _count(stems: list[str], phrase: list[str]) -> int:
    return sum(stems[at : at + len(phrase)] == phrase for at in range(len(stems) - len(phrase) + 1))


def _hits(package: Package, query: _Query) -> list[dict[str, Any]]:
    """The files that match, best first."""
    hits = []
    for path, content in package.files.items():
        text = content.decode("utf-8", "replace")
        stems = _stems(text)
        counts = [sum(_count(stems, phrase) for phrase in group) for group in query.groups]
        fits = path.endswith(_TEXT) and counts and all(counts)
        if fits and not any(_count(stems, phrase) for phrase in query.excluded):
            rank = round(sum(counts) / (len(stems) + 10), 4)
            hits.append({"file_path": path, "snippet": _snippet(text, query), "rank": rank})
    return sorted(hits, key=lambda hit: (-float(str(hit["rank"])), str(hit["file_path"])))


def _snippet(text: str, query: _Query) -> str:
    wanted = {stem for group in query.groups for phrase in group for stem in phrase}
    first = next((match.start() for match in _WORD.finditer(text) if _stem(match.group()) in wanted), 0)
    piece = html.escape(text[max(0, first - 60) : first + 120].replace("\n", " "), quote=False)
    return _WORD.sub(lambda match: f"<mark>{match[0]}</mark>" if _stem(match[0]) in wanted else match[0], piece)


@routes.add("GET /v1/packages/{id}/search", "200:@PackageSearchResponse 404", query="q:text limit:int")
def search_package(call: Call) -> Answer:
    """Search one package; an empty query finds nothing."""
    package = own_package(call)
    query = call.query.get("q", "")
    hits = _hits(package, _parse(query))[: call.number("limit", 20, 50)]
    return Answer(body={"query": query, "results": hits})


@routes.add("GET /v1/packages/search", "200:@CrossPackageSearchResponse", query="q:text limit:int")
def search_packages(call: Call) -> Answer:
    """Search all of the caller's packages; each comes with its five best files."""
    query = call.query.get("q", "")
    parsed = _parse(query)
    results = []
    for package in call.world.packages.values():
        if package.owner != call.owner or package.deleted_at is not None:
            continue
        if hits := _hits(package, parsed):
            row = {
                "package_id": package.id,
                "project_name": package.project_name,
                "version": package.version,
                "total_hit_count": len(hits),
                "files": hits[:5],
            }
            results.append((hits[0]["rank"], row))
    results.sort(key=lambda result: -result[0])
    limit = call.number("limit", 10, 25)
    return Answer(body={"query": query, "results": [row for _, row in results[:limit]]})
