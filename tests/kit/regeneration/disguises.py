"""Documents that say what another one says, as other emitters write it and under other names.

A disguise keeps every fact of a document and changes how it is said: names, order, null style, references, content
types. Regeneration has to see through all of them.
"""

from __future__ import annotations

import copy
import random
from typing import Any, Literal

from attrs import frozen

Json = Any


@frozen
class Disguise:
    """How to say it."""

    version: str = "3.1.1"
    nulls: Literal["types", "one_of", "any_of", "nullable"] = "types"
    integers: Literal["plain", "or_string"] = "plain"
    bodies: Literal["json", "json_and_text"] = "json"
    operation_ids: Literal["none", "other"] = "none"
    parameters: Literal["same", "renamed", "constrained"] = "same"
    inlined: float = 0.0
    """The share of references that are replaced by what they point at."""
    prefix: str = ""
    suffix: str = "Dto"
    seed: int = 0
    is_shuffled: bool = True


ASPNET = Disguise(integers="or_string", nulls="one_of", suffix="Response", parameters="constrained", seed=1)
SWASHBUCKLE = Disguise(
    version="3.0.4", nulls="nullable", bodies="json_and_text", operation_ids="other", parameters="renamed",
    prefix="SpecStep.Contracts.", suffix="`1", seed=2,
)  # fmt: skip


def disguised(document: Json, disguise: Disguise) -> Json:
    """The document as somebody else would have written it."""
    return _Tailor(document, disguise).document()


def plain(document: Json) -> Json:
    """A document without prose and without what is ours alone in it: as a server would serve it."""
    return _without(copy.deepcopy(document), is_schema=False)


def _without(value: Json, *, is_schema: bool, is_names: bool = False) -> Json:
    if isinstance(value, list):
        return [_without(entry, is_schema=is_schema) for entry in value]
    if not isinstance(value, dict):
        return value
    dropped = () if is_names else ("description", "summary", "example", "examples", "operationId", "tags", "headers")
    return {
        key: _without(entry, is_schema=is_schema, is_names=not is_names and key in ("properties", "schemas", "paths"))
        for key, entry in value.items()
        if key not in dropped and (is_names or not str(key).startswith("x-"))
    }


