"""A run's present state in one word, from its record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows.states import fold

if TYPE_CHECKING:
    from specstep_flows.runs import RunRecord

__all__ = ["WORDS", "status_of"]

#: The words, in the order in which a run may come by them.
WORDS: Final = ("new", "interview", "generating", "question", "paused", "failed", "cancelled", "package", "done")


def status_of(record: RunRecord) -> str:
    """One of ``WORDS``. What the service did since somebody last looked is not in it."""
    if record.is_finished:
        return "done"
    if record.generation_id is None:
        return "interview" if record.interview_id is not None else "new"
    ends = {
        "complete": "package",
        "failed": "failed",
        "cancelled": "cancelled",
        "paused": "paused",
        "pausedawaitingclarification": "question",
    }
    return ends.get(fold(record.generation_state), "generating")
