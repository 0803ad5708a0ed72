"""Generations: listing, reading, steering, clarifications and the recycle bin (walkthrough, steps 5 and 7.7)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from specstep_flows.sandbox.clock import timestamp
from specstep_flows.sandbox.options import RUNNING_STATES
from specstep_flows.sandbox.packages import package_body
from specstep_flows.sandbox.refusals import conflict, invalid
from specstep_flows.sandbox.routing import Answer, Call, Routes, listed, text
from specstep_flows.sandbox.simulation import TERMINAL, Generation
from specstep_flows.sandbox.status_body import generation_body, generation_row

routes = Routes(
    "Generations",
    names={"id": "generationId"},
    records={
        "RefinedDoc": "path:text referenced_by:[text]",
        "ResidualDoc": "path:text referenced_by:[text] reason:text",
        "RefinementReport": (
            "rounds_used:int generated_count:int dropped_count:int residual_count:int generated:[@RefinedDoc] "
            "dropped:[@RefinedDoc] residual:[@ResidualDoc] summary:text"
        ),
        "ContradictionDto": "category:text summary:text affected_locations:[text]",
        "OpenContradictionDto": "category:text summary:text affected_locations:[text] reason:text",
        "ReconciliationReport": (
            "rounds_used:int reconciled_count:int unresolved_count:int reconciled:[@ContradictionDto] "
            "unresolved:[@OpenContradictionDto] summary:text"
        ),
        "ClearedBlocker": "target_section:text summary:text",
        "EscalatedBlocker": "target_section:text summary:text question:text",
        "OpenBlocker": "target_section:text summary:text reason:text",
        "BlockerReport": (
            "resolved_count:int clarified_count:int residual_count:int resolved:[@ClearedBlocker] "
            "clarified:[@EscalatedBlocker] residual:[@OpenBlocker] summary:text"
        ),
        "AuditEntry": "pass:text action:text target:text detail:text",
        "RefinementAuditReport": (
            "auto_fixed_count:int escalated_count:int auto_fixed:[@AuditEntry] escalated:[@AuditEntry] summary:text"
        ),
        "GenerationStatusResponse": (
            "id:uuid intake_id:uuid state:@GenerationStateDto review_profile:@GenerationProfile current_round:int "
            "started_at:date? completed_at:date? failed_at:date? failure_reason:text? "
            "failure_category:@GenerationFailureKind? schema_version:text rubric_version:text manifest:any "
            "running_cost_usd:num billing_state:@BillingPosture? started_work_at:date? phase_detail:text? "
            "progress_explanation:text? estimated_duration_seconds:num? estimated_time_remaining_seconds:num? "
            "estimated_completion_at:date? active_specialist:text? retry_count:int last_retry_at:date? "
            "next_retry_at:date? recoverable_error_category:text? host_restart_resume_count:int "
            "refinement_summary:@RefinementReport? reconciliation_summary:@ReconciliationReport? "
            "blocker_resolution_summary:@BlockerReport? refinement_audit:@RefinementAuditReport? "
            "consistency_findings:[any]? progress_percent:int estimated_total_usd:num? estimated_total_p25_usd:num? "
            "estimated_total_p75_usd:num? estimated_total_sample_size:int? project_name:text? description:text? "
            "kind:text kind_label:text package_id:uuid?"
        ),
        "GenerationSummaryDto": (
            "id:uuid short_id:text project_name:text? state:@GenerationStateDto review_profile:@GenerationProfile "
            "cost_usd:num? started_at:date? completed_at:date? failed_at:date? current_round:int failure_reason:text? "
            "failure_category:@GenerationFailureKind? source_channel:text? interview_id:uuid?"
        ),
        "GenerationPage": "generations:[@GenerationSummaryDto]",
        "AgentInvocationDto": (
            "invocation_id:uuid agent_role:text character_name:text? display_name:text? asset_slug:text? "
            "accent_hex:text? "
            "action:text? narration:text? status:text started_at:date ended_at:date? duration_ms:long? cost_usd:num?"
        ),
        "ConversationFeedResponse": "items:[@AgentInvocationDto]",
        "PendingClarificationDto": "agent:text section:text? question:text why:text? proposedDefault:text?",
        "PendingClarificationsResponse": "state:@GenerationStateDto clarifications:[=PendingClarificationDto]",
        "ClarificationAnswerDto": "question:text answer:text",
        "SubmitClarificationAnswersRequest": "answers:[@ClarificationAnswerDto]",
        "SubmitClarificationAnswersResponse": "generation_id:uuid status_url:text",
        "CancelGenerationRequest": "reason?:text?",
        "SetGenerationNameRequest": "name?:text?",
    },
    enums={
        "GenerationStateDto": " ".join(RUNNING_STATES)
        + " Paused PausedAwaitingClarification Complete Failed Cancelled AddendumRunning",
        "BillingPosture": "NotStarted Active PausedRetrying Complete PausedAwaitingInput",
        "GenerationFailureKind": (
            "Unknown StuckInQueue HostRestart OrchestratorCrash LlmAuthFailure LlmQuotaExceeded NetworkTimeout "
            "ReviewBudgetExhausted RedraftNoProgress ReviewLoopStalled CostBudgetExceeded LeaseExpired LlmContract"
        ),
    },
)


#: The walkthrough's sets. It does not spell out `paused`; both paused states are taken for it.
ROLL_UPS = {
    # All but one, says walkthrough, step 5.
    "in_progress": tuple(state for state in RUNNING_STATES if state != "Refining"),
    "complete": ("Complete",),
    "failed": ("Failed",),
    "cancelled": ("Cancelled",),
    "paused": ("Paused", "PausedAwaitingClarification"),
}


def _listing(call: Call, runs: Iterable[Generation]) -> Answer:
    wanted = call.query.get("status")
    rows = sorted(runs, key=lambda run: run.created_at)
    if wanted and wanted.strip():
        states: set[str] = set()
        for token in wanted.split(","):
            word = token.strip().lower()
            states |= {state.lower() for state in ROLL_UPS.get(word, (word,))}
        rows = [run for run in rows if run.state.lower() in states]
    page = [generation_row(run, call.now) for run in call.page(call.ordered(rows))]
    return Answer(body=listed(call.options, "generations", page))


@routes.add("GET /v1/generations", "200:@GenerationPage 400", query="status:text limit:int offset:int order:text")
def list_generations(call: Call) -> Answer:
    """The caller's generations, newest first."""
    lag = call.options.visible_after_seconds
    runs = (
        run
        for run in call.world.generations.values()
        if run.owner == call.owner and run.deleted_at is None and run.created_at + lag <= call.now
    )
    return _listing(call, runs)


