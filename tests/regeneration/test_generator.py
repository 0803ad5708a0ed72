"""What the plain generator loses or breaks without a word is generated whole here; see the generator's quirks."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import openapi_python_client
import pytest
from regeneration.align import align
from regeneration.emit import to_json
from regeneration.errors import RegenerationError
from regeneration.generator import generate_client, inspect_client
from regeneration.names import NamesLock

from tests.kit.regeneration.aligned import schemas_with
from tests.kit.regeneration.clients import NOTHING_DOCUMENTED, ROOT, generated, run_in, tried_out
from tests.kit.regeneration.disguises import SWASHBUCKLE, disguised

Json = Any


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json, *kinds: str) -> Json:
    return {"content": {kind: {"schema": schema} for kind in kinds or ("application/json",)}}


QUIRKS: Json = {
    "openapi": "3.0.1",
    "info": {"title": "Quirks", "version": "1"},
    "paths": {
        "/v1/same": {
            "get": {
                "operationId": "DoIt",
                "responses": {"200": content({"type": "string"}, "text/plain", "application/json")},
            },
            "put": {"operationId": "do_it", "responses": {}},
            "post": {"operationId": "DoIt"},
        },
        "/v1/files/{*path}": {
            "get": {"responses": {"200": content({"type": "string", "format": "binary"}, "application/zip")}}
        },
        "/v1/constrained/{id:guid}/{page:int?}": {"get": {"responses": {"200": {"description": ""}}}},
        "/v1/undeclared/{id}": {
            "get": {"responses": {"499": {}, "520": {}, "2xx": content(ref("Node")), "default": content(ref("Node"))}}
        },
        "/v1/bodies": {
            "post": {
                "requestBody": content(
                    ref("Node"), "application/json", "text/json", "application/*+json", "multipart/form-data"
                ),
                "responses": {},
            },
            "put": {"requestBody": content({"type": "integer", "nullable": True}), "responses": {}},
            "patch": {
                "requestBody": content({"type": "array", "items": {"type": "string"}, "nullable": True}),
                "responses": {},
            },
            "delete": {
                "requestBody": content({"type": "string", "format": "binary"}, "application/octet-stream"),
                "responses": {},
            },
        },
        "/v1/anything": {"post": {"requestBody": content({}), "responses": {"200": content({"type": "object"})}}},
        "/v1/values/{when}": {
            "get": {
                "parameters": [
                    {
                        "name": "when",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string", "format": "date-time"},
                    },
                    {"name": "X-Id", "in": "header", "schema": {"type": "string", "format": "uuid"}},
                    {"name": "session", "in": "cookie", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "kinds", "in": "query", "schema": {"type": "array", "items": ref("Kind")}},
                    {
                        "name": "since",
                        "in": "query",
                        "schema": {"type": "string", "format": "date-time", "nullable": True},
                    },
                    {
                        "name": "filter",
                        "in": "query",
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}},
                    },
                    {"name": "client", "in": "query", "schema": {"type": "string"}},
                    {"name": "url", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {"200": content({"type": "array", "items": ref("Node")})},
            }
        },
    },
    "components": {
        "schemas": {
            "Node": {
                "type": "object",
                "required": ["kind", "count"],
                "properties": {
                    "kind": {"allOf": [ref("Kind")], "nullable": True},
                    "level": ref("Level"),
                    "count": {"type": "integer", "format": "int32", "default": "not a number"},
                    "next": {"allOf": [ref("Node")], "nullable": True},
                    "inner": {"type": "array", "items": {"type": "array", "items": ref("Node")}},
                    "by_name": {"type": "object", "additionalProperties": ref("Node")},
                    "base": ref("Derived"),
                    "either": {
                        "oneOf": [ref("Node"), {"type": "string"}, {"type": "array", "items": {"type": "integer"}}]
                    },
                },
            },
            "Kind": {"type": "string", "enum": ["a", "A", "a-b", "a b", "", "1", "None", "mro"], "nullable": True},
            "Level": {"type": "integer", "enum": [-1, 0, 1], "x-enum-varnames": ["a", "a", "a"]},
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            "Derived": {"allOf": [ref("Base"), {"type": "object", "properties": {"more": {"type": "number"}}}]},
        }
    },
}


@pytest.fixture(scope="module")
def quirks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quirks")
    aligned = generated(folder, QUIRKS)
    assert aligned.notes.lost_operations == {}
    return folder


def test_quirks(quirks: Path) -> None:
    """A document with all that the generator is known to lose or break gives a client that works as a whole."""
    assert tried_out(quirks) == []
    assert len(list(quirks.glob("specstep_client/api/*/[!_]*.py"))) == 12


def test_numbers_are_open_too(quirks: Path) -> None:
    """An unknown value of an enum of integers is kept too."""
    said = run_in(
        quirks,
        "import pickle; from specstep_client.models import PostBodiesBodyLevel as Level; x = Level(7);"
        "print(x == 7, hash(x) == hash(7), str(x), pickle.loads(pickle.dumps(x)) == 7, Level(0) is Level.VALUE_0, "
        "isinstance(x, Level))",
    )

    assert said == "True True 7 True True True"


def test_path_with_catch_all(quirks: Path) -> None:
    """A catch-all is a parameter like any other; slashes in it are quoted, so it cannot climb out of its path."""
    said = run_in(
        quirks, "from specstep_client.api.files import get_files_item as m; print(m._get_kwargs('../a b/c')['url'])"
    )

    assert said == "/v1/files/..%2Fa%20b%2Fc"


CAT = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}}
DOG = {
    "type": "object",
    "properties": {"kind": {"const": "dog"}, "tricks": {"type": "array", "items": {"type": "string"}}},
}
ANSWERS: Json = {
    "anything": {},
    "free": {"type": "object"},
    "named": {"type": "object", "additionalProperties": {}},
    "endless": ref("Endless"),
    "either": {"oneOf": [{"type": "object"}, {"type": "string"}]},
    "pet": {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}},
    "pets": {"type": "array", "items": {"anyOf": [CAT, {"anyOf": [DOG, {"type": "null"}]}]}},
    "lists": {"oneOf": [{"type": "array", "items": CAT}, {"type": "array", "items": DOG}]},
    "tree": ref("Tree"),
}
PARSED = """
import httpx, importlib, json
from specstep_client import Client

