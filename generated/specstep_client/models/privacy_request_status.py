from __future__ import annotations

from enum import StrEnum


class PrivacyRequestStatus(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    COMPLETED = "completed"
    FAILED = "failed"
    PROCESSING = "processing"
    QUEUED = "queued"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> PrivacyRequestStatus | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
