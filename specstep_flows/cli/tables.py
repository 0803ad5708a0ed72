"""Tables and facts as wide as the terminal that shows them.

Where a table does not fit, its ids are shortened first; then its texts wrap between words; and where that does not do,
each row is a block of its own. Colour is for what a word means: well, in need of somebody, or gone wrong.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final, TextIO

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from specstep_flows._text import plain_line, spaced
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: An id is shortened to no fewer characters than this, and to as many as tell it from the others.
SHORTEST_ID: Final = 8
#: A column of cells up to this width (states, costs, times) does not wrap.
RIGID_COLUMNS: Final = 17
#: A text that wraps has at least this much room, and its longest word.
LEAST_ROOM: Final = 12
GAP: Final = "  "

_GREEN: Final = ("done", "complete", "ok", "verified", "delivered", "active")
_YELLOW: Final = ("question", "package", "paused", "pausedawaitingclarification", "warn", "costs")
_RED: Final = ("failed", "fail", "cancelled", "destroys")
_STYLES: Final = {
    **dict.fromkeys(_GREEN, "green"),
    **dict.fromkeys(_YELLOW, "yellow"),
    **dict.fromkeys(_RED, "red"),
}
#: The columns and facts whose words are coloured.
_MEANINGFUL: Final = ("state", "status", "generation state", "result", "note")


def drawn_table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], width: int, stream: TextIO | None = None
) -> tuple[str, bool]:
    """A table for the terminal at ``stream`` (default: stdout), and whether ids were shortened in it."""
    console, encoding = _console(sys.stdout if stream is None else stream)
    cells = [
        [_as_read(head, plain_line(cell, encoding)) for head, cell in zip(heads, row, strict=True)] for row in rows
    ]
    layout = _Layout(list(heads), cells, width, console, "…" if _can_write("…", encoding) else "...")
    return _drawn(console, layout.lines()), layout.is_shortened


def drawn_facts(pairs: Sequence[tuple[str, object]], width: int) -> str:
    """``name: value`` lines for stdout's terminal; long values wrap behind their names."""
    console, encoding = _console(sys.stdout)
    known = [(name, _as_read(name, plain_line(value, encoding))) for name, value in pairs if value not in (None, "")]
    return _drawn(console, _fact_lines(console, [(f"{name}:", value) for name, value in known], width, ""))


@attrs.define
class _Layout:
    heads: list[str]
    cells: list[list[str]]
    width: int
    console: Console
    ellipsis: str
    is_shortened: bool = False

    def lines(self) -> Iterator[Text]:
        whole, widths = self.cells, self._widths()
        if sum(widths) > self._room and (short := self._shortened()) is not None:
            self.cells, self.is_shortened = short, True
            widths = self._widths()
        if sum(widths) > self._room:
            fitting = self._fitting(widths)
            if fitting is None:
                self.cells, self.is_shortened = whole, False
                yield from self._blocks()
                return
            widths = fitting
        yield self._line([Text(head, "bold") for head in self.heads], widths)
        for row in self.cells:
            texts = [Text(cell, _style(head, cell)) for head, cell in zip(self.heads, row, strict=True)]
            wrapped = [
                list(text.wrap(self.console, columns)) if columns else [text]
                for text, columns in zip(texts, widths, strict=True)
            ]
            for number in range(max(map(len, wrapped))):
                yield self._line([lines[number] if number < len(lines) else Text() for lines in wrapped], widths)

    @property
    def _room(self) -> int:
        return self.width - len(GAP) * (len(self.heads) - 1)

    def _widths(self) -> list[int]:
        return [max(map(cell_len, column)) for column in zip(self.heads, *self.cells, strict=True)]

    def _shortened(self) -> list[list[str]] | None:
        """The cells with each column of ids cut to what tells them apart."""
        columns = [list(column) for column in zip(*self.cells, strict=True)]
        found = False
        for place, column in enumerate(columns):
            ids = {cell for cell in column if cell}
            if not ids or not all(_ID.fullmatch(cell) for cell in ids):
                continue
            found = True
            size = next(n for n in range(SHORTEST_ID, 37) if len({cell[:n] for cell in ids}) == len(ids))
            columns[place] = [f"{cell[:size]}{self.ellipsis}" if cell and size < 36 else cell for cell in column]
        return [list(row) for row in zip(*columns, strict=True)] if found else None

    def _fitting(self, widths: list[int]) -> list[int] | None:
        """The widths with which texts wrap; None where one would have less room than its longest word."""
        texts = [place for place, columns in enumerate(widths) if columns > RIGID_COLUMNS]
        found = list(widths)
        for place in texts:
            words = (word for row in self.cells for word in row[place].split())
            found[place] = min(widths[place], max([LEAST_ROOM, cell_len(self.heads[place]), *map(cell_len, words)]))
        left = self._room - sum(found)
        if left < 0 or not texts:
            return None
        for number, place in enumerate(sorted(texts, key=lambda place: widths[place] - found[place])):
            more = min(widths[place] - found[place], left // (len(texts) - number))
            found[place] += more
            left -= more
        return found

    def _blocks(self) -> Iterator[Text]:
        """Each row under its first cell, where the terminal is too narrow for columns."""
        for number, row in enumerate(self.cells):
            if number:
                yield Text()
            yield from Text(row[0], "bold").wrap(self.console, self.width)
            pairs = [(head.lower(), cell) for head, cell in zip(self.heads[1:], row[1:], strict=True) if cell]
            yield from _fact_lines(self.console, pairs, self.width, GAP)

    @staticmethod
    def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
        line = Text()
        for place, (cell, columns) in enumerate(zip(cells, widths, strict=True)):
            cell.rstrip()
            line.append(GAP if place else "").append_text(cell)
            line.append(" " * (columns - cell_len(cell.plain)))
        line.rstrip()
        return line


def _fact_lines(console: Console, pairs: Sequence[tuple[str, str]], width: int, indent: str) -> Iterator[Text]:
    longest = max((len(name) for name, _ in pairs), default=0)
    start = len(indent) + longest + 1
    for name, value in pairs:
        text = Text(value, _style(name.rstrip(":"), value))
        head = Text(f"{indent}{name:<{longest}} ", "dim")
        if width - start < LEAST_ROOM:
            # The value has a line of its own where it has no room behind its name.
            head.rstrip()
            yield head
            head, room = Text(f"{indent}{GAP}"), max(width - len(indent) - len(GAP), 1)
        else:
            room = width - start
        for number, line in enumerate(text.wrap(console, room) or [Text()]):
            line.rstrip()
            yield Text.assemble(Text(" " * len(head.plain)) if number else head, line)


def _as_read(head: str, cell: str) -> str:
    """A cell as people read it: a state's name in words."""
    return spaced(cell) if head.lower().endswith("state") else cell


def _style(name: str, word: str) -> str:
    return _STYLES.get(fold(word), "") if name.lower() in _MEANINGFUL else ""


def _console(stream: TextIO) -> tuple[Console, str]:
    """A console with the colours of the terminal at ``stream``, and its encoding."""
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    return console, getattr(stream, "encoding", None) or "utf-8"


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _drawn(console: Console, lines: Iterator[Text]) -> str:
    with console.capture() as capture:
        for line in lines:
            console.print(line, soft_wrap=True)
    return capture.get()
