"""What the addresses of a document's servers put before its paths."""

from __future__ import annotations

import re
from typing import Final

from regeneration.graph import METHODS, OperationKey
from regeneration.pointers import JsonObject
from regeneration.routes import UnusablePath, parse_route

MOST_SERVERS: Final = 10


def base_path(owner: JsonObject, items: list[tuple[str, JsonObject]], known: set[OperationKey], otherwise: str) -> str:
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


def _found(base: str, items: list[tuple[str, JsonObject]], known: set[OperationKey]) -> int:
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
