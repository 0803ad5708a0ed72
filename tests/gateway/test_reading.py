"""Lenient where a field is only shown, strict where a flow steers by it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from specstep_client.models.generation_row import GenerationRow
from specstep_client.models.refinement_audit_entry import RefinementAuditEntry

from specstep_flows import errors
from specstep_flows.engine.effects import Reply
from specstep_flows.gateway import reading
from tests.kit.api import STATE
from tests.kit.replies import reply

ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"


@pytest.mark.parametrize("body", [[], {"generations": []}, {"items": [], "total": 0}, {"a": [], "next": None}])
def test_a_list_is_an_array_or_the_sole_array_member(body: Any) -> None:
    """Envelopes are undocumented."""
    assert reading.rows(reply(body), GenerationRow, "list_generations", "generations") == []


def test_a_list_of_the_expected_name_is_found_among_others() -> None:
    """A service may put more arrays beside its rows any day."""
    body = {"warnings": [], "generations": [{"id": ID, STATE: "Queued"}], "filters": ["none"]}

    (row,) = reading.rows(reply(body), GenerationRow, "list_generations", "generations")
    assert str(row.id) == ID


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"a": [], "b": []},
        {"generations": None},
        {"generations": None, "errors": []},
        "nothing",
        5,
        None,
        b"<html>",
        b"",
    ],
)
def test_an_unreadable_list_is_never_an_empty_one(body: Any) -> None:
    """A kickoff is settled by this list: what cannot be read must not look like nothing."""
    with pytest.raises(errors.UnexpectedResponse):
        reading.rows(reply(body), GenerationRow, "list_generations", "generations")


def test_a_redirect_is_no_answer_whatever_stands_in_it() -> None:
    """Nothing is followed with the key, and what comes along with the address is not what was asked for."""
    away = Reply(308, httpx.Headers({"location": "https://www.example.org/v1/me"}), b'{"id": "x"}')

    with pytest.raises(errors.UnexpectedResponse, match="redirects get_me"):
        reading.document(away, "get_me")


def test_html_is_said_to_be_no_json_and_is_not_shown() -> None:
    """A login page with status 200."""
    page = Reply(200, httpx.Headers({"content-type": "text/html"}), b"<html>secret</html>")

    with pytest.raises(errors.UnexpectedResponse, match="not JSON \\(text/html\\)") as caught:
        reading.document(page, "get_me")

    assert "secret" not in caught.value.message


def test_what_is_not_parsed_reads_like_its_class() -> None:
    """By the class's names for the JSON's fields; what is missing is None, and what is unfit is read leniently."""
    body = {"pass": "stub-fill", "action": 5, "mood": "fine"}
    entry = reading.unparsed(body, RefinementAuditEntry, "get_generation")

    assert (entry.pass_, entry.target) == ("stub-fill", None)
    assert reading.optional_fields(entry, {"pass_": str, "action": str, "mood": str}) == {
        "pass_": "stub-fill",
        "action": None,
        "mood": "fine",
    }
    others: list[Any] = [None, [], "text"]
    for nothing in others:
        with pytest.raises(errors.UnexpectedResponse, match="instead of an object"):
            reading.unparsed(nothing, RefinementAuditEntry, "get_generation")


@pytest.mark.parametrize(("sent", "read"), [(1.7e308, 1e15), (-(10**300), -1e15), ("9" * 20, 1e15), (2.5, 2.5)])
def test_a_number_beyond_all_sense_is_the_largest(sent: Any, read: float) -> None:
    """Sums, averages and plots of it stay numbers, and it is above every limit that it was above."""
    row = GenerationRow.from_dict({"id": ID, "state": "Queued", "cost_usd": sent, "current_round": sent})

    assert reading.optional(row, "cost_usd", float) == read
    fields = reading.optional_fields(row, {"cost_usd": float, "current_round": int})
    assert fields == {"cost_usd": read, "current_round": int(read) if read != 2.5 else None}
