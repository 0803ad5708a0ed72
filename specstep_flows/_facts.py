"""The facts about a generation, in one list from which the live display, the log, the notebook and the report draw.

A new fact is added in ``generation_facts``, and every screen shows it. ``models`` hands its objects over from below, so
their types cannot be named here.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from specstep_flows._text import counted, duration, money, percent, size, spaced, whole_seconds
from specstep_flows.states import (
    STAGES,
    billing_meaning,
    fold,
    is_one_of,
    is_terminal,
    is_waiting,
    retry_makes_sense,
    stage_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from specstep_flows._course import Duration

#: Facts up to this weight are part of the title where a screen has one.
TITLE_WEIGHT: Final = 1

#: How a fact is to be taken; each screen has its own colours for it.
Tone: TypeAlias = Literal["plain", "strong", "warning", "bad"]


@attrs.frozen
class Fact:
    """One thing to say: a label of one or two words, and what holds.

    ``weight`` goes from 9 (must be seen) to 1: where there is no room for all, the lightest go first. ``note`` adds to
    ``text``: it may be set smaller, or follows after ``joint``. ``share`` (0 to 1) is given where a bar can be drawn.
    ``brief`` is what a line of a log says when it changes: None stands for label and text, "" for nothing.
    """

    label: str
    text: str
    weight: int
    note: str | None = None
    joint: str = ", "
    tone: Tone = "plain"
    share: float | None = None
    is_code: bool = False
    brief: str | None = None

    @property
    def title(self) -> str:
        """The label as a heading."""
        return self.label[:1].upper() + self.label[1:]

    @property
    def whole(self) -> str:
        """The text with its note."""
        return f"{self.text}{self.joint}{self.note}" if self.note else self.text

    @property
    def whole_brief(self) -> str:
        """What a line of a log says."""
        return f"{self.label}: {self.text}" if self.brief is None else self.brief


@attrs.frozen
class Observed:
    """What is known beside a generation: of its run, and of the time that has passed since it was read."""

    #: How long it has taken; None where only the generation itself tells.
    duration: Duration | None = None
    since: float = 0.0
    spent_before_usd: float = 0.0
    questions: int = 0
    #: The service's present time, where this machine can know it.
    server_time: datetime | None = None


def generation_facts(generation: Any, observed: Observed | None = None) -> list[Fact]:
    """The facts of a ``models.Generation``, in the order in which they are read. The first says what it is doing."""
    observed = observed or Observed()
    found = [
        _phase(generation),
        _progress(generation),
        Fact("why", failure_words(generation) or "no reason given", 9, tone="bad", brief="")
        if generation.is_failed
        else None,
        Fact("waiting", f"for {counted(observed.questions, 'answer')}", 8, tone="warning", brief="")
        if observed.questions
        else None,
        _cost(generation, observed),
        _time(generation, observed),
        _billing(generation),
        _retries(generation, observed),
        _restarts(generation),
        Fact("specialist", f"{generation.active_specialist} finished last", 2, brief="")
        if generation.active_specialist and not generation.is_terminal
        else None,
        Fact("profile", generation.review_profile, TITLE_WEIGHT) if generation.review_profile else None,
        Fact("generation", str(generation.id), TITLE_WEIGHT, is_code=True),
    ]
    return [fact for fact in found if fact is not None]


def headline(facts: Sequence[Fact]) -> str:
    """The first fact in a few words, with how far it is: ``Drafting 26%``."""
    return " ".join([facts[0].text, *(fact.text for fact in facts if fact.share is not None)])


def failure_words(generation: Any) -> str:
    """The category and the reason of a failure, as far as they are known."""
    return ": ".join(filter(None, (generation.failure_category, generation.failure_reason)))


def seconds_taken(generation: Any) -> float | None:
    """How long a generation took, or had worked when it was read, by its own fields."""
    ended = generation.completed_at or generation.failed_at
    if generation.is_terminal and ended is not None and generation.started_at is not None:
        return float((ended - generation.started_at).total_seconds())
    total, left = generation.estimated_duration_seconds, generation.estimated_time_remaining_seconds
    return None if total is None or left is None else max(0.0, total - left)


def _phase(generation: Any) -> Fact:
    # At the end, the last phase is over and the state says what came of it.
    detail = None if generation.is_terminal else generation.phase_detail
    phase: str = detail if detail and fold(detail) != fold(generation.state) else spaced(generation.state)
    if generation.current_round and "round" not in phase.casefold() and stage_of(generation.state) in (2, 3, 4):
        phase += f" (round {generation.current_round})"
    explanation = generation.progress_explanation
    note = explanation.rstrip(".") if explanation and explanation != phase else None
    return Fact("phase", phase, 9, note, ": ", "strong")


def _progress(generation: Any) -> Fact | None:
    share = 100.0 if generation.is_complete else generation.progress_percent
    if share is None:
        return None
    share = min(100.0, max(0.0, share))
    return Fact("progress", percent(share), 3, share=share / 100)


def _billing(generation: Any) -> Fact | None:
    state = generation.billing_state
    if not state:
        return None
    words = billing_meaning(state) or spaced(state)
    # The cost of a run that works, waits in the queue or is over needs no word in a log: its figures say it.
    is_plain = is_one_of(state, "not_started", "active", "complete", "paused_awaiting_input")
    return Fact("billing", words, 7, brief="" if is_plain else words)


def _time(generation: Any, observed: Observed) -> Fact | None:
    from specstep_flows._course import Duration

    taken = observed.duration
    if taken is None and (seconds := seconds_taken(generation)) is not None:
        taken = Duration(seconds)
    total, left = generation.estimated_duration_seconds, generation.estimated_time_remaining_seconds
    if taken is None:
        return None if total is None else Fact("time", f"estimate {duration(total)}", 6)
    whole = taken.parts or duration(taken.seconds)
    # Rounded by itself: what is left of two rounded numbers goes up and down while the work stays as it is.
    worked = whole_seconds(taken.working_seconds + taken.unwatched_seconds)
    short, waited = duration(worked), whole_seconds(taken.seconds) - worked
    if waited and (generation.is_terminal or is_waiting(generation.state)):
        short += f" + {duration(waited)} waiting"
    if generation.is_terminal:
        note = None if total is None else f"estimate {duration(total)}"
        return Fact("time", whole, 6, note, brief=short)
    if total is None:
        note = brief = "no estimate"
    elif left is not None and not is_waiting(generation.state):
        left -= observed.since
        brief = f"~{duration(left)} left" if left >= 1 else "due any moment"
        note = f"{brief} (estimate {duration(total)})"
    elif generation.started_work_at is not None and taken.working_seconds > total:
        note = brief = f"past the {duration(total)} estimate"
    else:
        note = brief = f"estimate {duration(total)}"
    return Fact("time", whole, 6, note, brief=f"{short}, {brief}")


def _cost(generation: Any, observed: Observed) -> Fact | None:
    spent, before, total = generation.running_cost_usd, observed.spent_before_usd, generation.estimated_total_usd
    if spent is None and not before and (generation.is_terminal or observed.duration is None):
        return None
    text = money(spent if not before else before + (spent or 0.0))
    brief = text
    notes = [f"{money(before)} of it for earlier attempts"] if before else []
    if total is not None:
        low, high = generation.estimated_total_p25_usd, generation.estimated_total_p75_usd
        among = [f"{money(low)} to {money(high)}"] if low is not None and high is not None else []
        if generation.estimated_total_sample_size is not None:
            among.append(f"from {counted(generation.estimated_total_sample_size, 'past run')}")
        attempt = " for this attempt" if before else ""
        notes.append(f"estimate {money(total)}{attempt}" + (f" ({', '.join(among)})" if among else ""))
        if not generation.is_terminal:
            brief = f"{text} of ~{money(before + total)}"
    elif not generation.is_terminal:
        notes.append("no estimate")
    return Fact("cost", text, 8, ", ".join(notes) or None, brief=brief)


def _retries(generation: Any, observed: Observed) -> Fact | None:
    if not generation.retry_count:
        return None
    words = counted(generation.retry_count, "retry", "retries") + " after a provider's error"
    if generation.recoverable_error_category:
        words += f" ({generation.recoverable_error_category.replace('_', ' ')})"
    due, last, now = generation.next_retry_at, generation.last_retry_at, observed.server_time
    note = None
    if due is not None and not generation.is_terminal:
        if now is not None:
            left = (due - now).total_seconds()
            note = f"next try in {duration(left)}" if left >= 1 else "the next try is due"
        elif last is not None:
            note = f"waits {duration((due - last).total_seconds())} before the next try"
        else:
            note = "another try is due"
    return Fact("retries", words, 6, note, "; ", "warning", brief=words)


def _restarts(generation: Any) -> Fact | None:
    count = generation.host_restart_resume_count
    if not count:
        return None
    words = f"resumed {'once' if count == 1 else counted(count, 'time')} after a host restart"
    return Fact("restarts", words, 5, "repeated work is billed again", "; ", "warning", brief=words)


def agent_name(item: Any) -> str:
    """Who took a step of a generation's conversation."""
    return item.display_name or item.character_name or item.agent_role or "An agent"


