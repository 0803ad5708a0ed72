"""The operations of all resources: which of them a request is, and the document at `/v1/openapi.json`.

The document tells what the sandbox serves as ASP.NET Core writes it. What it says of an operation stands with the
handler (`Routes.add`), the schemas with the resource (`Routes`). Names are chosen to differ from the contract's
(schemas, parameters, tags, mostly no operationIds), schemas are now inline and now referenced, and some answers have
none: a client that can live with this document does not depend on names that nobody promised.

A short notation stands for schemas. A record is a line of `name:type` members. `name?` may be absent, `type?` may be
null; `@Name` refers to a component, `=Name` writes the record in place, `[type]` is a list, `{type}` a map. An answer
is a status with a type, or with nothing where the service's code says nothing; from 400 on it is problem+json. Path
parameters whose name in the document ends in Id are UUIDs.
"""

from __future__ import annotations

import copy
import re
from http import HTTPStatus
from typing import Any

from specstep_flows.sandbox import (
    account,
    addenda,
    connectors,
    generations,
    interviews,
    keys,
    kickoffs,
    mcp,
    migrations,
    packages,
    reports,
    settings,
)
from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.routing import Answer, Call, Operation, Routes

routes = Routes("SpecStep.Api")


@routes.add("GET /sandbox", auth="anonymous")
def get_sandbox(call: Call) -> Answer:
    """About the sandbox itself; the service has no such thing."""
    return Answer(body={"now": timestamp(call.now)})


@routes.add("GET /v1/openapi.json", auth="anonymous")
def get_openapi_document(call: Call) -> Answer:
    """The document that describes all this, in other words than ours."""
    return Answer(body=openapi_document(call.origin))


_RESOURCES = (
    routes,
    interviews.routes,
    generations.routes,
    kickoffs.routes,
    packages.routes,
    addenda.routes,
    migrations.routes,
    account.routes,
    settings.routes,
    keys.routes,
    reports.bug_reports,
    reports.feedback,
    reports.templates,
    connectors.routes,
    connectors.provider,
    mcp.routes,
)

#: Literal segments before parameters, so that the first that fits is the right one.
OPERATIONS: list[Operation] = sorted(
    (operation for table in _RESOURCES for operation in table.operations),
    key=lambda operation: [part.startswith("{") for part in operation.path.split("/")],
)
_PROBLEM_DETAILS = "type?:text? title?:text? status?:int? detail?:text? instance?:text?"


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", path)
    return re.compile(
        "".join(
            re.escape(part) if not part.startswith("{") else ".+" if part.startswith("{*") else "[^/]+"
            for part in parts
        )
    )


_PATTERNS = [(operation, _pattern(operation.path)) for operation in OPERATIONS]


def operation_of(method: str, path: str) -> str | None:
    """The operation that a method and a path mean, such as `GET /v1/generations/{id}`."""
    for operation, pattern in _PATTERNS:
        if operation.method == method and pattern.fullmatch(path):
            return operation.name
    return None


_PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}


def openapi_document(server: str) -> dict[str, Any]:
    """The document, with `server` as the only server."""
    records = {"ProblemDetails": _PROBLEM_DETAILS}
    for table in _RESOURCES:
        records |= table.records
    notation = Notation(records)
    paths: dict[str, dict[str, Any]] = {}
    for table in _RESOURCES:
        for operation in table.operations:
            path = table.path_in_document(operation)
            if operation.answers:
                paths.setdefault(path, {})[operation.method.lower()] = _operation(notation, table.tag, path, operation)
    components: dict[str, Schema] = {name: notation.record(members) for name, members in records.items()}
    # A C# enum that is written as text loses its type on the way into the document.
    components |= {name: {"enum": values.split()} for table in _RESOURCES for name, values in table.enums.items()}
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "SpecStep.Api | v1", "version": "1.0.0"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {},
        "tags": [{"name": tag} for tag in dict.fromkeys(table.tag for table in _RESOURCES)],
    }
    used = _reachable(paths, components)
    document["components"] = {
        "schemas": {name: components[name] for name in sorted(used)},
        "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
    }
    return document


