"""Names of what only a pulled document has: from method, path and place alone, and kept for good."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regeneration.align import Aligned, align
from regeneration.errors import RegenerationError
from regeneration.names import NamesLock, class_name, member_names, module_name
from regeneration.renames import renamed_classes
from regeneration.text import pascal, snake

from tests.kit.regeneration.aligned import success_of
from tests.kit.regeneration.contracts import SMALL
from tests.kit.regeneration.disguises import SWASHBUCKLE, Disguise, disguised, plain

Json = Any


def operation(response: Json | None = None, body: Json | None = None) -> Json:
    """An operation as a server lists it."""
    said: Json = {"responses": {"200": {"description": ""}}}
    if response is not None:
        said["responses"]["200"]["content"] = {"application/json": {"schema": response}}
    if body is not None:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return said


def gadget(*fields: str) -> Json:
    return {"type": "object", "properties": {field: {"type": "string"} for field in fields}}


def operation_ids(aligned: Aligned) -> dict[str, str]:
    return {
        f"{method} {path}": entry["operationId"]
        for path, item in aligned.document["paths"].items()
        for method, entry in item.items()
    }


def schemas(aligned: Aligned) -> set[str]:
    return set(aligned.document["components"]["schemas"])


def renames(before: Aligned, after: Aligned) -> set[str]:
    found = renamed_classes(before.document, after.document)
    return {f"{change.operation} {change.place}: {change.detail}" for change in found}


def test_new_operation(small: Json) -> None:
    """A new operation is called after its method and path, under the tag of its neighbours."""
    pulled = disguised(small, SWASHBUCKLE)
    pulled["paths"]["/v1/widgets/{theId}/parts/{partNo}"] = {"get": operation(gadget("size"))}
    pulled["paths"]["/v1/gadgets"] = {
        "post": operation(gadget("a"), {"type": "object", "properties": {"x": gadget("b")}})
    }

    aligned = align(small, pulled, NamesLock())
    ids = operation_ids(aligned)

    assert ids["get /v1/widgets/{widgets_key}/parts/{parts_key}"] == "get_widgets_item_parts_item"
    assert ids["post /v1/gadgets"] == "post_gadgets"
    assert aligned.document["paths"]["/v1/gadgets"]["post"]["tags"] == ["gadgets"]
    assert aligned.document["paths"]["/v1/widgets/{widgets_key}/parts/{parts_key}"]["get"]["tags"] == ["widgets"]
    assert {
        "GetWidgetsItemPartsItemResponse200",
        "PostGadgetsResponse200",
        "PostGadgetsBody",
        "PostGadgetsBodyX",
    } <= schemas(aligned)


def test_new_method(small: Json) -> None:
    """A new method at a documented path stands where the documented ones do."""
    shared = {"get": {**operation(), "operationId": "list_owners", "tags": ["owners"]}}
    small["paths"]["/v1/widgets/owners"] = shared
    small["paths"]["/v1/widgets/owners/{id}"] = copy.deepcopy(shared)
    small["paths"]["/v1/widgets/owners/{id}"]["get"]["operationId"] = "get_owner"
    small["paths"]["/v1/widgets/owners/{id}"]["get"]["tags"] = ["widgets"]
    small["paths"]["/v1/widgets/owners/{id}/name"] = copy.deepcopy(small["paths"]["/v1/widgets/owners/{id}"])
    small["paths"]["/v1/widgets/owners/{id}/name"]["get"]["operationId"] = "get_owner_name"
    pulled = disguised(small, Disguise())
    pulled["paths"]["/v1/widgets/owners"]["head"] = operation()

    found = align(small, pulled, NamesLock()).document["paths"]["/v1/widgets/owners"]["head"]

    assert (found["operationId"], found["tags"]) == ("head_widgets_owners", ["owners"])


def test_default_answer(small: Json) -> None:
    """The class of an answer under any status is called so."""
    pulled = disguised(small, Disguise())
    pulled["paths"]["/v1/gadgets"] = {"get": {"responses": {"default": operation(gadget("a"))["responses"]["200"]}}}

    assert "GetGadgetsResponseDefault" in schemas(align(small, pulled, NamesLock()))


def test_equal_schemas_are_one_class(small: Json) -> None:
    """Structurally equal undocumented schemas share a class, by reference or inline, recursive or unrolled once."""
    pulled = disguised(small, Disguise())
    pulled["components"]["schemas"]["Tree"] = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "inner": {"$ref": "#/components/schemas/Tree"}},
    }
    unrolled = {
        "type": "object",
        "properties": {"inner": {"$ref": "#/components/schemas/Tree"}, "name": {"type": "string"}},
    }
    pulled["paths"]["/v1/trees"] = {"get": operation({"$ref": "#/components/schemas/Tree"})}
    pulled["paths"]["/v1/woods"] = {"get": operation({"type": "array", "items": unrolled})}

    assert schemas(align(small, pulled, NamesLock())) - schemas(align(small, None, NamesLock())) == {
        "GetTreesResponse200"
    }


def test_equal_to_a_documented_schema(small: Json) -> None:
    """An undocumented operation that answers with a documented schema gets the documented class."""
    pulled = disguised(small, SWASHBUCKLE)
    answer = pulled["paths"]["/v1/widgets/{theId}"]["get"]["responses"]["200"]
    pulled["paths"]["/v1/widgets/{theId}/clone"] = {"post": {"responses": {"200": copy.deepcopy(answer)}}}

    aligned = align(small, pulled, NamesLock())

    assert schemas(aligned) == schemas(align(small, None, NamesLock()))


def test_documented_name_belongs_to_its_first_role(small: Json) -> None:
    """Where one documented name stands for two shapes, the first in path order keeps it; the other gets a suffix."""
    pulled = disguised(small, Disguise(inlined=1.0, is_shuffled=False))
    answer = pulled["paths"]["/v1/widgets/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    made = pulled["paths"]["/v1/widgets"]["post"]["responses"]["201"]["content"]["application/json"]
    made["schema"] = gadget("id", "colour")
    answer["schema"] = gadget("id", "shade")

    aligned = align(small, pulled, NamesLock())

    components = aligned.document["components"]["schemas"]
    assert set(components["Widget"]["properties"]) == {"id", "colour"}
    assert set(components["WidgetInGetWidget"]["properties"]) == {"id", "shade"}


def test_documented_enum_belongs_to_what_flows_wait_for(small: Json) -> None:
    """Of several lists of values the one bears the documented name that has most of those that flows wait for."""
    small["components"]["schemas"]["WidgetState"]["x-waits-for"] = ["Done"]
    pulled = plain(small)
    pulled["components"]["schemas"]["MakeWidgetRequest"]["properties"]["state"] = {"type": "string", "enum": ["Queued"]}
    pulled["components"]["schemas"]["WidgetRow"]["properties"]["state"] = {
        "type": "string",
        "enum": ["InProgress", "Queued"],
    }

    components = align(small, pulled, NamesLock()).document["components"]["schemas"]

    assert components["WidgetState"]["enum"] == ["Done", "InProgress", "Queued"]
    assert components["WidgetStateInWidgetRow"]["enum"] == ["InProgress", "Queued"]


@pytest.mark.parametrize("changed", ["get /v1/widgets/{id}", "post /v1/widgets"])
def test_documented_name_stays_where_nothing_changed(small: Json, changed: str) -> None:
    """Of two roles that have all of what flows go by, the one that did not change keeps the documented name."""
    pulled = plain(small)
    method, _, path = changed.partition(" ")
    [answer] = pulled["paths"][path][method]["responses"].values()
    grown = copy.deepcopy(pulled["components"]["schemas"]["Widget"])
    grown["properties"]["colour"] = {"type": "string"}
    answer["content"]["application/json"]["schema"] = grown

    before, after = align(small, None, NamesLock()), align(small, pulled, NamesLock())

    assert {where.partition(" 20")[0] for where in renames(before, after)} == {f"{method.upper()} {path}"}


def test_documented_values_that_are_sent_keep_their_name(small: Json) -> None:
    """What flows make of a class by its name keeps it, also when it is what changed."""
    pulled = plain(small)
    values = [*small["components"]["schemas"]["WidgetState"]["enum"], "Broken"]
    pulled["components"]["schemas"]["MakeWidgetRequest"]["properties"]["state"] = {"type": "string", "enum": values}

    components = align(small, pulled, NamesLock()).document["components"]["schemas"]

    assert components["WidgetState"]["enum"] == sorted(values)


def test_read_and_sent_are_two_classes(small: Json) -> None:
    """What is read is read leniently and what is sent is strict, so a name used for both is two classes."""
    small["paths"]["/v1/widgets/{id}"]["put"] = {
        "operationId": "replace_widget", "tags": ["widgets"],
        "parameters": small["paths"]["/v1/widgets/{id}"]["get"]["parameters"],
        **operation({"$ref": "#/components/schemas/Widget"}, {"$ref": "#/components/schemas/Widget"}),
    }  # fmt: skip

    components = align(small, None, NamesLock()).document["components"]["schemas"]

    assert "required" not in components["Widget"]
    assert components["WidgetInReplaceWidget"]["required"] == ["id", "state"]


class TestLock:
    def wider(self, small: Json, *paths: str) -> Json:
        pulled = disguised(small, Disguise())
        for path in paths:
            pulled["paths"][path] = {"get": operation(gadget("size", "colour"))}
        return pulled

    def test_names_are_kept(self, small: Json) -> None:
        """A name that was given once stays, also when something new stands before it in path order."""
        first = align(small, self.wider(small, "/v1/parts"), NamesLock())

        second = align(small, self.wider(small, "/v1/parts", "/v1/a-new-one"), first.lock)

        assert "GetPartsResponse200" in schemas(second)
        assert second.document["paths"]["/v1/parts"] == first.document["paths"]["/v1/parts"]

    def test_it_only_grows(self, small: Json) -> None:
        """What is gone from the document keeps its name in the lock, and no newcomer gets it."""
        first = align(small, self.wider(small, "/v1/a/b"), NamesLock())

        second = align(small, self.wider(small, "/v1/a-b"), first.lock)

        assert first.lock.schemas.items() <= second.lock.schemas.items()
        assert first.lock.operations.items() <= second.lock.operations.items()
        assert operation_ids(second)["get /v1/a-b"] == "get_a_b_2"
        assert "GetAB2Response200" in schemas(second)

    def test_split_class(self, small: Json) -> None:
        """When two places stop being equal, the one that gave the name keeps it."""
        pulled = self.wider(small, "/v1/a", "/v1/b")
        first = align(small, pulled, NamesLock())
        pulled["paths"]["/v1/b"] = {"get": operation(gadget("weight"))}

        second = align(small, pulled, first.lock)

        assert {"GetAResponse200", "GetBResponse200"} <= schemas(second)
        assert set(second.document["components"]["schemas"]["GetAResponse200"]["properties"]) == {"colour", "size"}

    def test_part_that_did_not_change_keeps_the_name(self, small: Json) -> None:
        """Nor does it lose it when the one that changed gave it: names never move for what others do."""
        pulled = self.wider(small, "/v1/a", "/v1/b")
        first = align(small, pulled, NamesLock())
        pulled["paths"]["/v1/a"] = {"get": operation(gadget("size"))}

        second = align(small, pulled, first.lock, first.document)

        assert second.document["paths"]["/v1/b"] == first.document["paths"]["/v1/b"]
        assert success_of(second.document, "/v1/a") == {"$ref": "#/components/schemas/GetAResponse2002"}
        assert renames(first, second) == {"GET /v1/a 200: GetAResponse200 became GetAResponse2002"}
        assert renames(second, align(small, pulled, second.lock, second.document)) == set()

    def test_first_place_of_a_class_goes(self, small: Json) -> None:
        """The other places of a class, and of the classes in it, keep their names."""
        pulled = self.wider(small, "/v1/a", "/v1/b")
        for path in ("/v1/a", "/v1/b"):
            pulled["paths"][path] = {"get": operation({"type": "object", "properties": {"inner": gadget("size")}})}
        first = align(small, pulled, NamesLock())
        del pulled["paths"]["/v1/a"]

        second = align(small, pulled, first.lock, first.document)

        assert second.document["paths"]["/v1/b"] == first.document["paths"]["/v1/b"]
        assert schemas(second) == schemas(first)
        assert renames(first, second) == set()

    def test_unrelated_enums_part(self, small: Json) -> None:
        """Equal enums that had nothing to do with each other share a class until one grows; the other one keeps it."""

        def listed(field: str, *values: str) -> Json:
            answer = gadget(field)
            answer["properties"]["kind"] = {"type": "string", "enum": [*values]}
            return answer

        pulled = self.wider(small)
        pulled["paths"]["/v1/a"] = {"get": operation(listed("x", "On", "Off"))}
        pulled["paths"]["/v1/b"] = {"get": operation(listed("y", "On", "Off"))}
        first = align(small, pulled, NamesLock())
        pulled["paths"]["/v1/a"] = {"get": operation(listed("x", "On", "Off", "Standby"))}

        second = align(small, pulled, first.lock, first.document)

        components = second.document["components"]["schemas"]
        assert components["GetBResponse200"] == first.document["components"]["schemas"]["GetBResponse200"]
        assert components["GetAResponse200Kind"]["enum"] == ["Off", "On"]
        assert renames(first, second) == {"GET /v1/a 200.kind: GetAResponse200Kind became GetAResponse200Kind2"}

    @pytest.mark.parametrize("within", [lambda part: part, lambda part: {"type": "array", "items": part}])
    def test_class_of_several_places_of_which_one_changes_inside(self, small: Json, within: Any) -> None:
        """The place in which something changed further inside gets another class, though it stands first."""
        pulled = self.wider(small)
        for path, part in (("/v1/a", gadget("x")), ("/v1/b", gadget("x"))):
            pulled["paths"][path] = {"get": operation({"type": "object", "properties": {"part": within(part)}})}
        first = align(small, pulled, NamesLock())
        changed = {"type": "object", "properties": {"part": within(gadget("x", "y"))}}
        pulled["paths"]["/v1/a"] = {"get": operation(changed)}

        second = align(small, pulled, first.lock, first.document)

        assert {place.partition(" 200")[0] for place in renames(first, second)} == {"GET /v1/a"}
        assert second.document["paths"]["/v1/b"] == first.document["paths"]["/v1/b"]

    def test_classes_that_become_equal_stay_two(self, small: Json) -> None:
        """A class does not vanish into another one because that has its fields now."""
        pulled = self.wider(small, "/v1/a", "/v1/b")
        pulled["paths"]["/v1/b"] = {"get": operation(gadget("weight"))}
        first = align(small, pulled, NamesLock())
        pulled["paths"]["/v1/a"] = {"get": operation(gadget("weight"))}

        second = align(small, pulled, first.lock, first.document)

        assert {"GetAResponse200", "GetBResponse200"} <= schemas(second)
        assert second.document["paths"] == first.document["paths"]

    def test_class_that_grows_keeps_its_name(self, small: Json) -> None:
        """So do all places of a class that change together."""
        pulled = self.wider(small, "/v1/a", "/v1/b")
        first = align(small, pulled, NamesLock())
        for path in ("/v1/a", "/v1/b"):
            pulled["paths"][path] = {"get": operation(gadget("size", "colour", "weight"))}

        second = align(small, pulled, first.lock, first.document)

        assert second.document["paths"] == first.document["paths"]
        assert schemas(second) == schemas(first)

    @pytest.mark.slow
    @given(data=st.data())
    @settings(max_examples=40)
    def test_no_name_moves_for_what_others_do(self, data: st.DataObject) -> None:
        """Whatever becomes of other operations, a place that did not change keeps its class, and those in it theirs."""
        kinds = {"type": "string", "enum": ["A", "B"]}
        holder = {"type": "object", "properties": {"inner": gadget("x"), "kind": kinds}}
        other = {"type": "object", "properties": {"inner": gadget("x", "y"), "kind": kinds}}
        shapes = [gadget("x"), gadget("x", "y"), kinds, {"type": "array", "items": gadget("x")}, holder, other]
        pull = st.dictionaries(st.sampled_from(["/v1/a", "/v1/b", "/v1/c"]), st.sampled_from(shapes), min_size=1)
        lock, before, earlier = NamesLock(), None, dict[str, Json]()
        for found in data.draw(st.lists(pull, min_size=2, max_size=4)):
            document = disguised(copy.deepcopy(SMALL), Disguise())
            document["paths"] |= {path: {"get": operation(shape)} for path, shape in found.items()}
            aligned = align(SMALL, document, lock, before.document if before else None)
            for path, shape in found.items():
                if before is not None and earlier.get(path) == shape:
                    alone = {**before.document, "paths": {path: before.document["paths"][path]}}
                    assert renamed_classes(alone, aligned.document) == []
            lock, before, earlier = aligned.lock, aligned, found

    def test_not_touched_without_a_pull(self, small: Json) -> None:
        """The documented contract alone adds nothing to the lock."""
        assert align(small, None, NamesLock()).lock.render() == NamesLock().render()

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"operations": {}, "schemas": []}', "<<<<<<<"])
    def test_damaged(self, text: str) -> None:
        """A damaged lock stops the run: an empty one would rename things."""
        with pytest.raises(RegenerationError, match="restore it from git"):
            NamesLock.parse(text)

    def test_written_and_read(self, small: Json) -> None:
        """The lock survives being written."""
        lock = align(small, self.wider(small, "/v1/a"), NamesLock()).lock

        assert NamesLock.parse(lock.render()) == lock


class TestMembers:
    def test_words(self) -> None:
        """Members are called after their value."""
        lock = NamesLock()
        values = ("1.0.0", "", "PausedAwaitingClarification", "interview.completed", "p25")

        assert member_names("X", values, lock) == [
            "VALUE_1_0_0",
            "EMPTY",
            "PAUSED_AWAITING_CLARIFICATION",
            "INTERVIEW_COMPLETED",
            "P25",
        ]
        assert lock.members == {}

    def test_collision(self) -> None:
        """Values that would share a name get one each, and keep it when another joins them."""
        lock = NamesLock()
        before = dict(zip(("a-b", "a_b"), member_names("X", ("a-b", "a_b"), lock), strict=True))

        after = dict(zip(("A B", "a-b", "a_b"), member_names("X", ("A B", "a-b", "a_b"), lock), strict=True))

        assert len(set(before.values())) == 2
        assert len(set(after.values())) == 3
        assert before.items() <= after.items()

    @given(st.lists(st.text(max_size=20), unique=True, max_size=8))
    def test_any_values(self, values: list[str]) -> None:
        """Members of any values have distinct names that can be written."""
        found = member_names("X", tuple(values), NamesLock())

        assert len(set(found)) == len(values)
        assert all(name.isidentifier() and name.isascii() and name == name.upper() for name in found)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_words_make_names(parts: list[str]) -> None:
    """Names made of any text are what the generator makes of them, and fit into a file name."""
    name = class_name(pascal(*parts))

    assert name.isidentifier()
    assert name.isascii()
    assert class_name(name) == name
    assert len(module_name(name)) < 200
    assert snake(*parts).isidentifier() or not snake(*parts)[0].isalpha()


def test_neither_builtins_nor_keywords(small: Json) -> None:
    """Operations and schemas called like keywords, builtins or modules of the client get names that shadow nothing."""
    pulled = disguised(small, Disguise())
    for word in ("import", "class", "print", "types", "client", "models", "None", "self", "errors"):
        pulled["paths"][f"/{word}"] = {"get": operation(gadget(word), gadget(word))}

    aligned = align(small, pulled, NamesLock())

    assert json.dumps(aligned.document).count('"tags": ["') == len(operation_ids(aligned))
    assert {"get_import", "get_class", "get_print"} <= set(operation_ids(aligned).values())
    assert not {"Import", "Class", "None", "Types", "Client"} & schemas(aligned)
