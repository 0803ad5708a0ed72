"""The three streams of a command: the result on stdout, everything for people on stderr, answers from stdin.

Whatever is written for people goes through ``_text``, so that nothing the service sends can move the cursor, change
colours or reorder a line, and so that every terminal can write it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

from specstep_flows._text import plain_line, plain_text
from specstep_flows.cli.keys import CUT_OFF, Keys, read_at_once

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from contextlib import AbstractContextManager

    from specstep_flows.cli.prompt import Prompt

#: The form of every JSON document that the command writes; raised when a reader would notice.
SCHEMA_VERSION: Final = 2

#: A line that names a command for somebody to copy, and a word of any other line: what stands in backticks is one.
_COMMAND: Final = re.compile(r": specstep [a-z]")
_WORD: Final = re.compile(r"\S*`[^`]*`\S*|\S+")

#: Columns that a prompt leaves for what is typed.
ROOM_FOR_AN_ANSWER: Final = 4

#: Halves of surrogate pairs that stand for no byte of a file's name.
_NO_BYTES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")

#: How our own sentences are written where the terminal has no such letters.
_IN_ASCII: Final = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MIDDLE DOT}": "-",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHTWARDS ARROW}": "->",
    }
)


def document_text(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    """A JSON document, in one line without ``indent``, ``schema_version`` first.

    It is plain ASCII, so that it is safe wherever it is shown.
    """
    return json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=True, indent=indent)


class Terminal:
    """Where this process writes and reads. ``is_quiet`` leaves out what is only progress."""

    def __init__(self, *, is_quiet: bool = False, is_verbose: bool = False) -> None:
        self.is_quiet = is_quiet
        self._is_verbose = is_verbose
        #: Whether stdout has the command's one document.
        self.is_documented = False
        self._keys = Keys()
        self._prompt: Prompt | None = None
        #: What was typed before a question, where there is no such prompt.
        self._typed_before = ""

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked: both the questions and the answers are on a terminal."""
        return is_terminal(sys.stdin) and is_terminal(sys.stderr)

    @property
    def is_result_shown(self) -> bool:
        """Whether stdout is a terminal, so that a person rather than a program reads the result."""
        return is_terminal(sys.stdout)

    @property
    def is_result_in_view(self) -> bool:
        """Whether the result appears where everything for people does: on one terminal, or in one log."""
        return (is_terminal(sys.stdout) and is_terminal(sys.stderr)) or _is_same_file(sys.stdout, sys.stderr)

    @property
    def can_redraw(self) -> bool:
        """Whether lines on stderr can be drawn over: not where each request has a line of its own."""
        return not self._is_verbose and is_terminal(sys.stderr) and not _is_dumb()

    @property
    def _can_prompt(self) -> bool:
        return self.is_interactive and not _is_dumb()

    @property
    def prompt(self) -> Prompt | None:
        """The prompt where a person types; None where none can be drawn."""
        if self._prompt is None and self._can_prompt:
            from specstep_flows.cli.prompt import Prompt

            self._prompt = Prompt(self._keys)
        return self._prompt

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While everything typed is for this command, which asks for it now or later: pastes are whole, no echo.

        What was typed and not used is shown at the end.
        """
        if not self._can_prompt or self._keys.is_held:
            yield
            return
        with self._keys.held():
            try:
                yield
            finally:
                draft = self.take_draft().strip("\n")
                if draft.strip():
                    self.tell(f"Not sent:\n{draft}")

    def take_draft(self) -> str:
        """What was typed at the prompt and not sent. It is nobody's draft any more."""
        if self._prompt is None:
            return ""
        self._prompt.stop()
        draft = self._prompt.draft
        self._prompt.replace("")
        return draft

    def lent(self) -> AbstractContextManager[None]:
        """While another program has the terminal."""
        return self._keys.released()

    def hidden(self) -> AbstractContextManager[None]:
        """While something other than ``tell`` writes: what a person is typing is out of the way, and comes back."""
        return self._prompt.hidden() if self._prompt is not None else contextlib.nullcontext()

    def result(self, text: str, *, is_prose: bool = False) -> None:
        """A line of the result. A terminal is shown what is safe to show; a program gets it as it is.

        On a terminal, the lines of what ``is_prose`` are broken between words.
        """
        if is_terminal(sys.stdout):
            text = self._safe(text, sys.stdout)
            text = _wrapped(text, _columns(sys.stdout)) if is_prose else text
        self._write_out(f"{text}\n")

    def result_drawn(self, text: str) -> None:
        """What was drawn for the terminal at stdout, colours and all, of text that is safe to show there."""
        self._write_out(text)

    def result_bytes(self, content: bytes) -> None:
        """Bytes as the result; on a terminal as text that is safe to show."""
        if is_terminal(sys.stdout):
            self._write_out(self._safe(content.decode("utf-8", "replace"), sys.stdout).rstrip("\n") + "\n")
        elif sys.stdout is not None:
            with _written_out():
                sys.stdout.flush()
                sys.stdout.buffer.write(content)

    def document(self, document: Mapping[str, Any]) -> None:
        """A JSON document as the result, on a terminal for a person to read; an event in one line, with its time."""
        if "event" in document:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._write_out(document_text({"event": document["event"], "at": at, **document}) + "\n")
        else:
            self._write_out(document_text(document, indent=2 if self.is_result_shown else None) + "\n")
            self.is_documented = True

    @property
    def columns(self) -> int:
        """How wide the terminal at stderr is."""
        return _columns(sys.stderr) or shutil.get_terminal_size().columns

    def say_drawn(self, text: str) -> None:
        """The same as ``say`` for what was drawn for the terminal at stderr."""
        if not self.is_quiet and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError), self.hidden():
                self._write(text)

    def say(self, text: str, hang: str = "") -> None:
        """Something for people, left out with ``--quiet``."""
        if not self.is_quiet:
            self.tell(text, hang)

    def tell(self, text: str, hang: str = "") -> None:
        """Something for people that must be said. A stderr that is gone stops nothing.

        On a terminal, lines that are too long are broken between words, and go on behind ``hang``.
        """
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError), self.hidden():
                self._write(_wrapped(self._safe(text, sys.stderr), _columns(sys.stderr), hang) + "\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    def ask(self, prompt: str, draft: str = "", harmless: Container[str] = ()) -> str | None:
        """What a person typed or pasted, a paste of several lines as a whole; None at the end of input.

        What was typed before, or else ``draft``, is there to begin with, and Enter accepts it. One of ``harmless`` is
        an answer even where it looks like a paste.
        """
        columns = _columns(sys.stderr)
        # The answer's first letters have room behind the label.
        width = None if columns is None else max(1, columns - ROOM_FOR_AN_ANSWER)
        *before, label = _wrapped(self._safe(prompt, sys.stderr), width).split("\n")
        with contextlib.suppress(OSError, ValueError):
            self._write("".join(f"{line}\n" for line in before))
        if self.prompt is None:
            return self._asked_plainly(label, draft)
        self.prompt.take_in()
        if not self.prompt.draft:
            self.prompt.replace(draft)
        line = None
        try:
            line = self.prompt.read(label, " " * len(label), harmless=harmless)
        finally:
            # The prompt is taken away when it ends: what was said at it stays.
            self.tell(label + (line.text if line is not None else self.prompt.draft).rstrip("\n"))
        return None if line is None else line.text

    def _asked_plainly(self, label: str, draft: str) -> str | None:
        """As ``ask``, where the terminal itself echoes what is typed and nothing is drawn over."""
        self._typed_before += read_at_once(0.0, self._tell_cut_off) or ""
        draft, self._typed_before = self._typed_before.strip() or draft, ""
        if draft:
            self.tell(f"Typed before: {draft}\nAn empty line accepts it.")
        with contextlib.suppress(OSError, ValueError):
            self._write(label)
        pasted: list[str] = []
        cuts: list[str] = []
        try:
            # Of lines that arrive at once, the last may have no end yet: a line by itself ends the answer.
            while (typed := read_at_once(None, lambda: cuts.append(CUT_OFF))) is not None and "\n" in typed:
                pasted.append(typed)
        except KeyboardInterrupt:
            # What is written next begins a line of its own.
            self.tell("")
            raise
        if typed is None and not pasted:
            return None
        answer = "\n".join([*pasted, typed or ""]).rstrip("\n")
        if cuts:
            self._tell_cut_off()
            self._typed_before = answer
            return self._asked_plainly(label, draft)
        return answer if answer.strip() else draft

    def _tell_cut_off(self) -> None:
        self.tell(CUT_OFF)

    def confirm(self, question: str) -> bool:
        """Whether a person said yes, after the question was shown. Anything else is no."""
        with self._without_draft():
            # A no may come from a program, which types it and Enter at once; a yes may not.
            answer = self.ask(f"{question} [y/N] ", harmless=("n", "no"))
        if answer is None and self.prompt is None:
            self.tell("")
        return answer is not None and answer.strip().casefold() in ("y", "yes")

    @contextlib.contextmanager
    def _without_draft(self) -> Iterator[None]:
        """What was typed before waits for the next prompt."""
        if self.prompt is None:
            before, self._typed_before = self._typed_before + (read_at_once(0.0) or ""), ""
            yield
            self._typed_before = before
            return
        self.prompt.take_in()
        draft = self.prompt.draft
        self.prompt.replace("")
        try:
            yield
        finally:
            self.prompt.replace(draft)

    @staticmethod
    def can_write(text: str) -> bool:
        """Whether stderr has all these letters."""
        return _has_letters(text, _encoding(sys.stderr))

    def line(self, text: object) -> str:
        """Text from anywhere in one line that stderr can show."""
        return plain_line(text, _encoding(sys.stderr))

    @staticmethod
    def _safe(text: str, stream: TextIO) -> str:
        encoding = _encoding(stream)
        if not _has_letters("".join(map(chr, _IN_ASCII)), encoding):
            text = text.translate(_IN_ASCII)
        return plain_text(text, encoding)

    @staticmethod
    def _write_out(text: str) -> None:
        """Write to stdout at once. Raises as ``_written_out``."""
        if sys.stdout is None:
            return
        with _written_out():
            try:
                text.encode(_encoding(sys.stdout))
            except UnicodeEncodeError:
                # A path that this encoding cannot express: write its own bytes.
                sys.stdout.flush()
                sys.stdout.buffer.write(
                    _NO_BYTES.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8", "surrogateescape")
                )
            else:
                sys.stdout.write(text)


@contextlib.contextmanager
def _written_out() -> Iterator[None]:
    """Within it something is written to stdout, which has it at the end.

    Raises:
        BrokenPipeError: its reader has gone.
        NotHandedOver: the disk that it goes to takes no more.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from specstep_flows.runs.telling import NotHandedOver

        abandon_stdout()
        raise NotHandedOver(
            f"The result could not be written to stdout ({error.strerror}). The work itself is done."
        ) from None


def abandon_stdout() -> None:
    """Nothing more can be written there; what waits to be is dropped, which the interpreter would try at its end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; of a stream that is closed, nobody is."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _is_same_file(one: TextIO | None, other: TextIO | None) -> bool:
    try:
        return one is not None and other is not None and os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError, AttributeError):
        return False


