"""A generation as the API shows it: the status body with all of its fields, list rows, and Refining's summaries."""

from __future__ import annotations

from typing import Any

from specstep_flows.sandbox.clock import timestamp, timestamp_or_none
from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.records import KIND, KIND_LABEL
from specstep_flows.sandbox.simulation import Generation

SAMPLE_SIZE = 42
SPECIALISTS = ("codd", "halo", "tally", "vera", "trip", "merlin", "polo")
PHASES = {
    "Queued": ("Queued", "Waiting for a dispatcher to pick the run up"),
    "Drafting": ("Drafting", "Agents are writing the first version of each section"),
    "SpecialistReview": ("Specialist review", "Specialists are reading their sections side by side"),
    "Reviewing": ("Review", "The critic is looking for blocking issues"),
    "FreshEyes": ("Fresh eyes", "A critic from another provider reads everything afresh"),
    "RiskReview": ("Risk review", "The risk specialist is reading the package"),
    "SecurityReview": ("Security review", "The security specialist is reading the package"),
    "Assembling": ("Assembling", "Sections are being put together into the package"),
    "Refining": ("Refining", "Gaps and contradictions are being closed"),
    "Delivering": ("Delivering", "The package is being stored"),
    "Paused": ("Paused", "The run was paused"),
    "PausedAwaitingClarification": ("Awaiting your clarification", "An agent asked something that only you can answer"),
    "Complete": ("Complete", "The package is ready"),
    "Failed": ("Failed", "The run stopped and will not go on"),
    "Cancelled": ("Cancelled", "The run was stopped on request"),
}
_AFTER_REFINING = ("Delivering", "Complete")


def generation_body(options: SandboxOptions, run: Generation, now: float) -> dict[str, Any]:
    """The answer of `GET /v1/generations/{id}`."""
    label, explanation = PHASES.get(run.state, (run.state, f"The run is {run.state}"))
    body: dict[str, Any] = {
        **_common(run),
        "intake_id": run.intake_id,
        "schema_version": run.schema_version,
        "rubric_version": "1.0.0",
        "manifest": None,
        "running_cost_usd": run.running_cost(now),
        "billing_state": billing_state(run, now),
        "started_work_at": timestamp_or_none(run.started_work_at),
        "phase_detail": f"{label} (round {run.step.round})" if "Review" in run.state and run.step.round else label,
        "progress_explanation": explanation,
        "active_specialist": active_specialist(run, now),
        "retry_count": run.retry_count,
        "last_retry_at": timestamp_or_none(run.last_retry_at),
        "next_retry_at": timestamp_or_none(run.next_retry_at()),
        "recoverable_error_category": run.retry_category,
        "host_restart_resume_count": run.host_restarts,
        "progress_percent": run.progress(now),
        **forecast(options, run, now),
        **refinement(run),
        "consistency_findings": [],
        "description": run.description,
        "kind": KIND,
        "kind_label": KIND_LABEL,
        "package_id": run.package_id if options.package_id_in_status else None,
    }
    body |= {name: value for name, value in options.status_overrides.items() if name in body}
    return {name: value for name, value in body.items() if name not in options.status_missing}


def generation_row(run: Generation, now: float) -> dict[str, Any]:
    """A row of the generation lists: it has the cost, but no forecast, no billing and no package."""
    return {
        **_common(run),
        "short_id": run.id[-8:],
        "cost_usd": run.running_cost(now),
        "source_channel": run.source_channel,
        "interview_id": run.interview_id,
    }


def _common(run: Generation) -> dict[str, Any]:
    """What the status body and the list rows share."""
    failure = run.failure if run.state == "Failed" else None
    return {
        "id": run.id,
        "project_name": run.name or run.project_name,
        "state": run.state,
        "review_profile": run.profile,
        "current_round": run.step.round,
        "started_at": timestamp(run.created_at),
        "completed_at": timestamp_or_none(run.ended_at if run.state == "Complete" else None),
        "failed_at": timestamp_or_none(run.ended_at if run.state == "Failed" else None),
        "failure_reason": None if failure is None else failure.reason,
        "failure_category": None if failure is None else failure.category,
    }


