"""The live display: legible in every terminal, and told by nothing but a run's events.

With SPECSTEP_CAPTURES set to a folder, the frames are written there as text, to be looked at.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from specstep_flows import errors, events
from specstep_flows.cli.progress.display import LiveDisplay, can_be_live
from specstep_flows.models import Answer, Clarification, Generation, Interview, TranscriptSize

if TYPE_CHECKING:
    from specstep_flows.models import ConversationItem

RUN = "20260601-abcd1234"


def terminal(width: int = 80, height: int = 40, encoding: str = "utf-8", **options: Any) -> Console:
    """A terminal of that size whose bytes can be read."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=file, width=width, height=height, force_terminal=True, **{"color_system": None, **options})


def written(console: Console) -> str:
    """What a terminal was sent."""
    file = console.file
    assert isinstance(file, io.TextIOWrapper)
    file.flush()
    buffer = file.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(file.encoding)


def shown(console: Console, clock: Any, *told: events.Event, conversation: list[ConversationItem] | None = None) -> str:
    """The frame after these events."""
    display = LiveDisplay(console, clock=clock, conversation=(lambda _: conversation) if conversation else None)
    for event in told:
        display(event)
    before = len(written(console))
    console.print(display)
    return written(console)[before:]


def looks(generation: Generation) -> list[events.Event]:
    """A run that was seen queued and drafting before."""
    states = ("Queued", "Drafting", generation.state)
    return [
        events.RunOpened(RUN, resumed=False),
        events.GenerationStarted(generation.id, adopted=False),
        *(events.GenerationProgress(attrs.evolve(generation, state=state), 15.0) for state in states),
    ]


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
        ({"estimated_duration_seconds": None}, "no forecast"),
        ({"estimated_time_remaining_seconds": 0.0}, "due any moment of a forecast of 12m"),
        ({"estimated_total_usd": None}, "$0.92 so far, no forecast"),
        ({"running_cost_usd": None}, "unknown so far"),
        ({"billing_state": "Active"}, "working, the cost is running"),
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


def test_time_goes_on_between_looks(clock: Any, busy_generation: Generation) -> None:
    """Elapsed, remaining and the next look count on while nothing is asked of the service."""
    console = terminal(200)
    display = LiveDisplay(console, clock=clock)
    for event in looks(busy_generation):
        display(event)
    clock.at += 10
    before = len(written(console))
    console.print(display)
    frame = written(console)[before:]

    assert "3m 40s so far, about 8m 20s left of a forecast of 12m" in frame
    assert "next look   in 5s" in frame


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

    assert "13m 30s so far, longer than the forecast of 12m" in written(console)[before:]


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

    assert "the agent is answering turn 2 of 2" in frame
    assert "1.1% full" in frame


def test_messages_left_over_are_said(clock: Any) -> None:
    """When the agent is satisfied early, the display says how much of the brief was not needed."""
    console = terminal()
    LiveDisplay(console, clock=clock)(events.InterviewCompleted(UUID(int=2), UUID(int=3), unused_messages=2))

    assert "2 messages of the brief not sent" in " ".join(written(console).split())


def test_questions_waits_and_downloads_are_shown(clock: Any, busy_generation: Generation) -> None:
    """What the run waits for stands in the frame until the next event."""
    asked = events.QuestionsAsked(busy_generation.id, (Clarification("REST?"),))
    frame = shown(terminal(), clock, *looks(busy_generation), asked)
    assert "1 question to be answered" in frame

    answered = events.QuestionsAnswered(busy_generation.id, (Answer("REST?", "No"),))
    assert "to be answered" not in shown(terminal(), clock, *looks(busy_generation), asked, answered)

    waiting = events.Waiting("The service is busy.", 30.0)
    assert "The service is busy. Continues in 30s." in shown(terminal(), clock, *looks(busy_generation), waiting)

    loading = events.Downloading(1_000_000, 4_000_000)
    assert "1.0 MB of 4.0 MB" in shown(terminal(), clock, *looks(busy_generation), loading)


def test_a_resumed_run_knows_the_stages_behind_it(clock: Any, busy_generation: Generation) -> None:
    """Where it waits for an answer, the stage in which it halted is marked, though this process never saw it there."""
    paused = attrs.evolve(busy_generation, state="PausedAwaitingClarification")
    opened = events.RunOpened(RUN, resumed=True, states=("Queued", "Drafting"))
    frame = shown(terminal(100), clock, opened, events.GenerationProgress(paused, 15.0))

    assert "✓ Queued  ‖ Drafting  ○ Specialist review" in frame


