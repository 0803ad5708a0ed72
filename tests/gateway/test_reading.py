"""Lenient where a field is only shown, strict where a flow steers by it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from specstep_client.models.generation import Generation as GeneratedGeneration
from specstep_client.models.generation_row import GenerationRow

from specstep_flows import errors
from specstep_flows.engine.effects import Reply
from specstep_flows.gateway import reading
from specstep_flows.gateway.generations import _generation_of
from specstep_flows.gateway.requests import nothing

ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(set(GeneratedGeneration.__annotations__) - {"id", "state", "additional_properties"})


def reply(body: object) -> Reply:
    """An answer of 200."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(200, httpx.Headers({"content-type": "application/json"}), content)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_shown_field_can_fail_a_run(fields: Any) -> None:
    """Any field but id and state may be missing, null, of another type or unparsable."""
    generation = _generation_of(reply({"id": ID, "state": "Drafting", **fields}))

    assert str(generation.id) == ID
    assert generation.state == "Drafting"


@pytest.mark.parametrize(
    "body", [{"state": "Drafting"}, {"id": ID}, {"id": ID, "state": None}, {"id": 5, "state": "x"}]
)
def test_a_steering_field_must_be_there_and_fit(body: Any) -> None:
    """Without an id or a state nobody knows what this is about; the error names the field."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        _generation_of(reply(body))

    assert caught.value.field in ("id", "state")


def test_a_state_that_nobody_has_seen_stays_itself_and_is_not_terminal() -> None:
    """Enumerations are open: an unknown value is a value, never an error and never the end."""
    generation = _generation_of(reply({"id": ID, "state": "Translating"}))

    assert generation.state == "Translating"
    assert not generation.is_terminal


def test_numbers_and_times_are_read_in_the_forms_that_aspnet_sends() -> None:
    """Numbers as text, times with seven fractional digits, times without an offset."""
    generation = _generation_of(
        reply(
            {
                "id": ID,
                "state": "Complete",
                "running_cost_usd": "1.25",
                "retry_count": "3",
                "started_at": "2026-05-05T23:00:00.1234567Z",
                "completed_at": "2026-05-05T23:10:00",
            }
        )
    )

    assert generation.running_cost_usd == 1.25
    assert generation.retry_count == 3
    assert generation.started_at == datetime(2026, 5, 5, 23, 0, 0, 123456, tzinfo=UTC)
    assert generation.completed_at == datetime(2026, 5, 5, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize("body", [[], {"generations": []}, {"items": [], "total": 0}, {"a": [], "next": None}])
def test_a_list_is_an_array_or_the_sole_array_member(body: Any) -> None:
    """Envelopes are undocumented."""
    assert reading.rows(reply(body), GenerationRow, "list_generations", "generations") == []


def test_a_list_of_the_expected_name_is_found_among_others() -> None:
    """A service may put more arrays beside its rows any day."""
    body = {"warnings": [], "generations": [{"id": ID, "state": "Queued"}], "filters": ["none"]}

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

    with pytest.raises(errors.UnexpectedResponse, match="redirects get_me elsewhere"):
        reading.document(away, "get_me")


def test_a_success_with_broken_json_is_no_success() -> None:
    """Answers, a cancellation: what was cut or garbled on its way says nothing of what was done; an empty body is
    fine."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        nothing(reply(b'{"generation_id": "x'))
    assert caught.value.ambiguous

    nothing(reply(b""))
    nothing(reply({}))


def test_html_is_said_to_be_no_json_and_is_not_shown() -> None:
    """A login page with status 200."""
    page = Reply(200, httpx.Headers({"content-type": "text/html"}), b"<html>secret</html>")

    with pytest.raises(errors.UnexpectedResponse, match="not JSON \\(text/html\\)") as caught:
        reading.document(page, "get_me")

    assert "secret" not in caught.value.message