@routes.add("GET /v1/generations/deleted", "200:@GenerationPage", query="status:text limit:int offset:int order:text")
def list_deleted_generations(call: Call) -> Answer:
    """The recycle bin."""
    runs = (run for run in call.world.generations.values() if run.owner == call.owner and run.deleted_at is not None)
    return _listing(call, runs)


@routes.add("GET /v1/generations/{id}", "200:@GenerationStatusResponse 404", named="GetGenerationStatus")
def get_generation(call: Call) -> Answer:
    """The status of a generation."""
    run = call.world.find_generation(call.owner, call.id())
    return Answer(body=generation_body(call.options, run, call.now))


@routes.add("GET /v1/generations/{id}/events", "200 404")
def get_generation_events(call: Call) -> Answer:
    """Each change of state, oldest first."""
    run = call.world.find_generation(call.owner, call.id())
    rows = [
        {"type": "state_changed", "occurred_at": timestamp(event.at), "state": event.to_state, "detail": event.detail}
        for event in run.events
    ]
    return Answer(body=listed(call.options, "events", rows))


_AGENTS = {
    "Drafting": ("Architect", "Archie", "drafted the sections"),
    "SpecialistReview": ("Specialist", "Argus", "read the sections of the specialty"),
    "Reviewing": ("Critic", "Cora", "looked for blocking issues"),
    "FreshEyes": ("FreshEyes", "Iris", "read everything afresh"),
    "RiskReview": ("RiskReviewer", "Rhea", "weighed the risks"),
    "SecurityReview": ("SecurityReviewer", "Hush", "looked for holes"),
    "Assembling": ("Orchestrator", "Otto", "put the package together"),
    "Refining": ("Refiner", "Fay", "closed gaps and contradictions"),
}


