"""Looking things up in an aligned document."""

from __future__ import annotations

from typing import Any

from regeneration.align import Aligned, align
from regeneration.emit import to_json
from regeneration.names import NamesLock

Json = Any


def text_of(documented: Json, pulled: Json | None, lock: NamesLock | None = None) -> str:
    """The aligned document's text."""
    return to_json(align(documented, pulled, lock or NamesLock()).document)


def schemas_of(aligned: Aligned) -> Json:
    return aligned.document["components"]["schemas"]


def success_of(document: Json, path: str, method: str = "get", status: str = "200") -> Json:
    """The schema of a JSON answer."""
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]


def schemas_with(document: Json, name: str) -> list[Json]:
    """The component schemas that have a property."""
    return [schema for schema in document["components"]["schemas"].values() if name in schema.get("properties", {})]
