"""Running generations: questions and answers, pause and cancel, what the agents did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import attrs

from specstep_flows import models
from specstep_flows._json import storable
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import optional, steering_text
from specstep_flows.gateway.requests import request_of, success_only

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The fields of a question that are only displayed, by their names here.
_SHOWN_OF_A_QUESTION: Final[Mapping[str, str]] = {
    "agent": "agent",
    "section": "section",
    "why": "why",
    "proposed_default": "proposedDefault",
}


async def get_clarifications(generation_id: UUID) -> list[models.Clarification]:
    """GET /v1/generations/{id}/clarifications: empty unless the generation waits for answers."""
    from specstep_client.api.generations import get_clarifications as endpoint

    def parse(reply: Reply) -> list[models.Clarification]:
        from specstep_client.models.clarification import Clarification

        operation = "get_clarifications"
        return [
            models.Clarification(
                question=storable(question := steering_text(row.question, operation, "question")),
                exact_question=question,
                **{name: storable(optional(row, field, str)) for name, field in _SHOWN_OF_A_QUESTION.items()},
            )
            for row in reading.rows(reply, Clarification, operation, "clarifications", exact=True)
        ]

    return await Send(request_of("get_clarifications", endpoint._get_kwargs(generation_id)), parse)


async def answer_clarifications(
    generation_id: UUID, answers: Sequence[models.Answer], questions: Sequence[models.Clarification] = ()
) -> None:
    """POST /v1/generations/{id}/clarifications/answers. A lost response is settled by reading the state.

    An answer is paired by the exact text of its question, so of ``questions`` that is sent which came.
    """
    from specstep_client.api.generations import answer_clarifications as endpoint
    from specstep_client.models.clarification_answer import ClarificationAnswer
    from specstep_client.models.clarification_answers import ClarificationAnswers

    exact = {one.question: one.exact_question or one.question for one in questions}
    body = ClarificationAnswers(
        answers=[
            ClarificationAnswer(question=exact.get(one.question, one.question), answer=storable(one.answer))
            for one in answers
        ]
    )
    kwargs = endpoint._get_kwargs(generation_id, body=body)
    request = attrs.evolve(request_of("answer_clarifications", kwargs), json=kwargs["json"])
    return await Send(request, success_only, resend=False)


async def pause_generation(generation_id: UUID) -> None:
    """POST /v1/generations/{id}/pause. A lost response is settled by reading the state."""
    from specstep_client.api.generations import pause_generation as endpoint

    request = request_of("pause_generation", endpoint._get_kwargs(generation_id))
    return await Send(request, success_only, resend=False)


async def resume_generation(generation_id: UUID) -> None:
    """POST /v1/generations/{id}/resume. A lost response is settled by reading the state."""
    from specstep_client.api.generations import resume_generation as endpoint

    request = request_of("resume_generation", endpoint._get_kwargs(generation_id))
    return await Send(request, success_only, resend=False)


async def cancel_generation(generation_id: UUID, reason: str | None = None) -> None:
    """POST /v1/generations/{id}/cancel. A lost response is settled by reading the state."""
    from specstep_client.api.generations import cancel_generation as endpoint
    from specstep_client.models.cancel_request import CancelRequest

    kwargs = endpoint._get_kwargs(generation_id, body=CancelRequest(reason=reason)) if reason else None
    request = request_of("cancel_generation", kwargs or endpoint._get_kwargs(generation_id))
    return await Send(request, success_only, resend=False)


async def rename_generation(generation_id: UUID, name: str | None) -> None:
    """PATCH /v1/generations/{id}/name: None removes the name."""
    from specstep_client.api.generations import rename_generation as endpoint
    from specstep_client.models.rename_generation_request import RenameGenerationRequest

    kwargs = endpoint._get_kwargs(generation_id, body=RenameGenerationRequest(name=name))
    return await Send(request_of("rename_generation", kwargs), success_only)


async def get_conversation(generation_id: UUID, take: int | None = None) -> list[models.ConversationItem]:
    """GET /v1/generations/{id}/conversation: the agents' narration; with ``take``, only that many of the latest."""
    from specstep_client.api.generations import get_generation_conversation as endpoint

    def parse(reply: Reply) -> list[models.ConversationItem]:
        from specstep_client.models.conversation_item import ConversationItem

        texts = ("agent_role", "character_name", "display_name", "action", "narration", "status")
        return [
            models.ConversationItem(
                **{name: optional(row, name, str) for name in texts},
                started_at=optional(row, "started_at", datetime),
                ended_at=optional(row, "ended_at", datetime),
                duration_ms=optional(row, "duration_ms", float),
                cost_usd=optional(row, "cost_usd", float),
            )
            for row in reading.rows(reply, ConversationItem, "get_generation_conversation", "items")
        ]

    params = {} if take is None else {"take": take}
    request = request_of("get_generation_conversation", endpoint._get_kwargs(generation_id), params=params)
    return await Send(request, parse)


async def get_events(generation_id: UUID, *, once: bool = False) -> list[models.GenerationEvent]:
    """GET /v1/generations/{id}/events: undocumented entries, unchanged.

    With ``once``, nothing waits for them: they are asked for once, and behind no other request.
    """
    from specstep_client.api.generations import get_generation_events as endpoint

    def parse(reply: Reply) -> list[models.GenerationEvent]:
        value = reading.document(reply, "get_generation_events")
        arrays = (
            [member for member in value.values() if isinstance(member, list)] if isinstance(value, dict) else [value]
        )
        entries = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], list) else []
        return [models.GenerationEvent(entry) for entry in entries if isinstance(entry, dict)]

    request = request_of("get_generation_events", endpoint._get_kwargs(generation_id), is_urgent=once)
    return await Send(request, parse, resend=not once, is_first=once)
