"""What the stable layer sees: the part of the generated client that the flows use, written down to be compared."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from regeneration.changes import Change, Severity
from regeneration.graph import Contract, path_order
from regeneration.identifiers import python_name
from regeneration.pointers import JsonObject


@dataclass(frozen=True, slots=True)
class _Sight:
    """One name that the flows can see."""

    type: frozenset[str]
    operation: str
    users: tuple[str, ...]
    is_read: bool

    def __str__(self) -> str:
        return " | ".join(sorted(self.type, key=lambda name: (name in ("None", "Unset"), name)))


Surface = dict[str, _Sight]
"""Python name → what stands there."""

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
        if old is not None and new is not None:
            if old.type != new.type:
                severity: Severity = "additive" if _fits(old, new) else "client"
                found.append(Change("type changed", new.operation, name, severity, f"{old} became {new}", new.users))
        elif new is not None:
            found.append(Change("new", new.operation, name, "additive", str(new), new.users))
        elif old is not None:
            found.append(Change("gone", old.operation, name, "client", str(old), old.users))
    return found


def _fits(old: _Sight, new: _Sight) -> bool:
    """Whether code written for the old type fits the new one: what is read may narrow, what is sent may widen."""
    narrow, wide = (new.type, old.type) if new.is_read else (old.type, new.type)
    return narrow <= wide | ({"int"} if "float" in wide else set())


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
            unset = set() if parameter["required"] else {"Unset"}
            sight = _Sight(_python_types(parameter["schema"]) | unset, title, known.used_by, is_read=False)
            surface[f"{module}({python_name(parameter['name'])})"] = sight
            roots.append(parameter["schema"])
        roots += _schemas_in([operation["requestBody"]] if "requestBody" in operation else [])
        _add_classes(surface, schemas, roots, _Sight(frozenset(), title, known.used_by, is_read=False))
        successes = [body for status, body in operation["responses"].items() if status.startswith("2")]
        _add_classes(surface, schemas, _schemas_in(successes), _Sight(frozenset(), title, known.used_by, is_read=True))
    return surface


def _schemas_in(bodies: list[JsonObject]) -> list[JsonObject]:
    return [media["schema"] for body in bodies for media in body.get("content", {}).values()]


def _add_classes(surface: Surface, schemas: dict[str, JsonObject], roots: list[JsonObject], sight: _Sight) -> None:
    waiting = deque(name for root in roots for name in _references(root))
    seen: set[str] = set()
    while waiting:
        name = waiting.popleft()
        if name in seen:
            continue
        seen.add(name)
        schema = schemas[name]
        for member in schema.get("x-enum-varnames", []):
            surface.setdefault(f"models.{name}.{member}", replace(sight, type=frozenset({"a value"})))
        required = schema.get("required", [])
        for field, inner in schema.get("properties", {}).items():
            unset = set() if field in required else {"Unset"}
            surface.setdefault(f"models.{name}.{python_name(field)}", replace(sight, type=_python_types(inner) | unset))
            waiting.extend(_references(inner))
        if isinstance(schema.get("additionalProperties"), dict):
            waiting.extend(_references(schema["additionalProperties"]))


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rsplit("/", 1)[1]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for key, value in schema.items() if key != "properties" for name in _references(value)]
    return [name for entry in schema for name in _references(entry)] if isinstance(schema, list) else []


def _python_types(schema: JsonObject) -> frozenset[str]:
    """The alternatives of a type."""
    if "$ref" in schema:
        return frozenset({str(schema["$ref"]).rsplit("/", 1)[1]})
    options = [*schema.get("anyOf", []), *schema.get("allOf", [])]
    if options:
        return frozenset(name for option in options for name in _python_types(option))
    types = schema.get("type", [])
    names = types if isinstance(types, list) else [types]
    return frozenset(_plain_type(name, schema) for name in names) or frozenset({"Any"})


def _plain_type(name: str, schema: JsonObject) -> str:
    if name == "array":
        return f"list[{' | '.join(sorted(_python_types(schema.get('items', {}))))}]"
    return _FORMATS.get(str(schema.get("format")), "str") if name == "string" else _TYPES[name]
