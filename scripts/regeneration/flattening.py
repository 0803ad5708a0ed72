"""Schemas that are put together from parts: ``allOf`` merged into one, wrappers of a single alternative taken off."""

from __future__ import annotations

from typing import Final

from regeneration.pointers import JsonObject, Pointers
from regeneration.stops import Stop

MOST_MERGED: Final = 250_000
"""Parts and properties that are put together, over all schemas."""
STRUCTURAL: Final = frozenset(
    {"type", "properties", "items", "enum", "const", "format", "additionalProperties", "prefixItems", "not"}
)


def alternatives(schema: JsonObject) -> tuple[list[object], bool]:
    """The alternatives of ``oneOf`` and ``anyOf`` without the null ones, and whether there was a null one."""
    found: list[object] = []
    nullable = False
    for keyword in ("oneOf", "anyOf"):
        entries = schema.get(keyword)
        for entry in entries if isinstance(entries, list) else []:
            if is_null(entry):
                nullable = True
            else:
                found.append(entry)
    return found, nullable


def is_null(schema: object) -> bool:
    """Whether a schema means null and nothing else."""
    if not isinstance(schema, dict):
        return False
    return (
        schema.get("type") in ("null", ["null"])
        or schema.get("enum") == [None]
        or ("const" in schema and schema["const"] is None)
    )


def wrapped(schema: JsonObject) -> object | None:
    """The only schema inside a wrapper that says nothing structural by itself, or None."""
    if STRUCTURAL & schema.keys():
        return None
    found, nullable = alternatives(schema)
    parts = [part for part in _list(schema.get("allOf")) if not is_annotation(part)]
    if len(found) + len(parts) != 1 or (parts and nullable):
        return None
    return found[0] if found else parts[0]


def is_annotation(schema: object) -> bool:
    """Whether a schema only describes: ``{"description": …}`` beside a reference, as emitters write it."""
    return isinstance(schema, dict) and not (
        (STRUCTURAL | {"$ref", "allOf", "oneOf", "anyOf"}) & schema.keys() or schema.get("nullable") is True
    )


class Flattener:
    """Merges the parts of ``allOf`` into one schema without it, each set of parts once."""

    def __init__(self, pointers: Pointers) -> None:
        self._pointers = pointers
        self._merged: dict[int, JsonObject] = {}
        self._alive: list[JsonObject] = []
        self._work = 0

    def flat(self, schema: JsonObject) -> JsonObject:
        """``schema`` itself when it has no ``allOf``, else everything its parts say together."""
        if not _list(schema.get("allOf")):
            return schema
        if id(schema) not in self._merged:
            self._merged[id(schema)] = self._merge(schema)
            self._alive.append(schema)
        return self._merged[id(schema)]

    def _merge(self, schema: JsonObject) -> JsonObject:
        merged: JsonObject = {}
        properties: JsonObject = {}
        required: dict[str, None] = {}
        for part in self._parts(schema):
            inherited = part.get("properties")
            self._count(len(inherited) if isinstance(inherited, dict) else 0)
            for key, value in part.items():
                if key == "properties" and isinstance(value, dict):
                    for name, property_schema in value.items():
                        earlier = properties.get(name)
                        if earlier is None or is_annotation(earlier) or earlier == property_schema:
                            properties[name] = property_schema
                        elif not is_annotation(property_schema):
                            properties[name] = {"allOf": [earlier, property_schema]}
                elif key == "required" and isinstance(value, list):
                    required.update(dict.fromkeys(name for name in value if isinstance(name, str)))
                elif key in ("oneOf", "anyOf") and key in merged:
                    continue
                elif key not in ("allOf", "$ref"):
                    merged[key] = value
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = list(required)
        self._alive.append(merged)
        return merged

    def _count(self, work: int) -> None:
        self._work += work
        if self._work > MOST_MERGED:
            raise Stop(f"The document's schemas are put together of more than {MOST_MERGED:,} parts; that is not read.")

    def _parts(self, schema: JsonObject) -> list[JsonObject]:
        """The schema's parts, bases first, each once however often it is reached."""
        ordered: list[JsonObject] = []
        seen: set[int] = set()
        stack: list[tuple[JsonObject, bool]] = [(schema, False)]
        while stack:
            part, is_done = stack.pop()
            if is_done:
                ordered.append(part)
                continue
            if id(part) in seen:
                continue
            seen.add(id(part))
            self._count(1)
            stack.append((part, True))
            for inner in reversed(_list(part.get("allOf"))):
                target = self._pointers.resolved(inner)
                while (only := wrapped(target)) is not None and id(target) not in seen:
                    seen.add(id(target))
                    target = self._pointers.resolved(only)
                stack.append((target, False))
        return ordered


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
