from __future__ import annotations

from enum import StrEnum


class SubmitTurnResponse200Status(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    ABANDONED = "Abandoned"
    ACTIVE = "Active"
    AWAITING_CLARIFICATION = "AwaitingClarification"
    CACHED_REPLAY = "cached_replay"
    CANCELLED = "cancelled"
    CLARIFICATION_RESOLVED = "ClarificationResolved"
    COMPLETE = "Complete"
    COMPLETED = "completed"
    FAILED = "failed"
    PAUSED = "Paused"
    QUEUED = "queued"
    RUNNING = "running"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> SubmitTurnResponse200Status | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
