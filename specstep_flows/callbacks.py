"""What users hand in: the brief, and whom a run asks: for answers, for the next thing to say, for a confirmation."""

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

#: What a policy gives back: an answer to each question, as answers or by question text; None to leave it for later.
PolicyAnswers: TypeAlias = Mapping[str, str] | Sequence[Answer] | None
#: Who answers: called with the questions that are pending.
Policy: TypeAlias = Callable[[Sequence[Clarification]], PolicyAnswers | Awaitable[PolicyAnswers]]
#: Called with the run's record before anything that costs; False leaves the run where it is.
Confirm: TypeAlias = Callable[[RunRecord], bool | Awaitable[bool]]
#: Called with the agent's reply and the interview; gives back the next thing to say, or None to end the interview.
Respondent: TypeAlias = Callable[[str | None, Interview], Awaitable[str | None] | str | None]


def _texts(messages: str | Sequence[str]) -> tuple[str, ...]:
    return (messages,) if isinstance(messages, str) else tuple(messages)


def _paths(attachments: Sequence[str | Path]) -> tuple[Path, ...]:
    return tuple(map(Path, attachments))


@attrs.frozen
class Brief:
    """A brief for ``run``.

    ``messages`` (one text, or several) are said turn by turn; ``attachments`` are uploaded before the first turn. When
    the messages are used up, ``respondent`` is called with the agent's reply and the interview as it stands, and gives
    back the next thing to say, or None to end; with ``AsyncSpecStep`` it may be a coroutine function. Without one the
    interview ends with the last message: scripted messages are the simplest respondent.
    """

    messages: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    attachments: tuple[Path, ...] = attrs.field(default=(), converter=_paths)
    respondent: Respondent | None = None


def whole_brief(
    brief: str | Sequence[str] | Brief, attachments: Sequence[str | Path], respondent: Respondent | None
) -> Brief:
    """The brief that ``run`` was given in one value or in several. Raises ``UsageError`` when it was given twice."""
    if not isinstance(brief, Brief):
        return Brief(brief, attachments, respondent)
    for what, own, more in (
        ("attachments", brief.attachments, attachments),
        ("respondent", brief.respondent, respondent),
    ):
        if own and more:
            raise errors.UsageError(f"The brief's {what} came twice: in the Brief, and beside it. Nothing was sent.")
    return attrs.evolve(brief, attachments=brief.attachments or attachments, respondent=brief.respondent or respondent)


def as_id(value: UUID | str) -> UUID:
    """An id of the service's, given as text or as what it is. Raises ``UsageError``."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise errors.UsageError(f"{value!r} is not an id of the service's (a UUID).") from None
