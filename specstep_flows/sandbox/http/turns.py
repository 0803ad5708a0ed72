"""Turns of an interview and the jobs that answer them (walkthrough, step 3)."""

import re
from typing import Any

from ..world import conversations
from ..world.errors import invalid, not_found
from ..world.interviews import TurnJob
from .call import Answer, Call, required_text
from .routing import Routes

routes = Routes()

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@routes.add("POST /v1/interviews/{id}/turns")
def submit_turn(call: Call) -> Answer:
    """Commit the user's turn: 202 with a job, 200 with the stored result under a key that was used before."""
    interview = call.world.find_interview(call.owner, call.id())
    key = call.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid("Idempotency-Key must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_', ':' and '-'.")
    message = required_text(call.json(), "message")
    mode = call.query.get("mode") or call.headers.get("x-specstep-turn-mode") or "async"
    job = conversations.submit(call.world, interview, message, call.key, key, call.now)
    if job.outcome == "completed":
        return Answer(200, _submitted(job, "cached_replay", None, job.snapshot))
    if mode.lower() == "sync":
        return _inline(call, job)
    location = f"/v1/interviews/turns/{job.id}"
    return Answer(202, _submitted(job, "queued", job.id, None), {"Location": location})


def _submitted(job: TurnJob, status: str, job_id: str | None, snapshot: Any) -> dict[str, Any]:
    return {
        "status": status,
        "job_id": job_id,
        "interview_id": job.interview_id,
        "submission_id": job.submission_id,
        "user_turn_committed": True,
        "snapshot": snapshot,
    }


def _inline(call: Call, job: TurnJob) -> Answer:
    """The legacy mode: the reply comes at once here, as virtual time need not pass for it."""
    job.starts_at = job.ends_at = call.now
    call.world.settle(call.now)
    if job.outcome == "failed":
        raise invalid("The agent's reply did not come.")
    return Answer(body=job.snapshot)


@routes.add("GET /v1/interviews/turns/{jobId}")
def get_turn_job(call: Call) -> Answer:
    """How a turn's job stands."""
    return Answer(body=_find(call).body(call.now))


@routes.add("POST /v1/interviews/turns/{jobId}/cancel")
def cancel_turn_job(call: Call) -> Answer:
    """Cancel a job that has not ended; once more is no error."""
    job = _find(call)
    conversations.cancel_job(call.world, job, call.now)
    body = job.body(call.now)
    return Answer(
        body={name: body[name] for name in ("status", "job_id", "interview_id", "created_at", "completed_at")}
    )


def _find(call: Call) -> TurnJob:
    job = call.world.jobs.get(call.id("jobId"))
    if job is None or job.owner != call.owner:
        raise not_found("turn job")
    return job
