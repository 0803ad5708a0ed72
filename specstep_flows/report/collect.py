"""Gathering what a report tells: the run's record, its package on disk, and what the service still has about it."""

from __future__ import annotations

import functools
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._course import LEAST_USD, Course, Row, course, moments_in, time_of
from specstep_flows._facts import TITLE_WEIGHT, Fact, Observed, generation_facts
from specstep_flows._paths import ObjectUrl, place_of
from specstep_flows._text import heading
from specstep_flows.flows.history import with_moments
from specstep_flows.models import Generation
from specstep_flows.report.contents import MOST_CHARACTERS, Contents, read_contents
from specstep_flows.settings import is_loopback
from specstep_flows.states import DEFAULT_PROFILE, is_fan_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from specstep_flows.client import SpecStep
    from specstep_flows.models import Clarification, ConversationItem, Interview, ReferenceDocument
    from specstep_flows.runs.records import RunRecord

#: The newest so many steps of the agents are shown.
CONVERSATION_ITEMS: Final = 500


@attrs.frozen
class ShownPackage:
    """One package of a run, with its contents if they could be read. A run has one, a fan-out one for each child."""

    generation_id: str | None
    file: str
    sha256: str | None
    size_bytes: int | None
    contents: Contents | None = None


@attrs.frozen
class Collected:
    """All that a report shows. What could not be read is None or empty, and ``gaps`` says why in a sentence each."""

    record: RunRecord
    written_at: datetime
    generation: Generation | None = None
    #: The other generations that a fan-out's kickoff started.
    family: tuple[Generation, ...] = ()
    interview: Interview | None = None
    documents: tuple[ReferenceDocument, ...] = ()
    conversation: tuple[ConversationItem, ...] = ()
    #: What still waits for an answer, by the generation that asks.
    questions: Mapping[UUID, tuple[Clarification, ...]] = attrs.field(factory=dict)
    events: tuple[Mapping[str, Any], ...] = ()
    packages: tuple[ShownPackage, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def contents(self) -> Contents | None:
        """What is in the run's package, or in a fan-out's first."""
        return self.packages[0].contents if self.packages else None

    @property
    def is_sandbox(self) -> bool:
        """Whether the service was one on this machine: nothing was paid."""
        return is_loopback(self.record.api_url)

    @property
    def title(self) -> str:
        """The project's name, or the run's id."""
        generation = self.generation
        name = (generation.project_name if generation else None) or self.record.project_name
        return heading(name) or self.record.run_id

    @property
    def last_cost_usd(self) -> float | None:
        """What the last attempt cost, as far as it was read."""
        read = self.generation.running_cost_usd if self.generation and not self.family else None
        # The record has what all generations of a fan-out cost together.
        return read if read is not None else self.record.cost_usd

    @property
    def cost_usd(self) -> float | None:
        """What the run cost, as far as it was read; earlier attempts included."""
        if self.last_cost_usd is None:
            return self.record.spent_before_usd or None
        return self.record.spent_before_usd + self.last_cost_usd

    def facts(self, course: Course) -> list[Fact]:
        """The facts of the run's generation; what the service no longer says is taken from the record."""
        record = self.record
        profile = record.options.profile or DEFAULT_PROFILE
        if record.generation_id is None:
            return [Fact("state", "Not started", 9), Fact("profile", profile, TITLE_WEIGHT)]
        generation = self.generation or Generation(record.generation_id, self.state or "Unknown")
        generation = attrs.evolve(
            generation,
            running_cost_usd=self.last_cost_usd,
            review_profile=generation.review_profile or profile,
            estimated_total_usd=course.forecast_usd if self.generation is None else generation.estimated_total_usd,
            estimated_duration_seconds=generation.estimated_duration_seconds or course.forecast_seconds,
        )
        took = course.duration if course.visits else None
        return generation_facts(generation, Observed(took, spent_before_usd=record.spent_before_usd))

    @functools.cached_property
    def course(self) -> Course:
        """The course of the run's generation in time."""
        return course(self.record.history, self.events, self.record.generation_id)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What each state took and cost, and what else the run cost; the costs add up to ``cost_usd``."""
        others = (self.last_cost_usd or 0.0) - (self.course.cost_usd or 0.0)
        more = [("Other generations", others)] if abs(others) >= LEAST_USD else []
        more += [("Earlier attempts", self.record.spent_before_usd)] if self.record.spent_before_usd else []
        return self.course.rows(*more)

    @property
    def as_of(self) -> datetime | None:
        """When the state was last read, where it may have changed since; None at the end, or without a look."""
        course = self.course
        if course.is_over or course.read_at is None:
            return None
        return time_of(course.read_at, course.read_at, self.record.updated_at)

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
            self.gaps.append(f"{what}: no longer at the service, or not visible to this key.")
        except errors.SpecStepError as error:
            self.gaps.append(f"{what}: {error.message}")
        return otherwise


def collect(record: RunRecord, specstep: SpecStep | None = None, *, now: datetime | None = None) -> Collected:
    """Gather a run's report. Without a client only what is on this machine is used.

    GET /v1/generations/{id}, …/conversation, …/events, …/clarifications where something waits for an answer, GET
    /v1/interviews/{id} and its reference documents. What cannot be read does not stop the report; it is named in
    ``gaps``.
    """
    reader = _Reader()
    found: dict[str, Any] = {}
    if specstep is not None:
        found = _from_service(record, specstep, reader)
        record = _recorded(record, specstep, found)
    else:
        reader.gaps.append("The service was not asked; the report shows what this machine knows.")
    return Collected(
        record=record,
        written_at=now or datetime.now(UTC),
        packages=tuple(_packages(record, reader)),
        gaps=tuple(reader.gaps),
        **found,
    )


def _from_service(record: RunRecord, specstep: SpecStep, reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if record.generation_id is not None:
        generation_id = record.generation_id
        found["generation"] = reader.read("The generation", lambda: specstep.get_generation(generation_id), None)
        beside = _beside(record)
        family = [
            reader.read(f"Generation {one}", functools.partial(specstep.get_generation, one), None) for one in beside
        ]
        found["family"] = tuple(generation for generation in family if generation is not None)
        asking = [one for one in (found["generation"], *found["family"]) if one is not None and one.needs_answers]
        found["questions"] = {
            one.id: tuple(reader.read("The open questions", functools.partial(specstep.get_questions, one.id), ()))
            for one in asking
        }
        found["conversation"] = tuple(_conversation((generation_id, *beside), specstep, reader))
        events = reader.read("The generation's events", lambda: specstep.get_events(generation_id), ())
        found["events"] = tuple(event.raw for event in events)
    if record.interview_id is not None:
        interview_id = record.interview_id
        found["interview"] = reader.read("The interview", lambda: specstep.get_interview(interview_id), None)
        found["documents"] = tuple(
            reader.read("The reference documents", lambda: specstep.list_documents(interview_id), ())
        )
    return found


def _recorded(record: RunRecord, specstep: SpecStep, found: Mapping[str, Any]) -> RunRecord:
    """The record with what was just read of its generation: ``show`` and a later report tell the same as this one."""
    moments = moments_in(found.get("events", ()))
    try:
        known = specstep.store.get(record.run_id)
        if known.generation_id != record.generation_id:
            return record
        if moments and known.history:
            history = with_moments(known.history, moments)
            if history != known.history:
                known = specstep.store.update(record.run_id, {"history": history})
    except errors.SpecStepError:
        # The report does not depend on where the record can be written.
        return record
    names = ("generation_state", "history", "cost_usd", "project_name", "updated_at")
    return attrs.evolve(record, **{name: getattr(known, name) for name in names})


def _beside(record: RunRecord) -> list[UUID]:
    """The other generations of a fan-out; those of any other run are earlier attempts, and no part of its outcome."""
    if not is_fan_out(record.options.profile):
        return []
    return [one for one in record.generation_ids if one != record.generation_id]


def _conversation(generations: Sequence[UUID], specstep: SpecStep, reader: _Reader) -> list[ConversationItem]:
    """What the agents did, in the order in which it was begun where that is known."""
    items: list[ConversationItem] = []
    for one in generations:
        read = functools.partial(specstep.get_conversation, one, take=CONVERSATION_ITEMS)
        items += reader.read("The agents' steps", read, ())
    if len(generations) > 1:
        items.sort(key=lambda item: "" if item.started_at is None else item.started_at.isoformat())
    return items


def _packages(record: RunRecord, reader: _Reader) -> Iterator[ShownPackage]:
    found: Sequence[Mapping[str, Any]] = record.packages
    if not found and record.file is not None and record.sha256 is not None:
        one = None if record.generation_id is None else str(record.generation_id)
        found = [{"generation_id": one, "file": record.file, "sha256": record.sha256, "size_bytes": record.size_bytes}]
    left = MOST_CHARACTERS
    for package in found:
        path, digest = place_of(package["file"]), package.get("sha256")
        which = "The package" if len(found) == 1 else f"The package {path.name}"
        contents: Contents | None = None
        if isinstance(path, ObjectUrl):
            reader.gaps.append(f"{which} is at {path}, and a report reads files only.")
        elif os.path.isfile(path):
            contents = reader.read(which, functools.partial(read_contents, path, left), None)
        else:
            reader.gaps.append(f"{which} is no longer at {path}.")
        if contents is not None:
            left -= sum(len(file.text or "") for file in contents.files)
            if contents.sha256 != digest:
                reader.gaps.append(f"{which} on disk is not the one that was downloaded: its digest differs.")
        yield ShownPackage(package.get("generation_id"), str(path), digest, package.get("size_bytes"), contents)
