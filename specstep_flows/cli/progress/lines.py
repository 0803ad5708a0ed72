"""The live display's frame: what is known of a run as lines that fit the terminal, whatever its width, height and letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from rich.cells import cell_len
from rich.text import Text

from specstep_flows._facts import Mark, billing_words, track
from specstep_flows._text import plain_line, size, spaced
from specstep_flows.cli.interrupts import NOTICE
from specstep_flows.states import STAGES, stage_of

if TYPE_CHECKING:
    from rich.console import Console

    from specstep_flows.cli.progress.state import Watched
    from specstep_flows.models import ConversationItem, Generation

__all__ = ["Glyphs", "frame"]

#: From this width on, each stage is written out; below, one letter stands for each.
WIDE_COLUMNS: Final = 72
#: From this width on, the rows have their names in a column of their own.
LABELLED_COLUMNS: Final = 56
#: Below this height the stages take one line however wide the terminal is.
TALL_LINES: Final = 14
LABEL_COLUMNS: Final = 12
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


@attrs.frozen
class Glyphs:
    """The signs of a frame, as far as the terminal's encoding has them."""

    marks: dict[Mark, str]
    full: str
    empty: str
    encoding: str

    @classmethod
    def of(cls, console: Console) -> Glyphs:
        """The signs that ``console`` can write."""
        encoding = console.encoding or "ascii"
        fine = cls(
            {"done": "✓", "passed": "╌", "current": "●", "halted": "‖", "failed": "✗", "ahead": "○"}, "━", "─", encoding
        )
        try:
            "".join((*fine.marks.values(), fine.full, fine.empty)).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            plain: dict[Mark, str] = {
                "done": "x",
                "passed": "-",
                "current": ">",
                "halted": "=",
                "failed": "!",
                "ahead": ".",
            }
            return cls(plain, "#", ".", "ascii")
        return fine

    def line(self, text: object) -> str:
        """Text from anywhere, in one line that the terminal can write."""
        return plain_line(text, self.encoding)


@attrs.frozen
class _Row:
    """A row of the frame. Where the terminal is too low for all, the rows of the lowest ``worth`` go first."""

    lines: tuple[Text, ...]
    worth: int


def frame(watched: Watched, console: Console, width: int, height: int, now: float) -> list[Text]:
    """The frame's lines: none is wider than ``width``, and there are at most ``height`` of them."""
    glyphs = Glyphs.of(console)
    drawer = _Drawer(watched, console, max(width, 1), height, glyphs, now)
    rows = drawer.rows()
    while len(rows) > 1 and sum(len(row.lines) for row in rows) > height:
        least = min(range(len(rows)), key=lambda number: (rows[number].worth, -number))
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
                rows.append(self._row("transcript", f"{self.watched.interview_percent:g} % full", 2))
            rows.append(self._row("elapsed", self.watched.time_words(self.now), 5))
        else:
            rows += self._generation(generation)
        if self.watched.uploading is not None:
            sent = self.watched.uploading
            rows.append(self._moved("upload", f", {sent.name}", sent.sent_bytes, sent.total_bytes))
        if self.watched.downloaded is not None:
            rows.append(self._moved("download", "", *self.watched.downloaded))
        coming = self.watched.next_look_words(self.now)
        if coming is not None:
            rows.append(self._row("waiting" if self.watched.waiting else "next look", coming, 4, "dim"))
        if self.watched.is_detaching:
            rows.append(self._row("Ctrl-C", NOTICE, 11, "bold yellow"))
        return rows

    def _generation(self, generation: Generation) -> list[_Row]:
        watched = self.watched
        rows = [self._track(generation), self._bar(generation)]
        rows.append(self._row("phase", self._phase(generation), 9, "bold"))
        if generation.is_failed:
            why = ": ".join(filter(None, (generation.failure_category, generation.failure_reason)))
            rows.append(self._row("why", why or "no reason given", 9, "red"))
        if watched.questions:
            number = watched.questions
            text = "1 question waits for an answer" if number == 1 else f"{number} questions wait for answers"
            rows.append(self._row("questions", text, 8, "bold yellow"))
        rows.append(self._row("time", watched.time_words(self.now), 6))
        rows.append(self._row("cost", watched.cost_words(), 8))
        for label, said, worth, style in (
            ("billing", billing_words(generation.billing_state), 7, ""),
            ("retries", watched.retry_words(), 6, "yellow"),
            ("resumed", watched.resume_words(), 5, "yellow"),
            ("specialist", self._specialist(generation), 2, ""),
        ):
            if said is not None:
                rows.append(self._row(label, said, worth, style))
        for number, line in enumerate(watched.beside_words()):
            rows.append(self._row("" if number else "beside it", line, 6))
        rows += [self._said(item, number) for number, item in enumerate(watched.conversation[-3:])]
        return rows

    def _phase(self, generation: Generation) -> str:
        phase = generation.phase_detail or spaced(generation.state)
        if generation.current_round and "round" not in phase.casefold() and stage_of(generation.state) in (2, 3, 4):
            phase += f" (round {generation.current_round})"
        explanation = generation.progress_explanation
        return f"{phase}: {explanation}" if explanation and explanation != phase else phase

    @staticmethod
    def _specialist(generation: Generation) -> str | None:
        return f"{generation.active_specialist} finished last" if generation.active_specialist else None

    def _title(self) -> _Row:
        watched, generation = self.watched, self.watched.generation
        parts: list[str | None] = []
        if generation is not None:
            parts = [generation.project_name or f"Generation {str(generation.id)[:8]}", generation.review_profile]
        if watched.run_id:
            parts.append(f"run {watched.run_id}")
        elif generation is not None:
            parts.append(f"generation {generation.id}")
        text = Text(self.glyphs.line(", ".join(filter(None, parts)) or "SpecStep"), style="bold")
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

    def _bar(self, generation: Generation) -> _Row:
        percent = 100.0 if generation.is_complete else generation.progress_percent
        if percent is None:
            return _Row((), 3)
        percent = min(100.0, max(0.0, percent))
        room = min(60, self.width - 7)
        if room < 4:
            return _Row((Text(f"{percent:.0f} %"),), 3)
        full = round(room * percent / 100)
        line = Text(self.glyphs.full * full, "cyan")
        line.append(self.glyphs.empty * (room - full), "dim").append(f" {percent:3.0f} %", "")
        return _Row((line,), 3)

    def _moved(self, label: str, what: str, done: int, total: int | None) -> _Row:
        """How far a document, or the package, is on its way."""
        if not total:
            return self._row(label, f"{size(done)}{what}", 8)
        words = f"{size(done)} of {size(total)}{what}"
        if self.width < LABELLED_COLUMNS:
            return self._row(label, f"{100 * done / total:.0f} %, {words}", 8)
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
        who = item.display_name or item.character_name or item.agent_role or "An agent"
        what = item.narration or item.action or item.status or ""
        return self._row("agents" if number == 0 else "", f"{who}: {what}", 1, "dim", only_first=True)

    def _row(self, label: str, text: str, worth: int, style: str = "", *, only_first: bool = False) -> _Row:
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
            return _Row((Text.assemble(head, words),), worth)
        wrapped = words.wrap(self.console, room) or [words]
        indent = Text(" " * len(head.plain))
        return _Row(tuple(Text.assemble(indent if n else head, line) for n, line in enumerate(wrapped)), worth)