def step_words(item: Any) -> str:
    """A step of a generation's conversation: who, and what was done."""
    return f"{agent_name(item)}: {item.narration or item.action or item.status or ''}"


def next_command(record: Any) -> str | None:
    """The command that continues a ``RunRecord``'s run; None where none does, or it is not known to help."""
    if record.is_finished or is_one_of(record.generation_state, "cancelled"):
        return None
    if not is_one_of(record.generation_state, "failed"):
        return f"specstep resume {shlex.quote(record.run_id)}"
    last = record.history[-1] if record.history else {}
    can_retry = record.next_retry is not None and retry_makes_sense(last.get("failure_category"))
    return f"specstep resume {shlex.quote(record.run_id)} --retry-failed {record.next_retry}" if can_retry else None


def stopped_label(record: Any) -> str:
    """What to call the sentence with which a ``RunRecord``'s run stopped: a question is no error."""
    return "question" if record.needs_answers else "last error"


def run_facts(record: Any) -> list[Fact]:
    """What a ``RunRecord`` knows of its run, in short."""
    from specstep_flows._course import course

    spent = record.total_cost_usd
    took = course(record.history, generation_id=record.generation_id).duration
    found = [
        ("run", record.run_id, True),
        ("stage", spaced(record.stage), False),
        ("state", spaced(record.generation_state or ""), False),
        ("profile", record.options.profile, False),
        ("time", took.words if took.seconds else None, False),
        ("cost", None if spent is None else money(spent), False),
        ("generation", record.generation_id, True),
        ("package", record.file if record.sha256 else None, False),
        (stopped_label(record), None if record.is_finished else record.error, False),
        ("to continue", next_command(record), True),
    ]
    return [Fact(label, str(value), 5, is_code=is_code) for label, value, is_code in found if value]


