from __future__ import annotations

from enum import StrEnum


class FeedbackType(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    API_DOC_QUALITY = "api_doc_quality"
    END_TO_END_RUN = "end_to_end_run"
    INTERVIEW_QUALITY = "interview_quality"
    LAUNCH_READINESS = "launch_readiness"
    OTHER = "other"
    PACKAGE_QUALITY = "package_quality"
    TOOLING_EXPERIENCE = "tooling_experience"
    WEBSITE_QUALITY = "website_quality"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> FeedbackType | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
