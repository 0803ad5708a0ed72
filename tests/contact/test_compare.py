"""What a service does otherwise is named, just that, and with the assumption that it refutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from specstep_flows.contact.asking import Contact
from specstep_flows.contact.compare import Comparison, compare, grouped
from specstep_flows.contact.contract import contract
from tests.kit.api import path_of
from tests.kit.front import Change, Seen, camel, everywhere, in_camel_case


@pytest.fixture
def comparison(replay: Callable[..., Contact]) -> Callable[..., Comparison]:
    """What a contact shows whose answers are changed."""
    return lambda *changes: compare(replay(*changes), contract())


def of(name: str) -> Callable[[Callable[[Seen], None]], Change]:
    """A change of one operation's answers."""

    def only(change: Callable[[Seen], None]) -> Change:
        return lambda seen: change(seen) if seen.path == path_of(name) else None

    return only


def test_the_sandbox_does_what_is_assumed(comparison: Callable[..., Comparison]) -> None:
    """Nothing is refuted, and what can be seen of an account with one run is confirmed."""
    found = comparison()

    assert not found.refuted
    seen = {"Account.plan", "Usage.reset_at", "GenerationList.generations", "Generation.package_id", "get_capabilities"}
    assert seen | {"header.RateLimit-Reset", "get_deletion_request", "InterviewTurn.role"} <= found.confirmed.keys()
    assert not [one for one in found.differences if one.kind != "new"]


def test_bare_arrays(comparison: Callable[..., Comparison]) -> None:
    """Another envelope is named as that, in one line for all lists; the rows are looked at all the same."""

    def bare(seen: Seen) -> None:
        if isinstance(seen.document, dict) and len(seen.document) == 1 and seen.status == 200:
            (value,) = seen.document.values()
            seen.document = value if isinstance(value, list) else seen.document

    found = comparison(bare)

    assert {one.kind for one in found.differences} - {"new"} == {"envelope"}
    assert "GenerationList.generations" in found.refuted
    assert "GenerationRow.started_at" in found.confirmed
    assert sum("bare array" in line for line, _ in grouped(found.differences)) == 1


def test_another_name_of_the_envelope(comparison: Callable[..., Comparison]) -> None:
    """``{"items": […], "total": 3}``."""

    @of("list_generations")
    def items(seen: Seen) -> None:
        (rows,) = seen.document.values()
        seen.document = {"items": rows, "total": len(rows)}

    found = comparison(items)

    assert [one.kind for one in found.differences if one.kind != "new"] == ["envelope"]
    assert list(found.refuted) == ["GenerationList.generations"]
    assert "items" in found.refuted["GenerationList.generations"][0].sentence


OTHER_ENVELOPES: dict[str, Callable[[list[object]], object]] = {
    "data.items": lambda rows: {"data": {"items": rows}},
    "items": lambda rows: {"items": rows, "paging": {"next": None, "total": len(rows)}},
    "_embedded.things": lambda rows: {"_embedded": {"things": rows}, "_links": {"self": {"href": "/"}}},
    "results": lambda rows: {"results": rows, "errors": []},
    "Generations": lambda rows: {"Generations": rows},
}


@pytest.mark.parametrize("where", OTHER_ENVELOPES)
def test_other_envelopes(comparison: Callable[..., Comparison], where: str) -> None:
    """Rows a level deeper, beside a paging object or another array: the envelope is named, and nothing in it."""

    @of("list_generations")
    def other(seen: Seen) -> None:
        (rows,) = seen.document.values()
        seen.document = OTHER_ENVELOPES[where](rows)

    found = comparison(other)

    (one,) = [one for one in found.differences if one.kind != "new"]
    assert one.observed in (where, f"an object with {where}")
    assert list(found.refuted) == ["GenerationList.generations"]
    # The newest of them is asked for all the same.
    assert {"GenerationRow.started_at", "GenerationEventList.events"} <= found.confirmed.keys()