def result_facts(result: Any) -> list[Fact]:
    """What a ``RunResult`` says of a whole run."""
    found = [
        ("package", f"{result.path} ({size(result.size_bytes)})", False),
        ("unpacked to", result.unpacked_to, False),
        ("cost", None if result.cost_usd is None else money(result.cost_usd), False),
        ("answers", len(result.answers), False),
        ("run", result.run_id, True),
        ("generation", result.generation_id, True),
        ("SHA-256", result.sha256, True),
    ]
    return [Fact(label, str(value), 5, is_code=is_code) for label, value, is_code in found if value]


#: How far a stage has got. A stage that was ``passed`` was never seen: it was skipped, or over between two looks.
Mark: TypeAlias = Literal["done", "passed", "current", "halted", "failed", "ahead"]


@attrs.frozen
class Stage:
    """One stage of the track."""

    name: str
    mark: Mark

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return spaced(self.name)


def track(state: str | None, seen: Iterable[str] = ()) -> tuple[Stage, ...]:
    """The track of a generation that is in ``state`` and was seen in ``seen`` before, oldest first.

    A state beside the track leaves it where it last was. A host restart or another round of reviews goes back on it.
    """
    places = [place for place in map(stage_of, seen) if place is not None]
    here = stage_of(state)
    mark: Mark = "current"
    if here is None:
        here = places[-1] if places else None
        if state is not None:
            if is_terminal(state):
                mark = "failed"
            elif fold(state).startswith("paused"):
                mark = "halted"
    elif here == len(STAGES) - 1:
        mark = "done"
    reached = set(places)
    stages: list[Stage] = []
    for place, name in enumerate(STAGES):
        if here is None or place > here:
            stages.append(Stage(name, "ahead"))
        elif place == here:
            stages.append(Stage(name, mark))
        else:
            stages.append(Stage(name, "done" if place in reached else "passed"))
    return tuple(stages)
