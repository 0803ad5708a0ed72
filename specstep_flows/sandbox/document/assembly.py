"""Puts the tables together into one OpenAPI 3.1 document."""

import re
from http import HTTPStatus
from typing import Any

from . import account_schemas, schemas
from .notation import Notation, Schema
from .operations import OPERATIONS

RECORDS = {**schemas.RECORDS, **account_schemas.RECORDS}
ENUMS = {**account_schemas.ENUMS, **schemas.ENUMS}
_PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}


def openapi_document(server: str) -> dict[str, Any]:
    """The document, with `server` as the only server."""
    notation = Notation(RECORDS)
    paths: dict[str, dict[str, Any]] = {}
    for tag, table in OPERATIONS.items():
        for line in table.strip().splitlines():
            request, name, query, body, answers = (column.strip() for column in line.split("|"))
            method, path = request.split(" ")
            paths.setdefault(path, {})[method.lower()] = _operation(notation, tag, path, name, query, body, answers)
    components: dict[str, Schema] = {name: notation.record(members) for name, members in RECORDS.items()}
    # A C# enum that is written as text loses its type on the way into the document.
    components |= {name: {"enum": list(values)} for name, values in ENUMS.items()}
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "SpecStep.Api | v1", "version": "1.0.0"},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {},
        "tags": [{"name": tag} for tag in OPERATIONS],
    }
    used = _reachable(paths, components)
    document["components"] = {
        "schemas": {name: components[name] for name in sorted(used)},
        "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
    }
    return document


def _operation(
    notation: Notation, tag: str, path: str, name: str, query: str, body: str, answers: str
) -> dict[str, Any]:
    words = query.split()
    operation: dict[str, Any] = {"tags": [tag]}
    if name:
        operation["operationId"] = name
    parameters = [_path_parameter(parameter) for parameter in re.findall(r"\{(\w+)\}", path)]
    parameters += [_query_parameter(notation, word) for word in words if ":" in word]
    if path.endswith("/turns"):
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = _body(notation, body)
    operation["responses"] = {}
    for answer in answers.split():
        status, _, kind = answer.partition(":")
        operation["responses"][status] = _answer(notation, status, kind)
    if "anonymous" not in words:
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
    if kind == "problem":
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
