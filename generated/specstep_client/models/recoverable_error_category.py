from __future__ import annotations

from enum import StrEnum


class RecoverableErrorCategory(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    OTHER = "other"
    PROVIDER_SERVER_ERROR = "provider_server_error"
    PROVIDER_TIMEOUT = "provider_timeout"
    RATE_LIMIT = "rate_limit"
    SCHEMA_VIOLATION = "schema_violation"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> RecoverableErrorCategory | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
