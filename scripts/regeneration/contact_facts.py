"""``specstep_flows/contact/contract.json``: what a service that is only read is compared with, for the wheel."""

from __future__ import annotations

import json
from typing import Any, Final

from regeneration.assumptions import Assumption, assumptions_of
from regeneration.document import JsonObject
from regeneration.paths import METHODS

_COMPONENT: Final = "#/components/schemas/"
#: Counters of the service whose answers carry the headers of the rate limit.
_LIMITED: Final = ("standard", "kickoff")


#: What follows an operation's name where its request body is meant.
SENT: Final = " (sent)"


def contact_facts(documented: JsonObject) -> str:
    """The facts as JSON: readable operations, the schemas of their answers, and every assumption."""
    parts = [f"{json.dumps(name)}: {_lines(part)}" for name, part in facts_of(documented).items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(part: Any) -> str:
    """A line an entry, so that a change of the contract is a change of its lines."""
    if not isinstance(part, dict):
        return json.dumps(part)
    lines = [f"  {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in part.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def facts_of(documented: JsonObject, *, is_whole: bool = False) -> JsonObject:
    """The facts; with ``is_whole`` those of every operation, and of its request body as of another operation's."""
    return _Facts(documented, assumptions_of(documented)).document(is_whole)


class _Facts:
    def __init__(self, documented: JsonObject, assumptions: list[Assumption]) -> None:
        self._documented = documented
        self._assumptions = assumptions
        self._ids = {one.place: one.id for one in assumptions}
        self._schemas: JsonObject = {}

    def document(self, is_whole: bool) -> JsonObject:
        operations: JsonObject = {}
        for path, item in self._documented["paths"].items():
            for method in METHODS:
                operation = item.get(method)
                if operation is not None and (is_whole or (method == "get" and not operation.get("x-cookie-only"))):
                    name = operation["operationId"]
                    operations[name] = self._operation((path, method), operation, item.get("parameters", []))
                    sent = operation.get("requestBody") if is_whole else None
                    if sent is not None:
                        operations[name + SENT] = {
                            "path": path,
                            "tag": "",
                            "method": "",
                            "statuses": {"200": self._answer(sent, ())},
                        }
        return {
            "version": self._documented["info"]["version"],
            "operations": operations,
            "schemas": dict(sorted(self._schemas.items())),
            "assumptions": {
                one.id: {"text": one.text, "if_wrong": one.if_wrong, "test": one.test, "place": "/".join(one.place)}
                for one in self._assumptions
            },
        }

    def _operation(self, at: tuple[str, str], operation: JsonObject, shared: list[JsonObject]) -> JsonObject:
        path, place = at[0], ("paths", *at)
        required = [one["name"] for one in [*shared, *operation.get("parameters", [])]
                    if one.get("required") and one.get("in") != "path"]  # fmt: skip
        found: JsonObject = {
            "path": path,
            "tag": operation["tags"][0],
            "statuses": {status: self._answer(answer, (*place, "responses", status))
                         for status, answer in operation["responses"].items()},
        }  # fmt: skip
        if at[1] != "get":
            found["method"] = at[1].upper()
        if place in self._ids:
            found["assumption"] = self._ids[place]
        if required:
            found["needs"] = required
        for mark, name in (("x-anonymous", "is_anonymous"), ("x-catch-all", "is_catch_all"),
                           ("x-cookie-only", "is_cookie_only"), ("x-used-by", "used_by")):  # fmt: skip
            if operation.get(mark):
                found[name] = operation[mark]
        if operation.get("x-rate-limit") in _LIMITED:
            found["is_limited"] = True
        return found

    def _answer(self, answer: JsonObject, place: tuple[str, ...]) -> JsonObject:
        found: JsonObject = {}
        if "$ref" in answer:
            place = tuple(answer["$ref"].removeprefix("#/").split("/"))
            answer = self._documented["components"]["responses"][place[-1]]
        if place in self._ids:
            found["assumption"] = self._ids[place]
        for medium, body in answer.get("content", {}).items():
            found.setdefault("media", []).append(medium)
            if "json" in medium and "schema" in body:
                found["body"] = self._node(body["schema"], ())
        return found

    def _node(self, schema: JsonObject, place: tuple[str, ...]) -> JsonObject:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_COMPONENT)
            if name not in self._schemas:
                self._schemas[name] = {}
                owner = ("components", "schemas", name)
                self._schemas[name] = self._node(self._documented["components"]["schemas"][name], owner)
            return self._marked({"ref": name}, schema, place)
        several = [one for one in (schema.get("oneOf") or schema.get("anyOf") or []) if one.get("type") != "null"]
        if len(several) == 1:
            return self._marked({**self._node(several[0], ()), "is_nullable": True}, schema, place)
        if several:
            return self._marked({"any_of": [self._node(one, ()) for one in several]}, schema, place)
        stated: Any = schema.get("type", [])
        types: list[str] = [stated] if isinstance(stated, str) else list(stated)
        found: JsonObject = {}
        if [one for one in types if one != "null"]:
            found["types"] = [one for one in types if one != "null"]
        if "null" in types:
            found["is_nullable"] = True
        for key, name in (("format", "format"), ("enum", "values"), ("x-known-values", "known")):
            if key in schema:
                found[name] = schema[key]
        if "properties" in schema:
            found["fields"] = {name: self._node(one, (*place, "properties", name) if place else ())
                               for name, one in schema["properties"].items()}  # fmt: skip
            found["required"] = schema.get("required", [])
        elif isinstance(schema.get("additionalProperties"), dict):
            found["map"] = self._node(schema["additionalProperties"], ())
        if "items" in schema:
            found["items"] = self._node(schema["items"], ())
        return self._marked(found, schema, place)

    def _marked(self, found: JsonObject, schema: JsonObject, place: tuple[str, ...]) -> JsonObject:
        for key, name in (("x-also-called", "also"), ("x-under-any-name", "under_any_name")):
            if key in schema:
                found[name] = schema[key]
        if place in self._ids:
            found["assumption"] = self._ids[place]
        return found
