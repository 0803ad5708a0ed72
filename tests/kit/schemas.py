"""The JSON Schemas of docs/schemas, as a reader's validator has them, but that no undocumented member passes."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import referencing
from jsonschema import Draft202012Validator

FOLDER: Final = Path(__file__).parents[2] / "docs" / "schemas"


def check(name: str, document: Any) -> None:
    """Hold a document to the schema of that name. A member that the schema does not have is an error, too."""
    found = sorted(_validator(name).iter_errors(document), key=lambda error: error.path)
    if found:
        best = jsonschema.exceptions.best_match(found)
        where = "/".join(map(str, best.absolute_path))
        raise AssertionError(f"{name}.json at {where or 'the top'}: {best.message[:600]}; {str(document)[:300]}")


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": _schemas()[name]["$id"]},
        registry=_registry(),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


@functools.cache
def _schemas() -> dict[str, Any]:
    return {path.stem: _closed(json.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.json")}


@functools.cache
def _registry() -> Any:
    resources = [(one["$id"], referencing.Resource.from_contents(one)) for one in _schemas().values()]
    return referencing.Registry().with_resources(resources)


def _closed(schema: Any) -> Any:
    """The schema with no members but those that it names."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
