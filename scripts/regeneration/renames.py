"""Which classes of the generated client are called otherwise than in the client before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from regeneration.changes import Change, ChangeKind
from regeneration.document import JsonObject
from regeneration.paths import METHODS, parse_route
from regeneration.text import shown

COMPONENTS = "#/components/schemas/"

#: The same place in both documents: the operation and where in it, the schema before, the schema now.
_Pair = tuple[str, str, JsonObject, JsonObject]


def renamed_classes(before: JsonObject, now: JsonObject) -> list[Change]:
    """Each class that stands under another name, once, at the first place where it does.

    Args:
        before: the aligned document that the client was made of last.
        now: the one that it is made of.
    """
    found: dict[tuple[str, str], Change] = {}
    seen: set[tuple[str, str]] = set()
    waiting = deque(_roots(before, now))
    while waiting:
        operation, place, old, new = waiting.popleft()
        names = class_of(old), class_of(new)
        if names[0] and names[1]:
            if names in seen:
                continue
            seen.add(names)
            if names[0] != names[1]:
                detail = f"{names[0]} became {names[1]}"
                found[names] = Change(ChangeKind.CLASS_RENAMED, operation, place, "client", detail)
            old, new = (
                document["components"]["schemas"][name] for document, name in zip((before, now), names, strict=True)
            )
        waiting.extend((operation, place + label, mine, theirs) for label, mine, theirs in _inner(old, new))
    return list(found.values())


def _roots(before: JsonObject, now: JsonObject) -> Iterator[_Pair]:
    known = {
        (method, parse_route(path).shape): item[method] for path, item in before["paths"].items() for method in item
    }
    for path, item in now["paths"].items():
        for method in METHODS:
            other = known.get((method, parse_route(path).shape))
            if method in item and other is not None:
                places = _places(other)
                for place, schema in _places(item[method]).items():
                    if place in places:
                        yield f"{method.upper()} {path}", place, places[place], schema


def _places(operation: JsonObject) -> dict[str, JsonObject]:
    """Where the schemas of an operation stand, as reports name the places."""
    found = {f"{each['in']} {each['name']}": each["schema"] for each in operation.get("parameters", [])}
    bodies = {**operation["responses"], "body": operation.get("requestBody", {})}
    for place, body in bodies.items():
        for media in body.get("content", {}).values():
            found[place] = media["schema"]
    return found


def class_of(schema: JsonObject) -> str:
    """The name of the class that a place has, through what says that it may be null; empty when it has none."""
    parts = [part for part in (schema.get("anyOf") or schema.get("allOf") or []) if part != {"type": "null"}]
    reference = (parts[0] if len(parts) == 1 else schema).get("$ref", "")
    return str(reference).removeprefix(COMPONENTS)


def _inner(old: JsonObject, new: JsonObject) -> Iterator[tuple[str, JsonObject, JsonObject]]:
    for name, schema in new.get("properties", {}).items():
        if name in old.get("properties", {}):
            yield f".{shown(name)}", old["properties"][name], schema
    for key, label in (("items", "[]"), ("additionalProperties", "{}")):
        if key in old and key in new:
            yield label, old[key], new[key]
    variants = old.get("anyOf", []), new.get("anyOf", [])
    if len(variants[0]) == len(variants[1]):
        yield from (("", mine, theirs) for mine, theirs in zip(*variants, strict=True))
