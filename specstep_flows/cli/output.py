"""What is written to stdout: JSON documents, tables, ``name: value`` lines, and the status of a run."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows._json import as_json
from specstep_flows._text import heading, plain_line, plain_text
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from specstep_flows.cli.session import Call
    from specstep_flows.events import Event
    from specstep_flows.models import PackageChanges, PackageOnDisk, RunResult
    from specstep_flows.runs.records import RunRecord

#: What only the machinery of a run needs.
_INNER: Final = frozenset({"intent", "answering", "turns", "uploads"})


def event_document(event: Event) -> dict[str, Any]:
    """An event of a run: its name and its fields."""
    return {"event": _snake(type(event).__name__), **as_json(event)}


def run_document(record: RunRecord, *, with_history: bool = True) -> dict[str, Any]:
    """A run as its record has it. Its history has each look at the generation, which takes a list of runs too long."""
    from specstep_flows._course import course, looks_as_told

    bare = as_json(attrs.evolve(record, history=()))
    document = {name: value for name, value in bare.items() if name not in _INNER}
    if with_history:
        document["history"] = as_json(looks_as_told(record.history, record.updated_at))
    else:
        del document["history"]
    took = course(record.history, generation_id=record.generation_id).duration
    return {
        "run_id": document.pop("run_id"),
        "status": status_of(record),
        **document,
        "total_cost_usd": record.total_cost_usd,
        "duration": took.document if record.history else None,
        "turns": [{"message": turn.message, "reply": turn.reply, "done": turn.done} for turn in record.turns],
    }


def result_document(result: RunResult) -> dict[str, Any]:
    """What a whole run came to."""
    return {"code": "done", **as_json(result)}


def package_document(package: PackageOnDisk) -> dict[str, Any]:
    """A package that was downloaded without a run, with the names of a run's result."""
    return {
        "code": "done",
        "run_id": None,
        "generation_id": as_json(package.package.generation_id),
        "package_id": str(package.package.id),
        "project_name": package.package.project_name,
        **{name: value for name, value in as_json(package).items() if name != "package"},
    }


def changes_lines(changes: PackageChanges) -> list[str]:
    """A line for each file that differs, by its path: A was added, D removed, M changed."""
    marked = [
        (plain_line(name), mark)
        for mark, names in (("A", changes.added), ("D", changes.removed), ("M", changes.changed))
        for name in names
    ]
    return [f"{mark} {name}" for name, mark in sorted(marked)]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


#: Every status, roughly in the order in which a run passes them.
STATUS_WORDS: Final = (
    *("new", "interview", "ready", "starting", "generating", "question", "paused", "failed", "cancelled"),
    *("package", "done"),
)
#: What a person may not guess of a status.
STATUS_NOTES: Final[Mapping[str, str]] = {
    "ready": "interview complete, not paid for",
    "starting": "requested; whether it started is not known yet",
    "package": "complete, not downloaded",
}


def status_of(record: RunRecord) -> str:
    """One of ``STATUS_WORDS``. What the service did since the last look is not in it."""
    if record.is_finished:
        return "done"
    if record.kickoff_intent is not None:
        # A retry is one, too: whatever its failed generation says, the run may be costing.
        return "starting"
    if record.generation_id is None:
        if record.intake_artifact_id is not None:
            return "ready"
        return "interview" if record.interview_id is not None else "new"
    if record.needs_answers:
        return "question"
    ends = {
        "complete": "package",
        "failed": "failed",
        "cancelled": "cancelled",
        "paused": "paused",
    }
    return ends.get(fold(record.generation_state), "generating")


def status_words(record: RunRecord) -> str:
    """The status, and what a person may not guess of it."""
    word = status_of(record)
    return f"{word} ({STATUS_NOTES[word]})" if word in STATUS_NOTES else word


def name_of(record: RunRecord) -> str:
    """What a person knows a run by: the project's name, else how the brief begins."""
    if record.project_name:
        return heading(record.project_name)
    said = [*record.messages, *(turn.message for turn in record.turns)]
    first = heading(said[0]) if said else ""
    return first if len(first) <= 60 else f"{first[:57]}..."


GAP = "  "


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table for whatever reads it, each column as wide as its widest cell."""
    cells = [list(heads), *([plain_line(cell) for cell in row] for row in rows)]
    widths = [max(_columns(row[place]) for row in cells) for place in range(len(heads))]
    return "\n".join(
        GAP.join(cell + " " * (columns - _columns(cell)) for cell, columns in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """``name: value`` lines; what is not known is left out."""
    known = [(name, plain_line(value)) for name, value in pairs if value not in (None, "")]
    longest = max((len(name) for name, _ in known), default=0)
    return "\n".join(f"{name + ':':<{longest + 1}} {value}" for name, value in known)


def show_table(call: Call, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as the result: on a terminal as wide as that is, elsewhere whole."""
    if not call.terminal.is_result_shown:
        call.terminal.result(plain_text(table(heads, rows)))
        return
    from specstep_flows.cli.tables import drawn_table

    drawn, is_shortened = drawn_table(heads, list(rows), shutil.get_terminal_size().columns)
    call.terminal.result_drawn(drawn)
    if is_shortened:
        call.terminal.say("Ids are shortened; a wider window, a pipe or --json shows them whole.")


def say_table(call: Call, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table that a person needs before they are asked: on stderr, as wide as the terminal there."""
    from specstep_flows.cli.tables import drawn_table

    drawn, _ = drawn_table(heads, list(rows), call.terminal.columns, sys.stderr)
    call.terminal.say_drawn(drawn)


def show_pairs(call: Call, pairs: Iterable[tuple[str, object]], document: Mapping[str, Any]) -> None:
    """``name: value`` lines as the result, or ``document`` with ``--json``."""
    found = list(pairs)
    if call.json or not call.terminal.is_result_shown:
        call.finish(facts(found) or None, document)
        return
    from specstep_flows.cli.tables import drawn_facts

    call.terminal.result_drawn(drawn_facts(found, shutil.get_terminal_size().columns))


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def show_rows(call: Call, found: Sequence[Mapping[str, Any]], columns: Sequence[str], name: str) -> int:
    """A list as a table of these columns, or whole with ``--json``, under ``name``."""
    if call.json:
        call.terminal.document({name: found})
    elif found:
        heads = [column.replace("_", " ").upper() for column in columns]
        rows = [[_cell(column, row.get(column)) for column in columns] for row in found]
        show_table(call, heads, rows)
    else:
        call.terminal.say("None.")
    return 0


def _cell(column: str, value: object) -> object:
    """A value of the service's as people read it, not as Python writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(_cell(column, one)) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return heading(value) if column == "project_name" else value


def show_facts(call: Call, answer: Any, name: str) -> int:
    """An object as ``name: value`` lines, or whole with ``--json``, under ``name``; anything else shows nothing."""
    answer = answer if isinstance(answer, dict) else {}
    show_pairs(call, ((key.replace("_", " "), _cell(key, value)) for key, value in answer.items()), {name: answer})
    return 0
