"""Interviews and intake artifacts (walkthrough, steps 2, 3 and 3.7)."""

from ..clock import timestamp
from ..world import conversations
from ..world.errors import conflict
from ..world.interviews import STATUSES
from .call import Answer, Call, listed
from .routing import Routes

routes = Routes()

_TOKENS = {"awaiting_clarification": "AwaitingClarification", "clarification_resolved": "ClarificationResolved"}


@routes.add("POST /v1/interviews")
def start_interview(call: Call) -> Answer:
    """Open an interview; the answer holds the agent's first words."""
    interview = conversations.start(call.world, call.owner, call.now)
    return Answer(201, interview.body(call.now, call.options), {"Location": f"/v1/interviews/{interview.id}"})


@routes.add("GET /v1/interviews")
def list_interviews(call: Call) -> Answer:
    """The caller's interviews, newest first; conversations of fewer than two turns are left out."""
    wanted = call.query.get("status")
    known = {status.lower(): status for status in STATUSES} | _TOKENS
    statuses = None
    if wanted and wanted.strip():
        statuses = {known.get(token.strip().lower(), "") for token in wanted.split(",")}
    rows = [
        interview.row(call.options)
        for interview in reversed(call.world.interviews.values())
        if interview.owner == call.owner
        and interview.deleted_at is None
        and len(interview.turns) >= 2
        and (statuses is None or interview.status in statuses)
    ]
    return Answer(body=listed(call.options, "interviews", call.page(rows, 20, 100)))


@routes.add("GET /v1/interviews/deleted")
def list_deleted_interviews(call: Call) -> Answer:
    """The recycle bin."""
    rows = [
        interview.row(call.options)
        for interview in reversed(call.world.interviews.values())
        if interview.owner == call.owner and interview.deleted_at is not None
    ]
    return Answer(body=listed(call.options, "interviews", call.page(rows, 20, 100)))


@routes.add("GET /v1/interviews/{id}")
def get_interview(call: Call) -> Answer:
    """One interview with its transcript."""
    interview = call.world.find_interview(call.owner, call.id())
    return Answer(body=interview.body(call.now, call.options))


@routes.add("POST /v1/interviews/{id}/complete")
def complete_interview(call: Call) -> Answer:
    """End the interview; it leaves an intake artifact."""
    interview = call.world.find_interview(call.owner, call.id())
    conversations.complete_by_user(call.world, interview, call.now)
    return Answer(body=interview.body(call.now, call.options))


@routes.add("DELETE /v1/interviews/{id}")
def delete_interview(call: Call) -> Answer:
    """Move to the recycle bin, in any status and as often as one likes."""
    interview = call.world.find_interview(call.owner, call.id(), deleted=True)
    interview.deleted_at = interview.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/interviews/{id}/restore")
def restore_interview(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_interview(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/interviews/{id}/permanent")
def purge_interview(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    interview = call.world.find_interview(call.owner, call.id(), deleted=True)
    if interview.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted interview can be removed for good.")
    del call.world.interviews[interview.id]
    if interview.artifact is not None:
        call.world.artifacts.pop(interview.artifact.id, None)
    return Answer(204)


@routes.add("GET /v1/intake-artifacts")
def list_intake_artifacts(call: Call) -> Answer:
    """What completed interviews left behind, newest first."""
    status = (call.query.get("status") or "ready").strip().lower() or "ready"
    if status not in ("ready",):
        return Answer(body={"artifacts": []})
    rows = [
        {
            "id": artifact.id,
            "interview_id": artifact.interview_id,
            "project_name": artifact.project_name,
            "schema_version": artifact.schema_version,
            "completed_at": timestamp(artifact.completed_at),
        }
        for artifact in reversed(call.world.artifacts.values())
        if artifact.owner == call.owner and artifact.visible_at <= call.now
    ]
    return Answer(body={"artifacts": call.page(rows)})
