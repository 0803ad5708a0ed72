"""The live display as a whole: what it takes, what stays on the screen, and how it leaves."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.cli.progress.display import LiveDisplay
from specstep_flows.cli.progress.log import make_reporter
from specstep_flows.cli.terminal import Terminal
from specstep_flows.models import Generation
from tests.kit.frames import RUN, looks, terminal, written

if TYPE_CHECKING:
    from specstep_flows.models import ConversationItem


def test_messages_left_over_are_said(clock: Any) -> None:
    """When the agent is satisfied early, the display says how much of the brief was not needed."""
    console = terminal()
    LiveDisplay(console, clock=clock)(events.InterviewCompleted(UUID(int=2), UUID(int=3), unused_messages=2))

    assert "2 messages of the brief not sent" in " ".join(written(console).split())


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


class Tty(io.StringIO):
    """A stream that passes for a terminal."""

    def isatty(self) -> bool:
        return True


def test_only_a_terminal_that_can_move_its_cursor_is_live(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    """A dumb terminal and a pipe get plain lines instead."""

    def is_live() -> bool:
        return isinstance(make_reporter("auto", Terminal(), clock), LiveDisplay)

    monkeypatch.setattr(sys, "stderr", Tty())
    monkeypatch.setenv("TERM", "xterm")
    assert is_live()
    monkeypatch.setenv("TERM", "dumb")
    assert not is_live()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not is_live()
