"""What changed between two documents, what it means for whom, and what stops a run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from regeneration.align import align
from regeneration.changes import Change, Uses
from regeneration.compare import compare
from regeneration.errors import Notes
from regeneration.names import NamesLock
from regeneration.reader import read_contract
from regeneration.report import Report, report_on

from tests.kit.api import STATE, op, path_of
from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import ASPNET, disguised, plain
from tests.kit.regeneration.obstacles import obstacles
from tests.kit.tiers import one_in

Json = Any
Edit = Callable[[Json], None]


def report_of(documented: Json, pulled: Json, before: Json | None = None) -> Report:
    """The drift report of a pull."""
    content, committed = json.dumps(pulled).encode(), json.dumps(before).encode() if before else None
    return report_on(align(documented, pulled, NamesLock()), content, committed)


def brief(changes: list[Change]) -> set[tuple[str, str, str]]:
    return {(change.what, f"{change.operation} {change.place}".strip(), change.severity) for change in changes}


def schema(document: Json, name: str) -> Json:
    return document["components"]["schemas"][name]


def test_nothing_changed(small: Json) -> None:
    """A document that says the same in other words drifts nowhere."""
    report = report_of(small, disguised(small, ASPNET))

    assert [changes for _, changes in report.comparisons] == [[], []]
    assert obstacles(report) == []


WIDGET_PLACES = ("POST /v1/widgets 201", "GET /v1/widgets/{id} 200")


def in_widgets(what: str, place: str, severity: str) -> set[tuple[str, str, str]]:
    return {(what, where + place, severity) for where in WIDGET_PLACES}


def _set(name: str, field: str, value: Json) -> Edit:
    def edit(document: Json) -> None:
        schema(document, name)["properties"][field] = value

    return edit


def _drop(name: str, field: str) -> Edit:
    def edit(document: Json) -> None:
        del schema(document, name)["properties"][field]

    return edit


def _rename(name: str, field: str, other: str) -> Edit:
    def edit(document: Json) -> None:
        properties = schema(document, name)["properties"]
        properties[other] = properties.pop(field)

    return edit


def _require(name: str, *fields: str) -> Edit:
    def edit(document: Json) -> None:
        schema(document, name)["required"] = list(fields)

    return edit


def _new_required(document: Json) -> None:
    _set("MakeWidgetRequest", "budget", {"type": "integer"})(document)
    _require("MakeWidgetRequest", "label", "budget")(document)


def _parameter(name: str, *, required: bool) -> Edit:
    def edit(document: Json) -> None:
        entry = {"name": name, "in": "query", "required": required, "schema": {"type": "string"}}
        document["paths"]["/v1/widgets"]["get"]["parameters"].append(entry)

    return edit


def _no_limit(document: Json) -> None:
    document["paths"]["/v1/widgets"]["get"]["parameters"][0]["name"] = "take"


def _deprecated(document: Json) -> None:
    document["paths"]["/v1/widgets"]["get"]["deprecated"] = True


CHANGES: dict[str, tuple[Edit, set[tuple[str, str, str]]]] = {
    "a new field of an answer": (
        _set("Widget", "colour", {"type": "string"}),
        in_widgets("field new", ".colour", "additive"),
    ),
    "a shown field is gone": (_drop("Widget", "label"), in_widgets("field gone", ".label", "client")),
    "a steering field is gone": (_drop("Widget", "id"), in_widgets("field gone", ".id", "flows")),
    "a shown field has another type": (
        _set("Widget", "weight", {"type": "boolean"}),
        in_widgets("type changed", ".weight", "client"),
    ),
    "a steering field has another type": (
        _set("Widget", "id", {"type": "integer"}),
        in_widgets("type changed", ".id", "flows"),
    ),
    "a steering field has another format": (
        _set("Widget", "id", {"type": "string", "format": "date"}),
        in_widgets("type changed", ".id", "flows"),
    ),
    "a steering field may be something else": (
        _set("Widget", "id", {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}]}),
        in_widgets("type widened", ".id", "flows"),
    ),
    "a steering field lost its format": (
        _set("Widget", "id", {"type": "string"}),
        in_widgets("type lost", ".id", "additive"),
    ),
    "a steering field lost its values": (
        _set("Widget", "state", {"type": "string"}),
        in_widgets("type lost", ".state", "additive"),
    ),
    "a number became an integer": (
        _set("Widget", "weight", {"type": "integer"}),
        in_widgets("type narrowed", ".weight", "additive"),
    ),
    "a must-have of an answer": (
        _require("Widget", "id", "state", "label"),
        in_widgets("field now required", ".label", "additive"),
    ),
    "no must-have of an answer any more": (
        _require("Widget", "id"),
        in_widgets("field no longer required", ".state", "additive"),
    ),
    "a value of an enum is new": (
        _set("Widget", "state", {"type": "string", "enum": ["Queued", "InProgress", "Done", "Lost"]}),
        in_widgets("values new", ".state", "additive"),
    ),
    "a value of a steering enum is gone": (
        _set("Widget", "state", {"type": "string", "enum": ["Queued", "InProgress"]}),
        in_widgets("values gone", ".state", "flows"),
    ),
    "values in other letter case": (
        _set("Widget", "state", {"type": "string", "enum": ["queued", "inprogress", "done"]}),
        set(),
    ),
    "a new field of a request": (
        _set("MakeWidgetRequest", "colour", {"type": "string"}),
        {("field new", "POST /v1/widgets body.colour", "additive")},
    ),
    "a new must of a request": (_new_required, {("field new", "POST /v1/widgets body.budget", "flows")}),
    "a known field of a request is a must": (
        _require("MakeWidgetRequest", "label", "state"),
        {("field now required", "POST /v1/widgets body.state", "client")},
    ),
    "a field of a request is gone": (
        _drop("MakeWidgetRequest", "state"),
        {("field gone", "POST /v1/widgets body.state", "client")},
    ),
    "a value of a request is gone": (
        _set("MakeWidgetRequest", "state", {"type": "string", "enum": ["Queued"]}),
        {("values gone", "POST /v1/widgets body.state", "client")},
    ),
    "a new parameter": (
        _parameter("order", required=False),
        {("parameter new", "GET /v1/widgets query order", "additive")},
    ),
    "a new must of a parameter": (
        _parameter("order", required=True),
        {("parameter new", "GET /v1/widgets query order", "flows")},
    ),
    "a renamed parameter": (
        _no_limit,
        {
            ("parameter gone", "GET /v1/widgets query limit", "client"),
            ("parameter new", "GET /v1/widgets query take", "additive"),
        },
    ),
    "a renamed list": (
        _rename("WidgetList", "widgets", "items"),
        {("list wrapped differently", "GET /v1/widgets 200", "client")},
    ),
    "a deprecated operation": (_deprecated, {("operation deprecated", "GET /v1/widgets", "additive")}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change(small: Json, name: str) -> None:
    """Each kind of change is found in every operation, and judged by whom it breaks."""
    edit, expected = CHANGES[name]
    pulled = copy.deepcopy(small)
    edit(pulled)

    report = report_of(small, disguised(pulled, ASPNET))

    assert brief(report.documented_to_pulled) == expected
    assert bool(obstacles(report)) == any(severity == "flows" for _, _, severity in expected)


@pytest.mark.parametrize("name", CHANGES)
def test_change_since_the_last_pull(small: Json, name: str) -> None:
    """The same changes are found between two pulled documents, where names and marks of ours are unknown."""
    edit, expected = CHANGES[name]
    before, after = plain(small), plain(small)
    edit(after)

    found = compare(
        read_contract(after, Notes()),
        read_contract(before, Notes()),
        Uses(read_contract(small, Notes(), documented=True)),
    )

    repaired = {("type lost", place, severity) for _, place, severity in expected}
    assert brief(found) - repaired == expected - repaired


def test_operations(small: Json) -> None:
    """Operations that are new, gone or moved are told apart, with who uses them."""
    pulled = copy.deepcopy(small)
    pulled["paths"]["/v2/widgets/{id}"] = pulled["paths"].pop("/v1/widgets/{id}")
    del pulled["paths"]["/v1/widgets"]["post"]
    pulled["paths"]["/v1/health"] = {"get": {"responses": {}}}

    report = report_of(small, disguised(pulled, ASPNET))

    assert brief(report.documented_to_pulled) == {
        ("operation gone", "POST /v1/widgets", "flows"),
        ("operation moved", "GET /v1/widgets/{id}", "flows"),
        ("operation new", "GET /v1/health", "additive"),
    }
    assert obstacles(report) == [
        "POST /v1/widgets is not in the pulled document, and it is used by run.",
        "GET /v1/widgets/{id} is not in the pulled document any more; it looks like GET /v2/widgets/{theId} now. "
        "It is used by watch.",
    ]


def test_unused_operations_may_go(small: Json) -> None:
    """What no flow uses is dropped and reported; it stops nothing."""
    for item in small["paths"].values():
        for operation in item.values():
            operation.pop("x-used-by", None)
    pulled = disguised(small, ASPNET)
    del pulled["paths"][next(path for path in pulled["paths"] if "{" in path)]

    report = report_of(small, pulled)

    assert brief(report.documented_to_pulled) == {("operation gone", "GET /v1/widgets/{id}", "client")}
    assert obstacles(report) == []


def test_steering_array_must_keep_its_name(small: Json) -> None:
    """A list that a flow steers by is not matched leniently."""
    schema(small, "WidgetList")["properties"]["widgets"]["x-steering"] = True
    pulled = copy.deepcopy(small)
    _rename("WidgetList", "widgets", "items")(pulled)

    report = report_of(small, disguised(pulled, ASPNET))

    assert obstacles(report) == [
        "GET /v1/widgets: 200.widgets is gone, and run steer by it; perhaps it is called items now."
    ]


# The contract itself: what the flows of this project can't do without.

FLOW_STOPS: dict[str, tuple[Callable[[Json], None], str]] = {}


def stop(sentence: str) -> Callable[[Edit], Edit]:
    def note(edit: Edit) -> Edit:
        FLOW_STOPS[edit.__name__] = (edit, sentence)
        return edit

    return note


@stop(f"{op('get_generation')} is not in the pulled document, and it is used by run, ")
def removed_operation(document: Json) -> None:
    del document["paths"][path_of("get_generation")]["get"]


@stop(f"{op('start_generation')} is not in the pulled document any more; it looks like POST /v9/generations now.")
def moved_path(document: Json) -> None:
    document["paths"]["/v9/generations"] = document["paths"].pop(path_of("start_generation"))


@stop(
    f"{op('get_generation')}: 200.{STATE} is gone, and run, resume, adopt, watch, generation steer by it; "
    f"perhaps it is called {STATE}_now now"
)
def renamed_steering_field(document: Json) -> None:
    _rename("Generation", STATE, f"{STATE}_now")(document)


@stop(f"{op('get_generation')}: 200.id changed its type; string (uuid) became integer, and run, ")
def retyped_steering_field(document: Json) -> None:
    _set("Generation", "id", {"type": "integer"})(document)


@stop(
    f"{op('start_generation')}: body.budget_usd is new and required; number, and it is required; "
    "run, generation don't send it."
)
def new_required_request_field(document: Json) -> None:
    request = schema(document, "StartGenerationRequest")
    request["properties"]["budget_usd"] = {"type": "number"}
    request["required"] = [*request.get("required", []), "budget_usd"]


@stop("lost values that flows may wait for; Complete; ")
def state_without_its_end(document: Json) -> None:
    schema(document, "GenerationState")["enum"].remove("Complete")


@pytest.mark.parametrize("name", one_in(6, FLOW_STOPS))
def test_flows_stop_it(checkout: Checkout, contract: Json, name: str) -> None:
    """What the flows cannot do without stops the run with a sentence that names it; the tree stays as it was."""
    edit, sentence = FLOW_STOPS[name]
    document = copy.deepcopy(contract)
    edit(document)
    before = checkout.files()

    assert checkout.pull(disguised(document, ASPNET)) == 1

    said = checkout.said()
    assert sentence in said
    assert "The working tree is as it was." in said
    assert checkout.files() == before