def billing_state(run: Generation, now: float) -> str:
    """Whether the run earns its cost at this moment."""
    if run.is_terminal:
        return "Complete"
    if run.state == "Queued":
        return "NotStarted"
    if run.state.startswith("Paused"):
        return "PausedAwaitingInput"
    return "PausedRetrying" if run.next_retry_at() is not None else "Active"


def active_specialist(run: Generation, now: float) -> str | None:
    """The specialist who finished last, during SpecialistReview only."""
    if run.state != "SpecialistReview" or not run.step.seconds:
        return None
    done = int(len(SPECIALISTS) * run.elapsed_in_step(now) / run.step.seconds)
    return SPECIALISTS[min(done, len(SPECIALISTS)) - 1] if done else None


def forecast(options: SandboxOptions, run: Generation, now: float) -> dict[str, Any]:
    """The medians of earlier runs, widened by host restarts; the rest is null while it would mislead."""
    # A fan-out's work is its children's: it takes as long as the longest, and costs what all of them cost.
    workers = run.children or [run]
    duration = max(options.profile_seconds[worker.profile] for worker in workers)
    cost = sum(options.profile_cost_usd[worker.profile] * (1 + 0.5 * worker.host_restarts) for worker in workers)
    remaining = completion = None
    if run.started_work_at is not None and not run.is_terminal and now - run.started_work_at <= duration:
        remaining = round(duration - (now - run.started_work_at), 1)
        completion = timestamp(run.started_work_at + duration)
    body = {
        "estimated_total_usd": round(cost, 2),
        "estimated_total_p25_usd": round(cost * 0.85, 2),
        "estimated_total_p75_usd": round(cost * 1.25, 2),
        "estimated_total_sample_size": SAMPLE_SIZE,
        "estimated_duration_seconds": duration,
        "estimated_time_remaining_seconds": remaining,
        "estimated_completion_at": completion,
    }
    return body if options.forecast else dict.fromkeys(body)


def refinement(run: Generation) -> dict[str, Any]:
    """What Refining did, once it is over; all null for a run that skipped it."""
    names = ("refinement_summary", "reconciliation_summary", "blocker_resolution_summary", "refinement_audit")
    if run.state not in _AFTER_REFINING or all(step.state != "Refining" for step in run.steps):
        return dict.fromkeys(names)
    glossary = {"path": "docs/01-product/03-glossary.md", "referenced_by": ["docs/01-product/02-requirements.md"]}
    runbook = {"path": "docs/04-operations/02-runbook.md", "referenced_by": ["handoff.md"]}
    return {
        "refinement_summary": {
            "rounds_used": 1,
            "generated_count": 1,
            "dropped_count": 0,
            "residual_count": 1,
            "generated": [glossary],
            "dropped": [],
            "residual": [{**runbook, "reason": "The interview says nothing about operations."}],
            "summary": "Wrote 1 missing document; 1 reference is left open.",
        },
        "reconciliation_summary": {
            "rounds_used": 1,
            "reconciled_count": 1,
            "unresolved_count": 0,
            "reconciled": [
                {
                    "category": "datastore",
                    "summary": "Two documents named two databases; both now say PostgreSQL.",
                    "affected_locations": ["docs/02-architecture/01-overview.md"],
                }
            ],
            "unresolved": [],
            "summary": "Settled 1 contradiction.",
        },
        "blocker_resolution_summary": None,
        "refinement_audit": {
            "auto_fixed_count": 2,
            "escalated_count": 1,
            "auto_fixed": [
                {"pass": "stub-fill", "action": "generated", "target": glossary["path"], "detail": ""},
                {
                    "pass": "reconciliation",
                    "action": "reconciled",
                    "target": "datastore",
                    "detail": "Both documents now say PostgreSQL.",
                },
            ],
            "escalated": [
                {
                    "pass": "stub-fill",
                    "action": "residual-gap",
                    "target": runbook["path"],
                    "detail": "The interview says nothing about operations.",
                }
            ],
            "summary": "2 fixed, 1 left open.",
        },
    }
