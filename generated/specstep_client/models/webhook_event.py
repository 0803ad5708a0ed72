from __future__ import annotations

from enum import StrEnum


class WebhookEvent(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    GENERATION_COMPLETED = "generation.completed"
    GENERATION_FAILED = "generation.failed"
    GENERATION_PAUSED_AWAITING_CLARIFICATION = (
        "generation.paused_awaiting_clarification"
    )
    GENERATION_STATE_CHANGED = "generation.state_changed"
    WEBHOOK_TEST = "webhook.test"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> WebhookEvent | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