class _Tailor:
    def __init__(self, document: Json, disguise: Disguise) -> None:
        self.source = plain(document)
        self.disguise = disguise
        self.random = random.Random(disguise.seed)
        self.schemas: dict[str, Json] = self.source.get("components", {}).get("schemas", {})
        self.names = {name: f"{disguise.prefix}{name[::-1]}{disguise.suffix}" for name in self.schemas}
        self.recursive = {name for name in self.schemas if self._reaches(name, name)}

    def document(self) -> Json:
        paths: dict[str, Json] = {}
        for number, (path, item) in enumerate(self.source["paths"].items()):
            renamed, names = self._path(path)
            paths[renamed] = self._item(item, names, number)
        components = {kind: entries for kind, entries in self.source.get("components", {}).items() if kind != "schemas"}
        components = self._responses_and_parameters(components)
        components["schemas"] = {self.names[name]: self._schema(schema) for name, schema in self.schemas.items()}
        said = {"openapi": self.disguise.version, "info": {"title": "SpecStep.Api", "version": "v1"}}
        said |= {"paths": paths, "components": components}
        if "security" in self.source:
            said["security"] = self.source["security"]
        return self._shuffled(said)

    def _path(self, path: str) -> tuple[str, dict[str, str]]:
        names: dict[str, str] = {}
        for part in path.split("/"):
            if part.startswith("{"):
                name = part[1:-1]
                names[name] = name if self.disguise.parameters == "same" else f"the{name[0].upper()}{name[1:]}"
        said = path
        for name, other in names.items():
            constraint = ":guid" if self.disguise.parameters == "constrained" else ""
            said = said.replace("{" + name + "}", "{" + other + constraint + "}")
        return said + ("/" if self.disguise.parameters == "constrained" else ""), names

    def _item(self, item: Json, names: dict[str, str], number: int) -> Json:
        said: Json = {}
        for method, operation in item.items():
            if method == "parameters":
                said[method] = [self._parameter(entry, names) for entry in operation]
                continue
            said[method] = {
                key: value for key, value in operation.items() if key not in ("parameters", "requestBody", "responses")
            }
            if self.disguise.operation_ids == "other":
                said[method]["operationId"] = f"Api_{method}_{number}"
            if "parameters" in operation:
                said[method]["parameters"] = [self._parameter(entry, names) for entry in operation["parameters"]]
            if "requestBody" in operation:
                said[method]["requestBody"] = self._body(operation["requestBody"], is_request=True)
            said[method]["responses"] = {
                status: self._body(response, is_request=False) for status, response in operation["responses"].items()
            }
        return said

    def _parameter(self, entry: Json, names: dict[str, str]) -> Json:
        while "$ref" in entry:
            entry = self.source["components"]["parameters"][entry["$ref"].rsplit("/", 1)[1]]
        said = {**entry, "schema": self._schema(entry["schema"])}
        if said["in"] == "path":
            said["name"] = names.get(said["name"], said["name"])
        return said

    def _responses_and_parameters(self, components: Json) -> Json:
        said = {}
        if "responses" in components:
            said["responses"] = {
                name: self._body(response, is_request=False) for name, response in components["responses"].items()
            }
        return said

    def _body(self, body: Json, *, is_request: bool) -> Json:
        if "$ref" in body or "content" not in body:
            return body
        said = {**body, "content": {}}
        for content_type, media in body["content"].items():
            entry = {"schema": self._schema(media["schema"])} if "schema" in media else {}
            if content_type == "application/json" and self.disguise.bodies == "json_and_text":
                others = ("text/json", "application/*+json") if is_request else ("text/plain", "text/json")
                for other in others[:1]:
                    said["content"][other] = copy.deepcopy(entry)
                said["content"][content_type] = entry
                said["content"][others[1]] = copy.deepcopy(entry)
            else:
                said["content"][content_type] = entry
        return said

    def _schema(self, schema: Json) -> Json:
        if not isinstance(schema, dict):
            return schema
        bare, nullable = _split_null(schema)
        said = self._bare(bare)
        return self._nullable(said) if nullable else said

    def _bare(self, schema: Json) -> Json:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name not in self.recursive and self.random.random() < self.disguise.inlined:
                return self._schema(self.schemas[name])
            return {"$ref": f"#/components/schemas/{self.names[name].replace('~', '~0').replace('/', '~1')}"}
        said = dict(schema)
        if "properties" in said:
            said["properties"] = {name: self._schema(entry) for name, entry in said["properties"].items()}
        for key in ("items", "additionalProperties"):
            if key in said:
                said[key] = self._schema(said[key])
        for key in ("allOf", "oneOf", "anyOf"):
            if key in said:
                said[key] = [self._schema(entry) for entry in said[key]]
        if said.get("type") == "integer" and "enum" not in said and self.disguise.integers == "or_string":
            said |= {"type": ["integer", "string"], "pattern": r"^-?(?:0|[1-9]\d*)$", "format": "int32"}
        return said

    def _nullable(self, schema: Json) -> Json:
        style = self.disguise.nulls
        if style == "nullable":
            return {"allOf": [schema], "nullable": True} if "$ref" in schema else {**schema, "nullable": True}
        if style == "types" and isinstance(schema.get("type"), str | list) and "enum" not in schema:
            types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            return {**schema, "type": ["null", *types]}
        return {"anyOf" if style == "any_of" else "oneOf": [{"type": "null"}, schema]}

    def _reaches(self, start: str, target: str) -> bool:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for name in _references(self.schemas[waiting.pop()]):
                if name == target:
                    return True
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return False

    def _shuffled(self, value: Json) -> Json:
        if not self.disguise.is_shuffled:
            return value
        if isinstance(value, dict):
            items = list(value.items())
            self.random.shuffle(items)
            return {key: self._shuffled(entry) for key, entry in items}
        if isinstance(value, list):
            entries = [self._shuffled(entry) for entry in value]
            self.random.shuffle(entries)
            return entries
        return value


def _split_null(schema: Json) -> tuple[Json, bool]:
    """A schema without its null, and whether it had one."""
    types = schema.get("type")
    if isinstance(types, list) and "null" in types:
        rest = [entry for entry in types if entry != "null"]
        return {**schema, "type": rest[0] if len(rest) == 1 else rest}, True
    for key in ("oneOf", "anyOf"):
        entries = schema.get(key, [])
        if {"type": "null"} in entries:
            rest = [entry for entry in entries if entry != {"type": "null"}]
            others = {name: entry for name, entry in schema.items() if name != key}
            return ({**others, **rest[0]} if len(rest) == 1 else {**others, key: rest}), True
    return schema, False


def _references(value: Json) -> list[str]:
    if isinstance(value, dict):
        found = [value["$ref"].rsplit("/", 1)[1]] if isinstance(value.get("$ref"), str) else []
        return found + [name for entry in value.values() for name in _references(entry)]
    return [name for entry in value for name in _references(entry)] if isinstance(value, list) else []
