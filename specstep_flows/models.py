"""What users hold: frozen classes of our own, stable while the API and its generated client change.

Only ids, states and links are certain. Every other field may be None: the service leaves it out, sends null, or sends
something that this version cannot read. Times are aware ``datetime`` in UTC; costs are US dollars; durations seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from specstep_flows import states

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

__all__ = [
    "Account",
    "Answer",
    "AutoStartFailure",
    "Capabilities",
    "Clarification",
    "ConversationItem",
    "Generation",
    "GenerationEvent",
    "GenerationRow",
    "IntakeArtifact",
    "Interview",
    "Package",
    "PackageFile",
    "PackageOnDisk",
    "ReferenceDocument",
    "RunChanges",
    "RunOptions",
    "RunResult",
    "TranscriptSize",
    "Turn",
    "TurnJob",
    "Usage",
]


@attrs.frozen
class Account:
    """Whose key it is (GET /v1/me)."""

    user_id: str | None = None
    display_name: str | None = None
    email: str | None = attrs.field(default=None, repr=False)
    plan: str | None = None


@attrs.frozen
class Usage:
    """The quota as GET /v1/usage gives it. The pages name its meaning, not its fields: ``raw`` is the whole body."""

    used: float | None = None
    limit: float | None = None
    remaining: float | None = None
    resets_at: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Capabilities:
    """The values that the service accepts at present (GET /v1/capabilities)."""

    review_profiles: tuple[str, ...] = ()
    project_types: tuple[str, ...] = ()
    mirror_selections: tuple[str, ...] = ()
    schema_version: str | None = None
    rubric_version: str | None = None
    quality_rubric_version: str | None = None


@attrs.frozen
class TranscriptSize:
    """How full an interview's transcript is. ``chars`` counts UTF-16 units; the ceilings are not enforced yet."""

    chars: int | None = None
    tokens_estimate: int | None = None
    max_chars: int | None = None
    max_tokens: int | None = None
    percent_used: float | None = None


@attrs.frozen
class AutoStartFailure:
    """Why the service did not start a generation by itself at the interview's end."""

    code: str | None = None
    message: str | None = None


@attrs.frozen
class Turn:
    """One entry of an interview's transcript: ``role`` is the service's word (assumed: ``user`` or ``agent``)."""

    role: str | None
    content: str | None
    created_at: datetime | None = None

    @property
    def is_users(self) -> bool:
        """Whether the user said it. Anything that is not the user's is taken for the agent's."""
        return states.is_one_of(self.role, "user", "human", "customer", "you")


@attrs.frozen
class Interview:
    """An interview as every read of it gives it: POST and GET /v1/interviews, and a turn's snapshot."""

    id: UUID
    status: str
    turns: tuple[Turn, ...] = ()
    intake_artifact_id: UUID | None = None
    started_generation_id: UUID | None = None
    auto_start_failure: AutoStartFailure | None = None
    detected_type: str | None = None
    display_title: str | None = None
    transcript_size: TranscriptSize | None = None
    latest_reply: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the interview is complete, whatever the case of the service's word."""
        return states.is_one_of(self.status, "complete", "completed")

    @property
    def is_abandoned(self) -> bool:
        """Whether the interview was abandoned, so that no turn can be added."""
        return states.is_one_of(self.status, "abandoned")

    @property
    def reply(self) -> str | None:
        """What the agent said last, if the service's answer holds it."""
        if self.latest_reply:
            return self.latest_reply
        return next((turn.content for turn in reversed(self.turns) if turn.content and not turn.is_users), None)


@attrs.frozen
class TurnJob:
    """A turn's job: the answer to POST …/turns and to GET /v1/interviews/turns/{jobId}."""

    status: str
    job_id: UUID | None = None
    interview_id: UUID | None = None
    snapshot: Interview | None = None
    error_code: str | None = None
    error_message: str | None = None
    is_retryable: bool | None = None


@attrs.frozen
class ReferenceDocument:
    """A document attached to an interview. ``id`` is None when the upload's answer did not name it."""

    id: UUID | None
    name: str | None = None
    size_bytes: int | None = None


@attrs.frozen
class IntakeArtifact:
    """The structured document that a completed interview yields and a generation consumes."""

    id: UUID
    interview_id: UUID | None = None
    project_name: str | None = None
    schema_version: str | None = None
    completed_at: datetime | None = None


@attrs.frozen
class Clarification:
    """A question that paused a generation. ``why`` and ``proposed_default`` are the agent's own advice."""

    question: str
    agent: str | None = None
    section: str | None = None
    why: str | None = None
    proposed_default: str | None = None


@attrs.frozen
class Answer:
    """An answer to a clarification; ``question`` is the service's text, verbatim. ``rule`` says where it came from.

    ``generation_id`` is whose question it was, once the answer was accepted: each child of a fan-out asks by itself.
    It does not count when answers are compared.
    """

    question: str
    answer: str
    rule: str = "given"
    generation_id: UUID | None = attrs.field(default=None, eq=False)


