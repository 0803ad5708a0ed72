from __future__ import annotations

from enum import StrEnum


class GenerationState(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    ADDENDUM_RUNNING = "AddendumRunning"
    ASSEMBLING = "Assembling"
    CANCELLED = "Cancelled"
    COMPLETE = "Complete"
    DELIVERING = "Delivering"
    DRAFTING = "Drafting"
    FAILED = "Failed"
    FRESH_EYES = "FreshEyes"
    PAUSED = "Paused"
    PAUSED_AWAITING_CLARIFICATION = "PausedAwaitingClarification"
    QUEUED = "Queued"
    REFINING = "Refining"
    REVIEWING = "Reviewing"
    RISK_REVIEW = "RiskReview"
    SECURITY_REVIEW = "SecurityReview"
    SPECIALIST_REVIEW = "SpecialistReview"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> GenerationState | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
