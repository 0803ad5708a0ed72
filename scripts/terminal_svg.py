"""A recording of a terminal as one animated SVG, which loads nothing and runs no script.

Every row that differs is written once; a frame is the rows that it shows. Whoever wants no motion gets the last frame.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Final

import attrs
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI as THEME
from rich.text import Text

#: The size of a letter, and the edge around the text, in pixels.
WIDE, HIGH, EDGE = 8.4, 18.0, 14.0
#: How long the last frame stays before it begins again, in seconds.
PAUSE: Final = 4.0


@attrs.frozen
class Frame:
    """What a terminal showed from ``at`` on, in seconds."""

    at: float
    rows: tuple[Text, ...]


def animated(frames: Sequence[Frame], columns: int, title: str) -> str:
    """The recording as SVG."""
    numbers: dict[str, int] = {}
    shown = []
    for frame in frames:
        uses = []
        for line, row in enumerate(frame.rows):
            if row.plain.strip():
                number = numbers.setdefault(row_of(row), len(numbers))
                uses.append(f'<use href="#r{number}" y="{EDGE + line * HIGH:g}"/>')
        shown.append("".join(uses))
    length = frames[-1].at + PAUSE
    ends = [*(frame.at for frame in frames[1:]), length]
    styles, groups = [], []
    for number, (frame, end, group) in enumerate(zip(frames, ends, shown, strict=True)):
        first, last = 100 * frame.at / length, 100 * end / length
        steps = f"0%{{opacity:0}}{first:.2f}%{{opacity:1}}{last:.2f}%,100%{{opacity:0}}"
        if number == 0:
            steps = f"0%{{opacity:1}}{last:.2f}%,100%{{opacity:0}}"
        elif number == len(frames) - 1:
            steps = f"0%{{opacity:0}}{first:.2f}%,100%{{opacity:1}}"
        styles.append(f"@keyframes k{number}{{{steps}}}#f{number}{{animation-name:k{number}}}")
        groups.append(f'<g id="f{number}" class="f">{group}</g>')
    width = columns * WIDE + 2 * EDGE
    height = max(len(frame.rows) for frame in frames) * HIGH + 2 * EDGE
    rows = "".join(f'<text id="r{number}">{row}</text>' for row, number in numbers.items())
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">
<title>{escape(title)}</title>
<style>
text{{font:14px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}}
text{{fill:{THEME.foreground_color.hex}}}
.f{{opacity:0;animation-duration:{length:g}s;animation-iteration-count:infinite;animation-timing-function:step-end}}
{"".join(styles)}
@media (prefers-reduced-motion:reduce){{.f{{animation:none}}#f{len(frames) - 1}{{opacity:1}}}}
</style>
<rect width="100%" height="100%" rx="8" fill="{THEME.background_color.hex}"/>
<defs>{rows}</defs>
{"".join(groups)}
</svg>
"""


def row_of(row: Text) -> str:
    """A row's letters, each piece of one style at its column."""
    console = Console(width=1000, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    pieces, column = [], 0
    for segment in row.render(console):
        text = segment.text.rstrip("\n")
        if text.strip():
            place = f'x="{EDGE + column * WIDE:g}" y="14" textLength="{len(text) * WIDE:g}"'
            pieces.append(f"<tspan {place}{attributes(segment.style)}>{escape(text)}</tspan>")
        column += len(text)
    return "".join(pieces)


def attributes(style: Style | None) -> str:
    """A style's colour and weight."""
    if style is None:
        return ""
    colour = f' fill="{style.color.get_truecolor(THEME).hex}"' if style.color is not None else ""
    return colour + (' font-weight="bold"' if style.bold else "")
