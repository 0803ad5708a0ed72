"""A generation as a function of time: the plan laid out at kickoff, where it has got to, and what can be done to it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from specstep_flows.sandbox.options import (
    ClarificationRound,
    ExtraState,
    Failure,
    HostRestart,
    Pause,
    ProviderRetry,
    SandboxOptions,
    applies,
)
from specstep_flows.sandbox.refusals import conflict

Mark = ClarificationRound | Failure | HostRestart | Pause | ProviderRetry

QUEUE_SECONDS = 5.0
ROUNDS = {"Fast": 1, "Normal": 2, "Extensive": 3}
#: How the time of a run is shared out. Made up: the pages give totals only.
SHARES = {
    "Drafting": 0.35,
    "SpecialistReview": 0.15,
    "Reviewing": 0.20,
    "FreshEyes": 0.10,
    "RiskReview": 0.05,
    "SecurityReview": 0.05,
    "Assembling": 0.03,
    "Refining": 0.05,
    "Delivering": 0.02,
}


@attrs.frozen
class Step:
    """A stretch of time in one state; `mark` is what happens at its end."""

    state: str
    seconds: float
    round: int = 0
    mark: Mark | None = None
    #: This step is the wait that follows a provider's error: nothing is worked on in it.
    backoff: ProviderRetry | None = None

    @property
    def is_work(self) -> bool:
        """Whether time in this step is worked and paid for."""
        return self.state != "Queued" and self.backoff is None


def plan(profile: str, ordinal: int, options: SandboxOptions) -> list[Step]:
    """The steps of the `ordinal`-th kickoff, the last of which ends in Complete."""
    skeleton = _skeleton(profile, work_seconds(profile, ordinal, options), options)
    marks = [
        mark
        for planned in (
            options.clarifications,
            options.failures,
            options.provider_retries,
            options.host_restarts,
            options.pauses,
        )
        for mark in planned
        if applies(mark.on, ordinal)
    ]
    steps = [Step("Queued", QUEUE_SECONDS), *_with_marks(skeleton, marks)]
    return _with_extra_states(steps, options.extra_states)


def work_seconds(profile: str, ordinal: int, options: SandboxOptions) -> float:
    """How long a run without incident is worked on: the profile's median, unless a test wants it to vary."""
    if options.duration is not None:
        return options.duration(profile, ordinal)
    return options.profile_seconds[profile]


def _skeleton(profile: str, total: float, options: SandboxOptions) -> list[Step]:
    rounds = ROUNDS.get(profile, 2)
    names = [
        state
        for state in SHARES
        if not (state == "FreshEyes" and profile == "Fast") and not (state == "Refining" and not options.refining)
    ]
    whole = sum(SHARES[state] for state in names)
    steps = []
    for state in names:
        seconds = total * SHARES[state] / whole
        if state == "SpecialistReview":
            review = total * SHARES["Reviewing"] / whole
            for number in range(1, rounds + 1):
                steps.append(Step("SpecialistReview", seconds / rounds, number))
                steps.append(Step("Reviewing", review / rounds, number))
        elif state != "Reviewing":
            steps.append(Step(state, seconds, 0 if state == "Drafting" else rounds))
    return steps


def _with_marks(skeleton: list[Step], marks: list[Mark]) -> list[Step]:
    """Cut the steps where something happens; a host restart is followed by the whole work once more."""
    steps: list[Step] = []
    left = list(marks)
    for step in skeleton:
        here = sorted((mark for mark in left if mark.state == step.state), key=lambda mark: mark.fraction)
        done = 0.0
        for mark in here:
            left.remove(mark)
            part = attrs.evolve(step, seconds=step.seconds * (mark.fraction - done), mark=mark)
            done = mark.fraction
            steps.append(part)
            if isinstance(mark, ProviderRetry):
                steps.append(attrs.evolve(step, seconds=mark.backoff_seconds, backoff=mark))
            if isinstance(mark, HostRestart):
                return steps + _with_marks(skeleton, left)
            if isinstance(mark, Failure):
                return steps
        steps.append(attrs.evolve(step, seconds=step.seconds * (1 - done)))
    return steps


def _with_extra_states(steps: list[Step], extra: tuple[ExtraState, ...]) -> list[Step]:
    for addition in extra:
        positions = [index for index, step in enumerate(steps) if step.state == addition.after]
        if positions:
            steps.insert(positions[-1] + 1, Step(addition.name, addition.seconds, steps[positions[-1]].round))
    return steps


