"""A clock that stands still, and a generation in the middle of everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest

from specstep_flows.models import ConversationItem, Generation

STARTED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@attrs.define
class StillClock:
    """The run's clock, turned by hand."""

    at: float = 1000.0
    speed: float = 1.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def clock() -> StillClock:
    """A clock that only a test turns."""
    return StillClock()


@pytest.fixture
def busy_generation() -> Generation:
    """A generation of which every field that the display shows has something to say."""
    return Generation(
        id=UUID(int=7),
        state="SpecialistReview",
        project_name="Customer feedback",
        review_profile="Extensive",
        current_round=2,
        phase_detail="Specialist review (round 2)",
        progress_explanation="Specialists are reviewing the draft in parallel",
        progress_percent=45,
        running_cost_usd=0.92,
        billing_state="PausedRetrying",
        started_at=STARTED,
        started_work_at=STARTED + timedelta(seconds=5),
        estimated_duration_seconds=720,
        estimated_time_remaining_seconds=510,
        estimated_total_usd=2.5,
        estimated_total_p25_usd=2.13,
        estimated_total_p75_usd=3.13,
        estimated_total_sample_size=42,
        retry_count=2,
        last_retry_at=STARTED,
        next_retry_at=STARTED + timedelta(seconds=20),
        recoverable_error_category="rate_limit",
        host_restart_resume_count=1,
        active_specialist="codd",
    )


@pytest.fixture
def conversation() -> list[ConversationItem]:
    """Two steps of the agents, the second with more to say than most terminals are wide."""
    return [
        ConversationItem(display_name="Archie (Architect)", narration="Archie drafted the sections."),
        ConversationItem(display_name="Argus (Specialist)", narration="Argus reads " + "and reads " * 30),
    ]
