"""Documents and disguises without end, for property tests."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.kit.regeneration.contracts import SMALL
from tests.kit.regeneration.disguises import Disguise

Json = Any

disguises = st.builds(
    Disguise,
    nulls=st.sampled_from(["types", "one_of", "any_of", "nullable"]),
    integers=st.sampled_from(["plain", "or_string"]),
    bodies=st.sampled_from(["json", "json_and_text"]),
    operation_ids=st.sampled_from(["none", "other"]),
    parameters=st.sampled_from(["same", "renamed", "constrained"]),
    inlined=st.sampled_from([0.0, 0.2, 0.7, 1.0]),
    prefix=st.sampled_from(["", "Api.Contracts.", "é~/"]),
    suffix=st.sampled_from(["", "Dto", "`1", "Of", "[]", "%3Cof%3E"]),
    seed=st.integers(0, 10_000),
)

names = st.sampled_from(["id", "state", "label", "kind", "next", "items", "d", "class", "Sum", "sum"])
leaves: st.SearchStrategy[Json] = st.sampled_from(
    [
        {"type": "string"}, {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"},
        {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"}, {},
        {"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["A", "a", "a-b", "a b"]},
        {"type": "integer", "enum": [0, 1]}, {"$ref": "#/components/schemas/Widget"},
        {"$ref": "#/components/schemas/WidgetState"}, {"$ref": "#/components/schemas/Extra0"},
        {"$ref": "#/components/schemas/Extra1"},
    ]
)  # fmt: skip


def _wider(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.one_of(
        st.builds(lambda item: {"type": "array", "items": item}, inner),
        st.builds(lambda value: {"type": "object", "additionalProperties": value}, inner),
        st.builds(
            lambda properties, must: {
                "type": "object", "properties": properties, "required": [name for name in must if name in properties]
            },
            st.dictionaries(names, inner, min_size=1, max_size=4), st.lists(names, unique=True),
        ),
        st.builds(lambda some: {"oneOf": [*some, {"type": "null"}]}, st.lists(inner, min_size=1, max_size=3)),
    )  # fmt: skip


shapes = st.recursive(leaves, _wider, max_leaves=8)


@st.composite
def wider_documents(draw: st.DrawFn) -> Json:
    """The small contract with fields and operations that nobody documented."""
    document = copy.deepcopy(SMALL)
    schemas = document["components"]["schemas"]
    for number in range(2):
        schemas[f"Extra{number}"] = {
            "type": "object", "properties": draw(st.dictionaries(names, shapes, min_size=1, max_size=4))
        }  # fmt: skip
    for name in ("Widget", "MakeWidgetRequest"):
        for field in draw(st.lists(names, max_size=3, unique=True)):
            schemas[name]["properties"].setdefault(field, draw(shapes))
    for path in draw(
        st.lists(st.sampled_from(["/v1/parts", "/v1/parts/{key}", "/v1/widgets/{id}/parts"]), unique=True)
    ):
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("id", "key")
            if "{" + name + "}" in path
        ]
        document["paths"][path] = {
            "put": {
                "parameters": parameters,
                "requestBody": {"required": True, "content": {"application/json": {"schema": draw(shapes)}}},
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": draw(shapes)}}}},
            }
        }
    return document
