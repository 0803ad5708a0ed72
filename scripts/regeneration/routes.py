"""Paths of operations: what is compared when two documents mean the same one, and what is written for the client.

A path of an ASP.NET service may carry constraints (``{id:guid}``), a catch-all (``{*path}``), optional marks and
defaults; documents differ in them, in the names of parameters, in letter case and in the slash at the end, and still
mean the same place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from regeneration.text import shown

LONGEST_PATH: Final = 1_000
MOST_PARAMETERS: Final = 20

_LITERAL: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
_BLANK: Final = "{}"


class UnusablePath(ValueError):
    """No client could send a request to this path; the text says why."""


@dataclass(frozen=True, slots=True)
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
