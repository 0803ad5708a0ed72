"""The live display as a whole: what it takes, what stays on the screen, and how it leaves."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.cli.progress import display as display_module
from specstep_flows.cli.progress.display import LiveDisplay
from specstep_flows.cli.progress.log import make_reporter
from specstep_flows.cli.terminal import Terminal
from specstep_flows.models import Generation
from tests.kit.frames import RUN, looks, terminal, written
from tests.kit.screens import Screen

if TYPE_CHECKING:
    from specstep_flows.models import ConversationItem


def test_messages_left_over_are_said(clock: Any) -> None:
    """When the agent is satisfied early, the display says how much of the brief was not needed."""
    console = terminal()
    LiveDisplay(console, clock=clock)(events.InterviewCompleted(UUID(int=2), UUID(int=3), unused_messages=2))

    assert "2 messages of the brief not needed" in " ".join(written(console).split())


def test_an_interrupt_that_has_to_wait_is_said_in_the_frame(clock: Any, busy_generation: Generation) -> None:
    """A signal's handler writes nothing; the next frame says it, whatever else has no room, and nothing of it stays."""
    console = terminal(100, 6)
    with LiveDisplay(console, clock=clock) as display:
        for event in looks(busy_generation):
            display(event)
        before = len(written(console))
        display.detaching()
        assert len(written(console)) == before
        display._live.refresh()
        assert "Ctrl-C again to stop at once" in written(console)[before:]
    assert "Ctrl-C" not in Screen(100, 6).feed(written(console)).text


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


def test_leaving_shows_the_cursor_again_and_leaves_one_line(clock: Any, busy_generation: Generation) -> None:
    """The display gives the terminal back as it was, whatever ends it; how far the run was stays in sight."""
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
    rows = Screen(80, 40).feed(text).rows
    assert [row[:48] for row in rows].count("Specialist review (round 2) 45%  $0.92 of ~$2.50") == 1
    assert not any(row.startswith(("next update", "Customer feedback")) for row in rows)


def test_a_run_that_ends_well_leaves_only_its_lines(clock: Any, busy_generation: Generation) -> None:
    """The frame is gone; what came of the run is told by whoever drives it, once."""
    console = terminal()
    with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
        for event in looks(busy_generation):
            display(event)

    assert Screen(80, 40).feed(written(console)).rows == [f"Run {RUN}", f"Generation {busy_generation.id} started"]


def test_a_person_can_be_asked_while_the_display_is_away(clock: Any, busy_generation: Generation) -> None:
    """The frame is taken off the screen for a question, and comes back after it."""
    console = terminal()
    with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
        for event in looks(busy_generation):
            display(event)
        with display.paused() as asked:
            asked.print("Yes or no?")
        screen = Screen(80, 40).feed(written(console))

    assert screen.text.index("Yes or no?") < screen.text.index("Customer feedback")
    assert screen.text.count("Customer feedback") == 1


def test_an_interrupted_question_is_the_last_thing_on_the_screen(clock: Any, busy_generation: Generation) -> None:
    """The frame does not come back for a moment, nor twice, when somebody leaves a question for later."""
    console = terminal()

    def interrupted() -> None:
        with LiveDisplay(console, clock=clock, refresh_per_second=1) as display:
            for event in looks(busy_generation):
                display(event)
            with display.paused() as asked:
                asked.print("Yes or no?")
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    rows = Screen(80, 40).feed(written(console)).rows
    assert rows[-1] == "Yes or no?"
    assert "Customer feedback" not in "".join(rows)


@pytest.mark.parametrize("rewraps", [False, True], ids=["cuts", "rewraps"])
@pytest.mark.parametrize("widths", [(60,), (40,), (40, 70, 50), (200,)], ids=str)
def test_a_resized_window_keeps_what_is_above_the_frame(
    widths: tuple[int, ...],
    rewraps: bool,
    clock: Any,
    busy_generation: Generation,
    monkeypatch: pytest.MonkeyPatch,
    conversation: list[ConversationItem],
) -> None:
    """Neither the user's own output nor a line of the run is lost or repeated, and where the terminal says that it

    wraps its lines again, nothing of the old frame stays either.
    """
    for name in ("TMUX", "STY", "XTERM_VERSION"):
        monkeypatch.delenv(name, raising=False)
    if rewraps:
        monkeypatch.setenv("VTE_VERSION", "7600")
    else:
        for name in display_module._REWRAP:
            monkeypatch.delenv(name, raising=False)
    console = terminal(100)
    screen = Screen(100, 30, rewraps=rewraps)
    screen.feed("".join(f"my own line {number}\n" for number in range(40)))
    fed = 0

    def show() -> None:
        nonlocal fed
        text = written(console)
        screen.feed(text[fed:])
        fed = len(text)

    with LiveDisplay(console, clock=clock, refresh_per_second=0.001, conversation=lambda _: conversation) as display:
        for event in looks(busy_generation):
            display(event)
        show()
        for width in widths:
            console.width = width
            screen.resize(width)
            display._live.refresh()
            show()
        display.say("A line.")
        show()
    before_its_end = screen.rows
    show()

    rows = screen.rows
    assert [row for row in rows if row.startswith("my own")] == [f"my own line {number}" for number in range(40)]
    for line in (f"Run {RUN}", "A line."):
        assert rows.count(line) == 1
    assert any("Specialist review" in row for row in before_its_end)
    if rewraps or widths == (200,):
        assert sum("Customer feedback" in row for row in before_its_end) == 1
        assert rows[-1] == "A line."


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
