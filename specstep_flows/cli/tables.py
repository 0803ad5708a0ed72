"""Rows in columns, and facts under their names: plain text that a terminal of any width and a pipe can take."""

from __future__ import annotations

import shutil
import unicodedata
from typing import TYPE_CHECKING

from specstep_flows.untrusted import plain_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["facts", "table"]

GAP = "  "


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None) -> str:
    """A table; the last column is cut where ``width`` (of the terminal; None for none) ends."""
    cells = [list(heads), *([plain_line(cell) for cell in row] for row in rows)]
    widths = [max(_columns(row[place]) for row in cells) for place in range(len(heads))]
    lines = [
        GAP.join(cell + " " * (columns - _columns(cell)) for cell, columns in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(line if width is None else _cut(line, width) for line in lines)


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """``name: value`` lines; what is not known is left out."""
    known = [(name, plain_line(value)) for name, value in pairs if value not in (None, "")]
    longest = max((len(name) for name, _ in known), default=0)
    return "\n".join(f"{name + ':':<{longest + 1}} {value}" for name, value in known)


def terminal_width() -> int:
    """Columns of the terminal on stdout."""
    return shutil.get_terminal_size().columns


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _cut(line: str, width: int) -> str:
    if _columns(line) <= width:
        return line
    kept = line
    while kept and _columns(kept) > width - 3:
        kept = kept[:-1]
    return f"{kept}..."