@pytest.mark.parametrize("width", [40, 56, 72, 100, 200])
def test_an_upload_is_shown_until_the_document_is_attached(width: int, clock: Any) -> None:
    """How much of which document has left, with a bar where there is room for one."""
    told = [events.RunOpened(RUN, resumed=False), events.Uploading("plan.pdf", 6_400_000, 18_000_000)]
    frame = shown(terminal(width), clock, *told)

    assert "6.4 MB of 18.0 MB, plan.pdf" in " ".join(frame.split())
    assert ("━━━━━━──────────" if width >= 56 else "36%") in frame
    assert max(cell_len(line) for line in frame.splitlines()) <= width
    assert "upload" not in shown(terminal(width), clock, *told, events.DocumentAttached("plan.pdf", 18_000_000))


def test_an_interrupt_that_has_to_wait_is_said_in_the_frame(clock: Any, busy_generation: Generation) -> None:
    """A signal's handler writes nothing; the next frame says it, whatever else has no room, and the last does not."""
    console = terminal(100, 6)
    with LiveDisplay(console, clock=clock) as display:
        for event in looks(busy_generation):
            display(event)
        before = len(written(console))
        display.detaching()
        assert len(written(console)) == before
        console.print(display)
        assert "Ctrl-C again to stop at once" in written(console)[before:]
    last = written(console)
    assert "Ctrl-C" not in last[last.rindex("Customer feedback") :]


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

    assert "$0.92 so far, $0.92 of it for earlier attempts" in frame


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
    assert "beside it   Fast: Drafting 11%, $0.92" in frame


def test_the_conversation_is_read_at_a_change_of_state_and_its_failure_is_nobodys_business(
    clock: Any, busy_generation: Generation, conversation: list[ConversationItem]
) -> None:
    """It costs a request, so it is not read at each look; a run is never stopped for it."""
    asked: list[UUID] = []

    def read(generation_id: UUID) -> list[ConversationItem]:
        asked.append(generation_id)
        if len(asked) == 3:
            raise errors.NotFound("gone")
        return conversation

    display = LiveDisplay(terminal(), clock=clock, conversation=read)
    for event in looks(busy_generation):
        display(event)
    display(events.GenerationProgress(busy_generation, 15.0))
    assert len(asked) == 3

    clock.at += 61
    display(events.GenerationProgress(busy_generation, 15.0))
    assert len(asked) == 4


def test_leaving_shows_the_cursor_again_and_keeps_the_last_frame(clock: Any, busy_generation: Generation) -> None:
    """The display gives the terminal back as it was, whatever ends it."""
    console = terminal()

    def interrupted() -> None:
        with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
            for event in looks(busy_generation):
                display(event)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    text = written(console)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    last = text[text.rindex("Customer feedback") :]
    assert "$0.92" in last
    assert "next look" not in last


def test_a_person_can_be_asked_while_the_display_is_away(clock: Any, busy_generation: Generation) -> None:
    """The frame is taken off the screen for a question, and comes back after it."""
    console = terminal()
    with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
        for event in looks(busy_generation):
            display(event)
        with display.paused() as asked:
            asked.print("Yes or no?")

    text = written(console)
    assert text.index("Yes or no?") < text.rindex("Customer feedback")


def test_a_resized_window_is_drawn_anew_with_its_newest_lines(clock: Any, busy_generation: Generation) -> None:
    """After a change of width the old frame's height is unknown, so the screen is cleared and the lines repeated."""
    console = terminal(100)
    with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
        for event in looks(busy_generation):
            display(event)
        before = len(written(console))
        console.width = 50
        display.say("A line.")
        after = written(console)[before:]

    assert "\x1b[2J" in after
    assert f"Run {RUN}" in after
    assert after.index(f"Run {RUN}") < after.rindex("stage 3 of 11")
    assert after.count("A line.") == 1


def test_only_a_terminal_that_can_move_its_cursor_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dumb terminal and a pipe get plain lines instead."""
    monkeypatch.setenv("TERM", "xterm")
    assert can_be_live(terminal())
    assert not can_be_live(Console(file=io.StringIO()))
    monkeypatch.setenv("TERM", "dumb")
    assert not can_be_live(terminal())
