"""The one list of what there is to say of a generation, and the track of its stages."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import specstep_flows._facts
from specstep_flows import events
from specstep_flows._course import Duration
from specstep_flows._facts import Fact, Observed, generation_facts, track
from specstep_flows.cli.progress.display import LiveDisplay
from specstep_flows.cli.progress.log import PlainLines
from specstep_flows.cli.terminal import Terminal
from specstep_flows.engine.clock import SystemClock
from specstep_flows.models import Generation
from specstep_flows.report import Collected, page
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import STAGES, stage_of

GENERATION = Generation(UUID(int=7), "Drafting", running_cost_usd=0.92, estimated_total_usd=2.5)


def facts_of(observed: Observed | None = None, **fields: Any) -> dict[str, str]:
    """The facts of a generation by label."""
    return {fact.label: fact.whole for fact in generation_facts(attrs.evolve(GENERATION, **fields), observed)}


def test_a_new_fact_reaches_every_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The live display, the log, the notebook and the report show what the list holds, and none has to be changed."""
    monkeypatch.setattr(
        specstep_flows._facts, "_restarts", lambda generation: Fact("weather", "rain is expected in the evening", 5)
    )
    look = events.GenerationProgress(GENERATION, 15.0)

    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=40)
    display = LiveDisplay(console)
    display(look)
    console.print(display)
    assert "rain is expected" in console.file.getvalue()  # type: ignore[attr-defined]

    PlainLines(Terminal(), SystemClock())(look)
    assert "weather: rain is expected" in capsys.readouterr().err

    assert "rain is expected" in GENERATION._repr_html_()

    record = RunRecord("r-1", "https://api.example", 0.0, 0.0, generation_id=GENERATION.id)
    assert "rain is expected" in page(Collected(record, datetime(2026, 6, 1, tzinfo=UTC), generation=GENERATION))


def test_no_time_is_left_of_a_wait_for_a_person() -> None:
    """The service counts pauses as time that has passed; what runs down while nothing is done is not shown."""
    times = {"estimated_duration_seconds": 720.0, "estimated_time_remaining_seconds": 585.0}
    observed = Observed(Duration(135.0), since=30.0)

    assert facts_of(observed, **times)["time"] == "2m 15s, ~9m 15s left (estimate 12m)"
    for state in ("PausedAwaitingClarification", "Paused"):
        assert facts_of(observed, state=state, **times)["time"] == "2m 15s, estimate 12m"


def test_an_unknown_billing_state_is_told_as_it_is() -> None:
    """A posture that nobody has seen is shown, and nothing is claimed about money."""
    assert facts_of(billing_state="PausedRetrying")["billing"] == "paused on a transient error, nothing is being spent"
    assert facts_of(billing_state="HalfPaid")["billing"] == "Half paid"
    assert "billing" not in facts_of()


def test_a_generation_that_is_over_is_named_by_its_state() -> None:
    """The phase in which it failed is past; what remains is that it failed, and why."""
    found = facts_of(state="Failed", phase_detail="Drafting", failure_category="HostRestart", failure_reason="gone")

    assert found["phase"] == "Failed"
    assert found["why"] == "HostRestart: gone"


def test_the_cost_of_earlier_attempts_is_part_of_the_sum() -> None:
    """What was paid before counts, and the forecast is said to be of this attempt alone."""
    cost = facts_of(Observed(Duration(60.0), spent_before_usd=1.0))["cost"]

    assert cost == "$1.92, $1.00 of it for earlier attempts, estimate $2.50 for this attempt"


def test_what_nobody_knows_is_left_out() -> None:
    """A generation that says next to nothing has a state and an id."""
    assert facts_of(running_cost_usd=None, estimated_total_usd=None).keys() == {"phase", "generation"}


def test_a_stage_that_was_never_seen_is_passed_and_no_error() -> None:
    """A run may skip Refining; it may also be over between two looks."""
    marks = {stage.name: stage.mark for stage in track("Delivering", ["Queued", "Drafting", "Assembling"])}

    assert marks["Assembling"] == "done"
    assert marks["Refining"] == "passed"
    assert marks["Delivering"] == "current"
    assert marks["Complete"] == "ahead"


def test_a_state_beside_the_track_stays_where_the_run_was() -> None:
    """Paused, failed and unknown states have no place of their own."""
    seen = ["Queued", "Drafting", "Reviewing"]

    assert {stage.name: stage.mark for stage in track("PausedAwaitingClarification", seen)}["Reviewing"] == "halted"
    assert {stage.name: stage.mark for stage in track("Failed", seen)}["Reviewing"] == "failed"
    assert {stage.name: stage.mark for stage in track("Translating", seen)}["Reviewing"] == "current"


def test_a_host_restart_goes_back_on_the_track() -> None:
    """After a rewind to Drafting the later stages are ahead again."""
    marks = {stage.name: stage.mark for stage in track("drafting", ["Drafting", "Reviewing", "Drafting"])}

    assert marks["Drafting"] == "current"
    assert marks["Reviewing"] == "ahead"


@given(
    st.one_of(st.none(), st.text(), st.sampled_from(STAGES)), st.lists(st.one_of(st.text(), st.sampled_from(STAGES)))
)
def test_every_track_has_all_stages_in_order(state: str | None, seen: list[str]) -> None:
    """Whatever the service says, the track is whole, and at most one stage is the present one."""
    stages = track(state, seen)

    assert tuple(stage.name for stage in stages) == STAGES
    assert sum(stage.mark in ("current", "halted", "failed") for stage in stages) <= 1
    for stage in stages:
        assert stage_of(stage.name) is not None
