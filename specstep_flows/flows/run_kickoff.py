"""The kickoff's part of the job: one generation is started, found or retried, and never two."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway, states
from specstep_flows.engine.effects import Remember, Report
from specstep_flows.flows import budget, control
from specstep_flows.flows.job import (
    Job,
    accepted_choices,
    confirm,
    current_record,
    generation_changes,
    retry_changes,
)
from specstep_flows.flows.kickoff import kick_off, known_to, settle_intent, settle_kickoff
from specstep_flows.flows.snapshot import (
    Kickoff,
    find_new,
    find_updated,
    known_before,
    look_before,
    take_snapshot,
    unsettled,
)

if TYPE_CHECKING:
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import Intent, RunRecord


async def start(job: Job) -> None:
    """Start the one generation, or find the one that an earlier attempt, the service itself or a person started."""
    record = await current_record()
    intent = record.kickoff_intent
    kickoff = _kickoff_of(job, record, intent)
    if intent is not None:
        found, known = (await settle_intent(kickoff, intent)), known_to(intent)
    else:
        # The service or a person started whatever the interview has, or a kickoff that was refused did. Until one was
        # sent, an update's rows need not be read one by one.
        first = attrs.evolve(kickoff, interview_id=record.interview_id) if job.is_new else kickoff
        snapshot = await take_snapshot(first, is_first=True)
        found = (await find_new(kickoff, snapshot)) or (None if job.is_new else (await find_updated(kickoff)))
        known = snapshot.known if record.options.continues is None else (await known_before(kickoff))
        if found is None and job.is_user_actor and record.turns:
            found = await settle_kickoff(kickoff, known)
        if found is not None:
            await Remember(generation_changes(found))
    adopted = found is not None
    if found is None:
        await budget.check_before_paying(job.options.max_cost_usd, record)
        if not job.is_user_actor:
            await confirm(job)
        found = await kick_off(kickoff, known, after=intent)
    await Report(events.GenerationStarted(found, adopted))


def _kickoff_of(job: Job, record: RunRecord, intent: Intent | None = None) -> Kickoff:
    """The request that starts the run's first generation."""
    if record.options.continues is not None:
        return _update_of(job, record, UUID(record.options.continues["generation_id"]))
    return _kickoff(job, record, record.options.project_type or (intent.about.get("project_type") if intent else None))


def _update_of(job: Job, record: RunRecord, generation_id: UUID) -> Kickoff:
    """POST /v1/generations/{id}/update. Whether its row names the new interview is not documented, so the intake
    decides.

    It is sent with the intake alone: the profile and the rest are those of the generation (an assumption).
    """
    intake_id = record.intake_artifact_id
    assert intake_id is not None
    return Kickoff(
        send=lambda about, outcome: gateway.update_generation(generation_id, intake_id, about=about, outcome=outcome),
        interview_id=None,
        intake_id=intake_id,
        settle_seconds=job.settle_seconds,
        waits=job.options.wait,
        is_fan_out=states.is_fan_out(record.options.profile),
        older=frozenset([generation_id]),
        outcome=generation_changes,
        updated=generation_id,
    )


def _kickoff(job: Job, record: RunRecord, project_type: str | None) -> Kickoff:
    """POST /v1/generations with the user's project type or none; when none is refused, with the detected one."""
    intake_id = record.intake_artifact_id
    assert intake_id is not None
    kickoff = Kickoff(
        send=lambda about, outcome: gateway.start_generation(
            intake_id,
            profile=record.options.profile or states.DEFAULT_PROFILE,
            project_type=project_type,
            mirror_selection=record.options.mirror_selection,
            about=about,
            outcome=outcome,
        ),
        interview_id=record.interview_id,
        intake_id=intake_id,
        settle_seconds=job.settle_seconds,
        waits=job.options.wait,
        is_fan_out=states.is_fan_out(record.options.profile),
        outcome=generation_changes,
        about={} if project_type is None else {"project_type": project_type},
    )
    if project_type is not None:
        return kickoff

    async def with_detected_type(refused: errors.BadRequest) -> Kickoff | None:
        detected = await _detected_type(record)
        if detected is not None:
            return _kickoff(job, record, detected)
        refused.add(
            "If the project type is missing, which was neither given nor detected: repeat the run with the same "
            "brief and `run_id`, and with a `project_type` such as WebApp."
        )
        return None

    return attrs.evolve(kickoff, amend=with_detected_type)