@attrs.frozen
class GenerationRow:
    """A row of GET /v1/generations: it carries ``cost_usd``, but no forecast, billing posture or package."""

    id: UUID
    state: str
    interview_id: UUID | None = None
    short_id: str | None = None
    project_name: str | None = None
    review_profile: str | None = None
    cost_usd: float | None = None
    current_round: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    failure_reason: str | None = None
    failure_category: str | None = None
    source_channel: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen. False for a state that this version has never seen."""
        return states.is_terminal(self.state)


@attrs.frozen
class Generation:
    """A generation as GET /v1/generations/{id} gives it. The walkthrough's step 5 explains each field."""

    id: UUID
    state: str
    package_id: UUID | None = None
    intake_id: UUID | None = None
    review_profile: str | None = None
    current_round: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    failure_reason: str | None = None
    failure_category: str | None = None
    schema_version: str | None = None
    rubric_version: str | None = None
    running_cost_usd: float | None = None
    billing_state: str | None = None
    started_work_at: datetime | None = None
    phase_detail: str | None = None
    progress_percent: float | None = None
    progress_explanation: str | None = None
    estimated_duration_seconds: float | None = None
    estimated_time_remaining_seconds: float | None = None
    estimated_completion_at: datetime | None = None
    active_specialist: str | None = None
    retry_count: int | None = None
    last_retry_at: datetime | None = None
    next_retry_at: datetime | None = None
    recoverable_error_category: str | None = None
    host_restart_resume_count: int | None = None
    estimated_total_usd: float | None = None
    estimated_total_p25_usd: float | None = None
    estimated_total_p75_usd: float | None = None
    estimated_total_sample_size: int | None = None
    project_name: str | None = None
    description: str | None = None
    kind: str | None = None
    kind_label: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen. False for a state that this version has never seen."""
        return states.is_terminal(self.state)

    @property
    def is_complete(self) -> bool:
        """Whether the package is ready."""
        return states.is_one_of(self.state, "complete")

    @property
    def is_failed(self) -> bool:
        """Whether the service gave it up; ``failure_category`` says why."""
        return states.is_one_of(self.state, "failed")

    @property
    def is_cancelled(self) -> bool:
        """Whether it was stopped by request."""
        return states.is_one_of(self.state, "cancelled")

    @property
    def is_paused(self) -> bool:
        """Whether somebody paused it (a question is another state: ``needs_answers``)."""
        return states.is_one_of(self.state, "paused")

    @property
    def needs_answers(self) -> bool:
        """Whether it waits for answers to clarifications."""
        return states.is_one_of(self.state, "PausedAwaitingClarification")

    @property
    def retry_makes_sense(self) -> bool | None:
        """Whether running the same intake again is likely to help; None where the pages do not say."""
        return states.retry_makes_sense(self.failure_category)

    def _repr_html_(self) -> str:
        from specstep_flows._facts import generation_facts
        from specstep_flows._html import card

        return card(self.project_name or f"Generation {self.id}", generation_facts(self))


@attrs.frozen
class GenerationEvent:
    """An entry of GET /v1/generations/{id}/events. Its fields are undocumented: ``raw`` is the whole entry."""

    raw: Mapping[str, Any]


@attrs.frozen
class ConversationItem:
    """One agent's step, as GET /v1/generations/{id}/conversation narrates it."""

    agent_role: str | None = None
    character_name: str | None = None
    display_name: str | None = None
    action: str | None = None
    narration: str | None = None
    status: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: float | None = None
    cost_usd: float | None = None


@attrs.frozen
class Package:
    """A package's record (GET /v1/packages/{id}). ``generation_id`` is None for a migrated one."""

    id: UUID
    generation_id: UUID | None = None
    version: str | None = None
    total_cost_usd: float | None = None
    review_profile: str | None = None
    project_name: str | None = None
    description: str | None = None
    kind: str | None = None
    kind_label: str | None = None


@attrs.frozen
class PackageFile:
    """A file inside a package."""

    path: str
    size_bytes: int | None = None


@attrs.frozen
class PackageOnDisk:
    """A package that was downloaded by its id. ``path`` is the zip; ``unpacked_to`` the folder, if it was unpacked."""

    package: Package
    path: Path
    sha256: str
    size_bytes: int
    unpacked_to: Path | None = None


@attrs.frozen
class RunOptions:
    """What a run was asked to do, as its record keeps it; ``run`` describes each."""

    profile: str | None = None
    project_type: str | None = None
    mirror_selection: str | None = None
    #: The zip's absolute name, or that of the folder to put it in; None is the working folder.
    output: str | None = None
    unpack: bool = False
    force: bool = False
    max_cost_usd: float | None = None
    retry_failed: int = 0
    #: Whether somebody answers the agent when the brief's texts are used up.
    interview: bool = False
    #: What the caller keeps for whoever resumes the run, as JSON has it.
    remember: Mapping[str, Any] = attrs.field(factory=dict)


class RunChanges(TypedDict, total=False):
    """Options that ``resume`` and ``adopt`` take. The first three can change until the generation is started."""

    profile: str | None
    project_type: str | None
    mirror_selection: str | None
    output: str | Path | None
    unpack: bool
    force: bool
    max_cost_usd: float | None
    retry_failed: int
    remember: Mapping[str, Any]


@attrs.frozen
class RunResult:
    """What a whole run came to. ``path`` is the zip; ``unpacked_to`` the folder, if it was unpacked."""

    run_id: str
    interview_id: UUID | None
    generation_id: UUID
    package_id: UUID
    path: Path
    sha256: str
    size_bytes: int
    unpacked_to: Path | None = None
    cost_usd: float | None = None
    answers: tuple[Answer, ...] = ()
    project_name: str | None = None
    #: The packages of a fan-out's other generations.
    further_paths: tuple[Path, ...] = ()

    def _repr_html_(self) -> str:
        from specstep_flows._facts import result_facts
        from specstep_flows._html import card

        return card(self.project_name or f"Run {self.run_id}", result_facts(self))
