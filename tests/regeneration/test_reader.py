"""However emitters write the same thing, the client is the same; what really differs is in test_changes.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regeneration.align import Aligned, align
from regeneration.document import parse_document
from regeneration.emit import to_json
from regeneration.names import NamesLock
from regeneration.report import report_on

from tests.kit.regeneration.contracts import SMALL
from tests.kit.regeneration.disguises import Disguise, disguised, plain
from tests.kit.regeneration.obstacles import obstacles
from tests.kit.regeneration.variants import VARIANTS, operations
from tests.kit.regeneration.wider import wider_documents

Json = Any


def aligned_with(documented: Json, pulled: Json) -> Aligned:
    return align(documented, parse_document(json.dumps(pulled).encode(), "it"), NamesLock())


def says_the_same(documented: Json, name: str) -> bool:
    """Whether the client stays what it is, and nothing stops a run."""
    pulled = plain(documented)
    VARIANTS[name](pulled)
    aligned = aligned_with(documented, pulled)
    report = report_on(aligned, json.dumps(pulled).encode(), None)
    assert obstacles(report) == []
    assert {change.severity for change in report.documented_to_pulled} <= {"additive"}
    assert report.not_generated == {}
    return to_json(aligned.document) == to_json(align(documented, None, NamesLock()).document)


@pytest.mark.parametrize("name", VARIANTS)
def test_variant(small: Json, name: str) -> None:
    """However the document is written, the client is the same, and the report finds nothing that breaks anybody."""
    assert says_the_same(small, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS)[::6])
def test_variant_of_the_contract(contract: Json, name: str) -> None:
    """The same for the whole contract, in some variants."""
    assert says_the_same(contract, name)


SCHEMAS = ["numbers of dotnet 10", "keywords that change nothing", "closed objects", "objects without a type",
           "enums as constants", "wrappers around references", "any of one", "references to references",
           "bases and derived", "discriminators"]  # fmt: skip
PATHS = ["a slash at the end", "constraints", "other parameter names", "a server with a path", "several servers"]
BODIES = ["a charset", "all of ASP.NET's", "anything", "XML too"]


@pytest.mark.slow
@settings(max_examples=15)
@given(
    document=wider_documents(),
    variants=st.tuples(
        st.sampled_from(PATHS), st.sampled_from(BODIES), st.lists(st.sampled_from(SCHEMAS), max_size=3, unique=True)
    ),
)
def test_several_variants(document: Json, variants: tuple[str, str, list[str]]) -> None:
    """Several variants at once do not change the client either, nor the names of what nobody documented."""
    plainly = disguised(document, Disguise(is_shuffled=False))
    said = json.loads(json.dumps(plainly))
    for name in (*variants[:2], *variants[2]):
        VARIANTS[name](said)

    assert to_json(aligned_with(SMALL, said).document) == to_json(aligned_with(SMALL, plainly).document)


def test_constants_within_alternatives(small: Json) -> None:
    """Constants are an enum also as one of several alternatives."""

    def with_answer(schema: Json) -> Json:
        pulled = plain(small)
        answer = {"200": {"content": {"application/json": {"schema": {"oneOf": [{"type": "integer"}, schema]}}}}}
        pulled["paths"]["/v1/gadgets"] = {"get": {"responses": answer}}
        return pulled

    constants = with_answer({"oneOf": [{"const": 0}, {"const": 1}]})
    enum = with_answer({"type": "integer", "enum": [0, 1]})

    assert to_json(aligned_with(small, constants).document) == to_json(aligned_with(small, enum).document)


def test_two_operations_at_one_path(small: Json) -> None:
    """Of operations at the same path the one is taken that has the documented parameters; the other one is named."""
    pulled = plain(small)
    other = {"responses": {"200": {"description": ""}}}
    pulled["paths"] = {"/v1/widgets/{code}": {"get": other}, **pulled["paths"]}

    aligned = aligned_with(small, pulled)

    assert to_json(aligned.document) == to_json(align(small, None, NamesLock()).document)
    assert aligned.notes.lost_operations == {
        "GET /v1/widgets/{code}": "GET /v1/widgets/{id} is the same path but for the names of its parameters"
    }


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("is_other", [True, False])
def test_two_spellings_of_one_path(small: Json, is_first: bool, is_other: bool) -> None:
    """The documented spelling is the documented operation, wherever it stands; another answer is not passed over."""
    pulled = plain(small)
    item = pulled["paths"].pop("/v1/widgets/{id}")
    twin = json.loads(json.dumps(item))
    if is_other:
        twin["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "string"}
    items = [("/v1/widgets/{id}", item), ("/V1/Widgets/{id}", twin)]
    pulled["paths"] |= dict(items if is_first else reversed(items))

    aligned = aligned_with(small, pulled)

    assert to_json(aligned.document) == to_json(align(small, None, NamesLock()).document)
    lost = "GET /v1/widgets/{id} is the same path but for its letter case, and says something else"
    assert aligned.notes.lost_operations == ({"GET /V1/Widgets/{id}": lost} if is_other else {})
    assert bool(aligned.notes.lines) != is_other


@pytest.mark.parametrize(
    ("schema", "read_as"),
    [
        ({"type": "integer", "format": "int32"}, "integer"), ({"type": "boolean"}, "boolean"),
        ({"type": "string"}, "string"), ({"$ref": "#/nothing"}, "string"),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, "string"),
    ],
)  # fmt: skip
def test_parameter_that_is_sent_as_json(small: Json, schema: Json, read_as: str) -> None:
    """The JSON of a number or a boolean is its text; anything else is given as the text that is sent."""
    pulled = plain(small)
    parameter = {"name": "filter", "in": "query", "content": {"application/json": {"schema": schema}}}
    pulled["paths"]["/v1/widgets"]["get"]["parameters"].append(parameter)

    listed = aligned_with(small, pulled).document["paths"]["/v1/widgets"]["get"]["parameters"]

    assert {each["name"]: each["schema"]["type"] for each in listed}["filter"] == read_as


def test_case_of_queries(small: Json) -> None:
    """A query in other letter case is the same argument; it is sent as the pulled document spells it."""
    pulled = plain(small)
    for operation in operations(pulled):
        for parameter in operation.get("parameters", []):
            parameter["name"] = parameter["name"].upper() if parameter["in"] == "query" else parameter["name"]

    aligned = aligned_with(small, pulled)
    report = report_on(aligned, json.dumps(pulled).encode(), None)

    [limit] = aligned.document["paths"]["/v1/widgets"]["get"]["parameters"]
    assert limit["name"] == "LIMIT"
    assert [change.sentence for change in report.documented_to_pulled] == [
        "GET /v1/widgets query limit: parameter spelled differently (it is LIMIT now). Used by: run."
    ]


def test_case_of_form_fields(small: Json) -> None:
    """A field of a form in other letter case is the same field; it is sent as the pulled document spells it."""
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    small["paths"]["/v1/widgets"]["post"]["requestBody"] = body
    pulled = json.loads(json.dumps(plain(small)).replace('"file"', '"File"'))

    aligned = aligned_with(small, pulled)
    report = report_on(aligned, json.dumps(pulled).encode(), None)

    assert aligned.document["components"]["schemas"]["MakeWidgetBody"]["required"] == ["File"]
    assert [change.sentence for change in report.documented_to_pulled] == [
        "POST /v1/widgets body.file: field spelled differently (it is File now). Used by: run."
    ]
    assert obstacles(report) == []


def test_queries_that_differ_in_case_alone(small: Json) -> None:
    """Two queries of one name in two spellings are two; the documented spelling is the documented one."""
    pulled = plain(small)
    listed = pulled["paths"]["/v1/widgets"]["get"]["parameters"]
    listed.append({**listed[0], "name": "Limit", "schema": {"type": "string"}})

    aligned = aligned_with(small, pulled)

    assert to_json(aligned.document) == to_json(align(small, None, NamesLock()).document)
    assert any("query parameter Limit would be called like another argument" in line for line in aligned.notes.lines)


def test_object_called_text(small: Json) -> None:
    """An object under text/plain alone is JSON all the same; a string under it is text."""
    pulled = plain(small)
    content = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]["200"]["content"]
    schema = content.pop("application/json")["schema"]
    for said in (schema, {"allOf": [schema], "nullable": True}, {"oneOf": [{"type": "null"}, schema]}):
        content["text/plain"] = {"schema": said}
        assert to_json(aligned_with(small, pulled).document) == to_json(align(small, None, NamesLock()).document)
    content["text/plain"] = {"schema": {"type": "string"}}
    assert to_json(aligned_with(small, pulled).document) != to_json(align(small, None, NamesLock()).document)