def _operation(notation: Notation, tag: str, path: str, served: Operation) -> dict[str, Any]:
    operation: dict[str, Any] = {"tags": [tag]}
    if served.operation_id:
        operation["operationId"] = served.operation_id
    parameters = [_path_parameter(parameter) for parameter in re.findall(r"\{(\w+)\}", path)]
    parameters += [_query_parameter(notation, word) for word in served.query.split()]
    if path.endswith("/turns"):
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    if parameters:
        operation["parameters"] = parameters
    if served.body:
        operation["requestBody"] = _body(notation, served.body)
    operation["responses"] = {}
    for answer in served.answers.split():
        status, _, kind = answer.partition(":")
        operation["responses"][status] = _answer(notation, status, kind)
    if served.auth != "anonymous":
        operation["responses"]["401"] = {"description": "Unauthorized"}
        operation["security"] = [{"bearerAuth": []}]
    return operation


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "format": "uuid"} if name.endswith("Id") else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameter(notation: Notation, word: str) -> dict[str, Any]:
    name, _, kind = word.partition(":")
    return {"name": name, "in": "query", "schema": notation.type(kind)}


def _body(notation: Notation, kind: str) -> dict[str, Any]:
    if kind.startswith("form:"):
        return {
            "content": {"multipart/form-data": {"schema": notation.type(kind.removeprefix("form:"))}},
            "required": True,
        }
    content = {"application/json": {"schema": notation.type(kind)}}
    return {"content": content} if kind.endswith("?") else {"content": content, "required": True}


def _answer(notation: Notation, status: str, kind: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(int(status)).phrase}
    if status >= "400":
        answer["content"] = {"application/problem+json": {"schema": dict(_PROBLEM)}}
    elif kind:
        answer["content"] = {"application/json": {"schema": notation.type(kind)}}
    return answer


def _reachable(node: Any, components: dict[str, Schema], found: set[str] | None = None) -> set[str]:
    """The components that something refers to; records that are only written in place are none."""
    found = set() if found is None else found
    if isinstance(node, dict):
        name = str(node.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found.add(name)
            _reachable(components[name], components, found)
        for child in node.values():
            _reachable(child, components, found)
    elif isinstance(node, list):
        for child in node:
            _reachable(child, components, found)
    return found


Schema = dict[str, Any]

_INTEGER = r"^-?(?:0|[1-9]\d*)$"
_DOUBLE = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_SCALARS: dict[str, Schema] = {
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date-time"},
    "uri": {"type": "string"},
    "flag": {"type": "boolean"},
    "int": {"pattern": _INTEGER, "type": ["integer", "string"], "format": "int32"},
    "long": {"pattern": _INTEGER, "type": ["integer", "string"], "format": "int64"},
    "num": {"pattern": _DOUBLE, "type": ["number", "string"], "format": "double"},
    "any": {},
    "file": {"type": "string", "format": "binary"},
}


class Notation:
    """Reads the notation, given the records that `=Name` may mean."""

    def __init__(self, records: dict[str, str]) -> None:
        self._records = records

    def record(self, members: str) -> Schema:
        """An object schema; members without `?` after their name are required, as in a C# record."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for member in members.split():
            name, _, kind = member.partition(":")
            if name.endswith("?"):
                name = name[:-1]
            else:
                required.append(name)
            properties[name] = self.type(kind)
        schema: Schema = {"type": "object", "properties": properties}
        return {"required": required, **schema} if required else schema

    def type(self, kind: str) -> Schema:
        """The schema of one type."""
        if kind.endswith("?"):
            return _nullable(self.type(kind[:-1]))
        if kind.startswith("@"):
            return {"$ref": f"#/components/schemas/{kind[1:]}"}
        if kind.startswith("="):
            return self.record(self._records[kind[1:]])
        if kind.startswith("["):
            return {"type": "array", "items": self.type(kind[1:-1])}
        if kind.startswith("{"):
            return {"type": "object", "additionalProperties": self.type(kind[1:-1])}
        return copy.deepcopy(_SCALARS[kind])


def _nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"oneOf": [{"type": "null"}, schema]}
    if not schema:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": ["null", *kinds]}
