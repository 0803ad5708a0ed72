"""Alignment: whatever a server calls things and however it says them, the client's names and code stay."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from regeneration.align import Aligned, align
from regeneration.emit import to_json
from regeneration.errors import RegenerationError
from regeneration.names import NamesLock

from tests.regeneration.support.contracts import SMALL
from tests.regeneration.support.disguises import ASPNET, SWASHBUCKLE, Disguise, disguised
from tests.regeneration.support.wider import disguises, wider_documents

Json = Any


def text_of(documented: Json, pulled: Json | None, lock: NamesLock | None = None) -> str:
    """The aligned document's text."""
    return to_json(align(documented, pulled, lock or NamesLock()).document)


def schemas_of(aligned: Aligned) -> Json:
    return aligned.document["components"]["schemas"]


def success_of(document: Json, path: str, method: str = "get", status: str = "200") -> Json:
    """The schema of a JSON answer."""
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]


@pytest.mark.parametrize(
    "disguise", [ASPNET, SWASHBUCKLE, replace(ASPNET, inlined=1.0), replace(SWASHBUCKLE, inlined=0.5)]
)
def test_other_emitters(contract: Json, disguise: Disguise) -> None:
    """The contract in the manner of other emitters, under other names, reordered and inlined, aligns to itself."""
    assert text_of(contract, disguised(contract, disguise)) == text_of(contract, None)


@settings(max_examples=6)
@given(disguise=disguises)
def test_any_disguise_of_the_contract(contract: Json, disguise: Disguise) -> None:
    """No shuffling, renaming, inlining or null style changes what the contract aligns to."""
    assert text_of(contract, disguised(contract, disguise)) == text_of(contract, None)


@settings(max_examples=40)
@given(document=wider_documents(), disguise=disguises)
def test_any_disguise_of_what_nobody_documented(document: Json, disguise: Disguise) -> None:
    """What only a pulled document has gets the same names and code too, however the document says it."""
    plainly = disguised(document, Disguise(is_shuffled=False))

    assert text_of(SMALL, disguised(document, disguise)) == text_of(SMALL, plainly)


@settings(max_examples=25)
@given(document=wider_documents())
def test_alignment_is_idempotent(document: Json) -> None:
    """An aligned document aligns to itself, and adds nothing to the lock."""
    first = align(SMALL, disguised(document, ASPNET), NamesLock())
    second = align(SMALL, json.loads(to_json(first.document)), first.lock)

    assert to_json(second.document) == to_json(first.document)
    assert second.lock.render() == first.lock.render()


def test_the_contract_is_idempotent(contract: Json) -> None:
    """The contract's alignment, pulled, is the same again."""
    first = text_of(contract, None)

    assert text_of(contract, json.loads(first)) == first


class TestPulledWins:
    def test_new_field(self, small: Json) -> None:
        """A new field of the pulled document is in the client, after the documented ones."""
        pulled = disguised(small, ASPNET)
        schema = next(iter(_schemas_with(pulled, "weight")))
        schema["properties"]["colour"] = {"type": "string"}

        widget = schemas_of(align(small, pulled, NamesLock()))["Widget"]

        assert list(widget["properties"]) == ["id", "state", "label", "weight", "made_at", "parts", "colour"]

    def test_changed_type(self, small: Json) -> None:
        """Another type in the pulled document is the client's type."""
        pulled = disguised(small, ASPNET)
        next(iter(_schemas_with(pulled, "weight")))["properties"]["weight"] = {"type": "string"}

        widget = schemas_of(align(small, pulled, NamesLock()))["Widget"]

        assert widget["properties"]["weight"]["type"] == ["string", "null"]

    def test_gone_field(self, small: Json) -> None:
        """A documented field that the pulled document lacks is not in the client."""
        pulled = disguised(small, ASPNET)
        del next(iter(_schemas_with(pulled, "weight")))["properties"]["label"]

        assert "label" not in schemas_of(align(small, pulled, NamesLock()))["Widget"]["properties"]

    def test_gone_operation(self, small: Json) -> None:
        """An operation that the pulled document lacks is not in the client."""
        pulled = disguised(small, Disguise())
        del pulled["paths"]["/v1/widgets"]["post"]

        assert list(align(small, pulled, NamesLock()).document["paths"]["/v1/widgets"]) == ["get"]


