"""What a run needs besides its record, and the small things that every part of the job uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows import errors, gateway
from specstep_flows._text import did_you_mean
from specstep_flows.callbacks import Confirm, Policy, Respondent
from specstep_flows.engine.effects import Ask, Recall, Report
from specstep_flows.events import RunOpened
from specstep_flows.flows import delivery
from specstep_flows.models import Account, Capabilities, RunOptions
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import DOCUMENTED_PROFILES, DOCUMENTED_PROJECT_TYPES, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID


@attrs.define
class KeyCheck:
    """Whose key it is, once it was verified: all runs of a client verify it together, and a refused key only once.

    Five refusals lock the address out, so the next run of the client does not try a key that was refused. What the
    service accepts is asked once, too.
    """

    account: Account | None = None
    accepted: Capabilities | None = None
    #: What it was refused with, and when: it may have been the address's lock-out, which clears by itself.
    refusal: errors.AuthenticationError | None = None
    refused_at: float = 0.0
    checking_since: float | None = None
    #: How many runs wait for what one of them asks.
    waiting: int = 0


@attrs.frozen
class Job:
    """What a run needs besides its record: the user's callbacks, file operations, and the service's properties."""

    files: delivery.Files
    key_check: KeyCheck = attrs.field(factory=KeyCheck)
    policy: Policy | None = None
    #: Called with what is about to be paid for; False leaves the run where it is.
    confirm: Confirm | None = None
    #: Answers the agent when the scripted messages are used up; None ends the interview.
    respondent: Respondent | None = None
    settle_seconds: float = 90.0
    #: With an ``oat_`` token the last turn may start a generation by itself.
    is_user_actor: bool = False
    options: RunOptions = attrs.field(factory=RunOptions)
    #: Which run it is, and whether it was there before: reported once a new one has passed its checks.
    opened: RunOpened | None = None

    @property
    def is_new(self) -> bool:
        """Whether nobody has driven the run before."""
        return self.opened is not None and not self.opened.resumed


def documented_choices() -> Capabilities:
    """What the service's pages name. (They name no mirror selection.)"""
    return Capabilities(
        review_profiles=tuple(sorted(DOCUMENTED_PROFILES)), project_types=tuple(sorted(DOCUMENTED_PROJECT_TYPES))
    )


async def accepted_choices() -> Capabilities:
    """What the service accepts (GET /v1/capabilities); where it does not say, what its pages name."""
    documented = documented_choices()
    try:
        accepted = await gateway.get_capabilities()
    except errors.APIError as error:
        if not error.is_not_offered:
            raise
        return documented
    return attrs.evolve(
        accepted,
        review_profiles=accepted.review_profiles or documented.review_profiles,
        project_types=accepted.project_types or documented.project_types,
    )


def _choices(accepted: Capabilities) -> tuple[tuple[str, str, Sequence[str]], ...]:
    """The options whose words the service knows: what each is called, and the words."""
    return (
        ("profile", "review profile", accepted.review_profiles),
        ("project_type", "project type", accepted.project_types),
        ("mirror_selection", "mirror selection", accepted.mirror_selections),
    )


def unknown_choices(options: RunOptions, accepted: Capabilities) -> Iterator[tuple[str, str, str, str]]:
    """Which of profile, project type and mirror selection is none of the accepted words.

    What it is, the word, a sentence with the nearest, and those that there are. Where the service does not say what it
    accepts, any word is.
    """
    for name, what, words in _choices(accepted):
        chosen = getattr(options, name)
        if words and chosen is not None and _spelled(chosen, words) is None:
            yield what, str(chosen), did_you_mean(str(chosen), words), ", ".join(words)


def spelled_choices(options: RunOptions, accepted: Capabilities) -> RunOptions:
    """Options with the profile, the project type and the mirror selection as the service spells them.

    Raises:
        UsageError: it does not accept one of them.
    """
    for what, word, near, known in unknown_choices(options, accepted):
        raise errors.UsageError(f"Unknown {what} {word!r}.{near} The service accepts {known}. Nothing was sent.")
    changes: dict[str, Any] = {}
    for name, _, words in _choices(accepted):
        chosen = getattr(options, name)
        if chosen is not None and words:
            changes[name] = _spelled(chosen, words)
    return attrs.evolve(options, **changes) if changes else options


def _spelled(chosen: str, words: Sequence[str]) -> str | None:
    """The word that is meant, in whatever case it was written; None where there is none."""
    same = [word for word in words if fold(word) == fold(str(chosen))]
    return chosen if chosen in words else same[0] if len(same) == 1 else None


async def current_record() -> RunRecord:
    """The run's record as it is now."""
    record = await Recall()
    assert record is not None, "a job is driven with a run's record"
    return record


async def announce(job: Job) -> None:
    """Say which run it is."""
    if job.opened is not None:
        await Report(job.opened)


async def confirm(job: Job) -> None:
    """Ask before what comes next costs. Raises ``NotConfirmed`` when the answer is no."""
    if job.confirm is None:
        return
    record: RunRecord = await current_record()
    if not await Ask(job.confirm, (record,)):
        more = "more " if record.may_have_cost else ""
        raise errors.NotConfirmed(f"Not confirmed, so nothing {more}was paid for.")


def generation_changes(generation_id: UUID) -> dict[str, Any]:
    """What the record says from the moment that the run's generation is known."""
    return {"generation_id": generation_id, "generation_ids": (generation_id,), "stage": "generation", "error": None}


def retry_changes(record: RunRecord, generation_id: UUID) -> dict[str, Any]:
    """What the record says once a new generation has taken the place of the run's failed one."""
    return {
        "generation_id": generation_id,
        "generation_ids": (*record.generation_ids, generation_id),
        "retries": record.retries + 1,
        "spent_before_usd": record.spent_before_usd + (record.cost_usd or 0.0),
        "cost_usd": None,
        "generation_state": None,
        "package_id": None,
        "answering": None,
        "error": None,
    }
