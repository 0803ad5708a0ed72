"""The kickoff's part of the job: one generation is started, found or retried, and never two."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from specstep_flows import errors, events, gateway, states
from specstep_flows.engine.effects import Changes, Now, Remember, Report
from specstep_flows.flows import budget, control
from specstep_flows.flows.job import (
    DOCUMENTED_PROJECT_TYPES,
    Job,
    accepted_choices,
    confirm,
    current_record,
    generation_changes,
)
from specstep_flows.flows.kickoff import Kickoff, find_new, kick_off, settle_kickoff, take_snapshot
from specstep_flows.models import Generation
from specstep_flows.runs.records import Intent, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable


async def start(job: Job) -> None:
    """Start the one generation, or find the one that an earlier attempt, the service itself or a person started."""
    record = await current_record()
    assert record.intake_artifact_id is not None
    kickoff = Kickoff(
        send=lambda about, outcome: _send_kickoff(record, about, outcome),
        interview_id=record.interview_id,
        intake_id=record.intake_artifact_id,
        settle_seconds=job.settle_seconds,
        is_fan_out=states.is_fan_out(record.options.profile),
        outcome=generation_changes,
    )
    if record.intent is not None and record.intent.operation == "start_generation":
        known = _known_before(record.intent)
        found = await _settle_intent(kickoff, record.intent)
    else:
        # This run has sent no kickoff yet: the service or a person started whatever the interview has.
        snapshot = await take_snapshot(kickoff, is_first=True)
        found, known = (await find_new(kickoff, snapshot)), snapshot.known
        if found is None and job.is_user_actor and record.turns:
            now = await Now()
            found = await settle_kickoff(kickoff, known, now)
        if found is not None:
            await Remember(generation_changes(found))
    adopted = found is not None
    if found is None:
        await budget.check_before_paying(job.options.max_cost_usd, record)
        if not job.is_user_actor:
            await confirm(job)
        found = await kick_off(kickoff, known)
    await Report(events.GenerationStarted(found, adopted))


def _known_before(intent: Intent) -> frozenset[UUID]:
    """The generations that were there before the request left."""
    return frozenset(UUID(identifier) for identifier in intent.about.get("known", ()))


async def _settle_intent(kickoff: Kickoff, intent: Intent) -> UUID | None:
    """What came of a request that was on its way when an earlier process ended."""
    await Report(events.Notice("An earlier attempt may have started a generation; checking that first."))
    return await settle_kickoff(kickoff, _known_before(intent), intent.sent_at)


async def _send_kickoff(record: RunRecord, about: Changes, outcome: Callable[[UUID], Changes] | None) -> UUID:
    """POST /v1/generations with the user's project type or none; when none is refused, with the detected one."""
    assert record.intake_artifact_id is not None
    chosen = record.options.project_type

    async def send(project_type: str | None) -> UUID:
        assert record.intake_artifact_id is not None
        return await gateway.start_generation(
            record.intake_artifact_id,
            profile=record.options.profile or states.DEFAULT_PROFILE,
            project_type=project_type,
            mirror_selection=record.options.mirror_selection,
            about=about,
            outcome=outcome,
        )

    try:
        return await send(chosen)
    except errors.BadRequest as error:
        if chosen is not None:
            raise
        refused = error
    detected: str | None = record.detected_type or (await _listed_type(record))
    try:
        accepted = (await accepted_choices()).project_types
    except errors.RequestError:
        # This failure must not be taken for that of the kickoff, which was refused.
        accepted = tuple(DOCUMENTED_PROJECT_TYPES)
    if detected not in accepted:
        refused.add(
            "If the project type is missing, which was neither given nor detected: repeat `specstep run` with the same "
            "brief and --run-id, and with --project-type WebApp (or another)."
        )
        raise refused
    return await send(detected)


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

    def outcome(new: UUID) -> Changes:
        return {
            "generation_id": new,
            "generation_ids": (*record.generation_ids, new),
            "retries": record.retries + 1,
            "spent_before_usd": record.spent_before_usd + (record.cost_usd or 0.0),
            "cost_usd": None,
            "generation_state": None,
            "package_id": None,
            "answering": None,
        }

    interview_id = record.interview_id or (await control.interview_of(generation_id))
    kickoff = Kickoff(
        send=lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
        interview_id=interview_id,
        intake_id=record.intake_artifact_id or (failed.intake_id if failed is not None else None),
        settle_seconds=job.settle_seconds,
        older=frozenset((generation_id, *record.generation_ids)),
        outcome=outcome,
    )
    found: UUID | None = None
    if record.intent is not None and record.intent.operation == "retry_generation":
        found = await _settle_intent(kickoff, record.intent)
        if found is None:
            await Remember({"intent": None})
            return
    else:
        await budget.check_before_paying(job.options.max_cost_usd, record)
        await confirm(job)
        found = await kick_off(kickoff)
    await Report(events.GenerationStarted(found, adopted=False))
