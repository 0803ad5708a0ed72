"""What a person types in an interview, or a script pipes into it: messages of several lines, and commands.

A message ends at an empty line, at a command, or at the end of input. A line that begins with a known ``/word`` is a
command. A person may look something up or attach a file in the middle of a message, and then continue it. Reading
bypasses Python's own buffer, so that a line typed while the agent is answering is not lost."""

from __future__ import annotations

import codecs
import collections
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows.callbacks import LONGEST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.cli.interrupts import Interrupts
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


def command_in(line: str) -> Command | None:
    """The command in a line, if it is one. Text such as ``/v1/me`` or `` /done`` with a space before it is none."""
    match = _COMMAND.match(line)
    return None if match is None else Command(match[1].casefold(), match[2] or "")


@attrs.define(eq=False)
class Keyboard:
    """Lines from standard input, read when they are wanted or while something is waited for."""

    terminal: Terminal
    interrupts: Interrupts
    is_over: bool = False
    #: The lines of a message that is being written.
    draft: list[str] = attrs.field(factory=list)
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
    def lines_left(self) -> int:
        """How many lines have arrived that were not read."""
        if not self.is_person:
            while self._read_more(0.0):
                pass
        return sum(1 for line in self._lines if line.strip()) + bool(self._rest.strip())

    def message(self, prompt: str, more: str) -> str | Command | None:
        """The next message or command; None at the end of input."""
        while True:
            line = self.line(more if self.draft else prompt)
            if line is None:
                return self._written() or None
            command = command_in(line)
            if command is not None and not self.draft:
                return command
            if command is not None and command.is_known:
                if self.is_person and command.name in BESIDE:
                    return command
                self._lines.appendleft(line)
                return self._written()
            if line.strip():
                self.draft.append(line)
                self._length += len(line) + 1
                self._refuse_without_end(self._length)
            elif self.draft:
                return self._written()

    def _written(self) -> str:
        written, self.draft, self._length = "\n".join(self.draft), [], 0
        return written

    def line(self, prompt: str) -> str | None:
        """The next line; None at the end of input."""
        if not self._lines and not self.is_over:
            if self.is_person and _has_line_editing():
                return self._edited(prompt)
            if self.is_person:
                self._show(prompt)
            with self.interrupts.idle():
                while not self._lines and self._read_more(None):
                    self._refuse_without_end(len(self._rest))
        if self._lines:
            return self._checked(self._lines.popleft())
        rest, self._rest = self._rest, ""
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

    def _edited(self, prompt: str) -> str | None:
        """A line with the arrow keys, from a terminal that is both stdin and stdout."""
        import readline  # noqa: F401 - input() uses it once it is there

        try:
            with self.interrupts.idle(in_line_editor=True):
                return input(prompt)
        except EOFError:
            self.is_over = True
            return None
        except UnicodeDecodeError:
            self.terminal.tell("That line is not in the terminal's encoding and was ignored.")
            return ""

    def _show(self, prompt: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(prompt)
            sys.stderr.flush()

    def overheard(self, seconds: float) -> str | None:
        """Wait so many real seconds, but not past a line that is typed; that line, if one was."""
        if self._read_more(seconds) and self._lines:
            return self._lines.pop()
        return None

    def keep(self, line: str) -> None:
        """A line that was overheard and is for later."""
        self._lines.append(line)

    def _read_more(self, seconds: float | None) -> bool:
        """Take in what has come; None waits for it. False when nothing came, or nothing ever will."""
        import select

        try:
            number = sys.stdin.fileno()
            if seconds is not None and not select.select([number], [], [], seconds)[0]:
                return False
            data = os.read(number, 65536)
        except (OSError, ValueError, AttributeError):
            data = b""
        if not data:
            self.is_over = True
            return False
        if data.startswith(codecs.BOM_UTF8):
            # Whatever the terminal's encoding is, this says what it is.
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        *whole, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        self._lines.extend(line.removesuffix("\r") for line in whole)
        return True


def _has_line_editing() -> bool:
    """``input()`` edits lines only when it writes to a terminal, too."""
    try:
        import readline  # noqa: F401 - only whether there is one

        return sys.stdin.isatty() and sys.stdout.isatty()
    except (ImportError, ValueError, AttributeError):
        return False


def edited(terminal: Terminal, draft: str = "") -> str | None:
    """What ``draft`` became in ``$VISUAL`` or ``$EDITOR``; None when nothing is left of it.

    Raises:
        UsageError: there is no terminal, or the editor cannot be started.
    """
    if not terminal.is_interactive:
        raise errors.UsageError("/edit needs a terminal.")
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    with tempfile.TemporaryDirectory(prefix="specstep-") as folder:
        path = Path(folder, "message.md")
        path.touch(mode=0o600)
        path.write_text(f"{draft}\n" if draft else "", "utf-8")
        try:
            with _own_interrupts():
                done = subprocess.run([*shlex.split(command), str(path)], check=False)  # noqa: S603 - the user's editor
            text = path.read_text("utf-8-sig")
        except (OSError, ValueError) as error:
            raise errors.UsageError(f"The editor {command!r} could not be used ({error}); set EDITOR.") from None
    if done.returncode:
        raise errors.UsageError(f"The editor {command!r} exited with {done.returncode}; nothing was sent.")
    if not text.strip():
        terminal.tell("Nothing was written, so nothing is sent.")
        return None
    return text.rstrip("\n")


@contextlib.contextmanager
def _own_interrupts() -> Iterator[None]:
    """Ctrl-C in the editor is the editor's own. A handler, not SIG_IGN, which the editor would inherit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
