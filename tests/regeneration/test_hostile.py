"""A document is untrusted input: whatever it says becomes data and string literals, never code."""

from __future__ import annotations

import ast
import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regeneration.align import align
from regeneration.document import parse_document
from regeneration.emit import to_json
from regeneration.errors import RegenerationError
from regeneration.generator import inspect_client
from regeneration.names import NamesLock
from regeneration.paths import UnusablePath, parse_route
from regeneration.text import is_writable, shown

from tests.regeneration.support.checkouts import Checkout
from tests.regeneration.support.clients import NOTHING_DOCUMENTED, generated, tried_out
from tests.regeneration.support.disguises import ASPNET, disguised

Json = Any

PAYLOADS = [
    '"""\nimport os\nos.system("touch PWNED")\n"""',
    "'''\n__import__('os').system('touch PWNED')\n'''",
    '"); __import__("os").system("touch PWNED"); ("',
    "{__import__('os').system('touch PWNED')}",
    "{0.__class__.__mro__[1].__subclasses__()}",
    "{{ cycler.__init__.__globals__.os.system('touch PWNED') }}",
    "{% import os %}{{ 7*7 }}",
    "\\",
    '\\"',
    '"',
    "'",
    '"""',
    "\\N{BULLET}",
    "\\x00",
    "\\u0041",
    "%s%n",
    "trailing \\",
    "a\nimport os",
    "a\r\nb",
    "a\x00b",
    "a\x0cb",
    "a\x1bb",
    "\u202eevil\u202c",
    "a\u200bb",
    "\ufeffa",
    "a\u2028b",
    "\ud800",
    "a\ud83d",
    "../../../../tmp/PWNED",
    "/etc/passwd",
    "..",
    ".",
    "con",
    "__init__",
    "__class__",
    "self",
    "cls",
    "None",
    "import",
    "lambda",
    "print",
    "d",
    "UNSET",
    "Unset",
    "T",
    "cast",
    "datetime",
    "UUID",
    "os",
    "sys",
    "x" * 5_000,
    " ",
    "",
    "🙂",
    "ﬁ",
    "日本",
    "# type: ignore",
    "# noqa",
    "coding: utf-7",
    "#!/bin/sh",
]


def poisoned(payloads: list[str]) -> Json:
    """A document that says each payload at every place where a document can say anything."""
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": payloads[0], "version": payloads[-1], "description": payloads[0]},
        "servers": [{"url": "https://x.example", "description": payloads[0]}],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {payloads[0]: {"type": "http"}}},
    }
    for number, payload in enumerate(payloads):
        name = f"S{number}{payload}"
        document["components"]["schemas"][name] = {
            "type": "object",
            "title": payload,
            "description": payload,
            "example": {payload: payload},
            "required": [payload],
            "discriminator": {"propertyName": payload},
            "properties": {
                payload: {
                    "type": "string",
                    "default": payload,
                    "description": payload,
                    "pattern": payload,
                    "format": payload,
                },
                f"of{payload}": {"type": "string", "enum": [payload, f"{payload}2", "plain"], "title": payload},
                f"more {payload}": {"type": "array", "items": {"const": payload}},
                "when": {"type": "string", "format": "date-time", "default": payload},
                "how many": {"type": "integer", "default": payload, "minimum": payload},
                "maybe": {"type": ["boolean", "null"], "default": payload, "x-enum-varnames": [payload]},
            },
            "additionalProperties": {"type": "string", "description": payload},
        }
        reference = {"$ref": "#/components/schemas/" + name.replace("~", "~0").replace("/", "~1")}
        document["paths"][f"/v1/p{number}/{{{'id' if number % 2 else 'x'}}}"] = {
            "post": {
                "operationId": payload,
                "tags": [payload],
                "summary": payload,
                "description": payload,
                "parameters": [
                    {
                        "name": payload,
                        "in": "query",
                        "description": payload,
                        "schema": {"type": "string", "default": payload},
                    },
                    {"name": payload, "in": "header", "schema": {"type": "string", "enum": [payload, "b"]}},
                    {"name": payload, "in": "cookie", "schema": {"type": "string"}},
                    {"name": "when", "in": "query", "schema": {"type": "string", "format": "date", "default": payload}},
                ],
                "requestBody": {
                    "description": payload,
                    "content": {"application/json": {"schema": reference}, payload: {"schema": {}}},
                },
                "responses": {
                    "200": {"description": payload, "content": {"application/json": {"schema": reference}}},
                    payload: {"description": payload},
                },
                "security": [{payload: [payload]}],
                "x-steering": True,
                "x-used-by": [payload],
            }
        }
        document["paths"][f"/v1/{payload}"] = {"get": {"responses": {"200": {"description": payload}}}}
    return document


