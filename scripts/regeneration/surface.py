"""What the stable layer sees: the part of the generated client that the flows use, written down to be compared."""

from __future__ import annotations

from collections import deque
from typing import Any

from regeneration.changes import Change, Severity
from regeneration.graph import Contract, path_order
from regeneration.pointers import JsonObject

Surface = dict[str, tuple[str, str, tuple[str, ...]]]
"""Python name → its type, the operation it was met in, and the flows or commands that use that operation."""

_FORMATS = {"uuid": "UUID", "date-time": "datetime", "date": "date", "binary": "File"}
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "object": "dict"}


def compare_surfaces(now: JsonObject, documented: JsonObject, contract: Contract) -> list[Change]:
    """How the client that the flows use differs from the one that the documented contract alone would give.

    Args:
        now: the aligned document.
        documented: the documented contract, aligned with itself.
        contract: the documented contract, for who uses what.
    """
    before, after = _surface(documented, contract), _surface(now, contract)
    found: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None and old[0] == new[0]:
            continue
        _, operation, users = new or old or ("", "", ())
        severity: Severity = "additive" if old is None else "client"
        what = "new" if old is None else "gone" if new is None else "type changed"
        detail = f"{old[0]} became {new[0]}" if old and new else (new or old or ("",))[0]
        found.append(Change(what, operation, name, severity, detail, users))
    return found


def _surface(aligned: JsonObject, contract: Contract) -> Surface:
    surface: Surface = {}
    schemas: dict[str, JsonObject] = aligned["components"]["schemas"]
    by_id = {
        operation["operationId"]: (path, method, operation)
        for path, item in aligned["paths"].items()
        for method, operation in item.items()
    }
    for known in sorted(contract.operations.values(), key=path_order):
        if not known.used_by or known.operation_id not in by_id:
            continue
        path, method, operation = by_id[known.operation_id]
        title = f"{method.upper()} {path}"
        module = f"api.{operation['tags'][0]}.{operation['operationId']}"
        roots: list[JsonObject] = []
        for parameter in operation.get("parameters", []):
            mark = "" if parameter["required"] else " | Unset"
            name = f"{module}({parameter['name']})"
            surface[name] = (_python_type(parameter["schema"]) + mark, title, known.used_by)
            roots.append(parameter["schema"])
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        successes = [body for status, body in operation["responses"].items() if status.startswith("2")]
        for body in [*bodies, *successes]:
            roots += [media["schema"] for media in body.get("content", {}).values()]
        _add_classes(surface, schemas, roots, title, known.used_by)
    return surface


def _add_classes(
    surface: Surface, schemas: dict[str, JsonObject], roots: list[JsonObject], title: str, users: tuple[str, ...]
) -> None:
    waiting = deque(name for root in roots for name in _references(root))
    seen: set[str] = set()
    while waiting:
        name = waiting.popleft()
        if name in seen:
            continue
        seen.add(name)
        schema = schemas[name]
        for member in schema.get("x-enum-varnames", []):
            surface.setdefault(f"models.{name}.{member}", ("value", title, users))
        required = schema.get("required", [])
        for field, inner in schema.get("properties", {}).items():
            mark = "" if field in required else " | Unset"
            surface.setdefault(f"models.{name}.{field}", (_python_type(inner) + mark, title, users))
            waiting.extend(_references(inner))
        if isinstance(schema.get("additionalProperties"), dict):
            waiting.extend(_references(schema["additionalProperties"]))


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rsplit("/", 1)[1]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for key, value in schema.items() if key != "properties" for name in _references(value)]
    return [name for entry in schema for name in _references(entry)] if isinstance(schema, list) else []


def _python_type(schema: JsonObject) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    options = [*schema.get("anyOf", []), *schema.get("allOf", [])]
    if options:
        return " | ".join(_python_type(option) for option in options)
    types = schema.get("type", [])
    names = types if isinstance(types, list) else [types]
    return " | ".join(_plain_type(name, schema) for name in names) or "Any"


def _plain_type(name: str, schema: JsonObject) -> str:
    if name == "array":
        return f"list[{_python_type(schema.get('items', {}))}]"
    return _FORMATS.get(str(schema.get("format")), "str") if name == "string" else _TYPES[name]
