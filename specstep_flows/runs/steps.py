"""The steps of a store that cost and are part of no run: each has a record, found again by what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows.runs.records import Intent, StepRecord
from specstep_flows.runs.telling import is_untold

if TYPE_CHECKING:
    from specstep_flows.runs.protocol import RunKeeper


@attrs.frozen
class StepStore:
    """The steps in a store. ``held`` is the name under which whoever uses this one holds what it changes."""

    store: RunKeeper
    held: str

    def open(self, wanted: StepRecord, *, again: bool = False) -> StepRecord:
        """The record of what is wanted: the one that there is, or a new one.

        ``again`` makes another only where the newest is over and told, or cannot be settled: one that was broken off is
        carried on with, so that the same command pays once, however often it is killed.
        """
        newest: StepRecord | None = None
        number = 1
        while (found := self.store.read_step(_numbered(wanted.run_id, number))) is not None:
            newest, number = found, number + 1
        if newest is not None and not (again and newest.is_settled and not is_untold(self.store, newest.run_id)):
            # Whoever asks for it again finds out again whether it can be settled, and may be killed meanwhile.
            return self.update(newest.run_id, {"is_unknown": False}) if newest.is_unknown else newest
        record = attrs.evolve(wanted, run_id=_numbered(wanted.run_id, number))
        self.store.add_step(record, self.held)
        return record

    def get(self, run_id: str) -> StepRecord:
        """The step called ``run_id``. Raises ``RunNotFound``."""
        found = self.store.read_step(run_id)
        if found is None:
            raise errors.RunNotFound(f"There is no step called {run_id}.")
        return found

    def glance(self, run_id: str) -> StepRecord | None:
        """``get`` where it does not block, which it always may."""
        return None

    def update(self, run_id: str, changes: Mapping[str, Any]) -> StepRecord:
        """Store ``changes``, and return the whole record. Raises ``RunTaken`` if another process has taken it over."""
        record = attrs.evolve(self.get(run_id), **changes, updated_at=datetime.now(UTC))
        self.store.change_step(record, self.held)
        return record

    def discard(self, run_id: str) -> None:
        """Delete a step for which nothing was sent."""
        self.store.drop_step(run_id, self.held)

    def check_held(self, run_id: str) -> None:
        """Raises ``RunTaken`` if another process has taken over what is held."""
        self.store.check_held(self.held)


def _numbered(run_id: str, number: int) -> str:
    return run_id if number == 1 else f"{run_id}-{number}"


def encode_step(record: StepRecord) -> str:
    """A step as a store holds it."""
    return json.dumps(as_json(record))


def decode_step(text: str) -> StepRecord:
    """The step that a store holds. Raises one of ``rows.UNREADABLE``."""
    value = json.loads(text)
    known = {field.name: value[field.name] for field in attrs.fields(StepRecord) if field.name in value}
    times = {name: datetime.fromisoformat(known[name]) for name in ("created_at", "updated_at")}
    intent = None if known["intent"] is None else Intent(**known["intent"])
    return StepRecord(**{**known, **times, "intent": intent})
