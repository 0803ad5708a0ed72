"""The live display's frame: a run as lines that fit the terminal, whatever its width, height and encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from rich.cells import cell_len
from rich.text import Text

from specstep_flows._facts import TITLE_WEIGHT, Mark, Tone, step_words, track
from specstep_flows._text import duration, heading, percent, plain_line, size
from specstep_flows.cli.interrupts import NOTICE
from specstep_flows.states import STAGES

if TYPE_CHECKING:
    from rich.console import Console

    from specstep_flows._facts import Fact
    from specstep_flows.cli.progress.state import Watched
    from specstep_flows.models import ConversationItem, Generation

#: From this width on, each stage is written out; below, one letter stands for each.
WIDE_COLUMNS: Final = 72
#: From this width on, the rows have their names in a column of their own.
LABELLED_COLUMNS: Final = 56
#: Below this height the stages take one line however wide the terminal is.
TALL_LINES: Final = 14
LABEL_COLUMNS: Final = 12
#: The frame is no wider than this, however wide the terminal is: longer lines are hard to read.
MOST_COLUMNS: Final = 120
#: The bar of what is uploaded or downloaded.
MOVED_COLUMNS: Final = 16

_STYLES: Final[dict[Mark, str]] = {
    "done": "green",
    "passed": "dim",
    "current": "bold cyan",
    "halted": "bold yellow",
    "failed": "bold red",
    "ahead": "dim",
}
_TONES: Final[dict[Tone, str]] = {"plain": "", "strong": "bold", "warning": "bold yellow", "bad": "red"}


@attrs.frozen
class Glyphs:
    """The signs of a frame, as far as the terminal's encoding has them."""

    marks: dict[Mark, str]
    full: str
    empty: str
    dot: str
    encoding: str

    @classmethod
    def of(cls, console: Console) -> Glyphs:
        """The signs that ``console`` can write."""
        encoding = console.encoding or "ascii"
        marks: dict[Mark, str] = {
            "done": "✓",
            "passed": "✓",
            "current": "●",
            "halted": "‖",
            "failed": "✗",
            "ahead": "○",
        }
        fine = cls(marks, "━", "─", "·", encoding)
        try:
            "".join((*fine.marks.values(), fine.full, fine.empty, fine.dot)).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            plain: dict[Mark, str] = {
                "done": "x",
                "passed": "x",
                "current": ">",
                "halted": "=",
                "failed": "!",
                "ahead": ".",
            }
            return cls(plain, "#", ".", "-", "ascii")
        return fine

    def line(self, text: object) -> str:
        """Text from anywhere, in one line that the terminal can write."""
        return plain_line(text, self.encoding)


@attrs.frozen
class _Row:
    """A row of the frame. Where the terminal is too low for all, the rows of the lowest ``weight`` go first."""

    lines: tuple[Text, ...]
    weight: int


def frame(watched: Watched, console: Console, width: int, height: int, now: float) -> list[Text]:
    """The frame's lines: none is wider than ``width``, and there are at most ``height`` of them."""
    glyphs = Glyphs.of(console)
    drawer = _Drawer(watched, console, min(max(width, 1), MOST_COLUMNS), height, glyphs, now)
    rows = drawer.rows()
    while len(rows) > 1 and sum(len(row.lines) for row in rows) > height:
        least = min(range(len(rows)), key=lambda number: (rows[number].weight, -number))
        del rows[least]
    return [line for row in rows for line in row.lines][: max(height, 1)]


