"""The kickoff's part of the job: one generation is started, found or retried; never two."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Changes, Flow, Now, Remember, Report, do
from specstep_flows.flows import budget, generations
from specstep_flows.flows.plan import Job, confirm, current_record, generation_changes
from specstep_flows.models import Generation
from specstep_flows.runs import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["retry", "start"]


def start(job: Job) -> Flow[None]:
    """Start the one generation, or find the one that an earlier attempt, the service itself or a person started."""
    record = yield from current_record()
    assert record.intake_artifact_id is not None
    kickoff = generations.Kickoff(
        send=lambda about, outcome: _send_kickoff(record, about, outcome),
        interview_id=record.interview_id,
        intake_id=record.intake_artifact_id,
        settle_seconds=job.settle_seconds,
        is_fan_out=record.options.get("profile") == "Researcher",
        outcome=generation_changes,
    )
    known: frozenset[UUID] = frozenset()
    if record.intent is not None and record.intent.operation == "start_generation":
        found = yield from _settle_intent(kickoff, record)
    else:
        # This run has sent no kickoff yet: whatever the interview has was started for it, by the service or by hand.
        found = yield from generations.find_new_generation(kickoff, frozenset())
        if found is None and job.is_user_actor and record.turns:
            now = yield from do(Now())
            found = yield from generations.settle_kickoff(kickoff, known, now)
        if found is not None:
            yield from do(Remember(generation_changes(found)))
    adopted = found is not None
    if found is None:
        yield from budget.check_before_paying(job.max_cost_usd, record)
        if not job.is_user_actor:
            yield from confirm(job)
        found = yield from generations.kick_off(kickoff, known)
    yield from do(Report(events.GenerationStarted(found, adopted)))


def _settle_intent(kickoff: generations.Kickoff, record: RunRecord) -> Flow[UUID | None]:
    """What became of a request that was on its way when an earlier process ended."""
    assert record.intent is not None
    known = frozenset(UUID(identifier) for identifier in record.intent.about.get("known", ()))
    yield from do(Report(events.Notice("An earlier attempt may have started a generation; looking for it first.")))
    return (yield from generations.settle_kickoff(kickoff, known, record.intent.sent_at))


def _send_kickoff(record: RunRecord, about: Changes, outcome: Callable[[UUID], Changes] | None) -> Flow[UUID]:
    """POST /v1/generations with the user's project type or none; when none is refused, with the detected one."""
    assert record.intake_artifact_id is not None
    chosen = record.options.get("project_type")

    def send(project_type: str | None) -> Flow[UUID]:
        assert record.intake_artifact_id is not None
        return gateway.start_generation(
            record.intake_artifact_id,
            profile=record.options.get("profile") or "Normal",
            project_type=project_type,
            mirror_selection=record.options.get("mirror_selection"),
            about=about,
            outcome=outcome,
        )

    try:
        return (yield from send(chosen))
    except errors.BadRequest:
        if chosen is not None or record.detected_type is None:
            raise
        capabilities = yield from gateway.get_capabilities()
        if record.detected_type not in capabilities.project_types:
            raise
    return (yield from send(record.detected_type))


def retry(job: Job, generation_id: UUID, failed: Generation | None = None) -> Flow[None]:
    """Run a failed generation's intake again, once (POST /v1/generations/{id}/retry)."""
    record = yield from current_record()

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

    interview_id = record.interview_id or (yield from generations.interview_of(generation_id))
    kickoff = generations.Kickoff(
        send=lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
        interview_id=interview_id,
        intake_id=record.intake_artifact_id or (failed.intake_id if failed is not None else None),
        settle_seconds=job.settle_seconds,
        outcome=outcome,
    )
    found: UUID | None = None
    if record.intent is not None and record.intent.operation == "retry_generation":
        found = yield from _settle_intent(kickoff, record)
        if found is None:
            yield from do(Remember({"intent": None}))
            return
    else:
        yield from budget.check_before_paying(job.max_cost_usd, record)
        yield from confirm(job)
        found = yield from generations.kick_off(kickoff)
    yield from do(Report(events.GenerationStarted(found, adopted=False)))
