"""Which of the content types of a body the client uses, and what the body is then."""

from __future__ import annotations

import re
from typing import Final

from regeneration.flattening import alternatives
from regeneration.graph import Body, Medium
from regeneration.pointers import JsonObject, Pointers
from regeneration.schemas import SchemaReader
from regeneration.text import prose

READABLE: Final[tuple[Medium, ...]] = ("json", "binary", "text")
SENDABLE: Final[tuple[Medium, ...]] = ("json", "multipart", "form", "binary")

_JSON: Final = re.compile(r"(application|text)/(json|[\w.*-]+\+json)|(application|\*)/\*")
"""JSON by name; and anything at all, which a service of JSON says where it says nothing else."""


def medium_of(content_type: str) -> Medium:
    """How a content type travels, from the client's point of view; ``none`` when it is no content type."""
    plain = content_type.split(";")[0].strip().lower()
    if _JSON.fullmatch(plain):
        return "json"
    if plain == "multipart/form-data":
        return "multipart"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain.startswith("text/"):
        return "text"
    return "binary" if re.fullmatch(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+", plain) else "none"


class BodyReader:
    """Reads request and response bodies of one document."""

    def __init__(self, pointers: Pointers, schemas: SchemaReader) -> None:
        self._pointers = pointers
        self._schemas = schemas

    def response(self, raw: object) -> Body:
        """A response: JSON where it is offered, whatever stands before it; else bytes, which hold anything; else text."""
        described = self._pointers.resolved(raw)
        offered = self._offered(described, READABLE)
        body = Body(description=prose(described.get("description")))
        for medium in READABLE:
            if medium in offered:
                body.medium = medium
                break
        if body.medium == "json":
            body.slot = self._schemas.slot(offered["json"])
            if body.slot.node.format == "binary":
                body.medium, body.slot = "binary", None
        return body

    def requests(self, raw: object) -> tuple[dict[Medium, Body], list[str]]:
        """A request body by medium, and the content types that are offered when none of them can be sent."""
        described = self._pointers.resolved(raw)
        required = described.get("required") is True
        offered = self._offered(described, SENDABLE)
        content = described.get("content")
        if not offered and isinstance(content, dict):
            return {}, [str(name) for name in content]
        found: dict[Medium, Body] = {}
        for medium in SENDABLE:
            if medium in offered:
                found[medium] = Body(
                    medium, self._schemas.slot(offered[medium]), required, prose(described.get("description"))
                )
        return found, []

    def _offered(self, described: JsonObject, media: tuple[Medium, ...]) -> dict[Medium, object]:
        """Medium → schema; of several content types of one medium, the plainest with a schema."""
        found: dict[Medium, object] = {}
        content = described.get("content")
        entries = content.items() if isinstance(content, dict) else []
        for name, entry in sorted(entries, key=lambda item: (str(item[0]) != "application/json", str(item[0]))):
            medium = medium_of(str(name))
            schema = entry.get("schema") if isinstance(entry, dict) else None
            if medium == "text" and self._is_structured(schema):
                medium = "json"  # an object can't be text, whatever the emitter was told to call it
            if medium not in media or (media is SENDABLE and medium == "binary" and not _is_octets(str(name))):
                continue
            if found.get(medium) is None:
                found[medium] = schema
        return found

    def _is_structured(self, schema: object) -> bool:
        """Whether it is an object or a list, or has one among its alternatives or parts."""
        described = self._pointers.resolved(schema)
        parts = described.get("allOf")
        inner = [*alternatives(described)[0], *(parts if isinstance(parts, list) else [])]
        return any(self._has_structure(self._pointers.resolved(entry)) for entry in (described, *inner))

    def _has_structure(self, described: JsonObject) -> bool:
        types = described.get("type")
        listed = types if isinstance(types, list) else [types]
        return "object" in listed or "array" in listed or isinstance(described.get("properties"), dict)


def _is_octets(content_type: str) -> bool:
    """The client sends bytes under one name alone; it receives them under any."""
    return content_type.split(";")[0].strip().lower() == "application/octet-stream"
