"""What is typed: messages and commands."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.interview.keyboard import Command, LineKeyboard, PromptKeyboard, command_in
from specstep_flows.cli.keys import Keys
from specstep_flows.cli.prompt import Line, Prompt
from specstep_flows.cli.terminal import Terminal
from tests.kit.platforms import POSIX_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable


def keyboard() -> LineKeyboard:
    return LineKeyboard(Terminal(), Interrupts())


def test_piped_lines_are_all_read_where_nobody_can_wait_for_a_pipe(
    typed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: counting what has arrived, and listening during a wait, is not the end of input."""
    monkeypatch.setattr(sys, "platform", "win32")
    lines = keyboard()
    assert (lines.overheard(0.0), lines.lines_left) == (False, 0)
    typed(b"one\n\n", close=False)
    assert lines.message("", "") == "one"
    assert lines.lines_left == 0
    typed(b"two\n/done\n")
    assert [lines.message("", "") for _ in range(3)] == ["two", Command("done"), None]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/done", Command("done")),
        ("/DONE  ", Command("done")),
        ("/attach my file.md", Command("attach", "my file.md")),
        ("/undo-pending", Command("undo-pending")),
        ("/nonsense", Command("nonsense")),
        (" /done", None),
        ("/v1/me is the path", None),
        ("/ done", None),
        ("//", None),
        ("done", None),
        ("/done/", None),
    ],
)
def test_a_command_is_a_word_after_a_slash_at_the_very_start(line: str, command: Command | None) -> None:
    """Paths and quoted commands are text."""
    assert command_in(line) == command


def test_messages_are_parted_by_empty_lines_and_ended_by_commands(typed: Callable[..., None]) -> None:
    """Lines of one message stay together, whatever line ends they have; what is left at the end is a message, too."""
    typed(b"\n\none\r\ntwo\r\n\r\n\nthree\n/status\nfour /done\n /quit\n/unknown thing\n\n/done\nlast")
    board = keyboard()
    said = []
    while (message := board.message("> ", "  ")) is not None:
        said.append(message)

    assert said == [
        "one\ntwo",
        "three",
        Command("status"),
        "four /done\n /quit\n/unknown thing",
        Command("done"),
        "last",
    ]


def test_bytes_that_are_no_text_are_no_end(typed: Callable[..., None]) -> None:
    """A wrong byte becomes a replacement sign; the conversation goes on."""
    typed(b"caf\xe9\n\nna\xc3\xafve\n")
    board = keyboard()

    assert board.message("> ", "  ") == "caf\ufffd"
    assert board.message("> ", "  ") == "naïve"


@given(st.lists(st.text(alphabet="ab /\t", min_size=1, max_size=8), max_size=12), st.integers(1, 7))
def test_no_words_are_lost_however_they_arrive(lines: list[str], step: int) -> None:
    """Every line with words in it comes back once, in order, in whatever pieces it was written."""
    data = "\n".join(lines).encode()
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stream)
        for start in range(0, len(data), step):
            os.write(writing, data[start : start + step])
        os.close(writing)
        board = keyboard()
        got: list[str] = []
        while (message := board.message("> ", "  ")) is not None:
            if isinstance(message, Command):
                got.append(f"/{message.name}{message.argument}".replace(" ", "").replace("\t", ""))
            else:
                got += [line.replace(" ", "").replace("\t", "") for line in message.split("\n")]

    wanted = [line.replace(" ", "").replace("\t", "") for line in lines if line.strip()]
    assert [word for word in got if word] == [word for word in wanted if word]


@pytest.mark.parametrize("pieces", [1, 2, 3, 100])
def test_a_mark_at_the_start_is_no_text(typed: Callable[..., None], pieces: int) -> None:
    """PowerShell begins what it pipes with one, and files that are joined each have theirs."""
    data = b"\xef\xbb\xbf/attach note.txt\n\xef\xbb\xbfA shop.\n\n\xef\xbb\xbf/done"
    for start in range(0, len(data), pieces):
        typed(data[start : start + pieces], close=start + pieces >= len(data))
    board = keyboard()

    assert [board.message("> ", "  ") for _ in range(4)] == [
        Command("attach", "note.txt"),
        "A shop.",
        Command("done"),
        None,
    ]


def test_input_in_utf16_is_refused(typed: Callable[..., None]) -> None:
    """It must not be said to the agent, let alone be paid for."""
    typed("A shop.\n\n/done\n".encode("utf-16"))

    with pytest.raises(errors.UsageError, match="not UTF-8 text"):
        keyboard().message("> ", "  ")


@pytest.mark.slow
@POSIX_ONLY
@pytest.mark.parametrize("source", ["/dev/zero", f"yes {'a shop ' * 100}", "yes | tr -d '\\n'"])
def test_input_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """It is not read to the end of the memory: neither a line nor a message without end."""
    command = ["cat", source] if source.startswith("/") else ["sh", "-c", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        monkeypatch.setattr(sys, "stdin", process.stdout)
        with pytest.raises(errors.UsageError, match="more than 4,000,000 characters"):
            keyboard().message("> ", "  ")
        process.kill()


class Typed(Prompt):
    """A prompt at which this is entered."""

    entered: str
    remembered: list[str]

    def enter(self, text: str) -> Typed:
        self.entered, self.remembered = text, []
        return self

    def take_in(self) -> None:
        """Nothing was typed before."""

    def read(self, *what: object, **more: object) -> Line:
        return Line(self.entered, is_at_end=True, is_typed=True, is_alone=True)

    def remember(self, text: str) -> None:
        self.remembered.append(text)


@pytest.mark.parametrize(
    ("text", "returned", "shown", "remembered", "draft"),
    [
        ("A shop.\n\n", ["A shop."], "> A shop.", "A shop.", ""),
        (
            "A shop.\nOf tea.\n/done",
            ["A shop.\nOf tea.", Command("done")],
            "> A shop.\n  Of tea.\n  /done",
            "A shop.\nOf tea.",
            "",
        ),
        ("/done", [Command("done")], "> /done", "/done", ""),
        ("A shop.\n/status", [Command("status")], "> /status", "/status", "A shop.\n"),
    ],
)
def test_what_is_sent_stays_in_sight(
    text: str,
    returned: list[str | Command],
    shown: str,
    remembered: str,
    draft: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the command that ended it; a message that goes on behind a command is still at the prompt."""
    prompt = Typed(Keys()).enter(text)
    board = PromptKeyboard(Terminal(), Interrupts(), prompt)

    assert [board.message("> ", "  ") for _ in returned] == returned
    assert capsys.readouterr().err == f"{shown}\n"
    assert (prompt.remembered, board.draft) == ([remembered], draft)