class TestRepairs:
    def test_lost_format(self, small: Json) -> None:
        """A string without format takes the documented one: of a field, of a path parameter."""
        pulled = disguised(small, Disguise())
        for schema in _schemas_with(pulled, "id"):
            schema["properties"]["id"] = {"type": "string"}
        for operation in pulled["paths"][
            "/v1/widgets/{theId}" if "/v1/widgets/{theId}" in pulled["paths"] else "/v1/widgets/{id}"
        ].values():
            operation["parameters"][0]["schema"] = {"type": "string"}

        assert text_of(small, pulled) == text_of(small, None)

    @pytest.mark.parametrize("lost", [{}, {"type": "string"}, {"description": "?"}, {"nullable": True}, True])
    def test_lost_enum(self, small: Json, lost: Json) -> None:
        """A state that became a plain string, or nothing at all, keeps its documented values."""
        pulled = disguised(small, Disguise())
        for schema in _schemas_with(pulled, "state"):
            schema["properties"]["state"] = lost if isinstance(lost, dict) else {}

        aligned = schemas_of(align(small, pulled, NamesLock()))

        assert aligned["WidgetState"]["enum"] == ["Done", "InProgress", "Queued"]
        assert "WidgetState" in json.dumps(aligned["WidgetRow"]["properties"]["state"])

    def test_lost_values_take_the_pulled_ones_of_another_place(self, small: Json) -> None:
        """Where a name has pulled values in one place, the place that lost them takes these, so the name stays one."""
        del small["components"]["schemas"]["MakeWidgetRequest"]["properties"]["state"]
        pulled = disguised(small, Disguise())
        for schema in _schemas_with(pulled, "state"):
            values = ["Queued", "Done", "Lost"] if "weight" in schema["properties"] else None
            schema["properties"]["state"] = {"type": "string", "enum": values} if values else {"type": "string"}

        aligned = schemas_of(align(small, pulled, NamesLock()))

        assert [name for name in aligned if name.startswith("WidgetState")] == ["WidgetState"]
        assert aligned["WidgetState"]["enum"] == ["Done", "Lost", "Queued"]

    @pytest.mark.parametrize(
        "lost",
        [None, {}, {"application/json": {}}, {"application/json": {"schema": {}}}, {"text/plain": {"schema": {}}}],
    )
    def test_lost_body(self, small: Json, lost: Json) -> None:
        """An answer without a schema takes the documented one."""
        pulled = disguised(small, Disguise())
        response = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]["200"]
        response.pop("content")
        if lost is not None:
            response["content"] = lost

        if lost and "text/plain" in lost:
            return  # a text answer is described: it is text
        assert text_of(small, pulled) == text_of(small, None)

    def test_success_under_another_status(self, small: Json) -> None:
        """The documented 201 is recognised in a 200; both are listed, under the documented name."""
        pulled = disguised(small, Disguise())
        responses = pulled["paths"]["/v1/widgets"]["post"]["responses"]
        responses["200"] = responses.pop("201")

        aligned = align(small, pulled, NamesLock()).document

        assert success_of(aligned, "/v1/widgets", "post", "200") == {"$ref": "#/components/schemas/Widget"}
        assert success_of(aligned, "/v1/widgets", "post", "201") == {"$ref": "#/components/schemas/Widget"}

    def test_parameters_read_by_hand(self, small: Json) -> None:
        """Headers stay when a document doesn't list them; queries too, when it lists none at all."""
        parameters = small["paths"]["/v1/widgets"]["get"]["parameters"]
        parameters.append({"name": "X-Trace", "in": "header", "schema": {"type": "string"}})
        pulled = disguised(small, Disguise())
        pulled["paths"]["/v1/widgets"]["get"].pop("parameters")
        listing = copy.deepcopy(pulled)
        listing["paths"]["/v1/widgets"]["get"]["parameters"] = [
            {"name": "take", "in": "query", "schema": {"type": "integer"}}
        ]

        kept = align(small, pulled, NamesLock()).document["paths"]["/v1/widgets"]["get"]["parameters"]
        replaced = align(small, listing, NamesLock()).document["paths"]["/v1/widgets"]["get"]["parameters"]

        assert {parameter["name"] for parameter in kept} == {"limit", "X-Trace"}
        assert {parameter["name"] for parameter in replaced} == {"X-Trace", "take"}

    def test_servers_base_path(self, small: Json) -> None:
        """A path that the server's address starts with belongs to every path."""
        pulled = disguised(small, Disguise())
        pulled["servers"] = [{"url": "https://api.example/v1/"}]
        pulled["paths"] = {path.removeprefix("/v1"): item for path, item in pulled["paths"].items()}

        assert text_of(small, pulled) == text_of(small, None)


