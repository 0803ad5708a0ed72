"""Where a document's paths begin: behind the addresses of its servers, and with the version of the API."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from regeneration.graph import METHODS, OperationKey
from regeneration.pointers import JsonObject
from regeneration.routes import UnusablePath, parse_route

MOST_SERVERS: Final = 10

_VERSION: Final = re.compile(r"^/v?\{(?:api[-_]?)?version(?::[^{}]*)?\}(?=/)", re.IGNORECASE)

Items = list[tuple[str, JsonObject]]
"""Paths with their path items."""


def base_path(owner: JsonObject, items: Items, known: Collection[OperationKey], otherwise: str) -> str:
    """The path that belongs before the paths of a document, or of one path item.

    A service behind a proxy names servers that clients never see, and lists several, of which some have a path. So
    the first one counts under which most documented operations are found; then none at all; then the first.

    Args:
        owner: the document or the path item, whose ``servers`` are meant.
        items: the paths in question with their path items.
        known: the documented operations; empty when there are none to compare with.
        otherwise: what belongs before the paths when ``owner`` names no server.
    """
    servers = owner.get("servers")
    listed = servers[:MOST_SERVERS] if isinstance(servers, list) else []
    stated = [path for server in listed if (path := _path_of(server)) is not None]
    if not stated:
        return otherwise
    return max(dict.fromkeys([*stated, otherwise, ""]), key=lambda base: _found(base, items, known))


def with_versions(document: JsonObject, items: Items, known: Collection[OperationKey]) -> tuple[Items, str]:
    """The paths of a document with the version that they leave to a parameter (``/v{version}/widgets``).

    That is the manner of ASP.NET's API versioning. It counts when more documented operations are found so.

    Returns:
        The paths with their path items; and the segment that was put in, empty when none was.
    """
    best, put_in, most = items, "", _found(base_path(document, items, known, ""), items, known)
    if any(_VERSION.match(path) for path, _ in items):
        for segment in sorted({shape[0] for _, shape in known if shape}):
            said = [(_VERSION.sub(f"/{segment}", path), item) for path, item in items]
            found = _found(base_path(document, said, known, ""), said, known)
            if found > most:
                best, put_in, most = said, segment, found
    return best, put_in


def _found(base: str, items: Items, known: Collection[OperationKey]) -> int:
    """How many documented operations there are when ``base`` stands before the paths."""
    found = 0
    for path, item in items if known else ():
        try:
            shape = parse_route(base + path).shape
        except UnusablePath:
            continue
        found += sum(method in item and (method, shape) in known for method in METHODS)
    return found


def _path_of(server: object) -> str | None:
    """The path of a server's address, its variables at their defaults; None when it can't be told."""
    url = server.get("url") if isinstance(server, dict) else None
    if not isinstance(server, dict) or not isinstance(url, str):
        return None
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default") if isinstance(variable, dict) else None
        if isinstance(default, str):
            url = url.replace("{" + str(name) + "}", default)
    path = re.split(r"[?#]", re.sub(r"^([^/?#]*:)?//[^/?#]*", "", url), maxsplit=1)[0].strip("/")
    return None if "{" in path else f"/{path}" if path else ""
