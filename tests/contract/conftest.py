"""The documented contract, the facts of the public pages and, where they are at hand, the pages themselves.

`Contract` answers what the tests of this folder ask of an OpenAPI document: operations by method and path,
bodies by status, fields by a place such as `artifacts[].id`, with every `$ref` followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Json = dict[str, Any]


class Contract:
    """An OpenAPI document, asked by operation, by schema and by place."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.schemas: dict[str, Json] = document["components"]["schemas"]
        self.operations: dict[str, Json] = {
            f"{method.upper()} {path}": operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def follow(self, node: Json) -> Json:
        """The node that a `$ref` points at, or the node itself."""
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def operation(self, name: str) -> Json:
        """The operation with this method and path, its catch-all parameter spelled as the pages spell it."""
        return self.operations[name.replace("{*", "{")]

    def parameters(self, name: str) -> list[Json]:
        """All parameters of an operation, the ones of its path included."""
        path = name.replace("{*", "{").split(" ")[1]
        shared = self.document["paths"][path].get("parameters", [])
        return [self.follow(each) for each in (*shared, *self.operation(name).get("parameters", ()))]

    def answer(self, name: str, status: int | str) -> Json:
        """The answer of an operation with this status."""
        return self.follow(self.operation(name)["responses"][str(status)])

    def answer_schema(self, name: str, status: int | None = None) -> Json:
        """The schema of the JSON body of a success answer."""
        operation = self.operation(name)
        statuses = [str(status)] if status else [each for each in operation["responses"] if each < "300"]
        return self.follow(self._only_json(self.answer(name, statuses[0])))

    def request_schema(self, name: str) -> Json:
        """The schema of the request body of an operation."""
        return self.follow(self._only_json(self.follow(self.operation(name)["requestBody"])))

    def row_schema(self, name: str) -> Json:
        """The schema of the rows of a list, which is the sole array of its envelope."""
        envelope = self.answer_schema(name)
        arrays = [each for each in envelope["properties"].values() if each.get("type") == "array"]
        assert len(arrays) == 1, f"{name} has {len(arrays)} arrays in its envelope"
        return self.follow(arrays[0]["items"])

    def field(self, schema: Json, place: str) -> Json | None:
        """The property at a place such as `residual[].path`, or None where there is none."""
        steps = place.split(".")
        for number, step in enumerate(steps):
            schema = self.without_null(self.follow(schema))
            step, entries, _ = step.partition("[]")
            found = self._property(schema, step)
            if found is None:
                return None
            if number == len(steps) - 1:
                return found
            schema = self.without_null(self.follow(found))
            if entries:
                schema = schema["items"]
        return None

    @staticmethod
    def _property(schema: Json, name: str) -> Json | None:
        """A property by the name that the pages had for it; a renamed one says so."""
        known: Json = schema.get("properties", {})
        was = (each for each in known.values() if each.get("x-was") == name)
        found: Json | None = known.get(name) or next(was, None)
        return found

    def parent(self, schema: Json, place: str) -> Json:
        """The object schema that holds the last step of a place."""
        head, dot, _ = place.rpartition(".")
        if not dot:
            return self.follow(schema)
        found = self.field(schema, head.removesuffix("[]"))
        assert found is not None, place
        holder = self.without_null(self.follow(found))
        if head.endswith("[]"):
            holder = self.follow(holder["items"])
        return holder

    def without_null(self, schema: Json) -> Json:
        """The one branch of a nullable union that is not null, or the schema itself."""
        if "oneOf" in schema:
            branches = [each for each in schema["oneOf"] if each.get("type") != "null"]
            if len(branches) == 1:
                return self.follow(branches[0])
        return schema

    def may_be_null(self, schema: Json) -> bool:
        """Whether null is a value of the schema."""
        schema = self.follow(schema)
        kind = schema.get("type")
        return (
            kind == "null"
            or (isinstance(kind, list) and "null" in kind)
            or any(self.may_be_null(each) for each in schema.get("oneOf", ()))
            or not ({"type", "oneOf"} & schema.keys())
        )

    def walk(self, node: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
        """Every object of the document with its place, examples left out."""
        node = self.document if node is None else node
        if isinstance(node, dict):
            yield path, node
            for key, child in node.items():
                if key not in ("example", "examples"):
                    yield from self.walk(child, (*path, str(key)))
        elif isinstance(node, list):
            for number, child in enumerate(node):
                yield from self.walk(child, (*path, str(number)))

    @staticmethod
    def _only_json(holder: Json) -> Json:
        schemas = [media["schema"] for media in holder["content"].values()]
        assert len(schemas) == 1, "several media types"
        schema: Json = schemas[0]
        return schema


class Pages:
    """The text of the public pages of the service."""

    def __init__(self, folder: Path) -> None:
        self.walkthrough = (folder / "rest-walkthrough.txt").read_text(encoding="utf-8")
        self.samples = (folder / "language-samples.txt").read_text(encoding="utf-8")
        self.operations = (folder / "operations.txt").read_text(encoding="utf-8").split("\n")
        self.more = (folder / "more-facts.md").read_text(encoding="utf-8")
        self.text = "\n".join((self.walkthrough, self.samples, self.more))

    def below(self, phrase: str, lines: int, above: int = 0) -> str:
        """The lines of the walkthrough from each one that has the phrase, as one text."""
        return self._around(re.compile(re.escape(phrase)), lines, above)

    def about(self, operation: str, lines: int, above: int = 0) -> str:
        """The lines of the walkthrough from each one that names the operation, as one text."""
        return self._around(re.compile(re.escape(operation) + r"(?![\w/{])"), lines, above)

    def _around(self, pattern: re.Pattern[str], lines: int, above: int) -> str:
        every = self.walkthrough.split("\n")
        return "\n".join(
            line
            for number, first in enumerate(every)
            if pattern.search(first)
            for line in every[max(0, number - above) : number + lines]
        )


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract as the public pages state it."""
    return Contract(yaml.load((ROOT / "openapi" / "documented.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))


@pytest.fixture(scope="session")
def facts() -> Callable[[str], Any]:
    """Reads a file of tests/facts by its name."""

    @cache
    def read(name: str) -> Any:
        return yaml.safe_load((ROOT / "tests" / "facts" / f"{name}.yaml").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def pages() -> Pages:
    """The pages of the service, which are no part of a clone."""
    folder = os.environ.get("SPECSTEP_DOCS")
    if not folder:
        pytest.skip("did not run: SPECSTEP_DOCS does not say where the public pages of the service lie")
    return Pages(Path(folder))
