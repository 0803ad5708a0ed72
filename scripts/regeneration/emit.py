"""The merged and named contract → the aligned document, written so that the generator loses nothing of it."""

from __future__ import annotations

import json
from typing import Any, Final

from attrs import evolve

from regeneration.document import JsonObject
from regeneration.errors import RegenerationError
from regeneration.names import Names, NamesLock, member_names
from regeneration.shapes import (
    Body,
    Contract,
    Fingerprints,
    Node,
    Operation,
    Parameter,
    Slot,
    path_order,
    reachable,
    roots_of,
)

_MEDIA = {
    "json": "application/json",
    "binary": "application/octet-stream",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
}
#: Lists in lists in lists: what is deeper is read as it comes.
DEEPEST_LISTS = 12

#: Schemas written down: lists and unions have no class, so each place repeats what is in them.
MOST_PIECES: Final = 300_000


def render(contract: Contract, names: Names, prints: Fingerprints, lock: NamesLock) -> JsonObject:
    """The aligned document: OpenAPI 3.1, sorted, every class a component."""
    return _Renderer(contract, names, prints, lock).document()


def to_json(document: JsonObject) -> str:
    """The text of the aligned document."""
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


class _Renderer:
    def __init__(self, contract: Contract, names: Names, prints: Fingerprints, lock: NamesLock) -> None:
        self._contract = contract
        self._names = names
        self._prints = prints
        self._lock = lock
        self._pieces = 0

    def document(self) -> JsonObject:
        paths: dict[str, JsonObject] = {}
        for operation in sorted(self._contract.operations.values(), key=path_order):
            path = operation.route.with_parameters([parameter.name for parameter in operation.path_parameters])
            paths.setdefault(path, {})[operation.method] = self._operation(operation)
        return {
            "openapi": "3.1.0",
            "info": {"title": self._contract.title, "version": self._contract.version},
            "paths": paths,
            "components": {"schemas": self._components()},
        }

    def _operation(self, operation: Operation) -> JsonObject:
        rendered: JsonObject = {"operationId": operation.operation_id, "tags": [operation.tag]}
        for key, text in (("summary", operation.summary), ("description", operation.description)):
            if text:
                rendered[key] = text
        if operation.deprecated:
            rendered["deprecated"] = True
        if operation.secured:
            rendered["security"] = [{"bearerAuth": []}]
        listed = [
            self._parameter(parameter, f"{operation.role} {parameter.where} {parameter.name}")
            for parameter in (*operation.path_parameters, *operation.parameters)
        ]
        if listed:
            rendered["parameters"] = listed
        for body in operation.requests.values():
            rendered["requestBody"] = self._request(body, f"{operation.role} body")
        rendered["responses"] = {
            status: self._response(body, f"{operation.role} {status}") for status, body in operation.responses.items()
        } or {"default": {"description": ""}}
        return rendered

    def _parameter(self, parameter: Parameter, role: str) -> JsonObject:
        rendered: JsonObject = {
            "name": parameter.name,
            "in": parameter.where,
            "required": parameter.required or parameter.where == "path",
            "schema": self._parameter_schema(parameter, role),
        }
        if parameter.slot.description:
            rendered["description"] = parameter.slot.description
            rendered["schema"].setdefault("description", parameter.slot.description)
        return rendered

    def _parameter_schema(self, parameter: Parameter, role: str) -> JsonObject:
        """What the generator can send there: plain values anywhere, lists and objects in a query."""
        node = parameter.slot.node
        if node.kind == "enum" or (parameter.where == "query" and node.kind in ("array", "object")):
            return self._schema(Slot(node), role)
        if node.kind != "scalar":
            return {} if parameter.where == "query" else {"type": "string"}
        loses_format = parameter.where in ("header", "cookie") or (
            parameter.where == "path" and node.format == "date-time"
        )
        return {"type": node.type} if loses_format else self._schema(Slot(node), role)

    def _request(self, body: Body, role: str) -> JsonObject:
        slot = body.slot or Slot(Node())
        if body.medium == "binary":
            schema: JsonObject = {"type": "string", "format": "binary"}
        else:
            schema = self._schema(Slot(slot.node), role)
        required = body.required or slot.node.kind not in ("object", "any", "array")
        plain = body.content_type.partition(";")[0]
        is_told = body.medium == "json" and plain.endswith("+json")  # the generator knows no other
        content_type = plain if is_told else _MEDIA[body.medium]
        return {"required": required, "content": {content_type: {"schema": schema}}}

    def _response(self, body: Body, role: str) -> JsonObject:
        rendered: JsonObject = {"description": body.description}
        if body.medium == "json" and body.slot is not None:
            rendered["content"] = {_MEDIA["json"]: {"schema": self._schema(Slot(body.slot.node), role)}}
        elif body.medium in ("text", "binary"):
            schema = {"type": "string"} if body.medium == "text" else {"type": "string", "format": "binary"}
            rendered["content"] = {_MEDIA[body.medium]: {"schema": schema}}
        return rendered

    def _schema(self, slot: Slot, role: str, depth: int = 0) -> JsonObject:
        """A place, as the generator reads nullability best: in the type of plain values, beside a reference.

        Args:
            slot: the place.
            role: what it is called in the lock, by which its class is known.
            depth: the lists and unions around it.
        """
        self._pieces += 1
        if self._pieces > MOST_PIECES:
            raise RegenerationError(
                "The document's lists and unions nest in each other beyond what can be written down."
            )
        node = slot.node if depth < DEEPEST_LISTS else Node()
        schema: JsonObject
        if node.needs_class:
            reference = {"$ref": f"#/components/schemas/{self._names.at(role, self._prints[id(node)])}"}
            if slot.nullable:
                schema = {"anyOf": [reference, {"type": "null"}]}
            elif slot.description:
                schema = {"allOf": [reference]}
            else:
                return reference
        elif node.kind == "union":
            schema = {
                "anyOf": [
                    self._schema(Slot(variant.node), f"{role}|{number}", depth + 1)
                    for number, variant in enumerate(node.variants, start=1)
                ]
            }
            if slot.nullable:
                schema["anyOf"].append({"type": "null"})
        elif node.kind == "array":
            items = self._schema(node.items or Slot(Node()), f"{role}[]", depth + 1)
            schema = {"type": self._type("array", slot), "items": items}
        elif node.kind == "scalar":
            schema = {"type": self._type(node.type, slot)}
            if node.format:
                schema["format"] = node.format
        else:
            schema = {}
        if slot.description:
            schema["description"] = slot.description
        return schema

    def _type(self, name: str, slot: Slot) -> str | list[str]:
        return [name, "null"] if slot.nullable else name

    def _components(self) -> JsonObject:
        nodes: dict[str, Node] = {}
        for node in reachable(roots_of(self._contract)):
            if node.needs_class:
                print_ = self._prints[id(node)]
                nodes[print_] = min(nodes.get(print_, node), node, key=_wordiness)
        return {name: self._component(name, nodes[self._names.classes[name]]) for name in sorted(self._names.classes)}

    def _component(self, name: str, node: Node) -> JsonObject:
        component: dict[str, Any] = {}
        if node.description:
            component["description"] = node.description
        if node.kind == "enum":
            component |= {"type": node.type, "enum": list(node.values)}
            component["x-enum-varnames"] = member_names(name, node.values, self._lock)
            return component
        component["type"] = "object"
        component["properties"] = {key: self._schema(slot, f"{name}.{key}") for key, slot in node.properties.items()}
        required = [key for key, slot in node.properties.items() if slot.required]
        if required:
            component["required"] = required
        if node.extra is not None and not node.extra.node.is_free_form:
            component["additionalProperties"] = self._schema(evolve(node.extra, description=""), f"{name}{{}}")
        return component


def _wordiness(node: Node) -> tuple[str, list[tuple[str, str]]]:
    """Of equal shapes with other descriptions, the same one speaks for all whatever order they were found in."""
    return node.description, sorted((name, slot.description) for name, slot in node.properties.items())
