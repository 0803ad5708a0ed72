"""A committed cassette, and a clock whose waits take no time."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class LeapingClock:
    """A clock that is where a wait would end as soon as it begins."""

    speed = 1.0

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
def cassette() -> Path:
    """The committed recording of a whole run."""
    return ROOT / "tests" / "cassettes" / "whole_run.yaml"
