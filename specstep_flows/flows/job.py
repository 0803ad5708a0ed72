"""What a run needs besides its record, and the small things that every part of the job uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors, gateway
from specstep_flows.callbacks import Confirm, Policy, Respondent
from specstep_flows.engine.effects import Ask, Recall
from specstep_flows.flows import delivery
from specstep_flows.models import Account, Capabilities, RunOptions
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import DOCUMENTED_PROFILES

if TYPE_CHECKING:
    from uuid import UUID

#: What the pages name; anything else is looked up in GET /v1/capabilities before a turn is sent.
DOCUMENTED_PROJECT_TYPES: Final = frozenset(
    {"WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool"}
)


@attrs.define
class KeyCheck:
    """Whose key it is, once it was verified: all runs of a client verify it together, and a refused key only once.

    Five refusals lock the address out, so the next run of the client does not try a key that was refused.
    """

    account: Account | None = None
    refusal: errors.AuthenticationError | None = None
    checking_since: float | None = None


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


async def accepted_choices() -> Capabilities:
    """What the service accepts (GET /v1/capabilities); where it does not say, what its pages name."""
    try:
        accepted = await gateway.get_capabilities()
    except errors.APIError as error:
        if not error.is_not_offered:
            raise
        accepted = Capabilities()
    return attrs.evolve(
        accepted,
        review_profiles=accepted.review_profiles or tuple(sorted(DOCUMENTED_PROFILES)),
        project_types=accepted.project_types or tuple(sorted(DOCUMENTED_PROJECT_TYPES)),
    )


async def current_record() -> RunRecord:
    """The run's record as it is now."""
    record = await Recall()
    assert record is not None, "a job is driven with a run's record"
    return record


async def confirm(job: Job) -> None:
    """Ask before what comes next costs. Raises ``Detached`` when the answer is no."""
    if job.confirm is None:
        return
    record: RunRecord = await current_record()
    if not await Ask(job.confirm, (record,)):
        more = "more " if record.may_have_cost else ""
        raise errors.Detached(f"Not confirmed, so nothing {more}was paid for.")


def generation_changes(generation_id: UUID) -> dict[str, Any]:
    """What the record says from the moment that the run's generation is known."""
    return {"generation_id": generation_id, "generation_ids": (generation_id,), "stage": "generation"}


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
    }
