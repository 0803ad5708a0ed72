"""Options of a sandbox that could never take effect are refused."""

from __future__ import annotations

from typing import Any

import pytest

from specstep_flows.sandbox import (
    ClarificationRound,
    ExtraState,
    Failure,
    HostRestart,
    Pause,
    ProviderRetry,
    Question,
    TurnFailure,
)

PLANNED: list[Any] = [
    lambda **more: ClarificationRound((Question("Why?"),), **more),
    *(Failure, ProviderRetry, HostRestart, Pause),
]


@pytest.mark.parametrize("planned", PLANNED)
def test_what_is_planned_for_a_state_that_never_comes(planned: Any) -> None:
    """A misspelt state would leave a test green that tests nothing."""
    with pytest.raises(ValueError, match="no generation passes through 'Draftng'; did you mean 'Drafting'"):
        planned(state="Draftng")
    with pytest.raises(ValueError, match="no generation passes through 'Queued': one of Drafting"):
        planned(state="Queued")
    with pytest.raises(ValueError, match="fraction"):
        planned(fraction=50)
    for on in ((0,), 1, (1, "2")):
        with pytest.raises(ValueError, match="on is a tuple of numbers that count from 1"):
            planned(on=on)
    assert planned(state="Reviewing", fraction=1.0, on=(2,)).state == "Reviewing"


def test_others_that_count_or_follow() -> None:
    """The turn that fails, and what an extra state follows."""
    with pytest.raises(ValueError, match="count from 1"):
        TurnFailure((0,))
    with pytest.raises(ValueError, match="no generation passes through 'Complete'"):
        ExtraState(after="Complete")
    assert ExtraState(after="Queued").after == "Queued"
