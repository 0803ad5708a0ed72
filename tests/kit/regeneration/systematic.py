"""What a maker of documents does to all of one at once: a naming policy, an envelope, a header, a version, a type.

Each takes a plain document and changes it; ``CAUSES`` has the words by which a maintainer knows the cause again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

Json = Any


def _schemas(value: Json) -> Iterator[Json]:
    """Every object of a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _schemas(inner)


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method != "parameters")


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.split(r"[_-]|(?<=[a-z0-9])(?=[A-Z])", name) if word]


def _resolved(document: Json, value: Json) -> Json:
    while "$ref" in value:
        target = document
        for key in value["$ref"].split("/")[1:]:
            target = target[key]
        value = target
    return value


def named(spell: Callable[[list[str]], str]) -> Callable[[Json], None]:
    """A naming policy for fields."""

    def change(document: Json) -> None:
        for schema in list(_schemas(document)):
            if isinstance(schema.get("properties"), dict):
                schema["properties"] = {spell(_words(name)): value for name, value in schema["properties"].items()}
                if isinstance(schema.get("required"), list):
                    schema["required"] = [spell(_words(name)) for name in schema["required"]]

    return change


def _camel(words: list[str]) -> str:
    return words[0] + "".join(word.capitalize() for word in words[1:])


def enveloped(name: str) -> Callable[[Json], None]:
    """An envelope around every answer."""

    def change(document: Json) -> None:
        seen: set[int] = set()
        for operation in _operations(document):
            for status, answer in operation["responses"].items():
                body = _resolved(document, answer)
                if status.startswith("2") and id(body) not in seen:
                    seen.add(id(body))
                    for media in body.get("content", {}).values():
                        inside = media.get("schema", {})
                        trace = {"type": "string"}
                        media["schema"] = {"type": "object", "properties": {name: inside, "trace": trace}}

    return change


def asked_for(where: str, name: str) -> Callable[[Json], None]:
    """A parameter that every operation asks for."""

    def change(document: Json) -> None:
        for operation in _operations(document):
            parameter = {"name": name, "in": where, "required": True, "schema": {"type": "string"}}
            operation.setdefault("parameters", []).append(parameter)

    return change


def moved(old: str, new: str) -> Callable[[Json], None]:
    """Another beginning of the paths."""

    def change(document: Json) -> None:
        document["paths"] = {path.replace(old, new, 1): item for path, item in document["paths"].items()}

    return change


def retyped(form: str, kind: str) -> Callable[[Json], None]:
    """Another type for everything of a format."""

    def change(document: Json) -> None:
        for schema in list(_schemas(document)):
            if schema.get("format") == form:
                del schema["format"]
                schema["type"] = [kind, "null"] if isinstance(schema.get("type"), list) else kind

    return change


def listed(document: Json) -> None:
    """One name for all lists."""
    for operation in _operations(document):
        for answer in operation["responses"].values():
            for media in _resolved(document, answer).get("content", {}).values():
                properties = _resolved(document, media.get("schema", {})).get("properties", {})
                for name in [name for name, value in properties.items() if value.get("type") == "array"]:
                    properties["items"] = properties.pop(name)


def spelled_values(document: Json) -> None:
    """A naming policy for the values of enums."""
    for schema in list(_schemas(document)):
        if isinstance(schema.get("enum"), list):
            schema["enum"] = ["_".join(_words(value)) if isinstance(value, str) else value for value in schema["enum"]]


def numbered_values(document: Json) -> None:
    """Enums by their numbers, as a serializer without names writes them."""
    for schema in list(_schemas(document)):
        if isinstance(schema.get("enum"), list):
            del schema["enum"]
            schema["type"] = "integer"


#: Change → the words that tell it.
CAUSES: Final[dict[str, tuple[Callable[[Json], None], str]]] = {
    "camelCase": (named(_camel), "fields are spelled in camelCase now"),
    "PascalCase": (named(lambda words: "".join(map(str.capitalize, words))), "fields are spelled in PascalCase now"),
    "kebab-case": (named("-".join), "fields are spelled in kebab-case now"),
    "a prefix": (named(lambda words: "_".join(["api", *words])), "fields have api more in their names now"),
    "an envelope": (
        enveloped("data"),
        "bodies have their fields in another place: they are inside data now, beside trace",
    ),
    "a header": (asked_for("header", "X-Tenant-Id"), "parameter new header X-Tenant-Id (it is required)"),
    "a query": (asked_for("query", "api-version"), "parameter new query api-version (it is required)"),
    "a version of some paths": (moved("/v1/generations", "/v2/generations"), "operations moved from /v1/… to /v2/…"),
    "a resource": (moved("/v1/generations", "/v1/runs"), "operations moved from /v1/generations/… to /v1/runs/…"),
    "numbers for ids": (retyped("uuid", "integer"), "(string (uuid) became integer)"),
    "a name for all lists": (listed, "list wrapped differently: each is an object with items; its rows keep their"),
    "numbers for values": (numbered_values, "(one of some strings became integer)"),
    "values": (spelled_values, "values are spelled differently now"),
}
