from __future__ import annotations

from enum import StrEnum


class FeedbackSeverity(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    CRITICAL = "critical"
    HIGH = "high"
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> FeedbackSeverity | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