def sources(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_nothing_of_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that tries at every place gives a client that imports, works, and has done nothing else."""
    folder = tmp_path / "scratch" / "deep" / "folder"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    aligned = generated(folder, json.loads(json.dumps(poisoned(PAYLOADS))))

    assert tried_out(folder) == []
    assert not list(tmp_path.rglob("PWNED*"))
    assert not Path("/tmp/PWNED").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"scratch"}
    assert {path.name for path in folder.iterdir()} == {"aligned.json", "specstep_client"}
    for path, source in sources(folder):
        assert is_writable(source.replace("\n", "")), path
        assert path.name.isascii()
        ast.parse(source)
    assert aligned.document["info"] == {"title": "T", "version": "1"}
    for payload in PAYLOADS:
        try:
            is_there = ("get", parse_route(f"/v1/{payload}").shape) in aligned.contract.operations
        except UnusablePath:
            is_there = f"GET {shown(f'/v1/{payload}', 200)}" in aligned.notes.lost_operations
        assert is_there, payload


def test_aligned_document_is_clean() -> None:
    """In the aligned document nothing is left that can't be seen, no default, no example, no name of theirs."""
    aligned = align(NOTHING_DOCUMENTED, poisoned(PAYLOADS), NamesLock())
    text = to_json(aligned.document)

    assert is_writable(json.loads(json.dumps(text)).replace("\n", ""))
    for value in strings(aligned.document):
        assert is_writable(value)
        assert len(value) < 1_700
    for key in ("default", "example", "pattern", "title", "discriminator", "x-used-by"):
        assert f'"{key}":' not in text.replace('"title": "T"', "")
    for item in aligned.document["paths"].values():
        for operation in item.values():
            assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"])
            assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["tags"][0])
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) for name in aligned.document["components"]["schemas"])


def strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from strings(entry)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4, unique=True))
def test_any_text_anywhere(payloads: list[str]) -> None:
    """Whatever text stands anywhere, alignment gives a clean document or names the operation and the reason."""
    aligned = align(NOTHING_DOCUMENTED, poisoned(payloads), NamesLock())

    assert all(is_writable(value) for value in strings(aligned.document))
    assert all(is_writable(f"{name}{reason}") for name, reason in aligned.notes.lost_operations.items())


WRONG: list[Json] = [None, -1.5, "x", [[]], {"a": None}, {"$ref": "#/nowhere"}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_things_in_right_places(small: Json, wrong: Json) -> None:
    """A value of another type at any place of a document is passed over or refused; it is never a traceback."""
    served = disguised(small, ASPNET)
    for path in list(places(served)):
        document = copy.deepcopy(served)
        target = document
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = wrong
        try:
            align(small, parse_document(json.dumps(document).encode(), "it"), NamesLock())
        except RegenerationError:
            continue


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        yield (*path, key)
        yield from places(entry, (*path, key))


def test_random_damage(small: Json) -> None:
    """Cutting, doubling and swapping parts of a document never gives a traceback."""
    served = disguised(small, ASPNET)
    spots = list(places(served))
    for seed in range(60):
        chance = random.Random(seed)
        document = copy.deepcopy(served)
        for _ in range(4):
            source, target = chance.choice(spots), chance.choice(spots)
            try:
                set_at(document, target, copy.deepcopy(get_at(document, source)))
            except (KeyError, IndexError, TypeError):
                continue
        try:
            align(small, parse_document(json.dumps(document).encode(), "it"), NamesLock())
        except RegenerationError:
            continue


def get_at(value: Json, path: tuple[Any, ...]) -> Json:
    for key in path:
        value = value[key]
    return value


def set_at(value: Json, path: tuple[Any, ...], entry: Json) -> None:
    get_at(value, path[:-1])[path[-1]] = entry


# Size, depth and reference cycles.


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
    schemas = {f"A{i}": {"allOf": [ref(f"A{i + 1}")], "properties": {}} for i in range(2_000)}
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


@pytest.mark.parametrize("name", BOUNDS)
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


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import os\n", "imports os"),
        ("import attrs\nprint(1)\n", "a statement at its top level"),
        ("x = open('a')\n", "would call something on import"),
        ("class A:\n    x = print(1)\n", "would call something on import"),
        ("def f(x=print(1)) -> None: ...\n", "would call something on import"),
        ("@print\ndef f() -> None: ...\n", "has a decorator"),
        ("def f() -> None:\n    eval('1')\n", "uses eval"),
        ("def f(x) -> None:\n    x.__globals__\n", "uses __globals__"),
        ("from subprocess import run\n", "imports subprocess"),
        ("x = 1\u202e\n", "can't be seen"),
        ("def (:\n", "is no Python"),
    ],
)
def test_generated_files_are_vetted(tmp_path: Path, code: str, complaint: str) -> None:
    """Should anything ever get through, a generated file with code that no template writes is refused before import."""
    models = tmp_path / "specstep_client" / "models"
    models.mkdir(parents=True)
    (models / "evil.py").write_text(code, encoding="utf-8")

    with pytest.raises(RegenerationError, match=complaint):
        inspect_client(tmp_path / "specstep_client", {"paths": {}})


def test_hostile_pull_touches_nothing(small_checkout: Checkout) -> None:
    """A hostile document instead of ours stops at what the flows miss, with the tree as it was."""
    before = small_checkout.files()

    assert small_checkout.pull(poisoned(["evil\\"])) == 1
    assert small_checkout.files() == before
