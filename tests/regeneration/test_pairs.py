"""Lists that come in another envelope than documented are the same lists, with rows of the same name."""

from __future__ import annotations

import copy
from typing import Any

from regeneration.align import align
from regeneration.names import NamesLock

from tests.kit.regeneration.aligned import schemas_of, schemas_with, success_of
from tests.kit.regeneration.disguises import Disguise, disguised

Json = Any


class TestEnvelopes:
    def test_array_for_object(self, small: Json) -> None:
        """Rows keep their documented name when the list comes as a bare array."""
        pulled = disguised(small, Disguise())
        envelope = next(iter(schemas_with(pulled, "total")))
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
        properties = next(iter(schemas_with(pulled, "total")))["properties"]
        properties["items"] = properties.pop("widgets")

        aligned = schemas_of(align(small, pulled, NamesLock()))

        assert aligned["WidgetList"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/WidgetRow"}
