"""The course of a generation, from the service's events or from the looks in the run's record."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from specstep_flows.report.course import course, summary
from specstep_flows.report.plot import cost_plot


def look(at: float, state: str, cost: float | None = None, **more: Any) -> dict[str, Any]:
    return {"at": at, "generation_id": "g", "state": state, **({} if cost is None else {"cost_usd": cost}), **more}


HISTORY = (
    look(1000, "Queued", 0.0),
    look(1010, "Drafting", 0.1, estimated_total_usd=2.5, estimated_total_p25_usd=2.0, estimated_total_p75_usd=3.0),
    look(1040, "Drafting", 0.4, retry_count=1, recoverable_error_category="rate_limit"),
    look(1070, "Reviewing", 0.7, host_restart_resume_count=1),
    look(1090, "PausedAwaitingClarification", 0.9),
    look(1120, "Reviewing", 0.9),
    look(1150, "Complete", 1.2),
)


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


def test_the_plot_says_in_words_what_it_shows() -> None:
    """Whoever cannot see it hears the sum, the forecast and the stages."""
    found = course(HISTORY, (), "g")
    plot = cost_plot(found)

    assert summary(found) == "The run took 2m 30s and cost $1.20 against a forecast of $2.50."
    assert summary(found) in plot
    assert 'role="img"' in plot
    assert "forecast $2.50" in plot


def test_there_is_no_plot_of_a_cost_that_was_not_read() -> None:
    """One point is no line."""
    assert cost_plot(course((look(1, "Queued"), look(2, "Drafting", 0.1)), (), "g")) == ""
    assert cost_plot(course((), (), None)) == ""


numbers = st.floats(min_value=-1e6, max_value=1e9)


@given(
    st.lists(st.tuples(numbers, numbers, st.sampled_from(["Queued", "Drafting", "Failed", "Odd"])), max_size=12),
    st.one_of(st.none(), numbers),
)
@example([(0.0, 0.0, "Queued"), (1.0, 5e-324, "Drafting")], None)
@example([(0.0, 0.0, "Queued"), (1.0, 1e-300, "Drafting")], 1e-310)
@example([(0.0, 0.0, "Queued"), (1.0, 1.0, "Drafting"), (2.0, float("inf"), "Failed")], float("inf"))
@example([(0.0, 0.0, "Queued"), (1.0, 1.0, "Drafting")], float("nan"))
def test_every_plot_stays_within_its_frame(points: list[tuple[float, float, str]], forecast: float | None) -> None:
    """Whatever costs and moments were read, nothing is drawn beside the plot."""
    history = [look(at, state, cost) for at, cost, state in sorted(points)]
    if history and forecast is not None:
        history[-1] |= {
            "estimated_total_usd": forecast,
            "estimated_total_p25_usd": forecast,
            "estimated_total_p75_usd": 1,
        }
    plot = str(cost_plot(course(history, (), "g")))

    drawn = [float(x) for x in re.findall(r' (?:x|x1|x2|cx)="([^"]+)"', plot)]
    drawn_down = [float(y) for y in re.findall(r' (?:y|y1|y2|cy)="([^"]+)"', plot)]
    for pair in " ".join(re.findall(r'points="([^"]*)"', plot)).split():
        x, y = map(float, pair.split(","))
        drawn.append(x)
        drawn_down.append(y)
    assert all(-1 <= x <= 721 for x in drawn)
    assert all(-1 <= y <= 311 for y in drawn_down)
