"""What is known of a run from its events alone: times, costs and stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from specstep_flows import events
from specstep_flows.cli.progress.display import LiveDisplay
from specstep_flows.models import Answer, Generation
from tests.kit.frames import RUN, looks, shown, terminal, written


def test_time_goes_on_between_looks(clock: Any, busy_generation: Generation) -> None:
    """Elapsed (from the kickoff), remaining and the next look count on while nothing is asked of the service."""
    console = terminal(200)
    display = LiveDisplay(console, clock=clock)
    for event in looks(busy_generation):
        display(event)
    clock.at += 10
    before = len(written(console))
    console.print(display)
    frame = written(console)[before:]

    assert "3m 45s, ~8m 20s left (estimate 12m)" in frame
    assert "next update in 5s" in frame


def test_against_a_fast_clock_only_differences_of_stamps_are_shown(clock: Any, busy_generation: Generation) -> None:
    """A sandbox's present is unknown here, so the retry's own back-off is told instead of a countdown."""
    clock.speed = 60.0

    assert "waits 20s before the next try" in shown(terminal(200), clock, *looks(busy_generation))


def test_time_goes_on_from_the_last_forecast_when_the_run_outlasts_it(clock: Any, busy_generation: Generation) -> None:
    """Against a fast clock nobody knows the service's present: elapsed time counts on from what was told last."""
    clock.speed = 60.0
    console = terminal(200)
    display = LiveDisplay(console, clock=clock)
    clock.at += 5000
    for event in looks(busy_generation):
        display(event)
    clock.at += 600
    display(events.GenerationProgress(attrs.evolve(busy_generation, estimated_time_remaining_seconds=None), 15.0))
    before = len(written(console))
    console.print(display)

    assert "13m 35s, past the 12m estimate" in written(console)[before:]


def test_a_retried_generation_starts_anew_and_its_cost_is_added(clock: Any, busy_generation: Generation) -> None:
    """What earlier attempts cost stays in sight."""
    again = attrs.evolve(busy_generation, id=UUID(int=8), state="Queued", running_cost_usd=0.0)
    frame = shown(
        terminal(200),
        clock,
        *looks(busy_generation),
        events.GenerationStarted(again.id, adopted=False),
        events.GenerationProgress(again, 15.0),
    )

    assert "$0.92, $0.92 of it for earlier attempts" in frame


def test_the_other_generations_of_a_fan_out_stand_beside_the_first(clock: Any, busy_generation: Generation) -> None:
    """The frame stays with the one that was started; each of its kin has a line."""
    child = attrs.evolve(
        busy_generation,
        id=UUID(int=9),
        state="Drafting",
        review_profile="Fast",
        phase_detail="Drafting",
        progress_percent=11,
    )
    frame = shown(terminal(200), clock, *looks(busy_generation), events.GenerationProgress(child, 15.0))

    assert "Specialist review (round 2)" in frame
    assert "also        Fast: Drafting 11%, $0.92" in frame


def test_a_resumed_run_knows_the_stages_behind_it(clock: Any, busy_generation: Generation) -> None:
    """Where it waits for an answer, the stage in which it halted is marked, though this process never saw it there."""
    paused = attrs.evolve(busy_generation, state="PausedAwaitingClarification")
    opened = events.RunOpened(RUN, resumed=True, states=("Queued", "Drafting"))
    frame = shown(terminal(100), clock, opened, events.GenerationProgress(paused, 15.0))

    assert "✓ Queued  ‖ Drafting  ○ Specialist review" in frame


def test_the_time_of_a_resumed_run_begins_where_it_was(clock: Any, busy_generation: Generation) -> None:
    """What earlier processes saw counts, a wait for an answer apart from work; no step back and no jump."""
    clock.speed = 60.0
    generation = attrs.evolve(busy_generation, started_at=None, started_work_at=None, estimated_duration_seconds=None)
    times = []
    history: Sequence[Any] = ()
    for state, seconds in (("Drafting", 60.0), ("PausedAwaitingClarification", 100.0), ("Drafting", 50.0)):
        display = LiveDisplay(terminal(200), clock=clock)
        display(events.RunOpened(RUN, resumed=True, history=history))
        display(events.GenerationProgress(attrs.evolve(generation, state=state), 15.0))
        times.append(display._watched.elapsed(clock.at))
        clock.at += seconds
        display(events.GenerationProgress(attrs.evolve(generation, state=state), 15.0))
        times.append(display._watched.elapsed(clock.at))
        history = display._watched.history

    assert [(time.working_seconds, time.waiting_seconds) for time in times] == [
        (0.0, 0.0),
        (60.0, 0.0),
        (60.0, 0.0),
        (60.0, 100.0),
        (60.0, 100.0),
        (110.0, 100.0),
    ]


def test_of_several_generations_each_line_says_which(clock: Any, busy_generation: Generation) -> None:
    """The same question of three generations, and their three packages, are not three equal lines."""
    display = LiveDisplay(terminal(200), clock=clock)
    child = attrs.evolve(busy_generation, id=UUID(int=9), review_profile="Fast")
    for event in (*looks(busy_generation), events.GenerationProgress(child, 15.0)):
        display(event)
    answered = events.QuestionsAnswered(child.id, (Answer("REST?", "No.", "proposed default"),))
    saved = events.PackageSaved(Path("/x/tea-2.zip"), 1900, "0")

    assert display._watched.take(answered, clock.at) == ["Question (Fast): REST?", "Answered (proposed default): No."]
    assert display._watched.take(saved, clock.at) == ["Package tea-2.zip downloaded and verified (1.9 KB)"]