@attrs.define
class _Drawer:
    watched: Watched
    console: Console
    width: int
    height: int
    glyphs: Glyphs
    now: float

    def rows(self) -> list[_Row]:
        generation = self.watched.generation
        rows = [self._title()]
        if generation is None:
            if self.watched.doing:
                rows.append(self._row("now", self.watched.doing, 9))
            if self.watched.interview_percent is not None:
                rows.append(self._row("transcript", f"{percent(self.watched.interview_percent)} full", 2))
            # Not the generation's time, which begins at nothing when that starts.
            rows.append(self._row("interview", duration(self.watched.elapsed(self.now).seconds), 5))
        else:
            rows += self._generation(generation)
        if self.watched.uploading is not None:
            sent = self.watched.uploading
            rows.append(self._moved("upload", f", {sent.name}", sent.sent_bytes, sent.total_bytes))
        if self.watched.downloaded is not None:
            rows.append(self._moved("download", "", *self.watched.downloaded))
        coming = self.watched.next_look_words(self.now)
        if coming is not None:
            rows.append(self._row("waiting" if self.watched.waiting else "next update", coming, 4, "dim"))
        if self.watched.is_detaching:
            rows.append(self._row("Ctrl-C", NOTICE, 11, "bold yellow"))
        return rows

    def _generation(self, generation: Generation) -> list[_Row]:
        watched = self.watched
        facts = [fact for fact in watched.facts(self.now) if fact.weight > TITLE_WEIGHT]
        rows = [self._track(generation), *(self._bar(fact) for fact in facts if fact.share is not None)]
        rows += [
            self._row(fact.label, fact.whole, fact.weight, _TONES[fact.tone]) for fact in facts if fact.share is None
        ]
        for number, line in enumerate(watched.others_words()):
            rows.append(self._row("" if number else "also", line, 6))
        rows += [self._said(item, number) for number, item in enumerate(watched.conversation[-3:])]
        return rows

    def _title(self) -> _Row:
        watched, generation = self.watched, self.watched.generation
        parts: list[str | None] = []
        if generation is not None:
            named = heading(generation.project_name or "")
            parts = [named or f"Generation {str(generation.id)[:8]}", generation.review_profile]
        if watched.run_id:
            parts.append(f"run {watched.run_id}")
        elif generation is not None:
            parts.append(f"generation {generation.id}")
        text = Text(self.glyphs.line(f" {self.glyphs.dot} ".join(filter(None, parts)) or "SpecStep"), style="bold")
        self._cut(text, self.width)
        return _Row((text,), 10)

    def _track(self, generation: Generation) -> _Row:
        stages = track(generation.state, self.watched.seen)
        if self.width < WIDE_COLUMNS or self.height < TALL_LINES:
            line = Text()
            for stage in stages:
                line.append(self.glyphs.marks[stage.mark], _STYLES[stage.mark])
            here = next((number for number, stage in enumerate(stages) if stage.mark not in ("done", "passed")), None)
            if here is None or stages[here].mark == "ahead":
                here = len(stages) - 1 if generation.is_complete else None
            if here is not None:
                line.append(f"  stage {here + 1} of {len(STAGES)}")
            return _Row((line,), 9)
        lines, line = [], Text()
        for stage in stages:
            item = f"{self.glyphs.marks[stage.mark]} {stage.label}"
            gap = "  " if line else ""
            if line and cell_len(line.plain) + len(gap) + cell_len(item) > self.width:
                lines.append(line)
                line, gap = Text(), ""
            line.append(gap).append(item, _STYLES[stage.mark])
        return _Row((*lines, line), 9)

    def _bar(self, fact: Fact) -> _Row:
        share = fact.share or 0.0
        room = min(60, self.width - 7)
        if room < 4:
            return _Row((Text(fact.text),), fact.weight)
        full = round(room * share)
        line = Text(self.glyphs.full * full, "cyan")
        line.append(self.glyphs.empty * (room - full), "dim").append(f" {fact.text:>4}", "")
        return _Row((line,), fact.weight)

    def _moved(self, label: str, what: str, done: int, total: int | None) -> _Row:
        """How far a document, or the package, is on its way."""
        if not total:
            return self._row(label, f"{size(done)}{what}", 8)
        words = f"{size(done)} of {size(total)}{what}"
        if self.width < LABELLED_COLUMNS:
            return self._row(label, f"{percent(100 * done / total)}, {words}", 8)
        full = round(MOVED_COLUMNS * min(done / total, 1.0))
        line = f"{self.glyphs.full * full}{self.glyphs.empty * (MOVED_COLUMNS - full)} {words}"
        return self._row(label, line, 8, only_first=True)

    def _cut(self, words: Text, room: int) -> None:
        """Cut what does not fit, and show that it is cut."""
        if self.glyphs.encoding != "ascii":
            words.truncate(room, overflow="ellipsis")
        elif cell_len(words.plain) > room:
            words.truncate(max(room - 3, 0), overflow="crop")
            words.append("..."[:room])

    def _said(self, item: ConversationItem, number: int) -> _Row:
        return self._row("agents" if number == 0 else "", step_words(item), 1, "dim", only_first=True)

    def _row(self, label: str, text: str, weight: int, style: str = "", *, only_first: bool = False) -> _Row:
        """A named row, wrapped; with ``only_first`` what does not fit its first line is cut."""
        words = Text(self.glyphs.line(text), style=style)
        if self.width < LABELLED_COLUMNS:
            head, room = Text(), self.width
            if label and not only_first:
                words = Text.assemble((f"{label}: ", "dim"), words)
            elif only_first:
                words = Text.assemble(("  ", ""), words)
        else:
            head, room = Text(f"{label:<{LABEL_COLUMNS}}", "dim"), self.width - LABEL_COLUMNS
        if only_first:
            self._cut(words, room)
            return _Row((Text.assemble(head, words),), weight)
        wrapped = words.wrap(self.console, room) or [words]
        indent = Text(" " * len(head.plain))
        return _Row(tuple(Text.assemble(indent if n else head, line) for n, line in enumerate(wrapped)), weight)
