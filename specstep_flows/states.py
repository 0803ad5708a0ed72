"""The service's words: states, stages, profiles, failure categories and billing, compared in any spelling.

The documentation shows both ``AwaitingClarification`` and ``awaiting_clarification``, so words are compared without
case and separators, here and nowhere else. An unknown word stays as it is, and is never taken for one of these.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "DEFAULT_PROFILE",
    "DOCUMENTED_PROFILES",
    "DOCUMENTED_PROJECT_TYPES",
    "FAN_OUT_PROFILES",
    "STAGES",
    "billing_meaning",
    "fold",
    "is_closed",
    "is_fan_out",
    "is_known",
    "is_one_of",
    "is_terminal",
    "is_waiting",
    "retry_makes_sense",
    "stage_of",
]

#: The states of a run without incidents, in order (walkthrough, generation states).
STAGES: Final = (
    "Queued",
    "Drafting",
    "SpecialistReview",
    "Reviewing",
    "FreshEyes",
    "RiskReview",
    "SecurityReview",
    "Assembling",
    "Refining",
    "Delivering",
    "Complete",
)
_PLACES: Final = {name.casefold(): place for place, name in enumerate(STAGES)}
#: The states in which nothing more happens (walkthrough, step 5).
_TERMINAL: Final = ("complete", "failed", "cancelled")

#: The other states that the walkthrough names.
_UNDER_WAY: Final = ("paused", "pausedawaitingclarification", "addendumrunning")

#: The service's default profile (walkthrough, step 4).
DEFAULT_PROFILE: Final = "Normal"
#: Profiles with which one kickoff starts several generations.
FAN_OUT_PROFILES: Final = frozenset({"Researcher"})
DOCUMENTED_PROFILES: Final = frozenset({"Fast", DEFAULT_PROFILE, "Extensive"}) | FAN_OUT_PROFILES

#: What a project can be of; GET /v1/capabilities says what the service accepts.
DOCUMENTED_PROJECT_TYPES: Final = frozenset(
    {"WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool"}
)

#: Failure categories that running the same intake again is likely to clear, as the walkthrough describes them.
_RETRYABLE_FAILURES: Final = (
    "HostRestart",
    "LeaseExpired",
    "StuckInQueue",
    "NetworkTimeout",
    "LlmContract",
    "LlmQuotaExceeded",
    "OrchestratorCrash",
)
#: Failure categories caused by the intake's content or by a limit: the same intake is likely to fail again.
_HOPELESS_FAILURES: Final = (
    "ReviewBudgetExhausted",
    "RedraftNoProgress",
    "ReviewLoopStalled",
    "CostBudgetExceeded",
    "LlmAuthFailure",
)

#: What ``billing_state`` means for the user's money (walkthrough, step 5).
_BILLING: Final = {
    "notstarted": "queued, nothing is being spent yet",
    "active": "working (billing)",
    "pausedretrying": "paused on a transient error, nothing is being spent",
    "pausedawaitinginput": "waiting for you, nothing is being spent",
    "complete": "finished, no further charges",
}


def fold(word: str | None) -> str:
    """A word in the form that is compared: without case and separators."""
    return (word or "").replace("_", "").replace("-", "").replace(" ", "").casefold()


def is_one_of(word: str | None, *names: str) -> bool:
    """Whether ``word`` is one of the service's ``names``, in any spelling."""
    folded = fold(word)
    return any(folded == fold(name) for name in names)


def is_terminal(state: str | None) -> bool:
    """Whether nothing more will happen. False for a state that this version has never seen."""
    return fold(state) in _TERMINAL


def is_waiting(state: str | None) -> bool:
    """Whether a generation in this state waits for somebody: for answers, or because somebody paused it."""
    return is_one_of(state, "paused", "pausedawaitingclarification")


def is_known(state: str | None) -> bool:
    """Whether the service's pages name this state."""
    return fold(state) in (*_PLACES, *_TERMINAL, *_UNDER_WAY)


def is_closed(state: str | None, billing_state: str | None, ended_at: object) -> bool:
    """Whether a state that nobody knows is an end all the same: it has a time of its end, and its bill is closed."""
    return not is_known(state) and ended_at is not None and is_one_of(billing_state, "complete")


def stage_of(state: str | None) -> int | None:
    """The index of a state in ``STAGES``; None if it is not one of them (paused, failed, unknown)."""
    return _PLACES.get(fold(state))


def is_fan_out(profile: str | None) -> bool:
    """Whether one kickoff with this profile starts several generations."""
    return is_one_of(profile, *FAN_OUT_PROFILES)


def retry_makes_sense(failure_category: str | None) -> bool | None:
    """Whether running the same intake again is likely to help; None if the documentation does not say."""
    if is_one_of(failure_category, *_RETRYABLE_FAILURES):
        return True
    return False if is_one_of(failure_category, *_HOPELESS_FAILURES) else None


def billing_meaning(billing_state: str | None) -> str | None:
    """What a billing state means for the user's money, if the documentation says so."""
    return _BILLING.get(fold(billing_state))
