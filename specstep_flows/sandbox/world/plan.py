"""The course of a generation, laid out at kickoff: which states, for how long, and what happens in between."""

from dataclasses import dataclass, replace

from ..options import (
    ClarificationRound,
    ExtraState,
    Failure,
    HostRestart,
    Pause,
    ProviderRetry,
    SandboxOptions,
    applies,
)

Mark = ClarificationRound | Failure | HostRestart | Pause | ProviderRetry

QUEUE_SECONDS = 5.0
ROUNDS = {"Fast": 1, "Normal": 2, "Extensive": 3}
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
"""How the time of a run is shared out. Made up: the pages give totals only."""


@dataclass(frozen=True)
class Step:
    """A stretch of time in one state; `mark` is what happens at its end."""

    state: str
    seconds: float
    round: int = 0
    mark: Mark | None = None
    backoff: ProviderRetry | None = None
    """This step is the wait that follows a provider's error: nothing is worked on in it."""

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
            part = replace(step, seconds=step.seconds * (mark.fraction - done), mark=mark)
            done = mark.fraction
            steps.append(part)
            if isinstance(mark, ProviderRetry):
                steps.append(replace(step, seconds=mark.backoff_seconds, backoff=mark))
            if isinstance(mark, HostRestart):
                return steps + _with_marks(skeleton, left)
            if isinstance(mark, Failure):
                return steps
        steps.append(replace(step, seconds=step.seconds * (1 - done)))
    return steps


def _with_extra_states(steps: list[Step], extra: tuple[ExtraState, ...]) -> list[Step]:
    for addition in extra:
        positions = [index for index, step in enumerate(steps) if step.state == addition.after]
        if positions:
            steps.insert(positions[-1] + 1, Step(addition.name, addition.seconds, steps[positions[-1]].round))
    return steps
