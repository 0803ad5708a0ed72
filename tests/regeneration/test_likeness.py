"""What something that is gone is most likely called now, and when nothing is said about that."""

from __future__ import annotations

from typing import Any

import pytest
from regeneration.align import align
from regeneration.likeness import likely, replaced, replaced_words, respelled, styles_of
from regeneration.names import NamesLock
from regeneration.report import report_on

from tests.kit.regeneration.disguises import plain
from tests.kit.regeneration.obstacles import obstacles

Json = Any


def guessed(gone: list[str], new: list[str]) -> dict[str, str]:
    return likely(dict.fromkeys(gone), dict.fromkeys(new))


def test_alike() -> None:
    """Names that are alike, or that share most of their words, are offered for each other."""
    assert guessed(["state"], ["weight", "status"]) == {"state": "status"}
    assert guessed(["running_cost_usd"], ["total_cost_usd", "total"]) == {"running_cost_usd": "total_cost_usd"}


@pytest.mark.parametrize(
    ("gone", "new"), [("scopes", "success"), ("total", "other"), ("code", "message"), ("label", "heading")]
)
def test_not_alike(gone: str, new: str) -> None:
    """Nothing is offered for the sole reason that nothing else is new."""
    assert guessed([gone], [new]) == {}


def test_each_new_name_once() -> None:
    """A new name is offered for the one gone name that is most like it."""
    assert guessed(["state", "stated", "status_code", "statuses"], ["status"]) == {"statuses": "status"}


def test_only_names_of_alike_things() -> None:
    """A list of things is offered under another name when the things have the same fields; a text never for a list."""
    from regeneration.shapes import Node, Slot

    def listed(*fields: str) -> Node:
        return Node("array", items=Slot(Node("object", properties={name: Slot(Node()) for name in fields})))

    assert likely({"widgets": listed("id", "state")}, {"items": listed("id", "state", "more")}) == {"widgets": "items"}
    assert likely({"widgets": listed("id", "state")}, {"items": listed("name", "size")}) == {}
    assert likely({"widgets": listed("id")}, {"widget": Node("scalar", type="string")}) == {}


def test_too_much_to_compare() -> None:
    """Where hundreds went and hundreds came, nothing was renamed."""
    assert guessed([f"gone_{n}" for n in range(100)], [f"gone_{n}x" for n in range(100)]) == {}


def test_spelled_differently() -> None:
    """Names that differ in letter case and separators alone are one name, unless there is a doubt."""
    assert respelled(["cost_usd", "id"], ["costUsd", "Id", "other"]) == {"cost_usd": "costUsd", "id": "Id"}
    assert respelled(["cost_usd"], ["costUsd", "CostUsd"]) == {}
    assert respelled(["cost_usd", "cost-usd"], ["costUsd"]) == {}


@pytest.mark.parametrize(
    ("name", "now", "styles"),
    [
        ("cost_usd", "costUsd", ["camelCase"]),
        ("cost_usd", "CostUsd", ["PascalCase"]),
        ("costUsd", "cost_usd", ["snake_case"]),
        ("cost_usd", "cost-usd", ["kebab-case"]),
        ("cost_usd", "COST_USD", ["SCREAMING_SNAKE_CASE"]),
        ("cost_usd", "costusd", ["lowercase"]),
        ("cost_usd", "costUSD", []),
    ],
)
def test_styles(name: str, now: str, styles: list[str]) -> None:
    """The style that a name is spelled in now is known by it."""
    assert styles_of(name, now) == styles


@pytest.mark.parametrize(
    ("path", "now", "parts"),
    [
        ("/v1/widgets/{id}", "/v2/widgets/{theId}", ("/v1", "/v2")),
        ("/v1/widgets", "/api/v1/widgets", ("", "/api")),
        ("/v1/widgets/{id}/pause", "/v1/gadgets/{id}/pause", ("/v1/widgets", "/v1/gadgets")),
        ("/v1/widgets", "/v1/gadgets", None),
    ],
)
def test_parts_of_paths(path: str, now: str, parts: tuple[str, str] | None) -> None:
    """What all of a resource's paths have in place of their beginning is found from each."""
    assert replaced(path, now) == parts


@pytest.mark.parametrize(
    ("name", "now", "parts"),
    [
        ("created_at", "createdTime", ("at", "time")),
        ("id", "api_id", ("", "api")),
        ("cost_usd", "cost", ("usd", "")),
        ("state", "status", None),
    ],
)
def test_words_of_names(name: str, now: str, parts: tuple[str, str] | None) -> None:
    """So are the words that all fields have in place of others."""
    assert replaced_words(name, now) == parts


def test_values(small: Json) -> None:
    """A value that is gone offers the new one that is like it."""
    pulled = plain(small)
    pulled["components"]["schemas"]["WidgetState"]["enum"] = ["Queued", "InProgress", "Donee", "Lost"]

    sentences = obstacles(report_on(align(small, pulled, NamesLock()), b"{}", None))

    words = "200.state lost values that flows may wait for; Done (perhaps Donee now); watch steer by it."
    assert f"GET /v1/widgets/{{id}}: {words}" in sentences


def test_parameters(small: Json) -> None:
    """So does a parameter."""
    small["paths"]["/v1/widgets"]["get"]["parameters"][0]["x-steering"] = True
    pulled = plain(small)
    pulled["paths"]["/v1/widgets"]["get"]["parameters"][0]["name"] = "limits"

    sentences = obstacles(report_on(align(small, pulled, NamesLock()), b"{}", None))

    assert sentences == ["GET /v1/widgets: query limit is gone, and run need it; perhaps it is called limits now."]
