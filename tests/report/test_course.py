"""The course of a generation, from the service's events or from the looks in the run's record."""

from __future__ import annotations

import pytest

from specstep_flows.report.course import course
from tests.kit.polls import HISTORY, look


def test_durations_and_costs_come_from_the_looks() -> None:
    """A stage lasts from the first look at it to the first look at another."""
    found = course(HISTORY, (), "g")

    assert not found.is_exact
    assert found.seconds == 150
    assert found.seconds_in("Queued") == 10
    assert found.seconds_in("Drafting") == 60
    assert found.seconds_in("Reviewing") == 50
    assert found.seconds_in("Complete") is None
    assert found.seconds_in("FreshEyes") is None
    assert found.cost_in("Drafting") == pytest.approx(0.6)
    assert found.forecast_usd == 2.5


def test_the_services_events_are_exact_where_they_can_be_read() -> None:
    """Their fields are undocumented, so several names are understood, and what is not is passed over."""
    events = (
        {"state": "Queued", "occurred_at": "2026-06-01T12:00:00.0000000+00:00"},
        {"to_state": "Drafting", "created_at": "2026-06-01T14:00:10+02:00"},
        {"message": "hello"},
        {"state": "Reviewing", "timestamp": "not a time"},
        {"state": "Complete", "at": "2026-06-01T12:01:10Z"},
    )
    found = course(HISTORY, events, "g")

    assert found.is_exact
    assert found.seconds_in("Queued") == 10
    assert found.seconds_in("Drafting") == 60


def test_events_that_say_nothing_of_states_are_not_used() -> None:
    """Then the looks are what is known."""
    events = ({"state": "hello", "at": "2026-06-01T12:00:00Z"}, {"state": "world", "at": "2026-06-01T12:00:09Z"})

    assert not course(HISTORY, events, "g").is_exact


def test_incidents_are_what_changed_between_looks() -> None:
    """Retries with their kind, restarts and pauses, each once."""
    texts = [incident.text for incident in course(HISTORY, (), "g").incidents]

    assert texts == [
        "1 retry after a provider's error (rate limit).",
        "Resumed after a host restart; repeated work raises the cost.",
        "Paused until questions were answered; nothing was spent meanwhile.",
    ]


def test_looks_at_earlier_attempts_are_left_out() -> None:
    """A retried run has several generations on record; the report is about the last."""
    earlier = {**look(10, "Failed", 5.0), "generation_id": "other"}

    assert course((earlier, *HISTORY), (), "g") == course(HISTORY, (), "g")
