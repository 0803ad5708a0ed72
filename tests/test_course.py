"""The course of a generation, from the service's events or from the looks in the run's record."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows._course import UNWATCHED_SECONDS, Course, Duration, Span, adding_up, course
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
    # Nothing is spent in the queue: what the first look at Drafting showed was spent there.
    assert found.cost_in("Queued") == 0.0
    assert found.cost_in("Drafting") == pytest.approx(0.7)
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
        "Paused for your answers; nothing was spent meanwhile.",
    ]


def test_looks_at_earlier_attempts_are_left_out() -> None:
    """A retried run has several generations on record; the report is about the last."""
    earlier = {**look(10, "Failed", 5.0), "generation_id": "other"}

    assert course((earlier, *HISTORY), (), "g") == course(HISTORY, (), "g")


EVENTS = (
    {"state": "Queued", "occurred_at": "2026-06-01T12:00:00Z"},
    {"state": "Drafting", "occurred_at": "2026-06-01T12:00:10Z"},
    {"state": "PausedAwaitingClarification", "occurred_at": "2026-06-01T12:01:00Z"},
    {"state": "Drafting", "occurred_at": "2026-06-01T12:11:00Z"},
    {"state": "Reviewing", "occurred_at": "2026-06-01T12:12:00Z"},
    {"state": "Cancelled", "occurred_at": "2026-06-01T12:13:00Z"},
)


def check(found: Course) -> None:
    """What holds of every course: times fill it, and costs add up."""
    known = sum(visit.seconds or 0.0 for visit in found.visits) + found.duration.unwatched_seconds
    assert known == pytest.approx(found.seconds)
    assert found.duration.working_seconds >= 0.0
    spent = sum(visit.cost_usd or 0.0 for visit in found.visits) + found.unwatched_usd
    assert spent == pytest.approx(found.cost_usd or 0.0)
    rows = found.rows()
    assert sum(row.seconds or 0.0 for row in rows) == pytest.approx(round(found.seconds), abs=1e-6)
    assert sum(row.cost_usd or 0.0 for row in rows) == pytest.approx(round(found.cost_usd or 0.0, 2), abs=1e-6)
    assert [point.seconds for point in found.costs] == sorted(point.seconds for point in found.costs)
    for before, after in itertools.pairwise(found.costs):
        for pause in found.pauses:
            # The line stays flat through a pause.
            if pause.began - 1e-6 <= before.seconds < after.seconds <= pause.ended + 1e-6:
                assert before.cost_usd == pytest.approx(after.cost_usd)


def test_a_cancelled_generation_ends_when_its_events_say_so() -> None:
    """It has no stamp of its end, and the look that found it cancelled may have come hours later."""
    history = (look(1000, "Queued"), look(1030, "Drafting", 0.2), look(9000, "Cancelled", 1.4, unwatched=True))
    found = course(history, EVENTS, "g")
    check(found)

    assert found.is_over
    assert found.duration == Duration(780.0, 600.0)
    assert found.duration.words == "13m (3m of work, 10m waiting for you)"
    # What was spent where nobody looked is in a row of its own: there were two stages.
    assert found.unwatched_usd == pytest.approx(1.2)
    assert [row.label for row in found.rows()][-1] == "Not watched"


def test_nothing_is_spent_through_a_pause_that_nobody_watched() -> None:
    """The cost grew before it and behind it, and the line of the plot is flat in between."""
    history = (
        look(1000, "Queued", 0.0),
        look(1030, "Drafting", 0.2),
        look(1058, "Drafting", 0.4),
        look(1665, "Drafting", 0.5, unwatched=True),
    )
    found = course(history, EVENTS[:4], "g")
    check(found)

    assert found.pauses == (Span(60.0, 660.0, "PausedAwaitingClarification"),)
    assert found.unwatched == (Span(58.0, 665.0),)
    assert found.unwatched_usd == 0.0
    assert found.cost_in("Drafting") == pytest.approx(0.5)


def test_without_events_what_nobody_watched_is_said() -> None:
    """Neither its time nor its cost is given to a stage that may have had nothing to do with it."""
    found = course((look(1000, "Drafting", 0.2), look(5000, "Reviewing", 1.2, unwatched=True)), (), "g")
    check(found)

    assert found.duration == Duration(4000.0, unwatched_seconds=4000.0)
    assert [(row.label, row.seconds, row.cost_usd) for row in found.rows()] == [
        ("Drafting", 0.0, 0.2),
        ("Reviewing", None, 0.0),
        ("Not watched", 4000.0, 1.0),
    ]


def test_a_wait_that_is_the_same_at_both_ends_was_watched() -> None:
    """Who detached at a question and comes back finds it still asked: that was one wait."""
    history = (
        look(1000, "Drafting", 0.2),
        look(1020, "PausedAwaitingClarification", 0.3),
        look(9020, "PausedAwaitingClarification", 0.3, unwatched=True),
        look(9050, "Drafting", 0.35),
    )
    found = course(history, (), "g")
    check(found)

    assert found.duration == Duration(8050.0, 8030.0)
    assert found.unwatched == ()
    assert found.cost_in("Drafting") == pytest.approx(0.35)


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=12), st.sampled_from([0, 2]))
def test_what_is_rounded_adds_up_to_the_rounded_sum(values: list[float], digits: int) -> None:
    """A table whose rows do not come to its total is not believed."""
    shown = adding_up(values, digits)

    assert sum(shown) == pytest.approx(round(sum(values), digits), abs=10**-digits * 0.51)
    assert round(sum(shown), digits) == round(round(sum(values), 9), digits)
    assert all(abs(one - value) <= 10**-digits * 1.01 for one, value in zip(shown, values, strict=True))


LOOKS = st.lists(
    st.tuples(
        st.sampled_from((5.0, 29.0, 118.0, 400.0)),
        st.sampled_from(("Queued", "Drafting", "Reviewing", "PausedAwaitingClarification", "Paused", "Mystery")),
        st.none() | st.sampled_from((0.0, 0.07, 0.3)),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(LOOKS, st.sampled_from((0.0, 7.0, 1e9)), st.sampled_from(("Drafting", "Complete", "Cancelled")), st.booleans())
def test_times_and_costs_add_up_and_time_never_goes_back(
    steps: list[tuple[float, str, float | None, bool]], offset: float, end: str, has_events: bool
) -> None:
    """Whatever was seen, on a clock that agrees with the service's or has nothing to do with it."""
    began, cost = 1_780_000_000.0, 0.0
    history: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    at, before = began, began
    for wait, state, more, is_told in [*steps, (3.0, end, None, False)]:
        at += wait
        cost += more or 0.0
        told = {"began": began + offset} if is_told else {}
        gap = {"unwatched": True} if history and at - before > UNWATCHED_SECONDS else {}
        history.append(look(at + offset, state, cost if more is not None else None, started=began, **told, **gap))
        events.append({"state": state, "at": datetime.fromtimestamp(at - 1, UTC).isoformat()})
        before = at
    seen = [
        course(history[:number], events[:number] if has_events else (), "g") for number in range(1, len(history) + 1)
    ]

    for found in seen:
        check(found)
    if offset == 0.0:
        running = [found.seconds for found in seen if not found.is_over]
        assert running == sorted(running)
        assert running[-1] == pytest.approx(at - began if end == "Drafting" else at - 3.0 - began)
