"""The live display's frame: legible in every terminal, and told by nothing but a run's events.

With SPECSTEP_CAPTURES set to a folder, the frames are written there as text, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from specstep_flows import events
from specstep_flows.models import Answer, Clarification, Generation, Interview, TranscriptSize
from tests.kit.frames import RUN, looks, shown, terminal

if TYPE_CHECKING:
    from specstep_flows.models import ConversationItem


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 200])
def test_every_width_and_encoding_is_legible(
    width: int, encoding: str, clock: Any, busy_generation: Generation, conversation: list[ConversationItem]
) -> None:
    """No line is wider than the terminal, and nothing that matters is missing."""
    frame = shown(terminal(width, encoding=encoding), clock, *looks(busy_generation), conversation=conversation)
    if folder := os.environ.get("SPECSTEP_CAPTURES"):
        (Path(folder) / f"frame-{width}-{encoding}.txt").write_text(frame, "utf-8")

    assert max(cell_len(line) for line in frame.splitlines()) <= width
    words = " ".join(frame.split())
    for fact in ("Customer feedback", "45%", "$0.92", "$2.50", "nothing is being spent", "2 retries", "in 15s"):
        assert fact in words
    assert ("stage 3 of 11" if width < 72 else "Specialist review") in words


@pytest.mark.parametrize("height", [1, 2, 5, 8, 12, 24])
def test_a_low_terminal_keeps_what_matters_most(
    height: int, clock: Any, busy_generation: Generation, conversation: list[ConversationItem]
) -> None:
    """The frame is never higher than the window, and the phase goes last."""
    frame = shown(terminal(100, height), clock, *looks(busy_generation), conversation=conversation)

    assert len(frame.splitlines()) <= max(1, height - 1)
    if height >= 5:
        assert "Specialist review (round 2)" in frame


def test_no_colour_means_no_colour(clock: Any, busy_generation: Generation) -> None:
    """With NO_COLOR the frame holds no colour sequence, and says the same."""
    frame = shown(terminal(color_system="truecolor", no_color=True), clock, *looks(busy_generation))

    assert "\x1b[3" not in frame
    assert "stage" in frame or "Specialist review" in frame


def test_text_from_the_service_is_neither_markup_nor_control(clock: Any, busy_generation: Generation) -> None:
    """A project's name cannot colour, move or reorder anything."""
    hostile = attrs.evolve(
        busy_generation,
        project_name="[bold]B[/bold]\x1b[2J\u202eevil",
        progress_explanation="[/] \x1b]0;x\x07 [link=x]",
    )
    frame = shown(terminal(200), clock, *looks(hostile))

    assert "[bold]B[/bold]evil" in frame
    assert "[/] [link=x]" in frame
    assert "\x1b" not in frame
    assert "\u202e" not in frame


@given(
    text=st.text(max_size=200),
    number=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)),
    count=st.one_of(st.none(), st.integers(-3, 10**6)),
    width=st.integers(1, 220),
    height=st.integers(1, 40),
)
@settings(max_examples=60)
def test_whatever_the_service_says_a_frame_comes_of_it(
    text: str, number: float | None, count: int | None, width: int, height: int
) -> None:
    """No value of a status field breaks the display."""
    from dataclasses import dataclass

    @dataclass
    class Still:
        speed: float = 5.0

        def now(self) -> float:
            return 1.0

    generation = Generation(
        id=UUID(int=1),
        state=text,
        project_name=text,
        phase_detail=text,
        billing_state=text,
        progress_percent=number,
        running_cost_usd=number,
        estimated_total_usd=number,
        estimated_duration_seconds=number,
        estimated_time_remaining_seconds=number,
        retry_count=count,
        host_restart_resume_count=count,
        active_specialist=text,
    )
    console = terminal(width, height)
    frame = shown(console, Still(), events.GenerationProgress(generation, 3.0))

    assert all(cell_len(line) <= max(width, 2) for line in frame.splitlines())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimated_duration_seconds": None}, "no estimate"),
        ({"estimated_time_remaining_seconds": 0.0}, "due any moment (estimate 12m)"),
        ({"estimated_total_usd": None}, "$0.92, no estimate"),
        ({"running_cost_usd": None}, "unknown, estimate"),
        ({"billing_state": "Active"}, "working (billing)"),
        ({"billing_state": "PausedAwaitingInput"}, "waiting for you, nothing is being spent"),
        ({"next_retry_at": None}, "2 retries after a provider's error (rate limit)"),
        ({"host_restart_resume_count": 2}, "resumed 2 times after a host restart"),
        ({"state": "Failed", "failure_category": "HostRestart", "failure_reason": "gone"}, "HostRestart: gone"),
        ({"state": "Translating", "phase_detail": None}, "Translating: Specialists"),
    ],
)
def test_what_is_missing_or_different_is_said(
    changes: dict[str, Any], words: str, clock: Any, busy_generation: Generation
) -> None:
    """Each status field has its sentence, and its absence has one, too."""
    assert words in shown(terminal(200), clock, *looks(attrs.evolve(busy_generation, **changes)))