def test_everything_in_data(comparison: Callable[..., Comparison]) -> None:
    """``{"data": {…}, "success": true}`` around each answer is one line, and each answer is looked at."""

    def wrapped(seen: Seen) -> None:
        if isinstance(seen.document, dict) and seen.status == 200:
            seen.document = {"data": seen.document, "success": True}

    found = comparison(wrapped)

    told = [line for line, several in grouped(found.differences) if several[0].kind != "new"]
    assert len(told) == 1
    assert told[0].startswith("answers come in data, ")
    assert {"Account.plan", "GenerationRow.started_at", "Generation.package_id"} <= found.confirmed.keys()


def test_pascal_case(comparison: Callable[..., Comparison]) -> None:
    """Names of lists, too, are only spelled otherwise; what is in the fields is compared."""

    def pascal(one: dict[str, object]) -> dict[str, object]:
        return {camel(f"_{name}"): value for name, value in one.items()}

    found = comparison(everywhere(pascal))

    assert [line for line, several in grouped(found.differences) if several[0].kind != "new"] == [
        line for line, _ in grouped(found.differences) if "spelled otherwise" in line
    ]
    assert not {one.kind for one in found.differences} - {"renamed", "new"}


def test_camel_case(comparison: Callable[..., Comparison]) -> None:
    """Names that are only spelled otherwise are one line, and refute what is assumed of names; no field is gone."""
    found = comparison(in_camel_case)

    assert {one.kind for one in found.differences} - {"new"} == {"renamed"}
    assert all(camel(one.documented) == one.observed for one in found.differences if one.kind == "renamed")
    assert "Account.display_name" in found.refuted
    assert "Account.plan" in found.confirmed
    assert sum("spelled otherwise" in line for line, _ in grouped(found.differences)) == 1


def test_a_field_under_another_name(comparison: Callable[..., Comparison]) -> None:
    """It is named with what it most likely is called now."""

    @of("get_me")
    def renamed(seen: Seen) -> None:
        seen.document["display"] = seen.document.pop("display_name")

    found = comparison(renamed)

    assert [(one.kind, one.documented, one.observed) for one in found.differences if one.kind != "new"] == [
        ("renamed", "display_name", "display")
    ]
    assert list(found.refuted) == ["Account.display_name"]


def test_a_reset_that_is_a_moment(comparison: Callable[..., Comparison]) -> None:
    """``RateLimit-Reset`` as seconds since 1970 refutes the unit, once for all operations."""

    def epoch(seen: Seen) -> None:
        for name in seen.headers:
            if name.lower() == "ratelimit-reset":
                seen.headers[name] = "1790000000"

    found = comparison(epoch)

    assert {one.kind for one in found.differences} - {"new"} == {"unit"}
    assert list(found.refuted) == ["header.RateLimit-Reset"]
    assert sum("epoch" in line for line, _ in grouped(found.differences)) == 1


@pytest.mark.parametrize(
    ("value", "unit"),
    [("1790000000000", "epoch milliseconds"), ("2026-10-01T10:00:00Z", "date"), ("12.5", None), ("0", None)],
)
@pytest.mark.parametrize("prefix", ["", "X-"])
def test_what_the_reset_header_holds(
    comparison: Callable[..., Comparison], value: str, unit: str | None, prefix: str
) -> None:
    """Under its own name or with an X before it, it is told what its unit is."""

    def other(seen: Seen) -> None:
        for name in [one for one in seen.headers if one.lower().startswith("ratelimit-")]:
            held = seen.headers.pop(name)
            seen.headers[prefix + name] = value if name.lower().endswith("reset") else held

    found = comparison(other)

    assert {one.observed for one in found.differences if one.kind == "unit"} == ({unit} if unit else set())
    assert {one.kind for one in found.differences} - {"new", "unit"} == ({"header"} if prefix else set())
    assert ("header.RateLimit-Reset" in found.refuted) == (unit is not None)


