from __future__ import annotations

from enum import StrEnum


class ExplanationFormat(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    DOCX = "docx"
    MD = "md"
    PDF = "pdf"
    TXT = "txt"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> ExplanationFormat | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
