"""The terminal's keys while a person may type: unechoed, complete, and with pastes told from typing.

A paste arrives between two marks (bracketed paste), and nothing that arrives is drawn, cut off at 4096 bytes or acted
on by the terminal itself. Ctrl-C and Ctrl-Z keep their meaning.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

#: Whatever follows a line's end within so many seconds belongs to the same paste. Nobody types this fast.
SILENCE_SECONDS: Final = 0.025
#: Switch the marks around a paste on and off.
MARKS_ON: Final = b"\x1b[?2004h"
MARKS_OFF: Final = b"\x1b[?2004l"
HIDE_CURSOR: Final = b"\x1b[?25l"
SHOW_CURSOR: Final = b"\x1b[?25h"
#: A terminal that collects lines itself, as one that can do little, drops what a line has beyond so many bytes.
FULL_LINE_BYTES: Final = 4096
CUT_OFF: Final = f"The terminal hands on no line of more than {FULL_LINE_BYTES - 1:,} bytes: the end of one is missing."
LINE_END: Final = re.compile("\r\n|\r|\n")


def _nothing() -> None:
    """Nobody is told."""


@attrs.define(eq=False)
class Keys:
    """Holds the terminal for as long as one of its ``held`` blocks lasts."""

    #: Called when the command continues in the foreground, and has the terminal again.
    continued: Callable[[], None] = _nothing
    _depth: int = attrs.field(default=0, init=False)
    _before: Any = attrs.field(default=None, init=False)
    _handler: Any = attrs.field(default=None, init=False)

    @property
    def is_held(self) -> bool:
        """Whether a ``held`` block is open."""
        return self._depth > 0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While what is typed is for this command, whether or not it is being read at the moment."""
        self._depth += 1
        if self._depth == 1:
            self._hold()
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._release()

    @contextlib.contextmanager
    def released(self) -> Iterator[None]:
        """While another program has the terminal."""
        if self._depth:
            self._release()
        try:
            yield
        finally:
            if self._depth:
                self._hold()

    def _hold(self) -> None:
        with contextlib.suppress(ImportError, OSError, ValueError):
            import termios

            with contextlib.suppress(termios.error):
                self._before = termios.tcgetattr(sys.stdin.fileno())
                set_modes(with_signals=True)
        if hasattr(signal, "SIGCONT") and threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGCONT, self._continue)
        write(MARKS_ON)

    def _release(self) -> None:
        write(MARKS_OFF)
        if self._handler is not None:
            signal.signal(signal.SIGCONT, self._handler)
            self._handler = None
        if self._before is not None:
            import termios

            with contextlib.suppress(OSError, ValueError, termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, self._before)
            self._before = None

    def _continue(self, number: int, frame: FrameType | None) -> None:
        """Take the terminal again, which the shell has had."""
        if self._before is not None:
            set_modes(with_signals=True)
        write(MARKS_ON)
        self.continued()


def set_modes(*, with_signals: bool) -> None:
    """Have the terminal hand on each key as it is, at once; those of signals, such as Ctrl-C, unless they are one."""
    import termios

    number = sys.stdin.fileno()
    with contextlib.suppress(OSError, ValueError, termios.error):
        modes = termios.tcgetattr(number)
        modes[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        modes[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        modes[3] = modes[3] | termios.ISIG if with_signals else modes[3] & ~termios.ISIG
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        # At once: what has been typed already is kept.
        termios.tcsetattr(number, termios.TCSANOW, modes)


def read_at_once(seconds: float | None, cut_off: Callable[[], None] = _nothing) -> str | None:
    """The lines that a terminal has, or has within ``seconds``, as one text without its last end.

    None waits for them. None is the end of input, and "" that nothing came. ``cut_off`` is called where the end of a
    line is missing.
    """
    chunks: list[bytes] = []
    try:
        sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):
        # A console that is no file of the system's, as in an editor: lines, and nothing before they are asked for.
        return _next_line() if seconds is None else ""
    while data := read_bytes(seconds):
        if len(data) == FULL_LINE_BYTES:
            cut_off()
        chunks.append(data)
        seconds = SILENCE_SECONDS
    if data is not None and not chunks:
        return None
    text = b"".join(chunks).decode(getattr(sys.stdin, "encoding", None) or "utf-8", "replace")
    return LINE_END.sub("\n", text).removesuffix("\n")


def read_bytes(seconds: float | None) -> bytes | None:
    """What standard input has, or has within ``seconds``; None waits for it.

    Empty is the end of input, and None that nothing came. Python's own buffer is left out, so that nothing stays there.
    """
    try:
        if sys.platform == "win32":
            from specstep_flows.cli.stdin_reader import StdinReader

            return StdinReader.of(sys.stdin).read(seconds)
        import select

        number = sys.stdin.fileno()
        if seconds is not None and not select.select([number], [], [], seconds)[0]:
            return None
        return os.read(number, 65536)
    except (OSError, ValueError, AttributeError):
        return b""


def _next_line() -> str | None:
    """A line of a stream that is no file of the system's; None at its end, or where there is none."""
    try:
        line = sys.stdin.readline()
    except (OSError, ValueError, AttributeError):
        return None
    return LINE_END.sub("\n", line).removesuffix("\n") if line else None


def write(sequence: bytes) -> None:
    """Have the terminal do something, beside what is written on it.

    Not on Windows: its console tells pastes from typing by itself, and an older one shows such sequences.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
        os.write(sys.stderr.fileno(), sequence)
