"""The service's words are recognised in any spelling; one that nobody has seen is never taken for one of them."""

from __future__ import annotations

import pytest

from specstep_flows import states


@pytest.mark.parametrize("word", ["FreshEyes", "fresh_eyes", "fresh-eyes", "FRESH EYES"])
def test_one_word_in_any_spelling(word: str) -> None:
    """The pages themselves show two spellings."""
    assert states.stage_of(word) == states.STAGES.index("FreshEyes")
    assert states.is_one_of(word, "Drafting", "FreshEyes")


@pytest.mark.parametrize("word", ["Translating", "completed-ish", "", None])
def test_an_unknown_state_is_not_terminal(word: str | None) -> None:
    """It means: keep waiting."""
    assert not states.is_terminal(word)
    assert states.stage_of(word) is None


@pytest.mark.parametrize("word", ["Complete", "failed", "CANCELLED"])
def test_the_ends_are_terminal(word: str) -> None:
    """Nothing more happens in them."""
    assert states.is_terminal(word)


@pytest.mark.parametrize(
    ("category", "sense"), [("host_restart", True), ("CostBudgetExceeded", False), ("SomethingNew", None), (None, None)]
)
def test_a_retry_is_advised_only_where_the_pages_say_so(category: str | None, sense: bool | None) -> None:
    """What is not known is not guessed: a retry costs."""
    assert states.retry_makes_sense(category) is sense


def test_the_profile_that_starts_several_generations() -> None:
    """Asked in one place; any other profile starts one generation."""
    assert states.is_fan_out("researcher")
    assert not any(map(states.is_fan_out, [*(states.DOCUMENTED_PROFILES - states.FAN_OUT_PROFILES), "New", None]))


@pytest.mark.parametrize(
    ("state", "billing", "ended", "closed"),
    [
        ("Completed", "Complete", 1, True),
        ("Expired", "complete", 1, True),
        ("Completed", "Active", 1, False),
        ("Completed", None, 1, False),
        ("Completed", "Complete", None, False),
        *[(state, "Complete", 1, False) for state in (*states.STAGES, "Failed", "paused", "AddendumRunning")],
    ],
)
def test_a_state_that_nobody_knows_is_an_end_by_its_time_and_its_bill(
    state: str, billing: str | None, ended: object, closed: bool
) -> None:
    """What the pages name means what they say, whatever else is there."""
    assert states.is_closed(state, billing, ended) is closed
