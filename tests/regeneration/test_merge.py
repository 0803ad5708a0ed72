"""What the pulled document wins, what the documented one fills in, and what is a success in both."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from regeneration.align import align
from regeneration.names import NamesLock

from tests.kit.regeneration.aligned import schemas_of, schemas_with, success_of, text_of
from tests.kit.regeneration.disguises import ASPNET, Disguise, disguised

Json = Any


class TestPulledWins:
    def test_new_field(self, small: Json) -> None:
        """A new field of the pulled document is in the client, after the documented ones."""
        pulled = disguised(small, ASPNET)
        schema = next(iter(schemas_with(pulled, "weight")))
        schema["properties"]["colour"] = {"type": "string"}

        widget = schemas_of(align(small, pulled, NamesLock()))["Widget"]

        assert list(widget["properties"]) == ["id", "state", "label", "weight", "made_at", "parts", "colour"]

    def test_changed_type(self, small: Json) -> None:
        """Another type in the pulled document is the client's type."""
        pulled = disguised(small, ASPNET)
        next(iter(schemas_with(pulled, "weight")))["properties"]["weight"] = {"type": "string"}

        widget = schemas_of(align(small, pulled, NamesLock()))["Widget"]

        assert widget["properties"]["weight"]["type"] == ["string", "null"]

    def test_gone_field(self, small: Json) -> None:
        """A documented field that the pulled document lacks is not in the client."""
        pulled = disguised(small, ASPNET)
        del next(iter(schemas_with(pulled, "weight")))["properties"]["label"]

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
        for schema in schemas_with(pulled, "id"):
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
        for schema in schemas_with(pulled, "state"):
            schema["properties"]["state"] = lost if isinstance(lost, dict) else {}

        aligned = schemas_of(align(small, pulled, NamesLock()))

        assert aligned["WidgetState"]["enum"] == ["Done", "InProgress", "Queued"]
        assert "WidgetState" in json.dumps(aligned["WidgetRow"]["properties"]["state"])

    def test_lost_values_take_the_pulled_ones_of_another_place(self, small: Json) -> None:
        """Where a name has pulled values in one place, the place that lost them takes these, so the name stays one."""
        del small["components"]["schemas"]["MakeWidgetRequest"]["properties"]["state"]
        pulled = disguised(small, Disguise())
        for schema in schemas_with(pulled, "state"):
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
        """Headers stay when a document does not list them; queries too, when it lists none at all."""
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
