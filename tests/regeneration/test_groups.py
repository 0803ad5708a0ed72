"""Many changes in few lines: causes that are told once, fields that are told together, and what comes first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from regeneration.align import align
from regeneration.changes import Change, ChangeKind, Severity
from regeneration.groups import TERMINAL, grouped
from regeneration.names import NamesLock
from regeneration.report import Report, report_on

from tests.kit.api import path_of
from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.disguises import plain
from tests.kit.regeneration.systematic import CAUSES, asked_for, enveloped, moved, named

Json = Any
#: Of a refusal, whatever the document.
MOST_LINES = 20


def report_of(documented: Json, pulled: Json) -> Report:
    """The drift report of a first pull."""
    return report_on(align(documented, pulled, NamesLock()), json.dumps(pulled).encode(), None)


def change(
    what: ChangeKind, operation: str, place: str, *, severity: Severity = "client", detail: str = "", used: str = ""
) -> Change:
    return Change(what, operation, place, severity, detail, tuple(used.split()))


def lines(*changes: Change) -> list[str]:
    return [group.line(TERMINAL) for group in grouped(list(changes))]


@pytest.mark.slow
@pytest.mark.parametrize("name", CAUSES)
def test_systematic_change(checkout: Checkout, contract: Json, name: str) -> None:
    """What was done to all of a document is told once, first, and with how much it explains; the refusal is short."""
    edit, words = CAUSES[name]
    document = plain(contract)
    edit(document)

    report = report_of(contract, document)
    groups = grouped(report.documented_to_pulled)
    first = max(groups, key=lambda group: len(group.changes) * bool(group.cause))
    others = [group for group in groups if group.severity == first.severity and group is not first]
    assert checkout.pull(document) == 1

    said = checkout.said().splitlines()
    assert words in first.line(TERMINAL)
    assert (
        len(first.changes)
        > len([change for change in report.documented_to_pulled if change.severity != "additive"]) / 3
    )
    assert len(others) < 6
    assert len(report.page().splitlines()) < 60
    stopped = next(line for line in said if line.startswith("stopped: "))
    assert words in stopped or first.severity != "flows"
    assert len(said) <= MOST_LINES
    assert "Run it with --report FOLDER to have all of it in FOLDER." in said


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (CAUSES["PascalCase"][0], "fields are spelled in PascalCase now: state is State"),
        (enveloped("result"), "they are inside result now, beside trace"),
        (asked_for("header", "X-Tenant-Id"), "X-Tenant-Id"),
    ],
)
def test_systematic_change_of_little(small: Json, edit: Any, words: str) -> None:
    """Three of a kind are enough to be told as one."""
    document = plain(small)
    edit(document)

    refusal = report_of(small, document).refusal()

    assert words in refusal[0]
    assert len(refusal) <= 4


def test_all_paths_moved(small_checkout: Checkout, small: Json) -> None:
    """When no documented path is there, the one sentence about it names what all of them have instead."""
    document = plain(small)
    moved("/v1", "/api/v1")(document)

    assert small_checkout.pull(document) == 1

    said = small_checkout.said().splitlines()
    [stopped] = [line for line in said if line.startswith("stopped: ")]
    assert "operations moved from /… to /api/…" in stopped
    assert not any("--report" in line for line in said)


@pytest.mark.slow
@pytest.mark.parametrize("spell", [lambda words: "_".join(["api", *words]), lambda words: "_".join([*words, "v2"])])
def test_words_more_in_all_names(contract: Json, spell: Any) -> None:
    """The object with the most fields is no exception: the refusal is one sentence."""
    document = plain(contract)
    named(spell)(document)

    [refusal] = report_of(contract, document).refusal()

    assert "more in their names now" in refusal


def test_resource_that_moved_with_all_below_it(contract: Json) -> None:
    """The list and the kickoff of a resource moved for the same reason as what is below it."""
    document = plain(contract)
    resource = path_of("list_generations")
    moved(resource, "/v1/runs")(document)

    [refusal] = report_of(contract, document).refusal()

    below = sum(len(item) for path, item in document["paths"].items() if path.startswith("/v1/runs"))
    assert refusal.startswith(f"operations moved from {resource}/… to /v1/runs/…")
    assert below >= int(refusal.partition(", in ")[2].split()[0]) > 10


def test_all_paths_below_a_parameter(small_checkout: Checkout, small: Json) -> None:
    """So does a prefix with a parameter in it."""
    document = plain(small)
    moved("/v1", "/{tenant}/v1")(document)
    for item in document["paths"].values():
        item["parameters"] = [{"name": "tenant", "in": "path", "required": True, "schema": {"type": "string"}}]

    assert small_checkout.pull(document) == 1

    assert "operations moved from /… to /{tenant}/…" in small_checkout.said()


def test_what_is_wrong_beside_a_cause(small: Json) -> None:
    """What is found below fields under other names, and inside an envelope, is told too."""
    document = plain(small)
    document["components"]["schemas"]["WidgetRow"]["properties"]["id"] = {"type": "integer"}
    del document["components"]["schemas"]["Widget"]["properties"]["label"]
    named(lambda words: "".join(map(str.capitalize, words)))(document)
    enveloped("Data")(document)

    found = {(change.what, change.place) for change in report_of(small, document).documented_to_pulled}

    assert ("fields wrapped", "200") in found
    assert ("type changed", "200.widgets[].id") in found
    assert ("field gone", "200.label") in found
    assert not any(what == "field gone" and place.endswith(".weight") for what, place in found)


class TestSets:
    def test_fields_of_one_owner(self) -> None:
        """The fields that an object lost are one line, with all operations that have it."""
        told = lines(
            *(
                change(ChangeKind.FIELD_GONE, operation, f"{place}.{field}")
                for operation, place in (("POST /a", "201"), ("GET /a", "200.items[]"))
                for field in ("x", "y", "z")
            )
        )

        assert told == ["POST /a 201, GET /a 200.items[]: 3 fields gone: .x, .y, .z"]

    def test_a_field_of_many_owners(self) -> None:
        """A field that many objects have, which differ otherwise, is a line of its own."""
        told = lines(
            *(
                change(ChangeKind.FIELD_NEW, f"GET /{name}", f"200.{field}", severity="additive", detail="string")
                for name in "abcd"
                for field in ("etag", name)
            )
        )

        assert told[0] == "GET /a, GET /b, GET /c and 1 more: field new 200.etag (string)"
        assert len(told) == 5

    def test_the_same_difference_of_many_fields(self) -> None:
        """Dates that are numbers now are one line, whatever the fields are called."""
        told = lines(
            *(
                change(ChangeKind.TYPE_CHANGED, f"GET /{name}", f"200.{name}_at", detail="string became integer")
                for name in "abcd"
            )
        )

        [line] = told
        assert line == "type changed in 4 fields (string became integer): a_at, b_at, c_at, d_at, in 4 operations"

    def test_order(self) -> None:
        """The worst first; of what is as bad, what is used before what is not, and more before less."""
        told = lines(
            change(ChangeKind.FIELD_GONE, "GET /a", "200.a"),
            change(ChangeKind.FIELD_GONE, "GET /b", "200.b"),
            change(ChangeKind.FIELD_GONE, "GET /b", "200.c"),
            change(ChangeKind.FIELD_GONE, "GET /z", "200.z", used="run"),
            change(ChangeKind.OPERATION_NEW, "GET /new", "", severity="additive"),
            change(ChangeKind.FIELD_GONE, "GET /y", "200.id", severity="flows", used="watch"),
        )

        assert [line.split(":")[0] for line in told] == ["GET /y", "GET /z", "GET /b 200", "GET /a", "GET /new"]


def test_every_change_is_in_one_group(contract: Json) -> None:
    """However changes are grouped, none is lost and none is told twice."""
    document = plain(contract)
    for edit in (CAUSES["PascalCase"][0], CAUSES["a header"][0], CAUSES["numbers for ids"][0]):
        edit(document)
    changes = report_of(contract, document).documented_to_pulled

    told = [id(change) for group in grouped(changes) for change in group.changes]

    assert len(told) == len(changes) > 1_000
    assert set(told) == {id(change) for change in changes}
