"""The waits between looks at a generation, measured over simulated runs against the official sample's fixed 15 s."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from uuid import UUID

import pytest

from specstep_flows.flows.pace import LONGEST_SECONDS, SHORTEST_SECONDS, Pace
from specstep_flows.models import Generation

FIXED_SECONDS = 15.0
RUNS = 1000
SIGMA = 0.25


def generation(expected: float | None, elapsed: float) -> Generation:
    """A running generation as a server with a forecast shows it: no remaining time once it is outrun."""
    left = None if expected is None or elapsed > expected else expected - elapsed
    return Generation(
        UUID(int=1), "Drafting", estimated_duration_seconds=expected, estimated_time_remaining_seconds=left
    )


def looks(expected: float, until: float) -> list[float]:
    """The times of our looks at a run that does not end."""
    pace, times = Pace(), [0.0]
    while times[-1] < until:
        times.append(times[-1] + pace.next_wait(generation(expected, times[-1]), 1000.0 + times[-1]))
    return times


@pytest.mark.parametrize("median", [240.0, 720.0, 1920.0], ids=["Fast", "Normal", "Extensive"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_end_is_noticed_sooner_with_no_more_looks(median: float, seed: int) -> None:
    """At most 0.6 of fixed polling's mean delay, with no more requests, never more than 30 s between two looks."""
    source = random.Random(seed)
    ours = looks(median, median * 4)
    assert max(b - a for a, b in itertools.pairwise(ours)) <= LONGEST_SECONDS

    delay = fixed_delay = 0.0
    requests = fixed_requests = 0
    for _ in range(RUNS):
        end = median * math.exp(source.gauss(0, SIGMA))
        number = bisect.bisect_left(ours, end)
        delay += ours[number] - end
        requests += number + 1
        fixed = math.ceil(end / FIXED_SECONDS)
        fixed_delay += fixed * FIXED_SECONDS - end
        fixed_requests += fixed + 1

    assert delay <= 0.6 * fixed_delay
    assert requests <= fixed_requests


def test_without_a_forecast_the_pace_is_the_samples() -> None:
    """No forecast: 15 s, as the official samples wait."""
    assert Pace().next_wait(generation(None, 0.0), 5.0) == FIXED_SECONDS


def test_a_run_far_beyond_its_forecast_is_not_hammered() -> None:
    """Three times the forecast without an end: the forecast says nothing any more."""
    pace = Pace()
    pace.next_wait(generation(240.0, 0.0), 0.0)

    assert pace.next_wait(generation(240.0, 720.0), 720.0) == FIXED_SECONDS


def test_answers_that_are_not_taken_up_are_waited_for_in_peace() -> None:
    """Quickly at first, since the next tick is near; a slow service is not asked twelve times a minute."""
    pace = Pace()
    paused = Generation(UUID(int=1), "PausedAwaitingClarification")
    waits = [pace.next_wait(paused, 0.0) for _ in range(6)]

    assert waits == [5.0, 10.0, 20.0, 30.0, 30.0, 30.0]
    pace.next_wait(generation(None, 0.0), 5.0)
    assert pace.next_wait(paused, 0.0) == 5.0


@pytest.mark.parametrize("odd", [0.0, -5.0, 1e12])
def test_an_odd_forecast_still_gives_a_wait_within_bounds(odd: float) -> None:
    """Whatever the service forecasts, the wait stays between the shortest and the longest."""
    wait = Pace().next_wait(generation(odd, 10.0), 10.0)

    assert SHORTEST_SECONDS <= wait <= LONGEST_SECONDS


@pytest.mark.parametrize(
    ("left", "wait"), [(None, 120.0), (500.0, 120.0), (70.0, 70.0), (4.0, FIXED_SECONDS), (0.0, 120.0)]
)
def test_while_deliveries_report_looks_are_a_safety_net(left: float | None, wait: float) -> None:
    """Every two minutes and at the forecast's end; one that is always about to end is not run after."""
    shown = Generation(
        UUID(int=1), "Drafting", estimated_duration_seconds=left and 600.0, estimated_time_remaining_seconds=left
    )
    assert Pace().next_wait(shown, 1000.0, is_told=True) == wait


def test_what_waits_for_somebody_keeps_its_pace_whoever_reports() -> None:
    """A question that is to be taken up, and a pause."""
    for state in ("PausedAwaitingClarification", "Paused"):
        one = Generation(UUID(int=1), state)
        assert Pace().next_wait(one, 0.0, is_told=True) == Pace().next_wait(one, 0.0)