def plain(got):
    return [plain(item) for item in got] if isinstance(got, list) else got.to_dict() if hasattr(got, "to_dict") else got

said = {}
for name, sent in json.loads(%r).items():
    module = importlib.import_module(f"specstep_client.api.{name}.get_{name}")
    answer = httpx.Response(200, content=sent.encode())
    said[name] = plain(module._parse_response(client=Client(base_url="http://x"), response=answer))
print(json.dumps(said))
"""


@pytest.mark.slow
def test_every_answer_is_returned(tmp_path: Path) -> None:
    """One that has no class as its JSON; one of several objects or lists as one class with the fields of all."""
    paths = {f"/{name}": {"get": {"responses": {"200": content(schema)}}} for name, schema in ANSWERS.items()}
    endless = {"oneOf": [{"type": "string"}, {"type": "array", "items": ref("Endless")}]}
    endless_tree = {
        "oneOf": [
            {"type": "object", "properties": {"inner": ref("Tree"), "leaf": {"type": "integer"}}},
            {"type": "object", "properties": {"inner": {"allOf": [ref("Tree")], "nullable": True}, "b": {}}},
        ]
    }
    components = {"schemas": {"Endless": endless, "Tree": endless_tree}}
    cat, dog = {"kind": "cat", "lives": 9}, {"kind": "dog", "tricks": ["roll"]}
    sent: Json = {
        "anything": [1, {"a": None}], "free": {"a": 1}, "named": {"a": {"b": 1}}, "endless": ["a", ["b"]],
        "either": "x", "pet": dog, "pets": [cat, dog], "lists": [dog], "tree": {"inner": {"inner": {"leaf": 1}}},
    }  # fmt: skip

    aligned = generated(tmp_path, {"openapi": "3.1.0", "paths": paths, "components": components})

    assert aligned.notes.lost_operations == {}
    [pet], [tree] = (schemas_with(aligned.document, field) for field in ("lives", "leaf"))
    assert (set(pet["properties"]), set(tree["properties"])) == ({"kind", "lives", "tricks"}, {"inner", "leaf", "b"})
    for answers in ({name: json.dumps(said) for name, said in sent.items()}, {"anything": "", "free": ""}):
        parsed = json.loads(run_in(tmp_path, PARSED % json.dumps(answers)))
        assert parsed == {name: json.loads(said) if said else None for name, said in answers.items()}


@pytest.mark.slow
def test_every_word_of_the_templates(tmp_path: Path) -> None:
    """Properties and parameters called like anything in the generator's templates, or like each other, do no harm."""
    templates = [
        *Path(openapi_python_client.__file__).parent.rglob("*.jinja"),
        *(ROOT / "openapi" / "templates").iterdir(),
    ]
    words = sorted({word for path in templates for word in re.findall(r"[A-Za-z_]\w*", path.read_text("utf-8"))})
    shapes: list[Json] = [
        {"type": "string"},
        {"type": "integer"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        ref("Kind"),
        ref("Node"),
        {"type": "array", "items": ref("Node")},
        {"type": "array", "items": {"type": "string", "format": "date"}},
        {"type": "object", "additionalProperties": ref("Node")},
        {"anyOf": [ref("Node"), {"type": "string"}]},
        {},
    ]
    plain = [shapes[index] for index in (0, 1, 2, 3, 4, 10)]
    paths: Json = {}
    for number, start in enumerate(range(0, len(words), 90)):
        some = words[start : start + 90] + random.Random(number).sample(words, 20)
        body = {
            "type": "object",
            "required": some[::3],
            "properties": {word: shapes[(index + number) % len(shapes)] for index, word in enumerate(some)},
        }
        parameters = [
            {
                "name": word,
                "in": ("query", "header", "cookie")[index % 3],
                "schema": plain[(index + number) % len(plain)],
            }
            for index, word in enumerate(some)
        ]
        paths[f"/v1/x{number}/{{id}}"] = {
            "post": {"requestBody": {"required": True, **content(body)}, "responses": {"200": content(body)}},
            "get": {"parameters": parameters, "responses": {}},
            "put": {"requestBody": content(body, "multipart/form-data"), "responses": {}},
        }
    document = {"openapi": "3.0.1", "paths": paths, "components": QUIRKS["components"]}

    generated(tmp_path, document)

    assert tried_out(tmp_path) == []


def test_generator_that_warns(tmp_path: Path) -> None:
    """Whatever the generator warns of stops the run: alone, it would go on without the operation."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "components": {"schemas": {}},
        "paths": {"/v1/{id}": {"get": {"operationId": "a", "tags": ["a"], "responses": {"200": {"description": ""}}}}},
    }
    (tmp_path / "aligned.json").write_text(json.dumps(document))
    openapi = ROOT / "openapi"

    with pytest.raises(RegenerationError, match="did not take the aligned document"):
        generate_client(
            tmp_path / "aligned.json",
            openapi / "generator.yaml",
            openapi / "templates",
            tmp_path / "specstep_client",
        )


class TestInspection:
    def test_lost_operation(self, quirks: Path) -> None:
        """An operation that is in the document and not in the client stops the run by name."""
        aligned = json.loads((quirks / "aligned.json").read_text("utf-8"))
        aligned["paths"]["/v1/lost"] = {"get": {"operationId": "get_lost", "tags": ["lost"]}}

        with pytest.raises(RegenerationError, match=r"GET /v1/lost was lost in generation\."):
            inspect_client(quirks / "specstep_client", aligned)

    def test_doubled_operation(self, quirks: Path) -> None:
        """An operation that the client has and the document has not stops the run by name."""
        aligned = json.loads((quirks / "aligned.json").read_text("utf-8"))
        del aligned["paths"]["/v1/bodies"]["put"]

        with pytest.raises(RegenerationError, match=r"PUT /v1/bodies was generated once too often\."):
            inspect_client(quirks / "specstep_client", aligned)

    def test_module_that_cannot_be_imported(self, tmp_path: Path) -> None:
        """A module that cannot be imported stops the run by name."""
        (tmp_path / "specstep_client" / "models").mkdir(parents=True)
        (tmp_path / "specstep_client" / "__init__.py").write_text("")
        (tmp_path / "specstep_client" / "models" / "broken.py").write_text("from httpx import nothing_of_the_sort\n")

        with pytest.raises(RegenerationError, match=r"specstep_client\.models\.broken can't be imported: ImportError"):
            inspect_client(tmp_path / "specstep_client", {"paths": {}})


def test_text_plain_first_is_json(small: Json) -> None:
    """JSON is read as JSON, though Swashbuckle lists text/plain first."""
    aligned = align(small, disguised(small, SWASHBUCKLE), NamesLock())

    assert "text/plain" not in to_json(aligned.document)


def test_integers_of_dotnet_10() -> None:
    """A number that may also be a string is a number."""
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": ["integer", "string"], "pattern": "x", "format": "int64"},
            "b": {"type": ["null", "number", "string"]},
            "c": {"format": "int32", "pattern": "x"},
            "d": {"type": ["string", "boolean"]},
        },
    }
    document = {"openapi": "3.1.1", "paths": {"/v1/x": {"get": {"responses": {"200": content(schema)}}}}}

    properties = align(NOTHING_DOCUMENTED, document, NamesLock()).document["components"]["schemas"]["GetXResponse200"][
        "properties"
    ]

    assert properties["a"]["type"] == ["integer", "null"]
    assert properties["b"]["type"] == ["number", "null"]
    assert properties["c"]["type"] == ["integer", "null"]
    assert properties["d"] == {"anyOf": [{"type": "boolean"}, {"type": "string"}, {"type": "null"}]}


@pytest.mark.slow
def test_forms(tmp_path: Path) -> None:
    """Forms of all kinds can be sent, or are named as what cannot: one that has no fields."""
    part: Json = {"type": "object", "properties": {"a": {"type": "string"}}}
    lists: Json = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}
    forms: list[Json] = [
        {},
        {"type": "object"},
        part,
        {"oneOf": [part, {"properties": {"b": {"type": "integer"}}}]},
        {"oneOf": [part, {}]},
        {"type": "object", "additionalProperties": lists},
        {"type": "object", "additionalProperties": part},
        {**part, "additionalProperties": lists},
        {"properties": {"l": lists, "m": {"additionalProperties": lists}}},
    ]
    no_forms: list[Json] = [{"type": "string"}, lists, {"oneOf": [part, lists]}]
    paths: Json = {}
    for number, schema in enumerate([*forms, *no_forms]):
        for content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
            body = {"required": True, "content": {content_type: {"schema": schema}}}
            paths[f"/v1/{content_type[0]}{number}"] = {"post": {"requestBody": body, "responses": {}}}

    aligned = generated(tmp_path, {"openapi": "3.1.0", "info": {}, "paths": paths})

    assert tried_out(tmp_path) == []
    assert aligned.notes.lost_operations == {
        f"POST /v1/a{len(forms) + number}": "its form is not an object, so its fields have no names"
        for number in range(len(no_forms))
    }
