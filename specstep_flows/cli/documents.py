"""Our own classes as JSON: what ``--json`` and ``--events`` write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

if TYPE_CHECKING:
    from specstep_flows.events import Event
    from specstep_flows.models import PackageOnDisk, RunResult
    from specstep_flows.runs import RunRecord

__all__ = ["event_document", "package_document", "plain", "result_document", "run_document"]

#: Kept out: what the service sent beyond its pages, and what is personal.
_LEFT_OUT: Final = frozenset({"raw", "email"})
#: What only the machinery of a run needs.
_INNER: Final = frozenset({"intent", "answering", "turns", "uploads"})


def plain(value: Any) -> Any:
    """``value`` as JSON has it."""
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if attrs.has(type(value)):
        return {
            field.name: plain(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if field.name not in _LEFT_OUT
        }
    return value


def event_document(event: Event) -> dict[str, Any]:
    """An event of a run: its name and its fields."""
    return {"event": _snake(type(event).__name__), **plain(event)}


def run_document(record: RunRecord) -> dict[str, Any]:
    """A run as its record has it."""
    from specstep_flows.cli.status import status_of

    document = {name: value for name, value in plain(record).items() if name not in _INNER}
    return {
        "run_id": document.pop("run_id"),
        "status": status_of(record),
        **document,
        "turns": [{"message": turn.message, "reply": turn.reply, "done": turn.done} for turn in record.turns],
    }


def result_document(result: RunResult) -> dict[str, Any]:
    """What a whole run came to."""
    return {"code": "done", **plain(result)}


def package_document(brought: PackageOnDisk) -> dict[str, Any]:
    """A package that was brought home by itself: named as in a run's result."""
    return {
        "code": "done",
        "run_id": None,
        "generation_id": plain(brought.package.generation_id),
        "package_id": str(brought.package.id),
        "path": str(brought.path),
        "sha256": brought.sha256,
        "size_bytes": brought.size_bytes,
        "unpacked_to": plain(brought.unpacked_to),
        "project_name": brought.package.project_name,
    }


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
