"""The reporters of a run's events: a live display, plain lines, NDJSON, or none.

``make_reporter`` chooses. Every reporter is a context manager, is called with each event, and steps aside (``paused``)
while a person is asked something on the same terminal.
"""

from __future__ import annotations

import contextlib
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TypeAlias

from specstep_flows import errors, events
from specstep_flows._facts import TITLE_WEIGHT, headline
from specstep_flows._text import counted, duration, size
from specstep_flows.cli.interrupts import write_notice
from specstep_flows.cli.progress.state import PARTS, Watched, opened_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from uuid import UUID

    from specstep_flows.cli.terminal import Terminal
    from specstep_flows.engine.clock import Clock
    from specstep_flows.models import ConversationItem, Generation

Mode: TypeAlias = Literal["auto", "plain", "none", "events"]

#: Off a terminal, the longest silence in seconds of the run's clock.
HEARTBEAT_SECONDS: Final = 60.0
#: A wait this many times as long as the last that was told is told, too.
WORTH_SAYING: Final = 1.5
#: The agent's reply is shown up to here; the record and ``--events`` have all of it.
REPLY_LETTERS: Final = 200
#: Where a line is broken on a terminal, it continues under its text, behind the time of day.
HANG: Final = " " * 10


class Reporter(AbstractContextManager[Any], Protocol):
    """Takes a run's events."""

    def __call__(self, event: events.Event) -> None:
        """Take an event."""
        ...

    def paused(self) -> AbstractContextManager[Any]:
        """Leave the terminal to a question."""
        ...

    def detaching(self) -> None:
        """Acknowledge an interrupt that waits for the request in flight. Called from the signal handler."""
        ...

    def take_over(self, opened: events.RunOpened) -> None:
        """Know the run, of which somebody else has told."""
        ...


def make_reporter(
    mode: Mode,
    terminal: Terminal,
    clock: Clock,
    conversation: Callable[[UUID], Sequence[ConversationItem]] | None = None,
) -> Reporter:
    """The reporter for a mode. ``auto`` is a live display where one can be drawn, else plain lines.

    ``conversation`` reads the newest steps of a generation's agents, for the live display.
    """
    if mode == "events":
        return EventLines(terminal)
    if mode == "none" or terminal.is_quiet:
        return Silent(terminal)
    if mode == "auto" and terminal.can_redraw:
        from rich.console import Console

        from specstep_flows.cli.progress.display import LiveDisplay

        return LiveDisplay(Console(stderr=True, markup=False, emoji=False), clock=clock, conversation=conversation)
    return PlainLines(terminal, clock)


class Silent:
    """Says which run it is, once, and what a person should know; nothing else."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __call__(self, event: events.Event) -> None:
        """Take an event."""
        if isinstance(event, events.RunOpened):
            self._terminal.tell(opened_words(event))
        elif isinstance(event, events.Notice):
            self._terminal.tell(event.message)

    def paused(self) -> AbstractContextManager[Any]:
        """Nothing is in the way."""
        return contextlib.nullcontext()

    def detaching(self) -> None:
        """A line, at once."""
        write_notice()

    def take_over(self, opened: events.RunOpened) -> None:
        """There is nothing to know."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class EventLines(Silent):
    """Each event as a JSON document in a line of its own on stdout."""

    def __call__(self, event: events.Event) -> None:
        """Take an event. Raises ``Detached`` when stdout was closed."""
        from specstep_flows.cli.output import event_document

        super().__call__(event)
        try:
            self._terminal.document(event_document(event))
        except BrokenPipeError:
            raise errors.Detached("Nothing reads the events any longer, so this process stops watching.") from None


