"""A type checker's complaint about the flows → the operation and the field it is about."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from regeneration.changes import Change
from regeneration.pointers import JsonObject
from regeneration.project import PACKAGE
from regeneration.text import shown

BUILDER: Final = "_get_kwargs"
"""The function of a generated module that builds a request."""

_GENERATED: Final = re.compile(r'"([A-Z]\w*)"')
_ATTRIBUTE: Final = re.compile(r'"([A-Z]\w*)" has no attribute "(\w+)"')
_ARGUMENTS: Final = re.compile(r'arguments? ("\w+"(?:, "\w+")*)', re.IGNORECASE)
_POSITION: Final = re.compile(r"Argument (\d+) to")


def translated(complaint: dict[str, Any], source: str, aligned: JsonObject, changes: list[Change]) -> tuple[str, str]:
    """What a complaint is about, and the complaint as a sentence.

    Args:
        complaint: one line of mypy's JSON output.
        source: the text of the module it is about.
        aligned: what the new client was generated from.
        changes: what the flows see changed.

    Returns:
        The subject, empty when it can't be told; and the whole sentence.
    """
    message = str(complaint["message"])
    line = int(complaint["line"])
    lines = source.splitlines()
    code = lines[line - 1] if line <= len(lines) else ""
    subject = ""
    if PACKAGE in source:
        subject = (
            _named_argument(message, source, (line, int(complaint.get("column", 0))), aligned)
            or _named_field(message, aligned)
            or _changed_field(message, code, changes)
            or _named_class(message, aligned)
            or _operation_named(f"{message} {code}", aligned)
        )
    said = f"{shown(message, 240)} ({complaint['file']}:{line})"
    return subject, f"{subject}: {said}" if subject else said


def lost_imports(source: str, generated: Path) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of everything that a module imports of the generated package and that isn't there.

    The type checker doesn't see this: it finds the modules of the client in the tree behind the new one.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                if not _offers(generated / str(node.module).replace(".", "/"), alias.name):
                    yield node.lineno, str(node.module), alias.name


def _offers(module: Path, name: str) -> bool:
    """Whether a generated module or package has something called ``name``."""
    if (module / f"{name}.py").exists() or (module / name).is_dir():
        return True
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return file.exists() and re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) is not None


def operations_of(name: str, aligned: JsonObject) -> str:
    """The operation that has an id, or the operations whose bodies hold a class; empty when nothing has the name."""
    if name in aligned["components"]["schemas"]:
        return _operations_with(name, aligned)
    return _operation_named(name, aligned)


def _named_argument(message: str, source: str, spot: tuple[int, int], aligned: JsonObject) -> str:
    """The operation whose request is built at a line and column, and the parameter that doesn't fit."""
    if BUILDER not in message:
        return ""
    found = _operation_with_id(_endpoint_at(source, spot), aligned)
    if found is None:
        return ""
    title, operation = found
    position, named = _POSITION.search(message), _ARGUMENTS.search(message)
    in_path = [entry["name"] for entry in operation.get("parameters", []) if entry["in"] == "path"]
    if position and int(position[1]) <= len(in_path):
        return f"{title}, path {in_path[int(position[1]) - 1]}"
    return f"{title}, {_listed('parameter', named[1])}" if named else title


def _endpoint_at(source: str, spot: tuple[int, int]) -> str:
    """The generated module whose function is called at a line and column, by the imports of the function around it."""
    tree = ast.parse(source)
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= spot[0] <= (node.end_lineno or 0)
    ]
    calls = [
        ((node.lineno, node.col_offset), node.value.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == BUILDER and isinstance(node.value, ast.Name)
    ]
    before = [(place, name) for place, name in calls if place <= spot]
    if not before:
        return ""
    called = max(before)[1]
    for scope in (*sorted(around, key=lambda node: -node.lineno), tree):
        for node in ast.walk(scope):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}.api"):
                for alias in node.names:
                    if (alias.asname or alias.name) == called:
                        return alias.name
    return ""


def _named_field(message: str, aligned: JsonObject) -> str:
    """The field of a generated class that a type error names."""
    schemas = aligned["components"]["schemas"]
    attribute = _ATTRIBUTE.search(message)
    if attribute and attribute[1] in schemas:
        return f"{_operations_with(attribute[1], aligned)}, field {attribute[2]}"
    arguments = _ARGUMENTS.search(message)
    if arguments is None:
        return ""
    owner = next((name for name in _GENERATED.findall(message) if name in schemas), None)
    return f"{_operations_with(owner, aligned)}, {_listed('field', arguments[1])}" if owner else ""


def _listed(noun: str, quoted: str) -> str:
    names = quoted.replace('"', "")
    return f"{noun}s {names}" if "," in names else f"{noun} {names}"


def _changed_field(message: str, code: str, changes: list[Change]) -> str:
    """The changed field that stands in a line of source, or whose new type stands in the message."""
    attributes = set(re.findall(r"\.(\w+)", code))
    types = set(_GENERATED.findall(message))
    for change in changes:
        is_meant = change.place.rsplit(".", 1)[-1] in attributes or types & set(re.findall(r"\w+", change.detail))
        if change.what != "new" and is_meant:
            return f"{change.operation}, {change.place} ({change.what}: {change.detail})"
    return ""


def _named_class(message: str, aligned: JsonObject) -> str:
    """The operations of the generated class that a type error names."""
    schemas = aligned["components"]["schemas"]
    owner = next((name for name in _GENERATED.findall(message) if name in schemas), None)
    return _operations_with(owner, aligned) if owner else ""


def _operation_named(text: str, aligned: JsonObject) -> str:
    """The operation whose id stands in a text."""
    words = set(re.findall(r"\w+", text))
    for path, item in aligned["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] in words:
                return f"{method.upper()} {path}"
    return ""


def _operation_with_id(operation_id: str, aligned: JsonObject) -> tuple[str, JsonObject] | None:
    for path, item in aligned["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] == operation_id:
                return f"{method.upper()} {path}", operation
    return None


def _operations_with(schema: str, aligned: JsonObject) -> str:
    """The operations whose bodies hold a schema, directly or inside another one."""
    holders = {schema}
    while True:
        wider = holders | {
            name
            for name, component in aligned["components"]["schemas"].items()
            if any(f'"#/components/schemas/{holder}"' in json.dumps(component) for holder in holders)
        }
        if wider == holders:
            break
        holders = wider
    found = [
        f"{method.upper()} {path}"
        for path, item in aligned["paths"].items()
        for method, operation in item.items()
        if any(f'"#/components/schemas/{holder}"' in json.dumps(operation) for holder in holders)
    ]
    named = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{named} ({schema})" if named else schema
