"""What starts and steers generations (walkthrough, steps 4, 5.5, 5.6 and 5.7)."""

from typing import Any

from ..world import kickoffs
from ..world.errors import invalid, not_found
from ..world.generations import Generation
from ..world.interviews import Artifact
from .call import Answer, Call, choice, identifier, text
from .routing import Routes

routes = Routes()


def _artifact(call: Call, body: dict[str, Any]) -> Artifact:
    artifact = call.world.artifacts.get(identifier(body, "intake_id"))
    if artifact is None or artifact.owner != call.owner:
        raise not_found("intake artifact")
    return artifact


def _started(run: Generation) -> Answer:
    body = {"id": run.id, "state": run.state, "download_url": None, "package_id": run.package_id}
    return Answer(202, body, {"Location": f"/v1/generations/{run.id}"})


@routes.add("POST /v1/generations", limit="kickoff")
def start_generation(call: Call) -> Answer:
    """The kickoff: paid work begins. There is no idempotency key; each call starts another."""
    body = call.json()
    order = {
        "review_profile": choice(body, "review_profile", kickoffs.PROFILES),
        "project_type": choice(body, "project_type", kickoffs.PROJECT_TYPES),
        "mirror_selection": choice(body, "mirror_selection", kickoffs.MIRRORS),
        "schema_version": text(body, "schema_version", required=False),
    }
    if order["project_type"] is None and call.options.require_project_type:
        raise invalid("project_type is required.")
    if order["schema_version"] not in (None, "1.0.0"):
        raise invalid("schema_version must be 1.0.0.")
    return _started(kickoffs.start(call.world, call.owner, _artifact(call, body), order, call.now))


@routes.add("POST /v1/generations/{id}/retry", limit="kickoff")
def retry_generation(call: Call) -> Answer:
    """Run a failed generation's order anew."""
    run = call.world.find_generation(call.owner, call.id())
    return _started(kickoffs.retry(call.world, run, call.now))


@routes.add("POST /v1/generations/{id}/update", limit="kickoff")
def update_generation(call: Call) -> Answer:
    """Take over a complete generation with a newer interview."""
    run = call.world.find_generation(call.owner, call.id())
    return _started(kickoffs.update(call.world, run, _artifact(call, call.json()), call.now))


@routes.add("GET /v1/generations/{id}/clarifications")
def get_clarifications(call: Call) -> Answer:
    """The questions that wait; none unless the run is paused for them."""
    run = call.world.find_generation(call.owner, call.id())
    questions = run.pending.questions if run.pending is not None else ()
    rows = [
        {
            "agent": question.agent,
            "section": question.section,
            "question": question.question,
            "why": question.why,
            "proposedDefault": question.proposed_default,
        }
        for question in questions
    ]
    return Answer(body={"state": run.state, "clarifications": rows})


@routes.add("POST /v1/generations/{id}/clarifications/answers")
def answer_clarifications(call: Call) -> Answer:
    """All answers at once, each paired by the question's exact text."""
    run = call.world.find_generation(call.owner, call.id())
    given = call.json().get("answers")
    if not isinstance(given, list) or not all(isinstance(answer, dict) for answer in given):
        raise invalid("answers is required and must be a list of objects.")
    if run.pending is None:
        raise invalid(f"No clarification waits for an answer; the generation is {run.state}.")
    answers = {answer.get("question"): answer.get("answer") for answer in given}
    missing = [
        question.question
        for question in run.pending.questions
        if not isinstance(answers.get(question.question), str) or not answers[question.question].strip()
    ]
    if missing:
        raise invalid(f"Answers are missing for: {' | '.join(missing)}")
    run.answers |= {question.question: answers[question.question] for question in run.pending.questions}
    run.answered_at = call.now
    return Answer(202, {"generation_id": run.id, "status_url": f"/v1/generations/{run.id}"})


@routes.add("POST /v1/generations/{id}/pause")
def pause_generation(call: Call) -> Answer:
    """Stop where it is."""
    call.world.find_generation(call.owner, call.id()).pause(call.now)
    return Answer(204)


@routes.add("POST /v1/generations/{id}/resume")
def resume_generation(call: Call) -> Answer:
    """Go back to the state before the pause."""
    run = call.world.find_generation(call.owner, call.id())
    run.resume(call.now, continues=call.options.resume_continues)
    return Answer(204)


@routes.add("POST /v1/generations/{id}/cancel")
def cancel_generation(call: Call) -> Answer:
    """Stop for good, with a reason if one is given."""
    run = call.world.find_generation(call.owner, call.id())
    run.cancel(call.now, text(call.json_or_empty(), "reason", required=False))
    call.world.open_generations.pop(run.id, None)
    return Answer(204)
