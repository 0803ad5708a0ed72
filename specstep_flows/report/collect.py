"""Gathering what a report tells: the run's record, its package on disk, and what the service still has about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows.report.contents import Contents, read_contents
from specstep_flows.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specstep_flows.client import SpecStep
    from specstep_flows.models import ConversationItem, Generation, Interview, ReferenceDocument
    from specstep_flows.runs import RunRecord

__all__ = ["Collected", "collect"]

#: The newest so many steps of the agents are shown.
CONVERSATION_ITEMS: Final = 500


@attrs.frozen
class Collected:
    """All that a report shows. What could not be read is None or empty, and ``gaps`` says why in a sentence each."""

    record: RunRecord
    written_at: datetime
    generation: Generation | None = None
    interview: Interview | None = None
    documents: tuple[ReferenceDocument, ...] = ()
    conversation: tuple[ConversationItem, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    contents: Contents | None = None
    gaps: tuple[str, ...] = ()

    @property
    def is_sandbox(self) -> bool:
        """Whether the service was one on this machine: nothing was paid."""
        return is_loopback(self.record.api_url)

    @property
    def title(self) -> str:
        """The project's name, or the run's id."""
        generation = self.generation
        return (generation.project_name if generation else None) or self.record.project_name or self.record.run_id

    @property
    def cost_usd(self) -> float | None:
        """What the run cost in all, as far as it was read; earlier attempts included."""
        last = self.generation.running_cost_usd if self.generation else None
        last = last if last is not None else self.record.cost_usd
        if last is None:
            return self.record.spent_before_usd or None
        return self.record.spent_before_usd + last

    @property
    def state(self) -> str | None:
        """The generation's state, as it was last read."""
        return self.generation.state if self.generation else self.record.generation_state


@attrs.define
class _Reader:
    """Reads one thing after the other; what fails becomes a gap, never an error."""

    gaps: list[str] = attrs.field(factory=list)

    def read(self, what: str, work: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return work()
        except errors.NotFound:
            self.gaps.append(f"{what}: not at the service any more, or not this key's.")
        except errors.SpecStepError as error:
            self.gaps.append(f"{what}: {error.message}")
        return otherwise


def collect(record: RunRecord, specstep: SpecStep | None = None, *, now: datetime | None = None) -> Collected:
    """Gather a run's report. Without a client only what is on this machine is used.

    GET /v1/generations/{id}, …/conversation, …/events, GET /v1/interviews/{id} and its reference documents. Nothing that
    cannot be read stops the report; it is named in ``gaps``.
    """
    reader = _Reader()
    found: dict[str, Any] = {}
    if specstep is not None:
        found = _from_service(record, specstep, reader)
    else:
        reader.gaps.append("The service was not asked: what is here was known on this machine.")
    contents = _contents(record, reader)
    return Collected(
        record=record,
        written_at=now or datetime.now(UTC),
        contents=contents,
        gaps=tuple(reader.gaps),
        **found,
    )


def _from_service(record: RunRecord, specstep: SpecStep, reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if record.generation_id is not None:
        generation_id = record.generation_id
        found["generation"] = reader.read("The generation", lambda: specstep.get_generation(generation_id), None)
        found["conversation"] = tuple(
            reader.read(
                "The agents' steps", lambda: specstep.get_conversation(generation_id, take=CONVERSATION_ITEMS), ()
            )
        )
        events = reader.read("The generation's events", lambda: specstep.get_events(generation_id), ())
        found["events"] = tuple(event.raw for event in events)
    if record.interview_id is not None:
        interview_id = record.interview_id
        found["interview"] = reader.read("The interview", lambda: specstep.get_interview(interview_id), None)
        found["documents"] = tuple(
            reader.read("The reference documents", lambda: specstep.list_documents(interview_id), ())
        )
    return found


def _contents(record: RunRecord, reader: _Reader) -> Contents | None:
    if record.file is None or record.sha256 is None:
        return None
    path = Path(record.file)
    if not path.is_file():
        reader.gaps.append(f"The package is no longer at {path}.")
        return None
    contents: Contents | None = reader.read("The package", lambda: read_contents(path), None)
    if contents is not None and contents.sha256 != record.sha256:
        reader.gaps.append("The package on disk is not the one that was downloaded: its digest differs.")
    return contents
