"""What a run's record keeps of the looks at its generation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows.flows.history import MOST_SAMPLES, Sample, needs_moments, sampled, seen
from specstep_flows.models import Generation, RunOptions
from specstep_flows.runs.records import RunRecord


def generation(state: str = "Drafting", cost: float | None = 0.5, **more: object) -> Generation:
    return Generation(id=UUID(int=1), state=state, running_cost_usd=cost, **more)  # type: ignore[arg-type]


def test_of_looks_that_tell_the_same_the_first_and_the_last_are_kept() -> None:
    """Only a change of state, cost or incident is worth a sample; the last look tells until when it was so."""
    first = sampled((), generation(), 10.0)
    longer = sampled(sampled(sampled(first, generation(), 20.0), generation(), 30.0), generation(), 40.0)

    assert [sample["at"] for sample in longer] == [10.0, 40.0]
    assert len(sampled(first, generation(cost=0.6), 20.0)) == 2
    assert len(sampled(first, generation(retry_count=1), 20.0)) == 2


def test_unset_fields_are_left_out_and_the_rest_is_json() -> None:
    """The record is JSON, and a field that the service left out takes no room."""
    (sample,) = sampled((), generation(cost=None, billing_state="Active"), 10.0004)

    assert sample == {"at": 10.0, "generation_id": str(UUID(int=1)), "state": "Drafting", "billing_state": "Active"}
    assert json.loads(json.dumps(sample)) == sample


@pytest.mark.slow
@given(st.lists(st.sampled_from(["Drafting", "Reviewing", "FreshEyes"]), min_size=1, max_size=30), st.integers(1, 120))
def test_the_history_never_grows_without_end(states: list[str], looks_each: int) -> None:
    """However long a run takes, its record stays small, and the newest look is always the last sample."""
    history: Sequence[Sample] = ()
    number = 0
    for state in states:
        for _ in range(looks_each):
            number += 1
            history = sampled(history, generation(state, cost=number / 100), float(number))
            assert len(history) <= MOST_SAMPLES
            assert history[-1]["at"] == number
    assert [sample["at"] for sample in history] == sorted(sample["at"] for sample in history)


def test_thinning_keeps_every_change_of_state() -> None:
    """The track's durations are read from the changes, so they outlive the looks between them."""
    history: Sequence[Sample] = ()
    for number in range(1000):
        history = sampled(history, generation("Drafting" if number < 700 else "Reviewing", number / 100), float(number))

    first = next(sample for sample in history if sample["state"] == "Reviewing")
    assert first["at"] == 700
    assert history[0]["at"] == 0


def test_a_record_learns_state_and_cost_of_its_own_generation() -> None:
    """In a fan-out one generation's cost is not the run's; of another generation nothing is learned."""
    record = RunRecord("tea", "https://api.example", 0.0, 0.0, generation_id=UUID(int=1))
    fan_out = attrs.evolve(record, options=RunOptions(profile="Researcher"))
    other = attrs.evolve(record, generation_id=UUID(int=2))
    history = sampled((), generation(), 10.0)

    assert seen(record, generation(), 10.0) == {"generation_state": "Drafting", "cost_usd": 0.5, "history": history}
    assert seen(fan_out, generation(), 10.0) == {"generation_state": "Drafting", "history": history}
    assert seen(other, generation(), 10.0) == {}


def test_a_look_that_comes_late_changes_nothing_in_an_end() -> None:
    """Two processes look at once, and the one that saw it running may be the last to write."""
    record = RunRecord("tea", "https://api.example", 0.0, 0.0, generation_id=UUID(int=1), generation_state="Cancelled")

    assert seen(record, generation(), 10.0) == {}


@pytest.mark.parametrize(
    ("before", "now", "is_kept"),
    [
        ("Drafting", "Drafting", False),
        ("PausedAwaitingClarification", "Drafting", False),
        ("PausedAwaitingClarification", "Complete", False),
        ("PausedAwaitingClarification", "PausedAwaitingClarification", True),
        ("Paused", "Paused", True),
        ("Failed", "Failed", True),
        ("Drafting", "Failed", False),
    ],
)
def test_what_a_run_stopped_with_is_kept_until_it_has_moved_on(before: str, now: str, is_kept: bool) -> None:
    """The sentence that somebody has to answer, or that the network failed, is of that moment."""
    record = RunRecord(
        "tea", "https://api.example", 0.0, 0.0, generation_id=UUID(int=1), generation_state=before, error="It stopped."
    )

    assert attrs.evolve(record, **seen(record, generation(now), 10.0)).error == ("It stopped." if is_kept else None)


@pytest.mark.parametrize("state", ["Drafting", "Cancelled"])
def test_what_is_said_of_a_cost_above_the_limit_is_kept(state: str) -> None:
    """It may still be billing: only that sentence says that it could not be cancelled, or why it was."""
    options = RunOptions(max_cost_usd=1.0)
    record = RunRecord(
        "tea", "https://api.example", 0.0, 0.0, options=options, generation_state="Drafting", error="Still billing."
    )
    changes = seen(attrs.evolve(record, generation_id=UUID(int=1)), generation(state, cost=1.5), 10.0)

    assert attrs.evolve(record, **changes).error == "Still billing."


def test_a_question_is_open_until_all_that_ask_were_answered() -> None:
    """Of a fan-out, while one child waits; and again where it is seen waiting long after the answers were accepted."""
    own, child = (str(UUID(int=number)) for number in (1, 2))
    waiting = generation("PausedAwaitingClarification")
    record = RunRecord("tea", "https://api.example", 0.0, 0.0, generation_id=UUID(int=1), error="One asks.")
    asking = attrs.evolve(record, **seen(record, waiting, 10.0, asked_by=[child]))
    sent = {"accepted": True, "sent_at": 20.0}
    half = attrs.evolve(asking, answering={own: sent})
    whole = attrs.evolve(asking, answering={own: sent, child: sent})

    assert [one.needs_answers for one in (record, asking, half, whole)] == [False, True, True, False]
    assert attrs.evolve(asking, answering={own: {**sent, "accepted": False}, child: sent}).needs_answers
    assert not attrs.evolve(whole, **seen(whole, waiting, 40.0, asked_by=[])).needs_answers
    assert attrs.evolve(whole, **seen(whole, waiting, 51.0, asked_by=[])).needs_answers
    assert attrs.evolve(half, **seen(half, generation(), 40.0, asked_by=[child])).error == "One asks."


def test_the_events_are_asked_when_a_wait_is_first_seen() -> None:
    """They have its beginning; until then, what was a wait would be told as work, and taken back at the end."""
    worked = sampled((), generation(), 10.0)
    waiting = generation("PausedAwaitingClarification")

    assert needs_moments(worked, waiting, 40.0)
    assert not needs_moments(sampled(worked, waiting, 40.0), waiting, 70.0)
    assert not needs_moments(worked, generation(), 40.0)