@routes.add("GET /v1/generations/{id}/conversation", "200:@ConversationFeedResponse 404", query="take:int")
def get_generation_conversation(call: Call) -> Answer:
    """Who did what, oldest first; `take` asks for the newest few."""
    run = call.world.find_generation(call.owner, call.id())
    items = []
    for event, following in zip_longest(run.events, run.events[1:]):
        if event.to_state not in _AGENTS:
            continue
        role, name, done = _AGENTS[event.to_state]
        ended = None if following is None else following.at
        items.append(
            {
                "invocation_id": event.id,
                "agent_role": role,
                "character_name": name,
                "display_name": f"{name} ({role})",
                "asset_slug": name.lower(),
                "accent_hex": "#336699",
                "action": event.to_state,
                "narration": f"{name} {done}." if ended is not None else f"{name} is at work.",
                "status": "running" if ended is None else "completed",
                "started_at": timestamp(event.at),
                "ended_at": None if ended is None else timestamp(ended),
                "duration_ms": None if ended is None else round((ended - event.at) * 1000),
                "cost_usd": None if following is None else round(following.spent_usd - event.spent_usd, 4),
            }
        )
    take = call.number("take", len(items) or 1, 1 << 31)
    return Answer(body={"items": items[-take:]})


@routes.add("PATCH /v1/generations/{id}/name", "204 400 404", body="@SetGenerationNameRequest")
def rename_generation(call: Call) -> Answer:
    """Set the display name, or clear it with null or blank."""
    run = call.world.find_generation(call.owner, call.id())
    name = text(call.json(), "name", required=False)
    run.name = name.strip() if name and name.strip() else None
    return Answer(204)


@routes.add("GET /v1/generations/{id}/package", "200:@PackageResponse 404")
def get_generation_package(call: Call) -> Answer:
    """The newest package of the generation; 404 while there is none."""
    run = call.world.find_generation(call.owner, call.id())
    package = call.world.find_package(call.owner, run.package_id or "")
    return Answer(body=package_body(package, call.origin))


@routes.add("DELETE /v1/generations/{id}", "204 404 409")
def delete_generation(call: Call) -> Answer:
    """Move a run that has ended to the recycle bin."""
    run = call.world.find_generation(call.owner, call.id(), deleted=True)
    if run.state not in TERMINAL:
        raise conflict("GENERATION_IN_FLIGHT", f"The generation is {run.state}; cancel it first.")
    run.deleted_at = run.deleted_at or call.now
    return Answer(204)


@routes.add("POST /v1/generations/{id}/restore", "204 404")
def restore_generation(call: Call) -> Answer:
    """Take out of the recycle bin."""
    call.world.find_generation(call.owner, call.id(), deleted=True).deleted_at = None
    return Answer(204)


@routes.add("DELETE /v1/generations/{id}/permanent", "204 404 409")
def purge_generation(call: Call) -> Answer:
    """Delete for good; only what lies in the recycle bin."""
    run = call.world.find_generation(call.owner, call.id(), deleted=True)
    if run.deleted_at is None:
        raise conflict("NOT_DELETED", "Only a deleted generation can be removed for good.")
    del call.world.generations[run.id]
    return Answer(204)


@routes.add("GET /v1/generations/{id}/clarifications", "200:@PendingClarificationsResponse 404")
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


@routes.add(
    "POST /v1/generations/{id}/clarifications/answers",
    "202:@SubmitClarificationAnswersResponse 400 404",
    body="@SubmitClarificationAnswersRequest",
)
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
    return Answer(202, {"generation_id": run.id, "status_url": routes.path_to(get_generation, run.id)})


@routes.add("POST /v1/generations/{id}/pause", "204 404 409")
def pause_generation(call: Call) -> Answer:
    """Stop where it is."""
    call.world.find_generation(call.owner, call.id()).pause(call.now)
    return Answer(204)


@routes.add("POST /v1/generations/{id}/resume", "204 404 409")
def resume_generation(call: Call) -> Answer:
    """Go back to the state before the pause."""
    run = call.world.find_generation(call.owner, call.id())
    run.resume(call.now, continues=call.options.resume_continues)
    return Answer(204)


@routes.add("POST /v1/generations/{id}/cancel", "204 404 409", body="@CancelGenerationRequest?")
def cancel_generation(call: Call) -> Answer:
    """Stop for good, with a reason if one is given."""
    run = call.world.find_generation(call.owner, call.id())
    run.cancel(call.now, text(call.json_or_empty(), "reason", required=False))
    call.world.open_generations.pop(run.id, None)
    return Answer(204)
