"""What happens in interviews: they start, turns are submitted and answered, and completion leaves an artifact."""

from typing import TYPE_CHECKING, Any

from . import kickoffs
from .errors import Refusal, conflict
from .interviews import Artifact, Interview, TurnJob

if TYPE_CHECKING:
    from .accounts import Key
    from .world import World

IN_FLIGHT_SECONDS = 5
"""How long the walkthrough's step 3 tells a retry to wait while the original is in flight."""


def start(world: "World", owner: str, now: float) -> Interview:
    """Open a conversation with the agent's first words."""
    interview = Interview(world.ids.uuid(now), owner, now, forced_type=world.options.detected_type)
    interview.say("agent", world.options.opening, now)
    world.interviews[interview.id] = interview
    return interview


def earlier_job(world: "World", interview: Interview, key: str | None) -> TurnJob | None:
    """The newest job that carried this Idempotency-Key in this interview."""
    if key is None:
        return None
    jobs = (job for job in world.jobs.values() if job.interview_id == interview.id and job.key == key)
    return max(jobs, key=lambda job: job.created_at, default=None)


def submit(world: "World", interview: Interview, message: str, actor: "Key", key: str | None, now: float) -> TurnJob:
    """Commit the user's turn and start the job that replies; or find the job that did so under the same key.

    A job that is complete is returned as it is (the caller replays it); one that failed or was cancelled brought no
    result, so it is tried again without committing the same turn twice.
    """
    earlier = earlier_job(world, interview, key)
    if earlier is not None and earlier.outcome == "completed":
        return earlier
    if any(job.interview_id == interview.id for job in world.open_jobs.values()):
        raise in_flight(key)
    if interview.status != "Active":
        raise conflict("INTERVIEW_NOT_ACTIVE", f"The interview is {interview.status}; it takes no more turns.")
    if earlier is None or not interview.awaits_reply:
        interview.say("user", message, now)
    return _start_job(world, interview, message, actor, key, now)


def in_flight(key: str | None) -> Refusal:
    """The 409 of a turn whose original, or whose predecessor, is still being answered."""
    return conflict(
        "INTERVIEW_TURN_IN_FLIGHT",
        "A turn of this interview is still in flight.",
        headers={"Retry-After": str(IN_FLIGHT_SECONDS)},
        retryable=True,
        retry_after_seconds=IN_FLIGHT_SECONDS,
        turn_committed=False,
        client_request_id=key,
    )


def _start_job(
    world: "World", interview: Interview, message: str, actor: "Key", key: str | None, now: float
) -> TurnJob:
    options = world.options
    ordinal = len(world.jobs) + 1
    failure = next((planned for planned in options.turn_failures if ordinal in planned.on), None)
    job = TurnJob(
        world.ids.uuid(now),
        interview.id,
        interview.owner,
        "user" if actor.is_person else "key",
        key,
        message,
        now,
        now + min(options.turn_queue_seconds, options.turn_seconds),
        now + options.turn_seconds,
        failure,
        world.ids.uuid(now),
    )
    world.jobs[job.id] = job
    world.open_jobs[job.id] = job
    return job


def finish_job(world: "World", job: TurnJob) -> None:
    """The moment at which the agent has replied, or has failed to."""
    at = job.ends_at
    interview = world.interviews[job.interview_id]
    world.open_jobs.pop(job.id, None)
    job.completed_at = at
    if job.failure is None or job.failure.reply_committed:
        replied = sum(1 for turn in interview.turns if turn.role == "agent") - 1
        interview.say("agent", world.options.replies[replied % len(world.options.replies)], at)
    if job.failure is not None:
        job.outcome = "failed"
        return
    job.outcome = "completed"
    limit = world.options.agent_completes_after
    if limit is not None and interview.status == "Active" and len(interview.messages) >= limit:
        complete(world, interview, at)
        _hand_off(world, interview, job, at)
    job.snapshot = interview.body(at, world.options)


def cancel_job(world: "World", job: TurnJob, now: float) -> None:
    """Cancel a job that is queued or running; the committed user turn stays."""
    if job.outcome == "cancelled":
        return
    if job.outcome is not None:
        raise conflict("INTERVIEW_TURN_NOT_CANCELLABLE", f"The turn is already {job.outcome}.")
    if world.options.reply_after_cancel and job.status(now) == "running":
        world.interviews[job.interview_id].say("agent", world.options.replies[0], now)
    job.outcome, job.completed_at = "cancelled", now
    world.open_jobs.pop(job.id, None)


def complete(world: "World", interview: Interview, at: float) -> Artifact:
    """Close the conversation and leave the artifact that a generation starts from."""
    artifact = Artifact(
        world.ids.uuid(at),
        interview.id,
        interview.owner,
        interview.title or "Untitled project",
        at,
        at + world.options.intake_artifact_delay,
    )
    interview.status, interview.completed_at, interview.artifact = "Complete", at, artifact
    interview.last_activity_at = at
    world.artifacts[artifact.id] = artifact
    return artifact


def complete_by_user(world: "World", interview: Interview, now: float) -> None:
    """`POST /v1/interviews/{id}/complete`: refused while a turn is in flight, or when there is nothing to complete."""
    if any(job.interview_id == interview.id for job in world.open_jobs.values()):
        raise in_flight(None)
    if interview.status != "Active":
        raise conflict("INTERVIEW_NOT_ACTIVE", f"The interview is already {interview.status}.")
    if not interview.messages:
        raise conflict("INTERVIEW_EMPTY", "Nothing has been said yet.")
    complete(world, interview, now)


def _hand_off(world: "World", interview: Interview, job: TurnJob, at: float) -> None:
    """Completion auto-handoff: a person's interview starts a generation by itself, a program's does not."""
    if job.actor == "key":
        interview.auto_start_failure = {
            "code": "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE",
            "message": "API keys start generations themselves.",
        }
        return
    assert interview.artifact is not None
    order: dict[str, Any] = {
        "review_profile": "Normal",
        "mirror_selection": "ClaudeMd",
        "project_type": interview.detected_type,
        "source_channel": "AutoHandoff",
    }
    try:
        run = kickoffs.start(world, interview.owner, interview.artifact, order, at)
    except Refusal as refusal:
        interview.auto_start_failure = {"code": refusal.type, "message": refusal.detail}
    else:
        interview.started_generation_id = run.id
