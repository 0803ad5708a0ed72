"""A document is untrusted input: whatever it says becomes data and string literals, never code."""

from __future__ import annotations

import ast
import copy
import json
import random
import re
from collections.abc import Iterator
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

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.clients import NOTHING_DOCUMENTED, generated, tried_out
from tests.kit.regeneration.disguises import ASPNET, disguised
from tests.kit.tiers import one_in

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
    """In the aligned document nothing is left that cannot be seen, no default, no example, no name of theirs."""
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


@pytest.mark.parametrize("wrong", one_in(3, WRONG), ids=str)
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
        ("def (:\n", "is not Python"),
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