def test_numbers_as_text(comparison: Callable[..., Comparison]) -> None:
    """One line for each type, however many fields have it."""

    def as_text(one: dict[str, object]) -> dict[str, object]:
        return {name: str(value) if type(value) in (int, float) else value for name, value in one.items()}

    found = comparison(everywhere(as_text))

    told = [line.partition(",")[0] for line, several in grouped(found.differences) if several[0].kind != "new"]
    assert sorted(told) == ["integer comes as string", "number comes as string"]


@pytest.mark.parametrize("status", [302, 500])
def test_a_service_that_is_out_of_order(comparison: Callable[..., Comparison], status: int) -> None:
    """What redirects or fails shows nothing of what is assumed; the operations are named in a line."""

    def broken(seen: Seen) -> None:
        if seen.path != path_of("get_me"):
            seen.status, seen.document = status, None

    found = comparison(broken)

    assert not found.refuted
    assert [line.partition(",")[0] for line, _ in grouped(found.differences)] == [f"answered with {status}"]


def test_the_quota_under_the_words_of_the_pages(comparison: Callable[..., Comparison]) -> None:
    """``used`` for ``generations_used``: what a name's words are all in is that name, as text, too."""

    @of("get_usage")
    def short(seen: Seen) -> None:
        seen.document["used"] = str(seen.document.pop("generations_used"))

    found = comparison(short)

    kinds = [(one.kind, one.documented, one.observed) for one in found.differences if one.kind != "new"]
    assert kinds == [("renamed", "generations_used", "used"), ("type", "integer", "string")]


def test_a_list_that_is_gone_from_what_is_there(comparison: Callable[..., Comparison]) -> None:
    """What was listed is there: a 404 for a list of what is in it is a route that is missing."""

    def no_files(seen: Seen) -> None:
        if seen.path.endswith("/files"):
            seen.status, seen.document = 404, {"type": "NOT_FOUND"}

    found = comparison(no_files)

    assert [one.operation for one in found.differences if one.kind == "not offered"] == ["list_package_files"]


def test_other_statuses(comparison: Callable[..., Comparison]) -> None:
    """What is answered where nothing was requested is assumed; a 204 there refutes it."""

    @of("get_deletion_request")
    def nothing(seen: Seen) -> None:
        seen.status, seen.document = 204, None

    found = comparison(nothing)

    assert list(found.refuted) == ["get_deletion_request"]


def test_missing_routes(comparison: Callable[..., Comparison]) -> None:
    """An operation that the service does not have is named; it says nothing of what its answers would hold."""

    @of("get_my_analytics")
    def gone(seen: Seen) -> None:
        seen.status, seen.document = 404, {"title": "Not Found"}

    found = comparison(gone)

    assert [(one.kind, one.operation) for one in found.differences if one.kind != "new"] == [
        ("not offered", "get_my_analytics")
    ]
    assert not [name for name in found.verdicts() if name.startswith("Analytics")]


def test_additional_fields(comparison: Callable[..., Comparison]) -> None:
    """New fields are told and refute nothing."""
    found = comparison(everywhere(lambda one: {**one, "trace": "abc"}))

    assert {one.kind for one in found.differences} == {"new"}
    assert not found.refuted


def test_a_state_that_nobody_knows(comparison: Callable[..., Comparison]) -> None:
    """A word outside a documented set is named, in any letter case the known ones are not."""

    def words(seen: Seen) -> None:
        if seen.path == path_of("list_generations"):
            for row in seen.document["generations"]:
                row["state"] = "Translating"

    found = comparison(words)

    assert [one.observed for one in found.differences if one.kind == "word"] == ["Translating"]


def test_what_is_null_where_it_should_not_be(comparison: Callable[..., Comparison]) -> None:
    """It is named, with the assumption about nulls as a whole."""

    @of("get_me")
    def null(seen: Seen) -> None:
        seen.document["id"] = None

    found = comparison(null)

    assert list(found.refuted) == ["general"]