async def _detected_type(record: RunRecord) -> str | None:
    """The type that the service detected, from the run or the list of interviews, if it is one that it accepts."""
    detected: str | None = record.detected_type or (await _listed_type(record))
    try:
        accepted = (await accepted_choices()).project_types
    except errors.RequestError:
        # This failure must not be taken for that of the kickoff, which was refused.
        accepted = tuple(states.DOCUMENTED_PROJECT_TYPES)
    return detected if detected in accepted else None


async def _listed_type(record: RunRecord) -> str | None:
    """The type that the service detected, from the list of interviews: the pages promise it there."""
    try:
        listed = await gateway.list_interviews()
    except errors.RequestError:
        # The list only spares the user a question.
        return None
    return next((interview.detected_type for interview in listed if interview.id == record.interview_id), None)


async def retry(job: Job, generation_id: UUID, failed: Generation | None = None) -> None:
    """Run a failed generation's intake again, once (POST /v1/generations/{id}/retry)."""
    record = await current_record()
    kickoff = await _retry_of(job, record, generation_id, failed)
    intent = record.kickoff_intent
    if intent is not None:
        found, known = (await settle_intent(kickoff, intent)), known_to(intent)
        if found is None and record.retries >= job.options.retry_failed:
            await Remember({"intent": None})
            return
    else:
        found, known = await _find_retry(record, kickoff, generation_id)
    adopted = found is not None
    if found is None:
        await budget.check_before_paying(job.options.max_cost_usd, record)
        await confirm(job)
        found = await kick_off(kickoff, known, after=intent)
    await Report(events.GenerationStarted(found, adopted))


async def _find_retry(record: RunRecord, kickoff: Kickoff, generation_id: UUID) -> tuple[UUID | None, frozenset[UUID]]:
    """A retry that the record does not know of, which is recorded; and all that is there.

    The store was put back, or the retry was refused and carried out nevertheless.

    Raises:
        OutcomeUnknown: several generations may be it.
    """
    rows, known = await look_before(kickoff, generation_id)
    newer = [row.id for row in rows if not states.is_one_of(row.state, "Cancelled")]
    if len(newer) > 1:
        raise unsettled(newer, f"one of them may be the retry of {generation_id}")
    if not newer:
        return None, known
    await Report(events.Notice(f"Generation {generation_id} was run again already: {newer[0]}."))
    await Remember(retry_changes(record, newer[0]))
    return newer[0], known


async def _retry_of(job: Job, record: RunRecord, generation_id: UUID, failed: Generation | None = None) -> Kickoff:
    interview_id = record.interview_id or (await control.interview_of(generation_id))
    if record.options.continues is not None:
        interview_id = None
    return Kickoff(
        send=lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
        interview_id=interview_id,
        intake_id=record.intake_artifact_id or (failed.intake_id if failed is not None else None),
        settle_seconds=job.settle_seconds,
        waits=job.options.wait,
        older=frozenset((generation_id, *record.generation_ids)),
        outcome=partial(retry_changes, record),
    )


async def find_started(job: Job) -> UUID | None:
    """The run's generation; one whose request may have been sent is looked for first. Nothing is sent that costs."""
    record = await current_record()
    intent, own = record.kickoff_intent, record.generation_id
    if intent is not None and intent.operation != "retry_generation":
        return await settle_intent(_kickoff_of(job, record), intent)
    if intent is not None and own is not None:
        return (await settle_intent(await _retry_of(job, record, own), intent)) or own
    if own is not None and record.may_have_retried:
        return (await _find_retry(record, await _retry_of(job, record, own), own))[0] or own
    if own is None and record.intake_artifact_id is not None:
        # The service or a person may have started one, and a refusal may have been carried out.
        kickoff = _kickoff_of(job, record)
        own = await find_new(kickoff, await take_snapshot(kickoff, is_first=True)) or (await find_updated(kickoff))
        if own is not None:
            await Remember(generation_changes(own))
    return own
