"""Paths of operations: what is compared when two documents mean the same one, and what is written for the client.

A path of an ASP.NET service may carry constraints (``{id:guid}``), a catch-all (``{*path}``), optional marks and
defaults; documents differ in them, in the names of parameters, in letter case and in the slash at the end, and still
mean the same place.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from attrs import frozen

from regeneration.document import JsonObject
from regeneration.errors import OperationKey
from regeneration.text import shown

METHODS: Final = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
LONGEST_PATH: Final = 1_000
MOST_PARAMETERS: Final = 20

_LITERAL: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
_BLANK: Final = "{}"


class UnusablePath(ValueError):
    """No client could send a request to this path; the text says why."""


@frozen
class Route:
    """A path, cut into segments in which every parameter is blanked, and the parameters in their order."""

    segments: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """What is compared: ASP.NET matches literal segments whatever their case."""
        return tuple(segment.casefold() for segment in self.segments)

    @property
    def blanked(self) -> str:
        """The path with every parameter blanked, as in the names of roles."""
        return "/" + "/".join(self.segments)

    @property
    def text(self) -> str:
        """The path with the names of its parameters, as a report shows it."""
        return self.with_parameters(self.parameters)

    def with_parameters(self, names: tuple[str, ...] | list[str]) -> str:
        """The path with its parameters called by ``names``."""
        pieces = self.blanked.split(_BLANK)
        text = pieces[0]
        for name, piece in zip(names, pieces[1:], strict=True):
            text += "{" + name + "}" + piece
        return text

    @property
    def literals(self) -> tuple[str, ...]:
        """The segments before the first parameter, for finding the neighbours of an operation."""
        found: list[str] = []
        for segment in self.shape:
            if _BLANK in segment:
                break
            found.append(segment)
        return tuple(found)


def parse_route(path: str) -> Route:
    """Cut a path of a document into a :class:`Route`.

    Raises:
        UnusablePath: it is not a path, or has characters that no path has.
    """
    if len(path) > LONGEST_PATH:
        raise UnusablePath(f"its path is longer than {LONGEST_PATH} characters")
    if not path.startswith("/"):
        raise UnusablePath("its path doesn't start with a slash")
    blanked, parameters = _blank_parameters(path)
    if len(parameters) > MOST_PARAMETERS:
        raise UnusablePath(f"its path has more than {MOST_PARAMETERS} parameters")
    segments = tuple(blanked.rstrip("/").split("/")[1:])
    for segment in segments:
        for literal in segment.split(_BLANK):
            if not _LITERAL.fullmatch(literal):
                raise UnusablePath(f"its path has characters that no path has: {shown(path)}")
        if segment in (".", "..") or segment.casefold().replace("%2e", ".") in (".", ".."):
            raise UnusablePath("its path climbs out of itself with dots")
    return Route(segments, tuple(parameters))


def _blank_parameters(path: str) -> tuple[str, list[str]]:
    """Replace each ``{…}`` by ``{}``; braces inside a constraint are its own."""
    blanked: list[str] = []
    parameters: list[str] = []
    position = 0
    while position < len(path):
        character = path[position]
        if character == "}":
            raise UnusablePath("its path has a brace that was never opened")
        if character != "{":
            blanked.append(character)
            position += 1
            continue
        depth, end = 1, position + 1
        while end < len(path) and depth:
            depth += {"{": 1, "}": -1}.get(path[end], 0)
            end += 1
        if depth:
            raise UnusablePath("its path has a brace that is never closed")
        parameters.append(_parameter_name(path[position + 1 : end - 1]))
        blanked.append(_BLANK)
        position = end
    return "".join(blanked), parameters


def _parameter_name(text: str) -> str:
    """``*path``, ``id:guid``, ``page?`` and ``culture=en`` are called path, id, page and culture."""
    name = re.split(r"[:=?]", text.lstrip("*"), maxsplit=1)[0].strip()
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        raise UnusablePath(f"its path has a parameter without a usable name: {shown(text)}")
    return name


MOST_SERVERS: Final = 10

_VERSION: Final = re.compile(r"^/v?\{(?:api[-_]?)?version(?::[^{}]*)?\}(?=/)", re.IGNORECASE)

#: Paths with their path items.
Items = list[tuple[str, JsonObject]]


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
    stated = stated_paths(owner)
    if not stated:
        return otherwise
    return max(dict.fromkeys([*stated, otherwise, ""]), key=lambda base: _found(base, items, known))


def stated_paths(owner: JsonObject) -> list[str]:
    """The paths of the servers that a document or a path item names."""
    servers = owner.get("servers")
    listed = servers[:MOST_SERVERS] if isinstance(servers, list) else []
    return [path for server in listed if (path := _path_of(server)) is not None]


def with_versions(document: JsonObject, items: Items, known: Collection[OperationKey]) -> tuple[Items, str]:
    """The paths of a document with the version that they leave to a parameter (``/v{version}/widgets``).

    ASP.NET's API versioning writes them so. It counts when more documented operations are found so.

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
    """The path of a server's address, its variables at their defaults; None when it cannot be told."""
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
