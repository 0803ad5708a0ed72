"""What the contract calls the API's operations and fields, so that tests quote no path or field that may change.

`op("get_generation")` is `GET /v1/generations/{id}`, as the pages and the sandbox write it. Bodies that tests make up
hold the names that fields always had for us; what the API renamed says so in the contract (`x-was`), and goes out under
its name of today.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from specstep_flows.gateway._operations import OPERATIONS

DOCUMENTED: Final = Path(__file__).parents[2] / "openapi" / "documented.yaml"
_SCHEMAS: Final = "#/components/schemas/"


def op(name: str, *values: object) -> str:
    """Method and path of an operation by its name in the contract; with values, in place of the path's parameters."""
    return f"{OPERATIONS[name].method} {path_of(name, *values)}"


def path_of(name: str, *values: object) -> str:
    """The path of an operation; with values, in place of its parameters."""
    template = OPERATIONS[name].path
    if not values:
        return template
    given = list(values)
    filled = re.sub(r"\{[^}]+\}", lambda _: str(given.pop(0)), template)
    assert not given, f"{template} has fewer parameters"
    return filled


def field(schema: str, name: str) -> str:
    """What the API calls a field of a schema today."""
    return _renamed().get(schema, {}).get(name, name)


def as_sent(operation: str, content: bytes) -> bytes:
    """The JSON of an operation's answer with its fields under the names that the API has for them today."""
    names = _names_in(operation)
    if not names:
        return content
    try:
        return json.dumps(_with_names(json.loads(content), names)).encode()
    except ValueError:
        return content


def _with_names(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {names.get(key, key): _with_names(value, names) for key, value in node.items()}
    return [_with_names(each, names) for each in node] if isinstance(node, list) else node


@cache
def _document() -> dict[str, Any]:
    text = DOCUMENTED.read_text(encoding="utf-8")
    # Mostly nothing was renamed, and reading YAML takes long.
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if "x-was:" in text else {}


@cache
def _renamed() -> dict[str, dict[str, str]]:
    """The renamed fields of each schema, by their names before."""
    return {
        name: {known["x-was"]: now for now, known in schema.get("properties", {}).items() if "x-was" in known}
        for name, schema in _document().get("components", {}).get("schemas", {}).items()
    }


@cache
def _names_in(operation: str) -> dict[str, str]:
    """The renamed fields of everything that an operation may answer."""
    operations = [each for item in _document().get("paths", {}).values() for each in item.values()]
    answers = [each["responses"] for each in operations if isinstance(each, dict) and each["operationId"] == operation]
    return {was: now for name in _schemas_of(answers, set()) for was, now in _renamed()[name].items()}


def _schemas_of(node: Any, seen: set[str]) -> Iterator[str]:
    """Every schema that something refers to."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _schemas_of(child, seen)
    name = node.get("$ref", "").removeprefix(_SCHEMAS) if isinstance(node, dict) else ""
    if name in _renamed() and name not in seen:
        seen.add(name)
        yield name
        yield from _schemas_of(_document()["components"]["schemas"][name], seen)


#: Where a generation stands, in its status body and in the rows of lists.
STATE: Final = field("Generation", "state")
#: What a generation has cost so far.
COST: Final = field("Generation", "running_cost_usd")
