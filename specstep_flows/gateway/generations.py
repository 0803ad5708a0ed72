"""Generations: kickoffs, the status body, the list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from specstep_flows import models
from specstep_flows._json import read_json
from specstep_flows.engine.effects import Changes, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import steering_text, steering_uuid
from specstep_flows.gateway.requests import all_pages, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


async def start_generation(
    intake_id: UUID,
    *,
    profile: str,
    project_type: str | None = None,
    mirror_selection: str | None = None,
    about: Changes | None = None,
    outcome: Callable[[UUID], Changes] | None = None,
) -> UUID:
    """POST /v1/generations: a kickoff. It costs money and has no idempotency key."""
    from specstep_client.api.generations import start_generation as endpoint
    from specstep_client.models.mirror_selection import MirrorSelection
    from specstep_client.models.project_type import ProjectType
    from specstep_client.models.review_profile import ReviewProfile
    from specstep_client.models.start_generation_request import StartGenerationRequest
    from specstep_client.types import UNSET

    body = StartGenerationRequest(
        intake_id=intake_id,
        review_profile=ReviewProfile(profile),
        project_type=ProjectType(project_type) if project_type else UNSET,
        mirror_selection=MirrorSelection(mirror_selection) if mirror_selection else UNSET,
    )
    return await _kick_off("start_generation", endpoint._get_kwargs(body=body), about, outcome)


async def retry_generation(
    generation_id: UUID, *, about: Changes | None = None, outcome: Callable[[UUID], Changes] | None = None
) -> UUID:
    """POST /v1/generations/{id}/retry: a kickoff; returns the id of the new generation."""
    from specstep_client.api.generations import retry_generation as endpoint

    return await _kick_off("retry_generation", endpoint._get_kwargs(generation_id), about, outcome)


async def update_generation(
    generation_id: UUID,
    intake_id: UUID,
    *,
    about: Changes | None = None,
    outcome: Callable[[UUID], Changes] | None = None,
) -> UUID:
    """POST /v1/generations/{id}/update: a kickoff. Its body (``intake_id``) is an assumption."""
    from specstep_client.api.generations import update_generation as endpoint
    from specstep_client.models.update_generation_request import UpdateGenerationRequest

    kwargs = endpoint._get_kwargs(generation_id, body=UpdateGenerationRequest(intake_id=intake_id))
    return await _kick_off("update_generation", kwargs, about, outcome)


async def _kick_off(
    operation: str, kwargs: Mapping[str, Any], about: Changes | None, outcome: Callable[[UUID], Changes] | None
) -> UUID:
    def parse(reply: Reply) -> UUID:
        from specstep_client.models.generation_started import GenerationStarted

        started = reading.optional_uuid(reading.body(reply, GenerationStarted, operation).id)
        # The Location contains the id as well (walkthrough, step 5.5).
        tail = reply.headers.get("location", "").partition("?")[0].rstrip("/").rpartition("/")[2]
        return steering_uuid(started or reading.optional_uuid(tail), operation, "id")

    request = request_of(operation, kwargs)
    return await Send(request, parse, about=about, outcome=outcome)


async def get_generation(generation_id: UUID, *, is_urgent: bool = False) -> models.Generation:
    """GET /v1/generations/{id}"""
    from specstep_client.api.generations import get_generation as endpoint

    request = request_of("get_generation", endpoint._get_kwargs(generation_id), is_urgent=is_urgent)

    def parse(reply: Reply) -> models.Generation:
        found = _generation_of(reply)
        reading.asked_uuid(found.id, "get_generation", "id", generation_id)
        return found

    return await Send(request, parse)


def _generation_of(reply: Reply) -> models.Generation:
    return _read_generation(reading.document(reply, "get_generation"))


def told_generation(body: bytes) -> models.Generation:
    """The generation in a webhook delivery, which has the fields of its status body (walkthrough, step 7.5).

    Raises:
        UnexpectedResponse: there is none, or it lacks what a flow goes by.
    """
    try:
        document = read_json(body)
    except ValueError:
        document = None
    return _read_generation(document.get("generation") if isinstance(document, dict) else None)


def _read_generation(document: Any) -> models.Generation:
    from specstep_client.models.generation import Generation

    body = reading.unparsed(document, Generation, "get_generation")
    return models.Generation(
        id=steering_uuid(body.id, "get_generation", "id"),
        state=steering_text(body.state, "get_generation", "state"),
        package_id=reading.optional_uuid(body.package_id),
        raw=document,
        **reading.optional_fields(body, _GENERATION_FIELDS),
    )


#: The fields of a generation that are only displayed, and their types.
_GENERATION_FIELDS: Final[Mapping[str, type]] = {
    "intake_id": UUID,
    "review_profile": str,
    "current_round": int,
    "started_at": datetime,
    "completed_at": datetime,
    "failed_at": datetime,
    "failure_reason": str,
    "failure_category": str,
    "schema_version": str,
    "rubric_version": str,
    "running_cost_usd": float,
    "billing_state": str,
    "started_work_at": datetime,
    "phase_detail": str,
    "progress_percent": float,
    "progress_explanation": str,
    "estimated_duration_seconds": float,
    "estimated_time_remaining_seconds": float,
    "estimated_completion_at": datetime,
    "active_specialist": str,
    "retry_count": int,
    "last_retry_at": datetime,
    "next_retry_at": datetime,
    "recoverable_error_category": str,
    "host_restart_resume_count": int,
    "estimated_total_usd": float,
    "estimated_total_p25_usd": float,
    "estimated_total_p75_usd": float,
    "estimated_total_sample_size": int,
    "project_name": str,
    "description": str,
    "kind": str,
    "kind_label": str,
}


async def list_generations(
    *, deleted: bool = False, until: UUID | None = None, first_page: bool = False
) -> list[models.GenerationRow]:
    """GET /v1/generations or …/deleted: all pages, no status filter (``in_progress`` leaves some states out).

    With ``until``, stops after the page with that row; with ``first_page``, after the first page.
    """
    from specstep_client.api.generations import list_deleted_generations, list_generations
    from specstep_client.models.generation_row import GenerationRow

    operation = "list_deleted_generations" if deleted else "list_generations"
    kwargs = list_deleted_generations._get_kwargs() if deleted else list_generations._get_kwargs()

    def parse(reply: Reply) -> list[models.GenerationRow]:
        return [
            models.GenerationRow(
                id=steering_uuid(row.id, operation, "id"),
                state=steering_text(row.state, operation, "state"),
                interview_id=reading.optional_uuid(row.interview_id),
                **reading.optional_fields(row, _ROW_FIELDS),
            )
            for row in reading.rows(reply, GenerationRow, operation, "generations", read=reading.unparsed)
        ]

    return await all_pages(
        lambda params: request_of(operation, kwargs, params=params),
        parse,
        until=lambda row: first_page or row.id == until,
    )


_ROW_FIELDS: Final[Mapping[str, type]] = {
    "short_id": str,
    "project_name": str,
    "review_profile": str,
    "cost_usd": float,
    "current_round": int,
    "started_at": datetime,
    "completed_at": datetime,
    "failed_at": datetime,
    "failure_reason": str,
    "failure_category": str,
    "source_channel": str,
}