def test_what_is_cut_is_seen_to_be_cut(
    clock: Any, busy_generation: Generation, conversation: list[ConversationItem]
) -> None:
    """With an ellipsis, or with dots where the terminal has none."""
    for encoding, sign in (("utf-8", "…"), ("ascii", "...")):
        frame = shown(terminal(80, encoding=encoding), clock, *looks(busy_generation), conversation=conversation)
        (line,) = [line for line in frame.splitlines() if "Argus reads" in line]
        assert line.endswith(sign)
        assert cell_len(line) == 80


def test_an_interview_is_shown_before_there_is_a_generation(clock: Any) -> None:
    """The turn that is being answered and the transcript's size stand there until the generation starts."""
    interview = Interview(id=UUID(int=2), status="Active", transcript_size=TranscriptSize(percent_used=1.1))
    frame = shown(
        terminal(),
        clock,
        events.RunOpened(RUN, resumed=True),
        events.InterviewStarted(UUID(int=2), "Hello"),
        events.TurnSubmitted(1, 2, "A portal"),
        events.ReplyReceived(1, "Who?", interview),
        events.TurnSubmitted(2, 2, "Shops"),
    )

    assert "the agent's reply to message 2 of 2" in frame
    assert "1% full" in frame


def test_questions_waits_and_downloads_are_shown(clock: Any, busy_generation: Generation) -> None:
    """What the run waits for stands in the frame until the next event."""
    asked = events.QuestionsAsked(busy_generation.id, (Clarification("REST?"),))
    frame = shown(terminal(), clock, *looks(busy_generation), asked)
    assert "for 1 answer" in frame

    answered = events.QuestionsAnswered(busy_generation.id, (Answer("REST?", "No"),))
    assert "for 1 answer" not in shown(terminal(), clock, *looks(busy_generation), asked, answered)

    waiting = events.Waiting("The service is busy.", 30.0)
    assert "The service is busy. Next try in 30s." in shown(terminal(), clock, *looks(busy_generation), waiting)

    loading = events.Downloading(1_000_000, 4_000_000)
    assert "1.0 MB of 4.0 MB" in shown(terminal(), clock, *looks(busy_generation), loading)


@pytest.mark.parametrize("width", [40, 56, 72, 100, 200])
def test_an_upload_is_shown_until_the_document_is_attached(width: int, clock: Any) -> None:
    """How much of which document has left, with a bar where there is room for one."""
    told = [events.RunOpened(RUN, resumed=False), events.Uploading("plan.pdf", 6_400_000, 18_000_000)]
    frame = shown(terminal(width), clock, *told)

    assert "6.4 MB of 18.0 MB, plan.pdf" in " ".join(frame.split())
    assert ("━━━━━━──────────" if width >= 56 else "36%") in frame
    assert max(cell_len(line) for line in frame.splitlines()) <= width
    assert "upload" not in shown(terminal(width), clock, *told, events.DocumentAttached("plan.pdf", 18_000_000))
