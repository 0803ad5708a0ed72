"""What a sandbox can be told to be: durations, questions, failures, limits, and what the pages leave open."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

#: How long a generation takes, from the walkthrough's step 5. Researcher's is not given: its children run at once.
MEDIAN_SECONDS: Mapping[str, float] = {"Fast": 240, "Normal": 720, "Extensive": 1920, "Researcher": 1920}

#: What a generation costs here. The walkthrough's step 6.5 says about 2.50 for a full run; the others are made up.
COST_USD: Mapping[str, float] = {"Fast": 1.10, "Normal": 2.50, "Extensive": 6.40, "Researcher": 2.50}

#: The overview promises richer review profiles to Pro, so Free lacks some; which ones is made up.
PLAN_PROFILES: Mapping[str, tuple[str, ...]] = {"Free": ("Fast", "Normal")}

#: The states of a run without incident, in order (walkthrough, generation states).
RUNNING_STATES = (
    "Queued",
    "Drafting",
    "SpecialistReview",
    "Reviewing",
    "FreshEyes",
    "RiskReview",
    "SecurityReview",
    "Assembling",
    "Refining",
    "Delivering",
)


def _state(default: str, *others: str) -> Any:
    """A state in which something is planned to happen. One that no generation passes through would never see it."""

    def check(_: Any, attribute: attrs.Attribute[str], value: object) -> None:
        known = (*others, *RUNNING_STATES[1:])
        if value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f": one of {', '.join(known)}"
            raise ValueError(f"{attribute.name}: no generation passes through {value!r}{hint}")

    return attrs.field(default=default, validator=check)


def _of_profiles(defaults: Mapping[str, float]) -> Any:
    """A figure for each review profile; one that is not named has its default. A misspelt one would never be used."""

    def whole(given: Mapping[str, float]) -> dict[str, float]:
        for name in given:
            if name not in defaults:
                near = difflib.get_close_matches(name, defaults, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f": one of {', '.join(defaults)}"
                raise ValueError(f"no review profile is called {name!r}{hint}")
        return {**defaults, **given}

    return attrs.field(factory=lambda: dict(defaults), converter=whole)


def _fraction(default: float) -> Any:
    """How far into the state it happens."""
    return attrs.field(default=default, validator=[attrs.validators.ge(0), attrs.validators.le(1)])


def _ordinals(**default: Any) -> Any:
    """Which of them it happens to, counted from 1."""

    def check(_: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and not (isinstance(value, tuple) and all(isinstance(n, int) and n >= 1 for n in value)):
            raise ValueError(f"{attribute.name} is a tuple of numbers that count from 1, such as (1,), not {value!r}")

    return attrs.field(validator=check, **default)


@attrs.frozen
class Question:
    """One clarification that an agent asks in the middle of a generation."""

    question: str
    agent: str = "Architect"
    section: str | None = "docs/02-architecture/03-api-design.md"
    why: str | None = "The interview names two things that exclude each other."
    proposed_default: str | None = "The simpler one of the two"


@attrs.frozen
class ClarificationRound:
    """Questions that pause a generation in `state`, `fraction` of the way through it."""

    questions: tuple[Question, ...]
    state: str = _state("Drafting")
    fraction: float = _fraction(0.5)
    #: Which kickoffs it happens to, counted from 1; None means every one. The same holds below.
    on: tuple[int, ...] | None = _ordinals(default=None)


@attrs.frozen
class Failure:
    """A generation ends as Failed in `state`, `fraction` of the way through it."""

    category: str = "HostRestart"
    reason: str = "The host went away in the middle of the run."
    state: str = _state("Reviewing")
    fraction: float = _fraction(0.5)
    on: tuple[int, ...] | None = _ordinals(default=None)


@attrs.frozen
class ProviderRetry:
    """A recoverable provider error: work stops for `backoff_seconds`, then continues."""

    category: str = "rate_limit"
    backoff_seconds: float = 20
    state: str = _state("Drafting")
    fraction: float = _fraction(0.3)
    on: tuple[int, ...] | None = _ordinals(default=None)


@attrs.frozen
class HostRestart:
    """The host restarts under a run, which then drafts from the beginning again."""

    state: str = _state("Reviewing")
    fraction: float = _fraction(0.5)
    on: tuple[int, ...] | None = _ordinals(default=None)


@attrs.frozen
class Pause:
    """Somebody pauses the run, say on the web; it stays paused until somebody resumes it."""

    state: str = _state("Drafting")
    fraction: float = _fraction(0.5)
    on: tuple[int, ...] | None = _ordinals(default=None)


@attrs.frozen
class ExtraState:
    """A state that no page names, entered after `after` for `seconds`."""

    name: str = "Translating"
    after: str = _state("Drafting", "Queued")
    seconds: float = 30


@attrs.frozen
class TurnFailure:
    """A turn job that fails instead of bringing a reply."""

    #: Which turn jobs of the whole sandbox, counted from 1.
    on: tuple[int, ...] = _ordinals()
    error_code: str = "INTERVIEW_TURN_TIMEOUT"
    retryable: bool = True
    #: The agent's reply stands in the transcript although the job says that it failed.
    reply_committed: bool = False


DEFAULT_QUESTION = Question(
    question="Should the product expose a REST API, or render HTML forms on the server?",
    proposed_default="HTML forms rendered on the server",
)

#: What the agent says, one reply after the other.
REPLIES = (
    "Thank you. Who will use it day by day, and what must they get done?",
    "Understood. Which systems must it talk to, and which rules must it keep?",
    "That helps. What would make the first version a success for you?",
    "Noted. Is there anything that must not happen, whatever the cost?",
)

#: A drive with a folder in a folder, and with a file of a kind that is not read.
DRIVE: Mapping[str, bytes] = {
    "Product/brief.md": b"# Feedback portal\n\nCustomers rate what they bought.\n",
    "Product/glossary.yaml": b"rating: one to five stars\n",
    "Product/mockup.fig": b"\x00fig",
    "Product/Research/interviews.txt": b"Nine of ten would rate a purchase within a day.\n",
    "Legal/terms.pdf": b"%PDF-1.4\n%%EOF\n",
}


@attrs.define
class SandboxOptions:
    """Everything about a sandbox that can be chosen.

    Changes take effect while it runs, from the next kickoff on; ``keys`` and ``seed`` are those that it starts with.
    """

    # Who may come in. A value names the user that the token belongs to; `oat_…` tokens act as that person.
    keys: Mapping[str, str] = attrs.field(factory=dict)
    plan: str = "Pro"
    #: The review profiles of a plan that lacks some; a kickoff with another is refused. Other plans have all of them.
    plan_profiles: Mapping[str, tuple[str, ...]] = attrs.field(factory=lambda: dict(PLAN_PROFILES))
    #: How many failed authentications in five minutes an address may make; None switches the throttle off.
    auth_failures: int | None = 5

    # Interviews
    turn_queue_seconds: float = 1
    turn_seconds: float = 6
    opening: str = "Hello, I am Otto. What would you like to build?"
    replies: tuple[str, ...] = REPLIES
    #: After how many of the user's turns the agent ends the interview by itself; None means that it never does.
    agent_completes_after: int | None = None
    turn_failures: tuple[TurnFailure, ...] = ()
    #: Whether the reply to a turn that was cancelled while it ran still appears in the transcript.
    reply_after_cancel: bool = False
    interview_status_style: Literal["exact", "lower"] = "exact"
    #: How many seconds after completion the interview and the artifact list begin to name the artifact.
    intake_artifact_delay: float = 0
    #: False: only `/v1/intake-artifacts` ever names the artifact.
    intake_artifact_in_interview: bool = True
    #: The project type that every interview is taken for; None means to guess from the first turn.
    detected_type: str | None = None
    max_transcript_chars: int = 800_000
    #: What everybody's drive at a connectable provider holds, by path; the files of one folder are read at a time.
    drive: Mapping[str, bytes] = attrs.field(factory=lambda: dict(DRIVE))

    # Generations
    profile_seconds: Mapping[str, float] = _of_profiles(MEDIAN_SECONDS)
    profile_cost_usd: Mapping[str, float] = _of_profiles(COST_USD)
    #: `(profile, nth kickoff) -> seconds` of work, where a test wants durations that vary about the median.
    duration: Callable[[str, int], float] | None = None
    forecast: bool = True
    dispatcher_tick_seconds: float = 10
    clarifications: tuple[ClarificationRound, ...] = (ClarificationRound((DEFAULT_QUESTION,)),)
    failures: tuple[Failure, ...] = ()
    provider_retries: tuple[ProviderRetry, ...] = ()
    host_restarts: tuple[HostRestart, ...] = ()
    pauses: tuple[Pause, ...] = ()
    extra_states: tuple[ExtraState, ...] = ()
    #: Whether runs pass through Refining and report what it did; a run with nothing to refine skips it.
    refining: bool = True
    #: Whether `resume` makes work go on by itself, which the pages leave open.
    resume_continues: bool = True
    researcher_children: int = 3
    #: Whose id a Researcher kickoff answers with; with "child" there is no parent row at all.
    researcher_answer: Literal["parent", "child"] = "parent"
    #: How long a new generation is missing from lists: the lag of a replica.
    visible_after_seconds: float = 0
    package_id_in_status: bool = True
    require_project_type: bool = False
    #: Values that take the place of fields in the generation's status body.
    status_overrides: Mapping[str, Any] = attrs.field(factory=dict)
    #: Fields that the generation's status body lacks.
    status_missing: frozenset[str] = frozenset()

    # Packages
    #: Pad every package with stored entries up to about this size; they are never held in memory.
    package_bytes: int | None = None
    #: The files of every package, in place of the ones written from the interview.
    package_files: Mapping[str, bytes] | None = None
    #: How long the signed URL of a zip holds. The pages say only that it is short-lived.
    url_seconds: float = 900

    # Limits
    requests_per_minute: int | None = 60
    kickoffs_per_minute: int | None = 5
    monthly_quota: int | None = 500
    quota_status: Literal[402, 403] = 402
    concurrency_cap: int | None = None

    # Shapes that the pages leave open
    list_envelope: Literal["array", "object"] = "object"
    #: How the MCP endpoint frames its answers; its page says that nothing is streamed.
    mcp_framing: Literal["json", "events"] = "json"
    #: Ids and tokens follow from it, so that two sandboxes told the same things say the same things.
    seed: int = 1


def applies(on: tuple[int, ...] | None, ordinal: int) -> bool:
    """Whether something planned for certain kickoffs happens to this one."""
    return on is None or ordinal in on
