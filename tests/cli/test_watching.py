"""Watching without driving: a deadline, and what a run's record learns."""

from __future__ import annotations

from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.watching import DeadlineClock
from specstep_flows.models import Generation

GENERATION = Generation(UUID(int=1), "Drafting", running_cost_usd=0.5)


def test_waits_end_at_the_deadline() -> None:
    """One that would go past it is cut short, and the generation is said to keep running."""
    clock = DeadlineClock(Interrupts(), 1000.0, 5.0)
    clock.sleep(1.0)

    with pytest.raises(errors.WaitTimeout, match="keeps running"):
        clock.sleep(60.0)
