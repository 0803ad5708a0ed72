"""States, money and time in words, and the track of stages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows._facts import billing_words, track
from specstep_flows._text import duration, money, size, spaced
from specstep_flows.states import STAGES, stage_of


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (48.4, "48 s"),
        (60, "1 min"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (273600, "3 d 4 h"),
    ],
)
def test_durations_are_said_in_two_units_at_most(seconds: float, words: str):
    """A duration is said as a person would, and never as a negative one."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("usd", "words"), [(None, "unknown"), (0.0, "$0.00"), (0.0042, "$0.004"), (2.5, "$2.50"), (1234.5, "$1,234.50")]
)
def test_money_never_hides_a_small_cost(usd: float | None, words: str):
    """An amount below a cent is not shown as nothing."""
    assert money(usd) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "unknown size"), (1, "1 byte"), (999, "999 bytes"), (1650, "1.6 KB"), (999_960, "1.0 MB")],
)
def test_sizes(count: int | None, words: str):
    """A size has one decimal above a thousand bytes."""
    assert size(count) == words


def test_names_of_states_are_spaced():
    """The service's compound names are read as words; words stay as they are."""
    assert spaced("SpecialistReview") == "Specialist review"
    assert spaced("awaiting_clarification") == "Awaiting clarification"
    assert spaced("already words") == "already words"
    assert spaced("") == ""


def test_an_unknown_billing_state_is_told_as_it_is():
    """A posture that nobody has seen is shown, and nothing is claimed about money."""
    assert billing_words("PausedRetrying") == "paused on a transient error, nothing is being spent"
    assert billing_words("HalfPaid") == "Half paid"
    assert billing_words(None) is None


def test_a_stage_that_was_never_seen_is_passed_and_no_error():
    """A run may skip Refining; it may also be over between two looks."""
    marks = {stage.name: stage.mark for stage in track("Delivering", ["Queued", "Drafting", "Assembling"])}

    assert marks["Assembling"] == "done"
    assert marks["Refining"] == "passed"
    assert marks["Delivering"] == "current"
    assert marks["Complete"] == "ahead"


def test_a_state_beside_the_track_stays_where_the_run_was():
    """Paused, failed and unknown states have no place of their own."""
    seen = ["Queued", "Drafting", "Reviewing"]

    assert {stage.name: stage.mark for stage in track("PausedAwaitingClarification", seen)}["Reviewing"] == "halted"
    assert {stage.name: stage.mark for stage in track("Failed", seen)}["Reviewing"] == "failed"
    assert {stage.name: stage.mark for stage in track("Translating", seen)}["Reviewing"] == "current"


def test_a_host_restart_goes_back_on_the_track():
    """After a rewind to Drafting the later stages are ahead again."""
    marks = {stage.name: stage.mark for stage in track("drafting", ["Drafting", "Reviewing", "Drafting"])}

    assert marks["Drafting"] == "current"
    assert marks["Reviewing"] == "ahead"


@given(
    st.one_of(st.none(), st.text(), st.sampled_from(STAGES)), st.lists(st.one_of(st.text(), st.sampled_from(STAGES)))
)
def test_every_track_has_all_stages_in_order(state: str | None, seen: list[str]):
    """Whatever the service says, the track is whole, and at most one stage is the present one."""
    stages = track(state, seen)

    assert tuple(stage.name for stage in stages) == STAGES
    assert sum(stage.mark in ("current", "halted", "failed") for stage in stages) <= 1
    for stage in stages:
        assert stage_of(stage.name) is not None
