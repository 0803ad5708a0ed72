"""Progress as plain lines."""

from __future__ import annotations

import itertools
import re
from uuid import UUID

import attrs
import pytest

from specstep_flows import events
from specstep_flows.cli.progress.log import PlainLines
from specstep_flows.cli.terminal import Terminal
from specstep_flows.models import Answer, Clarification, Generation

GENERATION = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


class Clock:
    """A clock that a test turns."""

    speed = 1.0

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


def test_plain_progress_is_a_line_at_each_change_and_a_heartbeat(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty looks in five minutes of one state: one line for the state, then one about each minute."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    said = []
    for _ in range(20):
        reporter(events.GenerationProgress(Generation(GENERATION, "Drafting", progress_percent=10.0), 15.0))
        if capsys.readouterr().err:
            said.append(clock.time)
        clock.time += 15.0
    reporter(events.GenerationProgress(Generation(GENERATION, "Refining"), None))

    assert said[0] == 0.0
    assert all(45.0 <= later - earlier <= 75.0 for earlier, later in itertools.pairwise(said))
    assert "Refining" in capsys.readouterr().err


def test_plain_progress_does_not_repeat_a_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """The same reason to wait is told once a minute, however often it comes."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    for _ in range(10):
        reporter(events.Waiting("The rate limit leaves no room.", 5.0))
        clock.time += 5.0

    assert capsys.readouterr().err.count("rate limit") == 1


def test_plain_progress_tells_of_a_long_upload_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is quick is told by its end alone; one that takes minutes, by a line about each minute."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    for sent in range(21):
        reporter(events.Uploading("plan.pdf", sent * 1_000_000, 20_000_000))
        clock.time += 9.0
    reporter(events.DocumentAttached("plan.pdf", 20_000_000))

    lines = [line[10:] for line in capsys.readouterr().err.splitlines()]
    assert lines[0] == "Uploading plan.pdf: 7.0 MB of 20.0 MB"
    assert len(lines) == 3
    assert lines[-1] == "Attached plan.pdf (20.0 MB)"


def test_a_line_has_its_time_of_day_and_only_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Short enough for any log: state, cost and time; what is said once is not said with each line."""
    clock = Clock()
    reporter = PlainLines(Terminal(), clock)  # type: ignore[arg-type]
    generation = Generation(
        GENERATION,
        "Drafting",
        progress_percent=11.0,
        progress_explanation="Agents are writing the first version of each section",
        billing_state="Active",
        running_cost_usd=0.28,
        estimated_total_usd=2.5,
        estimated_total_p25_usd=2.12,
        estimated_total_p75_usd=3.12,
        estimated_total_sample_size=42,
        estimated_duration_seconds=720,
        estimated_time_remaining_seconds=640,
        retry_count=1,
        recoverable_error_category="rate_limit",
    )
    reporter(events.GenerationProgress(generation, 15.0))
    clock.time += 60.0
    reporter(events.GenerationProgress(attrs.evolve(generation, estimated_time_remaining_seconds=580), 15.0))

    first, second = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  Drafting 11%  \$0\.28 of ~\$2\.50  1m 20s, ~10m 40s left  1 retry.*", first)
    assert second[10:] == "Drafting 11%  2m 20s, ~9m 40s left"
    assert max(map(len, (first, second))) <= 120


def test_answers_in_the_users_name_are_shown_with_their_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """What a rule answered stands in the log, with the question; what a person typed is on the screen already."""
    reporter = PlainLines(Terminal(), Clock())  # type: ignore[arg-type]
    asked = Clarification("REST, or forms?", proposed_default="Forms.")
    reporter(events.QuestionsAsked(GENERATION, (asked,)))
    reporter(events.QuestionsAnswered(GENERATION, (Answer("REST, or forms?", "Forms.", "proposed default"),)))
    reporter(events.QuestionsAnswered(GENERATION, (Answer("REST, or forms?", "Neither.", "person"),)))

    assert [line[10:] for line in capsys.readouterr().err.splitlines()] == [
        "Waiting for 1 answer",
        "Question: REST, or forms?",
        "Answered (proposed default): Forms.",
        "Answer sent; the generation will resume shortly.",
    ]


def test_a_run_that_somebody_else_named_is_not_named_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A conversation has told the run's id when it hands over to the reporter."""
    reporter = PlainLines(Terminal(), Clock())  # type: ignore[arg-type]
    reporter.take_over(events.RunOpened("tea", resumed=True))
    reporter(events.GenerationStarted(GENERATION, adopted=False))

    assert [line[10:] for line in capsys.readouterr().err.splitlines()] == [f"Generation {GENERATION} started"]
