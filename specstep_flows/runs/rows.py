"""How a record becomes a row of the store, and a row a record again; of a row that was read before, what differs."""

from __future__ import annotations

import json
import sqlite3
from array import array
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows._json import as_json
from specstep_flows.runs.looks import Looks, packed
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord, stored_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _turn(value: Mapping[str, Any]) -> TurnRecord:
    job = value.get("job_id")
    return TurnRecord(**{**value, "job_id": UUID(job) if job else None})


#: How columns that are not strings or numbers are read.
_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "messages": tuple,
    "attachments": tuple,
    "options": stored_options,
    "interview_id": UUID,
    "turns": lambda value: tuple(_turn(turn) for turn in value),
    "uploads": tuple,
    "interview_complete": bool,
    "intake_artifact_id": UUID,
    "intent": lambda value: Intent(**value),
    "generation_id": UUID,
    "generation_ids": lambda value: tuple(UUID(item) for item in value),
    "answers": tuple,
    "answering": dict,
    "package_id": UUID,
    "packages": tuple,
}
COLUMNS: Final = tuple(field.name for field in attrs.fields(RunRecord))
#: Times, which are stored as seconds, so that they can be compared.
TIMES: Final = {"created_at": "REAL", "updated_at": "REAL"}
#: Columns that are stored as they are.
_AS_THEY_ARE: Final = frozenset({*TIMES, "run_id", "api_url"})
#: Long ones, which are not read again after they were written.
_PACKED: Final = frozenset({"history"})
#: What reading a row of a damaged or foreign store raises.
UNREADABLE: Final = (
    sqlite3.Error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    OSError,
    RecursionError,
)


def encode(column: str, value: Any) -> Any:
    """A value as its column holds it."""
    if column in TIMES:
        return value.timestamp()
    if column in _AS_THEY_ARE:
        return value
    # ASCII, so that any text and any name of a file can be written, and is read again as it was.
    return packed(value).text if column in _PACKED else json.dumps(as_json(value))


def decode(column: str, text: Any) -> Any:
    """The value that a column holds. Raises one of ``UNREADABLE``."""
    if column in _AS_THEY_ARE:
        return text
    if column in _PACKED:
        return Looks.read(text)
    value = json.loads(text)
    reader = _READERS.get(column)
    return value if value is None or reader is None else reader(value)


@attrs.frozen
class Kept:
    """A record, and what its row held when it was read or written: what is still there is not read again."""

    record: RunRecord
    #: The hash of each column's content: the texts themselves would be as large as the record.
    marks: array[int]

    def reread(self, row: Sequence[Any]) -> Kept:
        """The record of the row as it is now; itself if nothing in it has changed. Raises one of ``UNREADABLE``."""
        marks = _marks(row)
        if marks == self.marks:
            return self
        changed = {
            name: decode(name, held)
            for name, held, before, now in zip(COLUMNS, row, self.marks, marks, strict=True)
            if before != now
        }
        return Kept(attrs.evolve(self.record, **changed), marks)

    def written(self, changes: Mapping[str, Any], encoded: Mapping[str, Any]) -> Kept:
        """The record after ``changes``, which were written as ``encoded``."""
        values = {name: changes[name] if name in _PACKED else decode(name, held) for name, held in encoded.items()}
        marks = array("q", self.marks)
        for name, held in encoded.items():
            marks[COLUMNS.index(name)] = hash(held)
        return Kept(attrs.evolve(self.record, **values), marks)


def read(row: Sequence[Any]) -> Kept:
    """The record of a row. Raises one of ``UNREADABLE``."""
    return Kept(RunRecord(**{name: decode(name, held) for name, held in zip(COLUMNS, row, strict=True)}), _marks(row))


def _marks(row: Sequence[Any]) -> array[int]:
    return array("q", map(hash, row))
