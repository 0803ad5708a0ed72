"""What a person names on the command line: a run, by its id or the beginning of it, or a generation, by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from specstep_flows import errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from specstep_flows.runs import RunRecord, RunStore

__all__ = ["Target", "find_generation", "find_run", "find_target", "start_over_elsewhere"]


@attrs.frozen
class Target:
    """A generation, and the run that manages it, if one does."""

    generation_id: UUID | None
    record: RunRecord | None = None


def find_target(store: RunStore, name: str) -> Target:
    """The run or the generation of that name.

    Raises:
        RunNotFound: it is no generation's id, and no run is called so.
    """
    try:
        identifier = UUID(name)
    except ValueError:
        record = find_run(store, name)
        return Target(record.generation_id, record)
    return Target(identifier, store.find_generation(identifier))


def find_generation(store: RunStore, name: str) -> UUID:
    """The id of the generation that is named, or that the named run drives.

    Raises:
        RunNotFound: no run is called so.
        UsageError: the run has no generation yet.
    """
    target = find_target(store, name)
    if target.generation_id is None:
        raise errors.UsageError(f"Run {name} has no generation yet; `specstep resume {name}` goes on with it.")
    return target.generation_id


def find_run(store: RunStore, name: str) -> RunRecord:
    """The run called so, or the only one whose id begins so.

    Raises:
        RunNotFound: there is none, or several begin so.
    """
    try:
        return store.get(name)
    except errors.RunNotFound:
        found = [record for record in store.all() if name and record.run_id.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(record.run_id for record in found[:5])
            raise errors.RunNotFound(f"Several runs begin with {name}: {some}. Give more of the id.") from None
        raise


def start_over_elsewhere(store: RunStore, record: RunRecord, changes: Mapping[str, Any]) -> None:
    """Let a run that has its package on disk put it under another name as well, when it is given another output."""
    output = changes.get("output")
    if record.is_finished and output is not None and output != record.options.get("output"):
        store.update(record.run_id, {"stage": "package", "unpacked_to": None})
