"""Variants that real emitters write, each a change of a plain document that changes nothing of what it says."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

Json = Any
Variant = Callable[[Json], None]

METHODS = ("get", "put", "post", "patch", "delete")
VARIANTS: dict[str, Variant] = {}


def variant(edit: Variant) -> Variant:
    VARIANTS[edit.__name__.replace("_", " ")] = edit
    return edit


def operations(document: Json) -> Iterator[Json]:
    """Every operation of a document."""
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in METHODS)


def bodies(document: Json) -> Iterator[Json]:
    """Everything that has a content."""
    yield from document["components"].get("responses", {}).values()
    for operation in operations(document):
        yield from operation.get("responses", {}).values()
        if "requestBody" in operation:
            yield operation["requestBody"]


def for_schemas(document: Json, edit: Callable[[Json], Json]) -> None:
    """Replace every schema, the inner ones first."""

    def replaced(schema: Json) -> Json:
        if not isinstance(schema, dict):
            return schema
        said = dict(schema)
        if "properties" in said:
            said["properties"] = {name: replaced(inner) for name, inner in said["properties"].items()}
        for key in ("items", "additionalProperties"):
            if key in said:
                said[key] = replaced(said[key])
        for key in ("allOf", "oneOf", "anyOf"):
            if key in said:
                said[key] = [replaced(inner) for inner in said[key]]
        return edit(said)

    components = document["components"]
    components["schemas"] = {name: replaced(schema) for name, schema in components["schemas"].items()}
    for body in bodies(document):
        for media in body.get("content", {}).values():
            if "schema" in media:
                media["schema"] = replaced(media["schema"])
    for parameters in (
        components.get("parameters", {}).values(),
        *(operation.get("parameters", []) for operation in operations(document)),
    ):
        for parameter in parameters:
            if "schema" in parameter:
                parameter["schema"] = replaced(parameter["schema"])


def _content_types(*names: str) -> Variant:
    def edit(document: Json) -> None:
        for body in bodies(document):
            media = body.get("content", {}).pop("application/json", None)
            if media is not None:
                body["content"] = {**{name: copy.deepcopy(media) for name in names}, **body["content"]}

    return edit


VARIANTS |= {
    "a charset": _content_types("application/json; charset=utf-8"),
    "text/json": _content_types("text/json"),
    "another JSON": _content_types("application/*+json"),
    "anything": _content_types("*/*"),
    "capitals": _content_types("Application/JSON"),
    "all of ASP.NET's": _content_types("text/plain", "application/json", "text/json", "application/*+json"),
    "a page too": _content_types("text/html", "application/json"),
    "bytes too": _content_types("application/octet-stream", "application/json"),
    "XML too": _content_types("application/xml", "application/json", "text/xml"),
}


def _paths(rename: Callable[[str], str], *servers: str) -> Variant:
    def edit(document: Json) -> None:
        document["paths"] = {rename(path): item for path, item in document["paths"].items()}
        if servers:
            document["servers"] = [{"url": server} for server in servers]

    return edit


def _bare(path: str) -> str:
    return path.removeprefix("/v1")


VARIANTS |= {
    "a slash at the end": _paths(lambda path: path + "/"),
    "constraints": _paths(lambda path: re.sub(r"\{(\w+)\}", r"{\1:guid}", path)),
    "a constraint with braces": _paths(lambda path: re.sub(r"\{(\w+)\}", r"{\1:regex(^\\d{{1,3}}$)}", path)),
    "catch-alls": _paths(lambda path: path.replace("{path}", "{**path}").replace("{id}", "{*rest}")),
    "optional parameters": _paths(lambda path: re.sub(r"\{(\w+)\}", r"{\1?}", path)),
    "other parameter names": _paths(lambda path: re.sub(r"\{(\w+)\}", r"{the_\1}", path)),
    "capital paths": _paths(str.upper),
    "a server with a path": _paths(_bare, "https://api.example/v1/"),
    "a relative server": _paths(_bare, "v1"),
    "several servers": _paths(_bare, "https://api.example", "https://api.example/v1"),
    "a server behind a proxy": _paths(lambda path: path, "https://inner.example/proxy"),
    "a server with a path that paths have too": _paths(lambda path: path, "https://api.example/v1"),
}


def _version_as_parameter(version: str) -> Variant:
    def edit(document: Json) -> None:
        _paths(lambda path: path.replace("/v1", version, 1))(document)
        listed = {"name": "version", "in": "path", "required": True, "schema": {"type": "string"}}
        for operation in operations(document):
            operation["parameters"] = [listed, *operation.get("parameters", [])]

    return edit


VARIANTS |= {
    "a version as parameter": _version_as_parameter("/v{version}"),
    "a version with a constraint": _version_as_parameter("/v{version:apiVersion}"),
    "a version as segment": _version_as_parameter("/{api-version}"),
}


@variant
def a_server_with_variables(document: Json) -> None:
    server = {"url": "{scheme}://api.example/{base}", "variables": {"base": {"default": "v1"}}}
    _paths(_bare)(document)
    document["servers"] = [server]


@variant
def servers_of_path_items(document: Json) -> None:
    _paths(_bare)(document)
    for item in document["paths"].values():
        item["servers"] = [{"url": "https://api.example/v1"}]


@variant
def paths_that_are_there_twice(document: Json) -> None:
    twins = {f"{path}/": copy.deepcopy(item) for path, item in document["paths"].items()}
    document["paths"] = {**twins, **document["paths"], **{path.upper(): item for path, item in twins.items()}}


@variant
def parameters_of_path_items(document: Json) -> None:
    for item in document["paths"].values():
        inner = [operation for method, operation in item.items() if method in METHODS]
        if len(inner) == 1:
            item["parameters"] = [*item.get("parameters", []), *inner[0].pop("parameters", [])]


@variant
def references_to_everything(document: Json) -> None:
    components, number = document["components"], 0
    for kind in ("responses", "requestBodies", "parameters", "pathItems"):
        components.setdefault(kind, {})

    def component(kind: str, value: Json) -> Json:
        nonlocal number
        if "$ref" in value:
            return value
        number += 1
        components[kind][f"x{number}"] = value
        return {"$ref": f"#/components/{kind}/x{number}"}

    for operation in operations(document):
        responses = operation["responses"]
        operation["responses"] = {status: component("responses", value) for status, value in responses.items()}
        operation["parameters"] = [component("parameters", value) for value in operation.get("parameters", [])]
        if "requestBody" in operation:
            operation["requestBody"] = component("requestBodies", operation["requestBody"])
    document["paths"] = {path: component("pathItems", item) for path, item in document["paths"].items()}


@variant
def ids_that_are_classes(document: Json) -> None:
    document["components"]["schemas"]["Id"] = {"type": "object", "properties": {"value": {"type": "string"}}}
    for operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                parameter["schema"] = {"$ref": "#/components/schemas/Id"}


@variant
def no_parameters(document: Json) -> None:
    for operation in operations(document):
        operation.pop("parameters", None)


@variant
def no_errors(document: Json) -> None:
    for operation in operations(document):
        responses = operation["responses"]
        operation["responses"] = {status: value for status, value in responses.items() if status.startswith("2")}


@variant
def no_schemas_of_answers(document: Json) -> None:
    for operation in operations(document):
        operation["responses"] = {status: {"description": "OK"} for status in operation["responses"]}


@variant
def no_answers(document: Json) -> None:
    for operation in operations(document):
        operation.pop("responses")


@variant
def no_bodies(document: Json) -> None:
    for operation in operations(document):
        operation.pop("requestBody", None)


@variant
def headers_in_capitals(document: Json) -> None:
    for parameters in (
        document["components"].get("parameters", {}).values(),
        *(operation.get("parameters", []) for operation in operations(document)),
    ):
        for parameter in parameters:
            if parameter.get("in") == "header":
                parameter["name"] = parameter["name"].upper()


@variant
def one_operation_id_for_all(document: Json) -> None:
    for operation in operations(document):
        operation |= {"operationId": "Handle", "tags": ["SpecStep.Api"], "summary": "s", "deprecated": False}


@variant
def numbers_of_dotnet_10(document: Json) -> None:
    def edit(schema: Json) -> Json:
        types = schema.get("type")
        listed = types if isinstance(types, list) else [types]
        if "enum" in schema or not {"integer", "number"} & set(listed):
            return schema
        return {**schema, "type": [*listed, "string"], "pattern": r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$", "format": "double"}

    for_schemas(document, edit)


@variant
def keywords_that_change_nothing(document: Json) -> None:
    noise = {"title": "T", "example": 1, "default": None, "readOnly": False, "deprecated": False, "x-a": {"b": [1]}}
    noise |= {"minLength": 0, "maxLength": 9, "pattern": "^.*$", "minimum": 0, "uniqueItems": False, "xml": {}}
    for_schemas(document, lambda schema: schema if "$ref" in schema else {**noise, **schema})


@variant
def closed_objects(document: Json) -> None:
    for_schemas(
        document,
        lambda schema: {"additionalProperties": False, **schema} if "properties" in schema else schema,
    )


@variant
def classes_that_cannot_be_changed(document: Json) -> None:
    def edit(schema: Json) -> Json:
        fields = {name: {**inner, "readOnly": True} for name, inner in schema.get("properties", {}).items()}
        return {**schema, "properties": fields} if fields else schema

    for_schemas(document, edit)


@variant
def objects_without_a_type(document: Json) -> None:
    for_schemas(
        document,
        lambda schema: _without_type(schema) if "properties" in schema else schema,
    )


@variant
def enums_without_a_type(document: Json) -> None:
    for_schemas(document, lambda schema: _without_type(schema) if "enum" in schema else schema)


def _without_type(schema: Json) -> Json:
    """The schema without its type, unless that also says that it may be null."""
    return schema if isinstance(schema.get("type"), list) else {k: v for k, v in schema.items() if k != "type"}


@variant
def enums_as_constants(document: Json) -> None:
    for_schemas(
        document, lambda schema: {"oneOf": [{"const": v} for v in schema["enum"]]} if "enum" in schema else schema
    )


@variant
def enums_that_say_they_are_open(document: Json) -> None:
    for_schemas(document, lambda schema: {"anyOf": [schema, {"type": "string"}]} if "enum" in schema else schema)


@variant
def enums_as_strings(document: Json) -> None:
    for_schemas(document, lambda schema: {"type": "string"} if "enum" in schema else schema)


@variant
def formats_lost(document: Json) -> None:
    for_schemas(
        document,
        lambda schema: {k: v for k, v in schema.items() if k != "format"} if schema.get("type") == "string" else schema,
    )


@variant
def guids(document: Json) -> None:
    for_schemas(document, lambda schema: {**schema, "format": "guid"} if schema.get("format") == "uuid" else schema)


@variant
def wrappers_around_references(document: Json) -> None:
    for_schemas(document, lambda schema: {"allOf": [schema, {"description": "x"}]} if "$ref" in schema else schema)


def _where_null(document: Json, change: Callable[[Json], Json]) -> None:
    """Write anew what may be null, which the documented contract says by alternatives or by a list of types."""

    def edit(schema: Json) -> Json:
        types = schema.get("type")
        if isinstance(types, list) and "null" in types:
            return change({**schema, "type": next(kind for kind in types if kind != "null")})
        rest = [one for one in schema.get("oneOf", []) if one != {"type": "null"}]
        if len(rest) == 1 and len(schema["oneOf"]) == 2:
            return change({**{key: value for key, value in schema.items() if key != "oneOf"}, **rest[0]})
        return schema

    for_schemas(document, edit)


@variant
def objects_that_say_so_beside_one_of(document: Json) -> None:
    document["openapi"] = "3.0.4"
    _where_null(
        document,
        lambda schema: (
            {"type": "object", "oneOf": [schema], "nullable": True}
            if "$ref" in schema
            else {**schema, "nullable": True}
        ),
    )


@variant
def types_beside_any_of(document: Json) -> None:
    _where_null(
        document,
        lambda schema: (
            {"type": ["null", "object"], "anyOf": [schema]}
            if "$ref" in schema
            else {**schema, "type": ["null", schema["type"]]}
        ),
    )


@variant
def keywords_that_were_not_set(document: Json) -> None:
    unset = ("format", "items", "properties", "enum", "additionalProperties", "allOf", "not", "nullable", "description")

    def edit(schema: Json) -> Json:
        said = {"oneOf": [schema]} if "$ref" in schema else schema
        return {**dict.fromkeys(unset), **said}

    for_schemas(document, edit)


@variant
def keywords_that_are_empty(document: Json) -> None:
    empty = {"type": "object", "properties": {}, "items": {}, "enum": [], "additionalProperties": True, "required": []}
    for_schemas(document, lambda schema: {**empty, "allOf": [schema]} if "$ref" in schema else schema)


@variant
def any_of_one(document: Json) -> None:
    for_schemas(document, lambda schema: {"anyOf": [schema]} if "$ref" in schema else schema)


@variant
def objects_or_anything(document: Json) -> None:
    for_schemas(document, lambda schema: {"anyOf": [schema, {}]} if "$ref" in schema else schema)


@variant
def references_to_references(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for_schemas(document, lambda schema: {"$ref": f"{schema['$ref']}Alias"} if "$ref" in schema else schema)
    schemas = document["components"]["schemas"]
    schemas |= {f"{name}Alias": {"$ref": f"#/components/schemas/{name}"} for name in list(schemas)}


@variant
def bases_and_derived(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in list(schemas.items()):
        fields = list(schema.get("properties", {}))
        if len(fields) < 2:
            continue
        parts = []
        for half in (fields[: len(fields) // 2], fields[len(fields) // 2 :]):
            required = [field for field in schema.get("required", []) if field in half]
            properties = {field: schema["properties"][field] for field in half}
            parts.append({"type": "object", "properties": properties, "required": required})
        schemas[f"{name}Base"] = parts[0]
        schemas[name] = {"allOf": [{"$ref": f"#/components/schemas/{name}Base"}, parts[1]]}


@variant
def discriminators(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in list(schemas.items()):
        if "properties" in schema:
            schemas[f"{name}OfKind"] = schema
            reference = f"#/components/schemas/{name}OfKind"
            discriminator = {"propertyName": "$type", "mapping": {"kind": reference}}
            schemas[name] = {"anyOf": [{"$ref": reference}], "discriminator": discriminator}


@variant
def callbacks_and_webhooks(document: Json) -> None:
    document["webhooks"] = {"done": {"post": {"responses": {"200": {"description": ""}}}}}
    document["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    for operation in operations(document):
        operation["callbacks"] = {"done": {"{$request.body#/url}": {"post": {"responses": {}}}}}
