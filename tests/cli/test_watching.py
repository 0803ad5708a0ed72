"""Watching without driving: a deadline, and what a run's record learns."""

from __future__ import annotations

from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.watching import DeadlineClock, seen
from specstep_flows.models import Generation, RunOptions
from specstep_flows.runs.records import RunRecord

GENERATION = Generation(UUID(int=1), "Drafting", running_cost_usd=0.5)


def test_waits_end_at_the_deadline() -> None:
    """One that would go past it is cut short, and the generation is said to keep running."""
    clock = DeadlineClock(Interrupts(), 1000.0, 5.0)
    clock.sleep(1.0)

    with pytest.raises(errors.WaitTimeout, match="keeps running"):
        clock.sleep(60.0)


def test_a_record_learns_state_and_cost_of_its_own_generation() -> None:
    """In a fan-out one generation's cost is not the run's; of another generation nothing is learned."""
    record = RunRecord("tea", "https://api.example", 0.0, 0.0, generation_id=GENERATION.id)
    fan_out = RunRecord(
        "fan", "https://api.example", 0.0, 0.0, generation_id=GENERATION.id, options=RunOptions(profile="Researcher")
    )
    other = RunRecord("other", "https://api.example", 0.0, 0.0, generation_id=UUID(int=2))

    assert seen(record, GENERATION) == {"generation_state": "Drafting", "cost_usd": 0.5}
    assert seen(fan_out, GENERATION) == {"generation_state": "Drafting"}
    assert seen(other, GENERATION) == {}
