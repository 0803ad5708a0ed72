"""How much a document may describe, by size, depth, width and references; more is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from regeneration.align import align
from regeneration.document import parse_document
from regeneration.errors import RegenerationError
from regeneration.names import NamesLock

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.clients import NOTHING_DOCUMENTED

Json = Any


def answering(schema: Json, schemas: Json | None = None) -> bytes:
    answer = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    paths = {"/v1/x": {"get": {"responses": answer}}}
    return json.dumps(
        {"openapi": "3.0.1", "info": {}, "paths": paths, "components": {"schemas": schemas or {}}}
    ).encode()


def sending(schema: Json, schemas: Json) -> bytes:
    body = {"content": {"application/json": {"schema": schema}}}
    paths = {"/v1/x": {"post": {"requestBody": body, "responses": {}}}}
    return json.dumps({"openapi": "3.0.1", "paths": paths, "components": {"schemas": schemas}}).encode()


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _chain() -> bytes:
    return answering(
        ref("A0"), {f"A{i}": {"type": "object", "properties": {"p": ref(f"A{i + 1}")}} for i in range(700)}
    )


def _many() -> bytes:
    schemas = {f"A{i}": {"type": "object", "properties": {f"p{i}": {"type": "string"}}} for i in range(2_998)}
    halves = {"first": list(schemas)[:1_500], "second": list(schemas)[1_500:]}
    parts = {half: {"type": "object", "properties": {name: ref(name) for name in halves[half]}} for half in halves}
    return answering({"type": "object", "properties": parts}, schemas)


def _wide() -> bytes:
    return answering({"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2_001)}})


def _wide_together() -> bytes:
    rows = [{"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(1_900)}} for _ in range(40)]
    return answering({"type": "object", "properties": {f"row{i}": row for i, row in enumerate(rows)}})


def _alternatives() -> bytes:
    return answering({"oneOf": [{"type": "object", "properties": {f"p{i}": {}}} for i in range(2_000)]})


def _deep_lists() -> bytes:
    return b'{"openapi": "3.0.1", "paths": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _deep_objects() -> bytes:
    schema: Json = {"type": "string"}
    for _ in range(120):
        schema = {"type": "object", "properties": {"p": schema}}
    return answering(schema)


def _many_values() -> bytes:
    return answering({"type": "object", "example": [0] * 1_500_001})


def _huge() -> bytes:
    return answering({"type": "object", "description": "x" * 17_000_000})


def _laughs() -> bytes:
    return answering(
        ref("A0"),
        {f"A{i}": {"type": "object", "properties": {c: ref(f"A{i + 1}") for c in "abcdefghij"}} for i in range(150)},
    )


def _laughing_parts() -> bytes:
    return answering(
        ref("A0"), {f"A{i}": {"allOf": [ref(f"A{i + 1}")] * 10, "properties": {f"p{i}": {}}} for i in range(150)}
    )


def _cycles() -> bytes:
    schemas = {
        "A": {"allOf": [ref("B")]},
        "B": {"anyOf": [ref("C")]},
        "C": ref("A"),
        "D": {"allOf": [ref("D"), {"properties": {"x": ref("D")}}]},
        "E": {"oneOf": [ref("E"), ref("F")]},
        "F": {"oneOf": [ref("E"), {"type": "array", "items": ref("F")}]},
        "G": {"type": "array", "items": ref("G")},
        "H": {"additionalProperties": ref("H"), "type": "object"},
        "I": ref("I"),
    }
    return answering({"type": "object", "properties": {name: ref(name) for name in schemas}}, schemas)


def _nested_unions() -> bytes:
    schemas: Json = {"U60": {"type": "string"}}
    for i in range(60):
        inner = ref(f"U{i + 1}")
        schemas[f"U{i}"] = {"oneOf": [inner, {"type": "array", "items": inner}, {"properties": {f"p{i}": inner}}]}
    return sending(ref("U0"), schemas)


def _put_together() -> bytes:
    everyone = [ref(f"A{i}") for i in range(150)]
    schemas = {
        f"A{i}": {"allOf": everyone, "properties": {f"p{i}_{k}": {"type": "string"} for k in range(12)}}
        for i in range(150)
    }
    return answering({"type": "object", "properties": {name: ref(name) for name in schemas}}, schemas)


def _parts() -> bytes:
    schemas = {f"A{i}": {"allOf": [ref(f"A{i + 1}")], "properties": {"a": {"type": "string"}}} for i in range(2_000)}
    return answering({"type": "object", "properties": {name: ref(name) for name in schemas}}, schemas)


def _operations() -> bytes:
    paths: Json = {f"/v1/x{i}": {"get": {"responses": {}}} for i in range(1_001)}
    return json.dumps({"openapi": "3.0.1", "paths": paths}).encode()


BOUNDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a chain": (_chain, "nest deeper than 300 levels"),
    "many classes": (_many, "needs 3,001 classes"),
    "a wide object": (_wide, "has 2,001 properties; more than 2,000 are not read"),
    "wide objects": (_wide_together, "more than 60,000 values"),
    "many alternatives": (_alternatives, "has 2,000 alternatives; more than 300 are not read"),
    "deep lists": (_deep_lists, "nested deeper than 200 levels"),
    "deep objects": (_deep_objects, "nested deeper than 200 levels"),
    "many values": (_many_values, "more than 1,500,000 values"),
    "a huge description": (_huge, "more than 16 MB"),
    "many operations": (_operations, "has 1,001 operations"),
    "unions in lists in unions": (_nested_unions, "nest in each other beyond what can be written down"),
    "everything put together of everything": (_put_together, "have more than 100,000 properties"),
    "a chain of parts": (_parts, "are put together of more than 250,000 parts"),
    "a billion laughs": (_laughs, ""),
    "laughing parts": (_laughing_parts, ""),
    "cycles": (_cycles, ""),
}


#: The documents that take seconds to read.
DEAR = {"everything put together of everything", "unions in lists in unions", "wide objects", "many classes"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in DEAR else name for name in BOUNDS],
)
def test_bounds(name: str) -> None:
    """What is too much is refused with a sentence; what only looks like much is aligned."""
    make, sentence = BOUNDS[name]
    content = make()
    if not sentence:
        align(NOTHING_DOCUMENTED, parse_document(content, "it"), NamesLock())
        return
    with pytest.raises(RegenerationError, match=sentence):
        align(NOTHING_DOCUMENTED, parse_document(content, "it"), NamesLock())


def _beside_ours(served: Json, content: bytes) -> bytes:
    """The document that the server of the small contract gives, with hostile operations and schemas among its own."""
    try:
        hostile = json.loads(content)
    except RecursionError:
        return content
    served["paths"].update(hostile["paths"])
    served["components"]["schemas"].update(hostile.get("components", {}).get("schemas", {}))
    return json.dumps(served).encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (_, sentence) in BOUNDS.items() if sentence])
def test_a_document_that_is_too_much_touches_nothing(small_checkout: Checkout, small_served: Json, name: str) -> None:
    """A document that would be ours but for one thing that is too much: one sentence, and an untouched tree."""
    before = small_checkout.files()

    assert small_checkout.pull(_beside_ours(small_served, BOUNDS[name][0]())) == 1
    said = small_checkout.said().splitlines()
    assert len([line for line in said if line.startswith("stopped: ")]) == 1
    assert said[-1] == "The working tree is as it was."
    assert small_checkout.files() == before
    assert not small_checkout.project.staging.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (_, sentence) in BOUNDS.items() if not sentence])
def test_a_document_that_only_looks_like_much_is_taken_over(
    small_checkout: Checkout, small_served: Json, name: str
) -> None:
    """References in circles, and the same thing said over and over, give a client in seconds."""
    assert small_checkout.pull(_beside_ours(small_served, BOUNDS[name][0]())) == 0


def test_an_operation_of_too_many_parameters_is_not_generated(small: Json, small_served: Json) -> None:
    """One operation that asks for hundreds of parameters is left out with the reason; the others are there."""
    parameters = [{"name": f"q{i}", "in": "query", "schema": {"type": "string"}} for i in range(201)]
    small_served["paths"]["/v1/hostile"] = {"get": {"parameters": parameters, "responses": {}}}

    notes = align(small, small_served, NamesLock()).notes

    assert notes.lost_operations == {"GET /v1/hostile": "it has 201 parameters; more than 200 are not read"}
