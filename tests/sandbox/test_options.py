"""Options of a sandbox that could never take effect are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import RunStore, Settings, SpecStep
from specstep_flows.sandbox import (
    ClarificationRound,
    ExtraState,
    Failure,
    HostRestart,
    Pause,
    ProviderRetry,
    Question,
    Sandbox,
    SandboxOptions,
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


@pytest.mark.parametrize("name", ["profile_seconds", "profile_cost_usd"])
def test_a_profile_that_is_not_named_is_as_it_was(name: str) -> None:
    """What is said of one profile takes nothing from the others; a misspelt one is refused."""
    options, given = SandboxOptions(), {"Fast": 7}
    before = dict(getattr(options, name))
    setattr(options, name, given)
    chosen: dict[str, Any] = {name: given}

    assert getattr(options, name) == getattr(SandboxOptions(**chosen), name) == {**before, **given}
    with pytest.raises(ValueError, match="no review profile is called 'Norml'; did you mean 'Normal'"):
        setattr(options, name, {"Norml": 7})


def test_a_kickoff_of_another_profile_starts(tmp_path: Path) -> None:
    """By HTTP, as the page on the sandbox has it."""
    options = SandboxOptions(profile_seconds={"Fast": 60}, profile_cost_usd={"Fast": 1}, clarifications=())
    with Sandbox(options=options, speed=6000) as sandbox:
        settings = Settings.load({"api_key": sandbox.api_key, "api_url": sandbox.url, "clock_speed": 6000})
        with SpecStep(settings=settings, store=RunStore.in_memory()) as specstep:
            assert specstep.run("A shop.", profile="Normal", output=tmp_path / "shop.zip").cost_usd == 2.5
