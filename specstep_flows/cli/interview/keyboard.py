"""What a person types in an interview, or a script pipes into it: messages of several lines, and commands.

A message ends at an empty line, at a command, or at the end of input. A line that begins with a known ``/word`` is a
command. A person may look something up or attach a file in the middle of a message, and then continue it. What is
pasted is text, and what is typed while the agent answers is a draft: neither is sent by itself, and neither is lost.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import queue
import re
import sys
import time
from typing import TYPE_CHECKING, ClassVar, Final

import attrs

from specstep_flows import errors
from specstep_flows._text import duration
from specstep_flows.callbacks import LONGEST_BYTES
from specstep_flows.cli.keys import CUT_OFF, FULL_LINE_BYTES, LINE_END, SILENCE_SECONDS, read_bytes

if TYPE_CHECKING:
    from specstep_flows.cli.interrupts import Interrupts
    from specstep_flows.cli.prompt import Line, Prompt
    from specstep_flows.cli.terminal import Terminal

#: Every command with what follows it and what it does.
COMMANDS: Final = {
    "done": ("", "end the interview and start the generation"),
    "quit": ("", "leave; nothing is lost, and the run can be resumed"),
    "edit": ("", "write the next message in your editor"),
    "attach": ("FILE", "upload a reference document"),
    "documents": ("", "list the reference documents"),
    "remove": ("NUMBER", "remove a reference document"),
    "status": ("", "show turns, transcript size and detected type"),
    "undo-pending": ("", "take your turn back while the agent is answering it"),
    "help": ("", "show these commands"),
}
#: These end no message that a person is writing.
BESIDE: Final = frozenset(COMMANDS) - {"done", "quit"}
#: The command for what cannot be mended here.
EDIT: Final = "edit"
#: The command that takes effect while the agent is answering.
UNDO: Final = "undo-pending"
#: How often a wait for a command looks whether it was interrupted.
_SLICE_SECONDS: Final = 0.5
#: A sign for each moment of a wait.
_SPINNER: Final = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
_COMMAND: Final = re.compile(r"/([a-z][a-z-]*)(?:[ \t]+(\S.*?))?[ \t]*\Z", re.IGNORECASE)


@attrs.frozen
class Command:
    """A command; one that is not in ``COMMANDS`` was mistyped."""

    name: str
    argument: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is such a command."""
        return self.name in COMMANDS

    def __str__(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()


def command_in(line: str) -> Command | None:
    """The command in a line, if it is one. Text such as ``/v1/me`` or `` /done`` with a space before it is none."""
    match = _COMMAND.match(line)
    return None if match is None else Command(match[1].casefold(), match[2] or "")


def make_keyboard(terminal: Terminal, interrupts: Interrupts) -> LineKeyboard | PromptKeyboard:
    """The keyboard of a person at a terminal that can show a prompt, or the lines of anything else."""
    prompt = terminal.prompt
    return LineKeyboard(terminal, interrupts) if prompt is None else PromptKeyboard(terminal, interrupts, prompt)


@attrs.define(eq=False)
class LineKeyboard:
    """Lines from standard input: of a pipe, or of a terminal on which nothing can be drawn over.

    Reading bypasses Python's own buffer, so that a line typed while the agent is answering is not lost.
    """

    terminal: Terminal
    interrupts: Interrupts
    is_over: bool = False
    #: The lines of a message that is being written.
    _written: list[str] = attrs.field(factory=list)
    _length: int = attrs.field(default=0, init=False)
    _lines: collections.deque[str] = attrs.field(factory=collections.deque)
    _rest: str = ""
    _decoder: codecs.IncrementalDecoder = attrs.field(
        factory=lambda: codecs.getincrementaldecoder(getattr(sys.stdin, "encoding", None) or "utf-8")("replace")
    )

    @property
    def is_person(self) -> bool:
        """Whether a person is typing, rather than a pipe."""
        return self.terminal.is_interactive

    @property
    def draft(self) -> str:
        """What is written and not sent."""
        return "\n".join(self._written)

    @draft.setter
    def draft(self, text: str) -> None:
        self._written, self._length = text.split("\n") if text else [], len(text)

    @property
    def lines_left(self) -> int:
        """How many lines have arrived that were not read."""
        if not self.is_person:
            while self._read_more(0.0):
                pass
        return sum(1 for line in self._lines if line.strip()) + bool(self._rest.strip())

    def take_in(self) -> None:
        """Make a draft of what a person typed before this: it was not typed for what is asked next."""
        while self._read_more(0.0):
            pass
        self._written += self._lines
        self._lines.clear()

    def message(self, prompt: str, more: str) -> str | Command | None:
        """The next message or command; None at the end of input."""
        if self.is_person and not self._lines:
            self.take_in()
            command = command_in(self.draft.strip())
            if command is not None and command.is_known:
                self.draft = ""
                return command
            if self._written:
                self.terminal.tell(f"Typed before: {self.draft}\nAn empty line sends it.")
        while True:
            if self.is_person and not self._lines and self._take_paste(more if self._written else prompt):
                continue
            line = self.line(more if self._written else prompt)
            if line is None:
                return self._finished() or None
            command = command_in(line)
            if command is not None and not self._written:
                return command
            if command is not None and command.is_known:
                if self.is_person and command.name in BESIDE:
                    return command
                self._lines.appendleft(line)
                return self._finished()
            if line.strip():
                self._write(line)
            elif self._written:
                return self._finished()

    def _write(self, line: str) -> None:
        self._written.append(line)
        self._length += len(line) + 1
        self._refuse_without_end(self._length)

    def _finished(self) -> str:
        written, self._written, self._length = "\n".join(self._written).strip("\n"), [], 0
        return written

    def _take_paste(self, prompt: str) -> bool:
        """Wait for what is typed. Lines that arrive at once are a paste, and text whatever they are."""
        self._show(prompt)
        with self.interrupts.idle():
            while not self._lines and not self.is_over:
                self._read_more(None)
            while self._read_more(SILENCE_SECONDS):
                pass
        if len(self._lines) < 2:
            return False
        for line in self._lines:
            self._write(line)
        self._lines.clear()
        return True

    def line(self, prompt: str) -> str | None:
        """The next line; None at the end of input."""
        if not self._lines and not self.is_over:
            if self.is_person:
                self._show(prompt)
            with self.interrupts.idle():
                while not self._lines and self._read_more(None):
                    self._refuse_without_end(len(self._rest))
        if self._lines:
            return self._checked(self._lines.popleft())
        rest, self._rest = self._rest.removesuffix("\r"), ""
        return self._checked(rest) or None

    def _checked(self, line: str) -> str:
        """The line without the mark that some programs begin their output with."""
        if "\0" in line and not self.is_person:
            raise errors.UsageError(
                "The input is not UTF-8 text: it contains zero bytes. The interview stays open; nothing was paid for."
            )
        return line.removeprefix("\ufeff")

    def _refuse_without_end(self, length: int) -> None:
        if length > LONGEST_BYTES:
            raise errors.UsageError(
                f"The input has a message of more than {LONGEST_BYTES:,} characters, more than an interview can hold. "
                "The interview stays open; nothing was paid for."
            )

    def _show(self, prompt: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(prompt)
            sys.stderr.flush()

    def mend(self, command: Command) -> None:
        """What was mistyped is still to be seen here, and typed again."""

    def wait(self, sentence: str) -> bool:
        """Whether it shows what is waited for. It cannot."""
        return False

    def notify(self, sentence: str) -> bool:
        """Whether it shows a sentence in place of what is waited for. It cannot."""
        return False

    def stop(self) -> None:
        """Nothing is drawn, so nothing is taken away."""

    def overheard(self, seconds: float) -> bool:
        """Wait so many real seconds, but not past ``/undo-pending``; whether that was typed."""
        until, left = time.monotonic() + seconds, seconds
        while not self.is_over and self._read_more(left):
            while self._lines:
                line = self._lines.popleft()
                if line.strip() == f"/{UNDO}":
                    return True
                self._write(line)
            left = max(0.0, until - time.monotonic())
        time.sleep(max(0.0, until - time.monotonic()))
        return False

    def _read_more(self, seconds: float | None) -> bool:
        """Take in what has come; None waits for it. False when nothing came, or nothing ever will."""
        data = read_bytes(seconds)
        if data is None:
            return False
        if not data:
            self.is_over = True
            return False
        if self.is_person and len(data) == FULL_LINE_BYTES:
            self.terminal.tell(f"{CUT_OFF} Nothing was sent of it yet; /{EDIT} mends it.")
        if data.startswith(codecs.BOM_UTF8):
            # Whatever the terminal's encoding is, this says what it is.
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = self._rest + self._decoder.decode(data)
        # The second half of a line's end may be still to come.
        half, text = ("\r", text[:-1]) if text.endswith("\r") else ("", text)
        *whole, self._rest = LINE_END.split(text)
        self._rest += half
        self._lines.extend(whole)
        return True


@attrs.define(eq=False)
class PromptKeyboard:
    """A person at a prompt that is edited in place, and stays there while the agent answers."""

    terminal: Terminal
    interrupts: Interrupts
    _prompt: Prompt
    #: The command that ends a message; it is carried out when that message is answered.
    _next: Command | None = None
    _heard: queue.SimpleQueue[str] = attrs.field(factory=queue.SimpleQueue)
    _hint: str = ""
    _notice: str = ""

    is_person: ClassVar[bool] = True
    lines_left: ClassVar[int] = 0

    @property
    def draft(self) -> str:
        """What is written and not sent."""
        return self._prompt.draft

    @draft.setter
    def draft(self, text: str) -> None:
        self._prompt.stop()
        self._prompt.replace(text)

    def take_in(self) -> None:
        """Make a draft of what was typed until now."""
        self._prompt.stop()
        self._prompt.take_in()

    def message(self, prompt: str, more: str) -> str | Command | None:
        """The next message or command; None at the end of input."""
        self.take_in()
        command, self._next = self._next, None
        if command is not None:
            if not self.draft.strip():
                return command
            self.terminal.tell(f"You typed more meanwhile, so /{command.name} was not carried out.")
        while True:
            with self.interrupts.idle():
                line = self._prompt.read(prompt, more, _ends_message)
            if line is None:
                return None
            command, text = _parted(line)
            if len(text) > LONGEST_BYTES:
                self.terminal.tell(f"A message can have at most {LONGEST_BYTES:,} characters. It was not sent.")
                self._prompt.replace(line.text)
                continue
            is_sent = command is None or (command.name == "done" and bool(text))
            shown = line.text.strip("\n") if is_sent else str(command)
            self.terminal.tell(prompt + shown.replace("\n", f"\n{more}"))
            self._prompt.remember(text if is_sent else str(command))
            if is_sent:
                self._next = command
                return text
            self._prompt.replace(f"{text}\n" if text else "")
            return command

    def mend(self, command: Command) -> None:
        """A command that was mistyped is there to be mended."""
        self._prompt.replace(f"{self.draft}{command}")

    def wait(self, sentence: str) -> bool:
        """Show what is waited for, and how long already, with what is typed meanwhile below it."""
        begin = time.monotonic()
        signs = next(signs for signs in _SPINNER if self.terminal.can_write(signs))

        def label() -> str:
            seconds = time.monotonic() - begin
            words = "" if self.terminal.is_quiet else f"  {sentence}"
            words = f"  {self._notice}" if self._notice else words
            return f"{signs[int(seconds * 4) % len(signs)]} {duration(seconds)}{words}{self._hint}"

        self._hint = self._notice = ""
        # What was meant for an earlier wait is over with it.
        self._heard = queue.SimpleQueue()
        self._prompt.wait(label, self._entered)
        return True

    def notify(self, sentence: str) -> bool:
        """Show a sentence in place of what is waited for, if it shows that. For a signal's handler."""
        self._notice = sentence
        return self._prompt.is_waiting

    def stop(self) -> None:
        """Take away what ``wait`` shows."""
        self._prompt.stop()

    def overheard(self, seconds: float) -> bool:
        """Wait so many real seconds, but not past ``/undo-pending``; whether that was typed."""
        until = time.monotonic() + seconds
        while True:
            left = max(0.0, until - time.monotonic())
            # Not in one piece: on some systems nothing interrupts it.
            with contextlib.suppress(queue.Empty):
                self._heard.get(block=left > 0.0, timeout=min(left, _SLICE_SECONDS))
                return True
            if left <= _SLICE_SECONDS:
                return False

    def _entered(self, line: Line) -> bool | None:
        """Enter while the agent answers: it sends nothing."""
        command, text = _parted(line)
        if command is not None and command.name == UNDO:
            self._prompt.edit(text)
            self._heard.put(UNDO)
            return None
        if command is not None and command.is_known:
            self._hint = f" Press Enter again then for /{command.name}."
            return None
        return False if line.text.strip() else None


def _parted(line: Line) -> tuple[Command | None, str]:
    """The command where Enter was pressed, if it is one, and the text without it."""
    text = line.text.strip("\n")
    if line.is_at_end and "\n" not in text:
        command = command_in(text)
        return command, text if command is None else ""
    command = command_in(line.last) if line.is_at_end and line.is_typed else None
    if command is not None and command.is_known:
        return command, line.before.strip("\n")
    return None, text


def _ends_message(line: Line) -> bool | None:
    """A command ends a message, and Enter on an empty last line does; nothing at all is no message."""
    if not line.text.strip():
        return None
    if _parted(line)[0] is not None:
        return True
    return line.is_at_end and line.is_alone and not line.last.strip()
