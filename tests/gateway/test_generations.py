"""Kickoffs and status bodies: lenient where a field is only shown, strict where a flow steers by it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specstep_client.models.generation import Generation as GeneratedGeneration

from specstep_flows import errors
from specstep_flows.gateway import get_generation, get_turn_job, list_generations, start_generation
from specstep_flows.gateway.generations import _generation_of
from tests.kit.api import STATE, path_of
from tests.kit.replies import play, reply

ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted(set(GeneratedGeneration.__annotations__) - {"id", STATE, "additional_properties"})


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_shown_field_can_fail_a_run(fields: Any) -> None:
    """Any field but id and state may be missing, null, of another type or unparsable."""
    generation = _generation_of(reply({"id": ID, STATE: "Drafting", **fields}))

    assert str(generation.id) == ID
    assert generation.state == "Drafting"


@pytest.mark.parametrize("body", [{STATE: "Drafting"}, {"id": ID}, {"id": ID, STATE: None}, {"id": 5, STATE: "x"}])
def test_a_steering_field_must_be_there_and_fit(body: Any) -> None:
    """Without an id or a state nobody knows what this is about; the error names the field."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        _generation_of(reply(body))

    assert caught.value.field in ("id", STATE)


def test_a_status_of_another_generation_is_none_of_this_one() -> None:
    """However its id is written; a job of a turn may leave its own out, but names no other."""
    asked, other = UUID(ID), "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a05"
    found, _ = play(get_generation(asked), reply({"id": ID.upper(), STATE: "Drafting"}))
    job, _ = play(get_turn_job(asked), reply({"status": "running"}))

    assert found.id == job.job_id == asked
    for flow, body in (
        (get_generation(asked), {"id": other, STATE: "Complete"}),
        (get_turn_job(asked), {"job_id": other, "status": "completed"}),
    ):
        with pytest.raises(errors.UnexpectedResponse, match=f"is about {other}, and {ID} was asked for"):
            play(flow, reply(body))


def test_a_state_that_nobody_has_seen_stays_itself_and_is_not_terminal() -> None:
    """Enumerations are open: an unknown value is a value, never an error and never the end."""
    generation = _generation_of(reply({"id": ID, STATE: "Translating"}))

    assert generation.state == "Translating"
    assert not generation.is_terminal


def test_numbers_and_times_are_read_in_the_forms_that_aspnet_sends() -> None:
    """Numbers as text, times with seven fractional digits, times without an offset."""
    generation = _generation_of(
        reply(
            {
                "id": ID,
                STATE: "Complete",
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


def test_a_kickoff_sends_what_was_chosen_and_nothing_else() -> None:
    """The id is in the body or, where that leaves it out, in the Location."""
    started, (request,) = play(start_generation(UUID(ID), profile="Fast"), reply({"id": ID}, 202))

    assert str(started) == ID
    assert (request.kind, request.bucket) == ("unsafe", "kickoff")
    assert request.json == {"intake_id": ID, "review_profile": "Fast"}
    by_location, _ = play(
        start_generation(UUID(ID), profile="Fast", project_type="software"),
        reply({"accepted": True}, 202, location=path_of("get_generation", ID) + "?from=kickoff"),
    )
    assert str(by_location) == ID


def test_a_kickoff_whose_answer_names_no_generation_may_have_started_one() -> None:
    """It is ambiguous, and is settled by listing."""
    with pytest.raises(errors.UnexpectedResponse) as caught:
        play(start_generation(UUID(ID), profile="Fast"), reply({"accepted": True}, 202))

    assert caught.value.ambiguous


def test_the_list_has_no_filter_and_ends_where_it_is_told_to() -> None:
    """A status filter would leave some states out; the deleted ones are a list of their own."""
    rows = [{"id": str(UUID(int=number)), STATE: "Complete"} for number in range(50)]
    found, (request,) = play(list_generations(first_page=True), reply({"generations": rows}))

    assert len(found) == 50
    assert (request.path, request.params) == (path_of("list_generations"), {"limit": 50, "offset": 0})
    found, (request,) = play(list_generations(deleted=True), reply([]))
    assert (found, request.path) == ([], path_of("list_deleted_generations"))
