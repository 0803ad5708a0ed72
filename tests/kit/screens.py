"""What a person sees of the bytes that a terminal was sent: its screen and its scrollback, also after a resize."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import pexpect
import pyte
from pyte.screens import StaticDefaultDict

if TYPE_CHECKING:
    from collections.abc import Callable

#: Far more rows than any test writes.
SCROLLBACK: Final = 5000


class Screen:
    """A terminal's screen.

    With ``rewraps``, lines that are too long for a narrower window wrap, as in most terminals; else they are cut.
    """

    def __init__(self, columns: int = 80, lines: int = 24, *, rewraps: bool = False) -> None:
        self.rewraps = rewraps
        self._screen = pyte.HistoryScreen(columns, lines, history=SCROLLBACK, ratio=0.1)
        # A line feed also returns, as the terminal's driver has it.
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> Screen:
        """Take what was written."""
        self._stream.feed(text)
        return self

    @property
    def rows(self) -> list[str]:
        """Every row from the oldest of the scrollback to the last that holds anything."""
        width = self._screen.columns
        kept = ["".join(row[place].data for place in range(width)).rstrip() for row in self._screen.history.top]
        rows = [*kept, *(row.rstrip() for row in self._screen.display)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def text(self) -> str:
        """The rows as one text."""
        return "\n".join(self.rows)

    def shows_cursor(self) -> bool:
        """Whether somebody sees where the cursor is."""
        return not self._screen.cursor.hidden

    def resize(self, columns: int, lines: int | None = None) -> None:
        """Change the window's size, as a person drags its corner."""
        screen, lines = self._screen, lines or self._screen.lines
        if not self.rewraps or columns >= screen.columns:
            screen.resize(lines, columns)
            return
        whole: list[Any] = [*screen.history.top, *(screen.buffer[number] for number in range(screen.lines))]
        at, place = len(screen.history.top) + screen.cursor.y, screen.cursor.x
        rows: list[dict[int, Any]] = []
        for number, row in enumerate(whole):
            used = max((column for column, letter in row.items() if letter.data.strip()), default=0) + 1
            first = len(rows)
            for start in range(0, used, columns):
                rows.append({c - start: row[c] for c in range(start, min(start + columns, used)) if c in row})
            if number == at:
                cursor = first + min(place, used) // columns, min(place, used) % columns
        last = max(cursor[0], *(number for number, row in enumerate(rows) if row), 0)
        top = max(0, last + 1 - lines)
        screen.history.top.clear()
        screen.resize(lines, columns)
        screen.erase_in_display(2)
        for number, row in enumerate(rows[: last + 1]):
            kept = screen.buffer[number - top] if number >= top else StaticDefaultDict(screen.default_char)
            kept.update(row)
            if number < top:
                screen.history.top.append(kept)
        screen.cursor.y, screen.cursor.x = cursor[0] - top, cursor[1]


def watch(child: pexpect.spawn, screen: Screen, until: Callable[[list[str]], object], seconds: float = 60.0) -> None:
    """Show what a command writes until the screen is as wanted."""
    end = time.monotonic() + seconds
    while not until(screen.rows):
        assert time.monotonic() < end, screen.text
        try:
            screen.feed(child.read_nonblocking(65536, timeout=0.2))
        except pexpect.TIMEOUT:
            continue
        except pexpect.EOF:
            assert until(screen.rows), screen.text
