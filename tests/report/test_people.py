"""The sections about who said and did what."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from specstep_flows.models import ConversationItem
from specstep_flows.report import Collected
from specstep_flows.report.people import agents, transcript
from specstep_flows.runs.records import RunRecord, TurnRecord

RECORD = RunRecord(
    "old-1",
    "https://api.example",
    0.0,
    0.0,
    turns=(TurnRecord("A portal.", "key", done=True, reply="Who uses **it**?"),),
)


def test_an_interview_that_the_service_no_longer_has_is_read_from_the_record(when: datetime) -> None:
    """What the user typed is shown as typed; the agent writes Markdown."""
    html = transcript(Collected(RECORD, when))

    assert "A portal." in html
    assert "<strong>it</strong>" in html


def test_each_agents_steps_are_added_up(when: datetime) -> None:
    """Time and cost by agent, the most expensive first."""
    steps = (
        ConversationItem(display_name="Archie", narration="Drafted.", duration_ms=60_000, cost_usd=0.1),
        ConversationItem(display_name="Argus", narration="Read.", duration_ms=5_000, cost_usd=0.5),
        ConversationItem(display_name="Archie", narration="Drafted again.", duration_ms=65_000, cost_usd=0.1),
    )
    html = agents(Collected(RECORD, when, conversation=steps))

    assert html.index("Argus") < html.index("Archie")
    assert "2m\u00a05s" in html
    assert "$0.20" in html


def test_the_steps_have_the_time_that_their_column_says(when: datetime) -> None:
    """It says UTC, whatever offset the service writes."""
    there = timezone(timedelta(hours=2))
    step = ConversationItem(display_name="Archie", narration="Drafted.", started_at=when.astimezone(there))

    assert f">{when:%H:%M:%S}<" in agents(Collected(RECORD, when, conversation=(step,)))


def test_a_cost_that_the_service_does_not_give_has_no_column(when: datetime) -> None:
    """A column of nothing would mislead."""
    html = agents(
        Collected(RECORD, when, conversation=(ConversationItem(display_name="Archie", narration="Drafted."),))
    )

    assert "Cost" not in html