def _is_dumb() -> bool:
    return os.environ.get("TERM", "") in ("dumb", "unknown")


def _columns(stream: TextIO) -> int | None:
    """How wide the terminal is; None where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None


def _wrapped(text: str, columns: int | None, hang: str = "") -> str:
    """Lines broken between words. One that names a command stays whole, so that it can be copied."""
    if columns is None or all(2 * len(line) <= columns for line in text.split("\n")):
        return text
    from rich.cells import cell_len

    lines: list[str] = []
    for line in text.split("\n"):
        if _COMMAND.search(line) or cell_len(line) <= columns:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip(" "))]
        lines.append(indent)
        end = len(indent)
        for found in _WORD.finditer(line):
            word, gap = found[0], line[end : found.start()]
            end = found.end()
            joined = f"{lines[-1]}{gap}{word}"
            # A word that is too long for any line, such as a path, is broken by the terminal wherever it begins.
            fits_alone = cell_len(indent + hang + word) <= columns
            if lines[-1].strip() and cell_len(joined) > columns and fits_alone:
                lines.append(f"{indent}{hang}{word}")
            else:
                lines[-1] = joined
        lines[-1] += " " * (len(line) - len(line.rstrip(" ")))
    return "\n".join(lines)


def _encoding(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _has_letters(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