class PlainLines(Silent):
    """A line with its time of day at each change, and a heartbeat: for logs, pipes and terminals that cannot redraw."""

    def __init__(self, terminal: Terminal, clock: Clock) -> None:
        super().__init__(terminal)
        self._clock = clock
        self._watched = Watched(clock.now())
        self._told: dict[UUID, tuple[str, ...]] = {}
        self._facts: dict[UUID, dict[str, str]] = {}
        self._told_at = clock.now()
        self._waiting: str | None = None
        self._waited = 0.0

    def take_over(self, opened: events.RunOpened) -> None:
        """Know the run."""
        self._watched.take(opened, self._clock.now())

    def __call__(self, event: events.Event) -> None:
        """Take an event."""
        now = self._clock.now()
        doing = self._watched.doing
        stays = self._watched.take(event, now)
        for line in stays:
            if isinstance(event, events.RunOpened):
                self._terminal.say(line)
            else:
                self._say(line, now)
        if isinstance(event, events.GenerationProgress):
            # What a run came to that was complete before is told at its end, as it always is.
            if not self._watched.was_finished:
                self._look(event, now)
        elif isinstance(event, events.Waiting):
            self._wait(event, now)
        elif isinstance(event, events.Uploading):
            if self._is_time(now, 0.0):
                line = f"Uploading {self._short(event.name)}: {size(event.sent_bytes)} of {size(event.total_bytes)}"
                self._say(line, now)
        elif isinstance(event, events.Downloading):
            if self._is_time(now, 0.0):
                of = "" if event.total_bytes is None else f" of {size(event.total_bytes)}"
                self._say(f"Downloading the package: {size(event.received_bytes)}{of}", now)
        elif isinstance(event, events.ReplyReceived) and event.reply:
            self._say(f"Agent: {self._short(event.reply)}", now)
        elif isinstance(event, events.QuestionsAsked):
            self._say(f"Waiting for {counted(len(event.questions), 'answer')}", now)
        elif not stays and self._watched.doing not in (None, doing):
            self._say(str(self._watched.doing), now)
            if isinstance(event, events.InterviewStarted) and event.opening:
                self._say(f"Agent: {self._short(event.opening)}", now)

    def _look(self, event: events.GenerationProgress, now: float) -> None:
        generation = event.generation
        words = (generation.state, generation.phase_detail or "", generation.billing_state or "")
        if generation.id in self._watched.others:
            # Another generation of a fan-out: only its changes are reported; the first one's heartbeat is enough.
            if self._told.get(generation.id) != words:
                self._told[generation.id] = words
                self._say(self._watched.short_words(generation), now)
            return
        # The next look may come after the heartbeat is due: half its wait early is as near as half its wait late.
        if words != self._told.get(generation.id) or self._is_time(now, (event.next_look_in or 0.0) / 2):
            self._told[generation.id] = words
            # Of several that one kickoff started, each line says which it is about.
            which = f"{generation.review_profile or generation.id}: " if self._watched.others else ""
            self._say(which + self._status(generation, now), now)

    def _status(self, generation: Generation, now: float) -> str:
        """The headline, and what has changed since the last line about this generation."""
        found = self._watched.facts(now)
        before = self._facts.get(generation.id, {})
        self._facts[generation.id] = words = {
            fact.label: fact.whole_brief for fact in found[1:] if fact.share is None and fact.weight > TITLE_WEIGHT
        }
        changed = (text for label, text in words.items() if text != before.get(label))
        return PARTS.join(filter(None, (headline(found), *changed)))

    def _wait(self, event: events.Waiting, now: float) -> None:
        # A wait that has grown says that it backs off; one like the last says nothing.
        is_news = event.reason != self._waiting or event.seconds >= WORTH_SAYING * self._waited
        if is_news or self._is_time(now, 0.0):
            self._waiting, self._waited = event.reason, event.seconds
            self._say(f"{event.reason} Next try in {duration(max(1.0, event.seconds))}.", now)

    def _is_time(self, now: float, early: float) -> bool:
        return now - self._told_at + early >= HEARTBEAT_SECONDS

    def _say(self, line: str, now: float) -> None:
        self._told_at = now
        # The machine's time of day, whatever the run's clock is: it is what other logs have.
        stamp = time.strftime("%H:%M:%S")
        self._terminal.say(f"{stamp}{PARTS}{PARTS.join(map(self._terminal.line, line.split(PARTS)))}", HANG)

    def _short(self, text: str) -> str:
        line = self._terminal.line(text)
        return line if len(line) <= REPLY_LETTERS else f"{line[:REPLY_LETTERS]}..."