TERMINAL = ("Complete", "Failed", "Cancelled")


@attrs.define
class Event:
    """An entry of `GET /v1/generations/{id}/events`: one change of state."""

    id: str
    at: float
    to_state: str
    detail: str | None = None
    #: What the run had cost by then; it cannot be told later, when other steps are done.
    spent_usd: float = 0.0


@attrs.define
class Generation:
    """One run. `advance` carries it to a moment; everything else reads or nudges it."""

    id: str
    owner: str
    intake_id: str
    interview_id: str | None
    profile: str
    project_type: str | None
    mirror: str
    schema_version: str
    project_name: str
    description: str | None
    steps: list[Step]
    #: Work in a run without incident, which is what `cost_usd` pays for.
    base_seconds: float
    cost_usd: float
    ordinal: int
    created_at: float
    #: Called with every change of state: the world keeps events, sends webhooks and stores the package.
    record: Callable[[Generation, float, str, str | None], None]
    tick_seconds: float = 10
    source_channel: str = "Api"
    parent_id: str | None = None
    children: list[Generation] = attrs.field(factory=list)
    updates: str | None = None
    name: str | None = None

    state: str = "Queued"
    index: int = 0
    step_started: float = 0
    paused_from: str | None = None
    paused_elapsed: float = 0
    #: Resumed in name only: no work goes on.
    halted: bool = False
    clarification: ClarificationRound | None = None
    answers: dict[str, str] = attrs.field(factory=dict)
    answered_at: float | None = None
    started_work_at: float | None = None
    ended_at: float | None = None
    failure: Failure | None = None
    cancel_reason: str | None = None
    retry_count: int = 0
    last_retry_at: float | None = None
    retry_category: str | None = None
    host_restarts: int = 0
    package_id: str | None = None
    deleted_at: float | None = None
    events: list[Event] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.step_started = self.created_at
        self.record(self, self.created_at, "Queued", None)

    # Reading

    @property
    def is_terminal(self) -> bool:
        """Nothing will change by itself any more."""
        return self.state in TERMINAL

    @property
    def step(self) -> Step:
        """The step that the run is in, or the last one it was in."""
        return self.steps[min(self.index, len(self.steps) - 1)]

    @property
    def is_answered(self) -> bool:
        """Answers came, and the dispatcher has not picked the run up again yet."""
        return self.answered_at is not None

    @property
    def pending(self) -> ClarificationRound | None:
        """The questions that wait for the user."""
        waiting = self.state == "PausedAwaitingClarification" and not self.is_answered
        return self.clarification if waiting else None

    def elapsed_in_step(self, now: float) -> float:
        """How long the present step has been worked on."""
        if self.state == "Paused" or self.halted:
            return self.paused_elapsed
        if self.ended_at is not None:
            now = min(now, self.ended_at)
        if self.clarification is not None:
            return self.step.seconds
        return max(0.0, min(now - self.step_started, self.step.seconds))

    def worked_seconds(self, now: float) -> float:
        """Seconds of paid work until now, work that was thrown away by host restarts included."""
        done = sum(step.seconds for step in self.steps[: self.index] if step.is_work)
        if self.index < len(self.steps) and self.step.is_work:
            done += self.elapsed_in_step(now)
        return done

    def running_cost(self, now: float) -> float:
        """What the work until now has cost, in USD; work that a host restart threw away was paid for too."""
        if self.children:
            return round(sum(child.running_cost(now) for child in self.children), 4)
        return round(self.cost_usd * self.worked_seconds(now) / self.base_seconds, 4)

    def progress(self, now: float) -> int:
        """0 to 100, and 100 only for Complete."""
        if self.state == "Complete":
            return 100
        if self.children:
            return min(child.progress(now) for child in self.children)
        whole = sum(step.seconds for step in self.steps if step.is_work) or 1.0
        return min(99, int(100 * self.worked_seconds(now) / whole))

    def next_retry_at(self) -> float | None:
        """When the provider will be asked again, while that is being waited for."""
        if self.is_terminal or self.step.backoff is None or self.state.startswith("Paused"):
            return None
        return self.step_started + self.step.seconds

    def next_change(self) -> float | None:
        """When something will happen by itself, if it ever will."""
        if self.is_terminal or self.halted or self.children or self.state == "Paused":
            return None
        if self.clarification is not None:
            return None if self.answered_at is None else self._picked_up_at(self.answered_at)
        return self.step_started + self.step.seconds

    def _picked_up_at(self, answered_at: float) -> float:
        """The dispatcher's next tick."""
        return (answered_at // self.tick_seconds + 1) * self.tick_seconds

    # Time

    def advance(self, now: float) -> None:
        """Let everything happen that was due until `now`, each at its own moment."""
        if self.children:
            self._follow_children(now)
            return
        while not self.is_terminal and self.state != "Paused" and not self.halted:
            if self.clarification is not None:
                if self.answered_at is None:
                    return
                resumed = self._picked_up_at(self.answered_at)
                if resumed > now:
                    return
                self.clarification = self.answered_at = None
                self._next_step(resumed)
                continue
            end = self.step_started + self.step.seconds
            if end > now:
                return
            self._finish_step(end)

    def _follow_children(self, now: float) -> None:
        """A fan-out parent has no work of its own: it is where the last of its children is."""
        for child in self.children:
            child.advance(now)
        if self.is_terminal or self.state == "Paused":
            return
        slowest = min(self.children, key=lambda child: (child.is_terminal, child.index))
        if not slowest.is_terminal:
            state, at = slowest.step.state, now
            self.started_work_at = self.started_work_at or slowest.started_work_at
        else:
            states = {child.state for child in self.children}
            state = next(state for state in ("Failed", "Cancelled", "Complete") if state in states)
            at = self.ended_at = max(child.ended_at or now for child in self.children)
            self.failure = next((child.failure for child in self.children if child.failure), None)
        if state != self.state:
            self.enter(state, at)

    def _finish_step(self, at: float) -> None:
        mark = self.step.mark
        if isinstance(mark, ClarificationRound):
            self.clarification = mark
            self.enter("PausedAwaitingClarification", at, f"{len(mark.questions)} questions wait for an answer.")
        elif isinstance(mark, Failure):
            self.failure = mark
            self.ended_at = at
            self.enter("Failed", at, mark.reason)
        else:
            if isinstance(mark, ProviderRetry):
                self.retry_count += 1
                self.last_retry_at = at
                self.retry_category = mark.category
            elif isinstance(mark, HostRestart):
                self.host_restarts += 1
                self.retry_count = 0
            self._next_step(at)
            if isinstance(mark, Pause) and not self.is_terminal:
                self.pause(at)

    def _next_step(self, at: float) -> None:
        self.index += 1
        self.step_started = at
        if self.index >= len(self.steps):
            self.ended_at = at
            self.enter("Complete", at)
            return
        if self.started_work_at is None:
            self.started_work_at = at
        if self.step.state != self.state:
            self.enter(self.step.state, at)

    def enter(self, state: str, at: float, detail: str | None = None) -> None:
        """Change the state and have it recorded."""
        self.state = state
        self.record(self, at, state, detail)

    # What the user does

    def pause(self, now: float) -> None:
        """Stop where it is."""
        if self.is_terminal or self.state.startswith("Paused"):
            raise conflict("GENERATION_NOT_PAUSABLE", f"A generation that is {self.state} cannot be paused.")
        for child in self._running_children():
            child.pause(now)
        self.paused_elapsed = self.elapsed_in_step(now)
        self.paused_from = self.state
        self.enter("Paused", now)

    def resume(self, now: float, *, continues: bool) -> None:
        """Go back to the state before the pause."""
        if self.state != "Paused" or self.paused_from is None:
            raise conflict("GENERATION_NOT_PAUSED", f"A generation that is {self.state} cannot be resumed.")
        for child in self.children:
            if child.state == "Paused":
                child.resume(now, continues=continues)
        state, self.paused_from = self.paused_from, None
        self.step_started = now - self.paused_elapsed
        self.halted = not continues
        self.enter(state, now)

    def cancel(self, now: float, reason: str | None) -> None:
        """Stop for good."""
        if self.is_terminal:
            raise conflict("GENERATION_ALREADY_TERMINAL", f"The generation is already {self.state}.")
        if self.state == "Paused":
            self.step_started = now - self.paused_elapsed
        self.cancel_reason = reason or "(no reason given)"
        self.ended_at = now
        self.clarification = self.answered_at = None
        self.enter("Cancelled", now, self.cancel_reason)
        for child in self.children:
            if not child.is_terminal:
                child.cancel(now, reason)

    def _running_children(self) -> list[Generation]:
        return [child for child in self.children if not child.is_terminal and not child.state.startswith("Paused")]
