"""The receipt of a run for programs: ids, costs, answers and digests, and nothing that is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from specstep_flows._json import as_json

if TYPE_CHECKING:
    from specstep_flows.report.collect import Collected

SCHEMA_VERSION: Final = 1


def receipt(collected: Collected) -> dict[str, Any]:
    """A run's receipt as JSON has it. Costs are US dollars as the service gave them; unknown is null."""
    from specstep_flows._version import __version__

    record, generation = collected.record, collected.generation
    contents = collected.contents
    document = {
        "schema_version": SCHEMA_VERSION,
        "run_id": record.run_id,
        "written_at": collected.written_at,
        "made_by": f"specstep-flows {__version__}",
        "api_url": record.api_url,
        "is_sandbox": collected.is_sandbox,
        "stage": record.stage,
        "project_name": collected.title if collected.title != record.run_id else None,
        "interview_id": record.interview_id,
        "intake_artifact_id": record.intake_artifact_id,
        "generation_id": record.generation_id,
        "generation_ids": record.generation_ids,
        "package_id": record.package_id,
        "review_profile": (generation.review_profile if generation else None) or record.options.profile,
        "state": collected.state,
        "failure_category": generation.failure_category if generation else None,
        "started_at": generation.started_at if generation else None,
        "completed_at": generation.completed_at if generation else None,
        # Of the last generation, from its kickoff to its end; while it runs, to the moment of ``as_of``.
        "duration": collected.course.duration.document if collected.course.visits else None,
        "as_of": collected.as_of,
        "cost": {
            "total_usd": collected.cost_usd,
            "last_generation_usd": generation.running_cost_usd if generation else record.cost_usd,
            "earlier_attempts_usd": record.spent_before_usd,
            "forecast_usd": generation.estimated_total_usd if generation else None,
            "limit_usd": record.options.max_cost_usd,
        },
        "answers": [
            {name: answer.get(name) for name in ("question", "answer", "rule", "generation_id")}
            for answer in record.answers
        ],
        "package": {
            "file": record.file if record.sha256 else None,
            "size_bytes": record.size_bytes,
            "sha256": record.sha256,
            "is_unchanged_on_disk": None if contents is None else contents.sha256 == record.sha256,
            "files": None if contents is None else len(contents.files) + contents.more_files,
        },
        # A fan-out's generations and packages, the ones above among them; empty for any other run.
        "generations": [
            {
                "generation_id": one.id,
                "review_profile": one.review_profile,
                "state": one.state,
                "cost_usd": one.running_cost_usd,
            }
            for one in ((generation, *collected.family) if collected.family else ())
            if one is not None
        ],
        "packages": record.packages,
    }
    return {name: as_json(value) for name, value in document.items()}
