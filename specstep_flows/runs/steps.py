"""The steps of a store that cost and are part of no run: each has a record, found again by what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows.runs.records import Intent, StepRecord

if TYPE_CHECKING:
    from specstep_flows.runs.store import RunStore


#: Made when it is first needed: a version that does not know it can use the rest of the store.
_TABLE: Final = "CREATE TABLE IF NOT EXISTS steps (run_id TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL)"


@attrs.frozen
class StepStore:
    """The steps in a store. ``held`` is the name under which whoever uses this one holds what it changes."""

    store: RunStore
    held: str

    def open(self, wanted: StepRecord, *, again: bool = False) -> StepRecord:
        """The record of what is wanted: the one that there is, or a new one.

        ``again`` makes another only where the newest is over, or cannot be settled: one that was broken off is carried
        on with, so that the same command pays once, however often it is killed.
        """
        self.store.write_steps(_TABLE)
        newest: StepRecord | None = None
        number = 1
        while (found := self._read(_numbered(wanted.run_id, number))) is not None:
            newest, number = found, number + 1
        if newest is not None and not (again and newest.is_settled):
            # Whoever asks for it again finds out again whether it can be settled, and may be killed meanwhile.
            return self.update(newest.run_id, {"is_unknown": False}) if newest.is_unknown else newest
        record = attrs.evolve(wanted, run_id=_numbered(wanted.run_id, number))
        self.store.write_steps("INSERT INTO steps VALUES (?, ?)", [record.run_id, _encode(record)], self.held)
        return record

    def get(self, run_id: str) -> StepRecord:
        """The step called ``run_id``. Raises ``RunNotFound``."""
        found = self._read(run_id)
        if found is None:
            raise errors.RunNotFound(f"There is no step called {run_id}.")
        return found

    def glance(self, run_id: str) -> StepRecord | None:
        """``get`` where it does not block, which it always may."""
        return None

    def update(self, run_id: str, changes: Mapping[str, Any]) -> StepRecord:
        """Store ``changes``, and return the whole record. Raises ``RunBusy`` if another process has taken it over."""
        record = attrs.evolve(self.get(run_id), **changes, updated_at=datetime.now(UTC))
        self.store.write_steps("UPDATE steps SET record = ? WHERE run_id = ?", [_encode(record), run_id], self.held)
        return record

    def discard(self, run_id: str) -> None:
        """Delete a step for which nothing was sent."""
        self.store.write_steps("DELETE FROM steps WHERE run_id = ?", [run_id], self.held)

    def _read(self, run_id: str) -> StepRecord | None:
        found = self.store.read_steps("SELECT record FROM steps WHERE run_id = ?", [run_id], _decode)
        return found[0] if found else None


def _numbered(run_id: str, number: int) -> str:
    return run_id if number == 1 else f"{run_id}-{number}"


def _encode(record: StepRecord) -> str:
    return json.dumps(as_json(record))


def _decode(text: str) -> StepRecord:
    value = json.loads(text)
    known = {field.name: value[field.name] for field in attrs.fields(StepRecord) if field.name in value}
    times = {name: datetime.fromisoformat(known[name]) for name in ("created_at", "updated_at")}
    intent = None if known["intent"] is None else Intent(**known["intent"])
    return StepRecord(**{**known, **times, "intent": intent})
