"""The events of a run, one small frozen class for each thing that can happen."""

from __future__ import annotations

from pathlib import PurePath
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows._text import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from specstep_flows.models import Account, Answer, Clarification, Generation, Interview

__all__ = [
    "DocumentAttached",
    "Downloading",
    "Event",
    "GenerationProgress",
    "GenerationStarted",
    "InterviewCompleted",
    "InterviewStarted",
    "KeyVerified",
    "Notice",
    "PackageSaved",
    "QuestionsAnswered",
    "QuestionsAsked",
    "ReplyReceived",
    "RunOpened",
    "TurnSubmitted",
    "Unpacked",
    "Uploading",
    "Waiting",
]

#: Longer texts are shortened where an event is shown in one line.
LONGEST_VALUE: Final = 100


def _line(text: str) -> str:
    return shorten(text, LONGEST_VALUE, placeholder="…")


@attrs.frozen
class Event:
    """Something that happened in a run. As text it is one line, so that ``on_event=print`` shows a run's progress."""

    def __str__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in attrs.fields(type(self)))
        known = [
            f"{name.replace('_', ' ')} {_line(str(value))}"
            for name, value in values
            if isinstance(value, str | float | int | PurePath | UUID)
        ]
        return ": ".join(filter(None, (spaced(type(self).__name__), ", ".join(known))))


@attrs.frozen
class RunOpened(Event):
    """The run is stored: from now on it can be resumed. If it is new, nothing has been paid for yet.

    ``states`` are the states that the generation of a resumed run has been seen in, in order; ``history`` are the looks
    at it, as the run's record keeps them. ``is_finished``: its package was on disk when it was opened.
    """

    run_id: str
    resumed: bool
    states: tuple[str, ...] = ()
    history: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False, eq=False)
    is_finished: bool = False


@attrs.frozen
class KeyVerified(Event):
    """GET /v1/me accepted the key."""

    account: Account


@attrs.frozen
class InterviewStarted(Event):
    """The interview is open; ``opening`` is the agent's first turn."""

    interview_id: UUID
    opening: str | None


@attrs.frozen
class Uploading(Event):
    """``sent_bytes`` of the ``total_bytes`` of a reference document have been sent."""

    name: str
    sent_bytes: int
    total_bytes: int


@attrs.frozen
class DocumentAttached(Event):
    """A reference document was uploaded."""

    name: str
    size_bytes: int


@attrs.frozen
class TurnSubmitted(Event):
    """Turn ``number`` (from 1) is being sent; ``total`` is the number of messages, None if it is not known."""

    number: int
    total: int | None
    message: str


@attrs.frozen
class ReplyReceived(Event):
    """The agent answered turn ``number``."""

    number: int
    reply: str | None
    interview: Interview


@attrs.frozen
class InterviewCompleted(Event):
    """The interview produced its intake artifact. ``unused_messages`` of the brief were not needed."""

    interview_id: UUID
    intake_artifact_id: UUID
    unused_messages: int


@attrs.frozen
class GenerationStarted(Event):
    """A generation has started. ``adopted`` if it was found, and not started by this process."""

    generation_id: UUID
    adopted: bool


@attrs.frozen
class GenerationProgress(Event):
    """The current generation, with every status field; ``next_look_in`` is in seconds, None if it has ended.

    ``moments`` are the changes of state until now, if the service's events were read for them.
    """

    generation: Generation
    next_look_in: float | None
    moments: tuple[tuple[float, str], ...] = attrs.field(default=(), repr=False, eq=False)

    def __str__(self) -> str:
        from specstep_flows._facts import generation_facts, headline

        facts = generation_facts(self.generation)
        told = [fact.text for fact in facts if fact.label in ("why", "questions", "time", "cost")]
        return f"Generation: {', '.join([headline(facts), *told])}"


@attrs.frozen
class QuestionsAsked(Event):
    """The generation is paused until these questions are answered."""

    generation_id: UUID
    questions: tuple[Clarification, ...]

    def __str__(self) -> str:
        return _line("Questions asked: " + "; ".join(question.question for question in self.questions))


@attrs.frozen
class QuestionsAnswered(Event):
    """The answers were accepted; the generation continues soon."""

    generation_id: UUID
    answers: tuple[Answer, ...]

    def __str__(self) -> str:
        return _line("Answered: " + "; ".join(f"{answer.answer} ({answer.rule})" for answer in self.answers))


@attrs.frozen
class Waiting(Event):
    """The run waits ``seconds`` before it continues, because of ``reason``."""

    reason: str
    seconds: float


@attrs.frozen
class Notice(Event):
    """Something that a person may want to know; the run continues."""

    message: str

    def __str__(self) -> str:
        # It may be about money: never shortened.
        return f"Notice: {' '.join(self.message.split())}"


@attrs.frozen
class Downloading(Event):
    """``received_bytes`` of ``total_bytes`` (None if unknown) of the package are on disk."""

    received_bytes: int
    total_bytes: int | None


@attrs.frozen
class PackageSaved(Event):
    """The package is verified and saved under its final name."""

    path: Path
    size_bytes: int
    sha256: str


@attrs.frozen
class Unpacked(Event):
    """The package was unpacked into ``path``."""

    path: Path
    files: int
