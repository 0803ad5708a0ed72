"""What the live display knows of a run, gathered from its events. Nothing is drawn here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import events
from specstep_flows._course import Course, Duration, course
from specstep_flows._facts import Observed, generation_facts, headline
from specstep_flows._text import counted, duration, size
from specstep_flows.cli.questions import PERSON
from specstep_flows.flows.history import sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from specstep_flows._facts import Fact
    from specstep_flows.flows.history import Sample
    from specstep_flows.models import Answer, ConversationItem, Generation


#: Between the parts of a line.
PARTS: Final = "  "


def opened_words(event: events.RunOpened) -> str:
    """The line that names the run."""
    if event.is_finished:
        return f"Run {event.run_id} is already complete"
    return f"Resuming run {event.run_id}" if event.resumed else f"Run {event.run_id}"


def answered_words(answers: Sequence[Answer], whose: str = "") -> list[str]:
    """What was answered in the user's name, with its question and the rule that answered it.

    ``whose`` says which of several generations asked. What a person typed is on the screen already.
    """
    lines: list[str] = []
    for answer in answers:
        if not answer.rule.startswith(PERSON):
            lines += [f"Question{whose}: {answer.question}", f"Answered ({answer.rule}): {answer.answer}"]
    return lines or [f"{'Answer' if len(answers) == 1 else 'Answers'} sent; the generation will resume shortly."]


@attrs.define
class Watched:
    """A run as it was last seen. Times are seconds on the run's clock.

    ``server_time`` gives the service's present time where this machine can know it: with the real clock it is the
    machine's own; against a sandbox whose clock is sped up it is None, and only differences between stamps are shown.
    """

    began: float
    server_time: Callable[[], datetime] | None = None
    run_id: str | None = None
    #: What is being done before and after the generation, in a sentence.
    doing: str | None = None
    interview_percent: float | None = None
    generation_id: UUID | None = None
    generation: Generation | None = None
    seen: list[str] = attrs.field(factory=list)
    #: The other generations of a fan-out, as they were last seen.
    others: dict[UUID, Generation] = attrs.field(factory=dict)
    looked_at: float | None = None
    #: All looks at the run's generations, those of earlier processes among them, and what they come to.
    history: Sequence[Sample] = ()
    course: Course = attrs.field(factory=Course)
    next_look_at: float | None = None
    spent_before: float = 0.0
    waiting: str | None = None
    waiting_until: float | None = None
    questions: int = 0
    conversation: tuple[ConversationItem, ...] = ()
    uploading: events.Uploading | None = None
    downloaded: tuple[int, int | None] | None = None
    is_over: bool = False
    #: The run's package was on disk before.
    was_finished: bool = False
    #: An interrupt waits for the request in flight.
    is_detaching: bool = False

    def take(self, event: events.Event, now: float) -> list[str]:
        """Learn from an event; returns what is worth permanent lines, if anything."""
        if not isinstance(event, events.Waiting):
            self.waiting = self.waiting_until = None
        match event:
            case events.RunOpened():
                self.run_id = event.run_id
                self.seen, self.history, self.was_finished = list(event.states), event.history, event.is_finished
                return [opened_words(event)]
            case events.KeyVerified():
                self.doing = None if self.was_finished else "API key accepted"
            case events.GenerationStarted():
                return self._started(event)
            case events.GenerationProgress():
                self._look(event, now)
            case events.QuestionsAsked():
                self.questions = len(event.questions)
            case events.QuestionsAnswered():
                self.questions = 0
                kin = self.others.get(event.generation_id)
                return answered_words(event.answers, "" if kin is None else f" ({kin.review_profile})")
            case events.Waiting():
                self.waiting, self.waiting_until = event.reason, now + event.seconds
            case events.Notice():
                return [event.message]
            case _:
                return self._interview(event) or self._package(event)
        return []

    def _interview(self, event: events.Event) -> list[str]:
        match event:
            case events.InterviewStarted():
                self.doing = "Interview started"
            case events.Uploading():
                self.doing = "Uploading a reference document"
                self.uploading = event
            case events.DocumentAttached():
                self.uploading = None
                return [f"Attached {event.name} ({size(event.size_bytes)})"]
            case events.TurnSubmitted():
                self.uploading = None
                of = f" of {event.total}" if event.total else ""
                self.doing = f"Waiting for the agent's reply to message {event.number}{of}"
            case events.ReplyReceived():
                full = event.interview.transcript_size
                self.interview_percent = full.percent_used if full is not None else None
                self.doing = None
            case events.InterviewCompleted():
                self.doing = "Interview complete"
                left = counted(event.unused_messages, "message")
                return [f"Interview complete; {left} of the brief not needed" if event.unused_messages else self.doing]
        return []

    def _package(self, event: events.Event) -> list[str]:
        match event:
            case events.Downloading():
                self.doing = "Downloading the package"
                self.downloaded = (event.received_bytes, event.total_bytes)
            case events.PackageSaved():
                name = f"{event.path.name} " if self.others else ""
                is_there, self.downloaded, self.doing = self.was_finished and self.downloaded is None, None, None
                return [] if is_there else [f"Package {name}downloaded and verified ({size(event.size_bytes)})"]
            case events.Unpacked():
                return [f"Unpacked {counted(event.files, 'file')} into {event.path}"]
        return []

    def _started(self, event: events.GenerationStarted) -> list[str]:
        if self.generation is not None and self.generation.id != event.generation_id:
            self.spent_before += self.generation.running_cost_usd or 0.0
        self.generation_id, self.generation, self.seen, self.others = event.generation_id, None, [], {}
        self.is_over, self.course = False, Course()
        return [f"Generation {event.generation_id} {'found' if event.adopted else 'started'}"]

    def _look(self, event: events.GenerationProgress, now: float) -> None:
        generation = event.generation
        if self.generation_id not in (None, generation.id):
            self.others[generation.id] = generation
            return
        self.generation_id, self.generation = generation.id, generation
        if not self.seen or self.seen[-1] != generation.state:
            self.seen.append(generation.state)
        self.looked_at = now
        self.history = sampled(self.history, generation, now, moments=event.moments)
        self.course = course(self.history, generation_id=generation.id)
        self.next_look_at = None if event.next_look_in is None else now + event.next_look_in
        self.is_over = event.next_look_in is None
        self.doing = None
        if not generation.needs_answers:
            self.questions = 0

    def converse(self, items: Sequence[ConversationItem]) -> None:
        """The newest steps of the agents, oldest first."""
        self.conversation = tuple(items)

    def facts(self, now: float) -> list[Fact]:
        """What there is to say of the generation at this moment."""
        if self.generation is None:
            return []
        since = 0.0 if self.is_over or self.looked_at is None else now - self.looked_at
        server_time = None if self.server_time is None else self.server_time()
        return generation_facts(
            self.generation, Observed(self.elapsed(now), since, self.spent_before, self.questions, server_time)
        )

    def others_words(self) -> list[str]:
        """A line for each of the other generations of a fan-out."""
        return [self.short_words(generation) for generation in self.others.values()]

    @staticmethod
    def short_words(generation: Generation) -> str:
        """A generation in one short line: its profile, its headline and what weighs most."""
        name = generation.review_profile or str(generation.id)[:8]
        facts = generation_facts(generation)
        return f"{name}: " + ", ".join([headline(facts), *(fact.text for fact in facts[1:] if fact.weight >= 8)])

    def brief_words(self, now: float) -> str:
        """The generation in one line: what it is doing, what it has cost and how long it takes."""
        facts = self.facts(now)
        if not facts:
            return ""
        return PARTS.join(filter(None, (headline(facts), *(fact.brief for fact in facts[1:]))))

    def elapsed(self, now: float) -> Duration:
        """The time that the generation, or what precedes it, has taken."""
        if self.generation is None or self.looked_at is None:
            return Duration(now - self.began)
        is_over = self.is_over or self.generation.is_terminal
        # What this process did not watch is not told apart from work.
        known = attrs.evolve(self.course.duration, unwatched_seconds=0.0)
        return known.later(0.0 if is_over else now - self.looked_at, self.generation.state)

    def next_look_words(self, now: float) -> str | None:
        """When the service is asked again, or what is waited for."""
        if self.waiting is not None and self.waiting_until is not None:
            return f"{self.waiting} Next try in {duration(max(0.0, self.waiting_until - now))}."
        if self.next_look_at is None:
            return None
        left = self.next_look_at - now
        return f"in {duration(left)}" if left >= 1 else "now"