class TestEnvelopes:
    def test_array_for_object(self, small: Json) -> None:
        """Rows keep their documented name when the list comes as a bare array."""
        pulled = disguised(small, Disguise())
        envelope = next(iter(_schemas_with(pulled, "total")))
        media = pulled["paths"]["/v1/widgets"]["get"]["responses"]["200"]["content"]["application/json"]
        media["schema"] = envelope["properties"]["widgets"]

        aligned = align(small, pulled, NamesLock()).document

        assert success_of(aligned, "/v1/widgets")["items"] == {"$ref": "#/components/schemas/WidgetRow"}

    def test_object_for_array(self, small: Json) -> None:
        """Rows keep their documented name when the documented array comes in an object."""
        documented = copy.deepcopy(small)
        media = documented["paths"]["/v1/widgets"]["get"]["responses"]["200"]["content"]["application/json"]
        media["schema"] = {"type": "array", "items": {"$ref": "#/components/schemas/WidgetRow"}}

        aligned = schemas_of(align(documented, disguised(small, Disguise()), NamesLock()))

        assert aligned["ListWidgetsResponse200"]["properties"]["widgets"]["items"] == {
            "$ref": "#/components/schemas/WidgetRow"
        }

    def test_another_name(self, small: Json) -> None:
        """Rows keep their documented name when the array has another one."""
        pulled = disguised(small, Disguise())
        properties = next(iter(_schemas_with(pulled, "total")))["properties"]
        properties["items"] = properties.pop("widgets")

        aligned = schemas_of(align(small, pulled, NamesLock()))

        assert aligned["WidgetList"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/WidgetRow"}


def test_documented_contract_must_be_usable(small: Json) -> None:
    """An operation id that two operations share, or a name that would be spelled otherwise, is refused by name."""
    small["paths"]["/v1/widgets"]["post"]["operationId"] = "list_widgets"
    small["components"]["schemas"]["widget_row"] = small["components"]["schemas"].pop("WidgetRow")
    small["components"]["schemas"]["WidgetList"]["properties"]["widgets"]["items"] = {
        "$ref": "#/components/schemas/widget_row"
    }

    with pytest.raises(RegenerationError) as stopped:
        align(small, None, NamesLock())

    assert "GET /v1/widgets and POST /v1/widgets share the operationId list_widgets" in str(stopped.value)
    assert "the schema widget_row would be generated as WidgetRow" in str(stopped.value)


def _schemas_with(document: Json, name: str) -> list[Json]:
    """The component schemas that have a property."""
    return [schema for schema in document["components"]["schemas"].values() if name in schema.get("properties", {})]
