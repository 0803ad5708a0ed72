from __future__ import annotations

from enum import StrEnum


class FailureCategory(StrEnum):
    """A value that is not listed here is kept as it came, as a member without a name in this class."""

    COST_BUDGET_EXCEEDED = "CostBudgetExceeded"
    HOST_RESTART = "HostRestart"
    LEASE_EXPIRED = "LeaseExpired"
    LLM_AUTH_FAILURE = "LlmAuthFailure"
    LLM_CONTRACT = "LlmContract"
    LLM_QUOTA_EXCEEDED = "LlmQuotaExceeded"
    NETWORK_TIMEOUT = "NetworkTimeout"
    ORCHESTRATOR_CRASH = "OrchestratorCrash"
    REDRAFT_NO_PROGRESS = "RedraftNoProgress"
    REVIEW_BUDGET_EXHAUSTED = "ReviewBudgetExhausted"
    REVIEW_LOOP_STALLED = "ReviewLoopStalled"
    STUCK_IN_QUEUE = "StuckInQueue"
    UNKNOWN = "Unknown"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> FailureCategory | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
