"""What users pass to a run: the brief, and callbacks for answers, for the next message, and for a confirmation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows.models import Answer, Clarification, Interview
from specstep_flows.runs.records import RunRecord

__all__ = ["Brief", "Confirm", "Policy", "PolicyAnswers", "Respondent", "as_id", "whole_brief"]

#: What a policy returns: answers by question text or as ``Answer`` objects; None to leave the questions for later.
PolicyAnswers: TypeAlias = Mapping[str, str] | Sequence[Answer] | None
#: Called with the pending questions.
Policy: TypeAlias = Callable[[Sequence[Clarification]], PolicyAnswers | Awaitable[PolicyAnswers]]
#: Called with the run's record before anything that costs money; False leaves the run where it is.
Confirm: TypeAlias = Callable[[RunRecord], bool | Awaitable[bool]]
#: Called with the agent's reply and the interview; returns the next message, or None to end the interview.
Respondent: TypeAlias = Callable[[str | None, Interview], Awaitable[str | None] | str | None]


def _texts(messages: str | Sequence[str]) -> tuple[str, ...]:
    return (messages,) if isinstance(messages, str) else tuple(messages)


def _paths(attachments: Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(map(Path, attachments))


@attrs.frozen
class Brief:
    """A brief for ``run``.

    ``messages`` (one string, or several) are sent turn by turn; ``attachments`` are uploaded before the first turn.
    When the messages are used up, ``respondent`` is called with the agent's reply and the current interview, and
    returns the next message, or None to end; with ``AsyncSpecStep`` it can be a coroutine function. Without a
    respondent, the interview ends with the last message.
    """

    messages: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    attachments: tuple[Path, ...] = attrs.field(default=(), converter=_paths)
    respondent: Respondent | None = None


def whole_brief(
    brief: str | Sequence[str] | Brief, attachments: Sequence[str | Path], respondent: Respondent | None
) -> Brief:
    """The brief, passed to ``run`` as one value or as several. Raises ``UsageError`` if a part is given twice."""
    if not isinstance(brief, Brief):
        return Brief(brief, attachments, respondent)
    for what, own, more in (
        ("attachments", brief.attachments, attachments),
        ("respondent", brief.respondent, respondent),
    ):
        if own and more:
            raise errors.UsageError(f"`{what}` is given twice, in the Brief and as an argument. Nothing was sent.")
    return attrs.evolve(brief, attachments=brief.attachments or attachments, respondent=brief.respondent or respondent)


def as_id(value: UUID | str) -> UUID:
    """An id of the service's, given as text or as what it is. Raises ``UsageError``."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise errors.UsageError(f"{value!r} is not an id of the service's (a UUID).") from None
