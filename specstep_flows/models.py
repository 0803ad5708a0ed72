"""What users hold: frozen classes of our own, stable while the API and its generated client change.

Only ids, states and links are certain. Every other field may be None: the service leaves it out, sends null, or sends
something that this version cannot read. Times are aware ``datetime`` in UTC; costs are US dollars; durations seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

import attrs

from specstep_flows import states
from specstep_flows._text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from pathlib import Path
    from uuid import UUID

    from specstep_flows._models.account import (
        Analytics,
        ApiKey,
        DataExportRequest,
        DeletionRequest,
        ExtraUsage,
        ExtraUsageCheckout,
        ExtraUsageTransaction,
        Notification,
        NotificationPreferences,
        Organization,
        Permission,
        ProviderKey,
        RetentionPreference,
        ServiceEstimate,
        Webhook,
        WebhookTest,
    )
    from specstep_flows._models.packages import (
        Addendum,
        DraftedAddendum,
        ExplainAudience,
        Explanation,
        ExplanationRow,
        ExternalConnector,
        ExternalFolder,
        InterviewRow,
        Migration,
        MigrationMapping,
        MigrationPreview,
        PackageDelivery,
        PackageFileContent,
        PackageHit,
        PackageRow,
        SavedFile,
        SearchHit,
        SourceControlPreferences,
    )
    from specstep_flows._models.service import (
        BugReport,
        Feedback,
        FeedbackFinding,
        FeedbackRow,
        FeedbackSection,
        FeedbackTemplate,
        FeedbackTemplateRow,
        RawResponse,
        ServiceStatus,
        ServiceUptime,
        StatusIncident,
        StatusSubscription,
        StatusSummary,
        StatusUptime,
        SupportTicket,
        TypedEvidence,
    )

__all__ = [
    "Account",
    "Addendum",
    "Analytics",
    "Answer",
    "ApiKey",
    "AutoStartFailure",
    "BugReport",
    "Capabilities",
    "Clarification",
    "ConversationItem",
    "DataExportRequest",
    "DeletionRequest",
    "DraftedAddendum",
    "Duration",
    "ExplainAudience",
    "Explanation",
    "ExplanationRow",
    "ExternalConnector",
    "ExternalFolder",
    "ExtraUsage",
    "ExtraUsageCheckout",
    "ExtraUsageTransaction",
    "Feedback",
    "FeedbackFinding",
    "FeedbackRow",
    "FeedbackSection",
    "FeedbackTemplate",
    "FeedbackTemplateRow",
    "Generation",
    "GenerationEvent",
    "GenerationRow",
    "IntakeArtifact",
    "Interview",
    "InterviewRow",
    "Migration",
    "MigrationMapping",
    "MigrationPreview",
    "Notification",
    "NotificationPreferences",
    "Organization",
    "Package",
    "PackageChanges",
    "PackageDelivery",
    "PackageFile",
    "PackageFileContent",
    "PackageHit",
    "PackageOnDisk",
    "PackageRow",
    "Permission",
    "Profile",
    "ProviderKey",
    "RawResponse",
    "ReferenceDocument",
    "RetentionPreference",
    "RunChanges",
    "RunOptions",
    "RunResult",
    "SavedFile",
    "SearchHit",
    "ServiceEstimate",
    "ServiceStatus",
    "ServiceUptime",
    "SourceControlPreferences",
    "StatusIncident",
    "StatusSubscription",
    "StatusSummary",
    "StatusUptime",
    "SupportTicket",
    "TranscriptSize",
    "Turn",
    "TurnJob",
    "TypedEvidence",
    "Usage",
    "Webhook",
    "WebhookTest",
]

#: Where the classes are that most programs never use: they are loaded when one of them is.
_HOMES: Final = ("packages", "account", "service")


def __getattr__(name: str) -> Any:
    if name in __all__:
        import importlib

        for home in _HOMES:
            module = importlib.import_module(f"specstep_flows._models.{home}")
            if name in vars(module):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _without_secrets(said: str | None) -> str | None:
    """Why something failed at the service: an exception's text, which may quote a signed address."""
    return None if said is None else without_secrets(said, is_foreign=True)


@attrs.frozen
class Account:
    """The owner of the key (GET /v1/me)."""

    user_id: str | None = None
    display_name: str | None = None
    email: str | None = attrs.field(default=None, repr=False)
    plan: str | None = None


@attrs.frozen
class Usage:
    """The quota (GET /v1/usage), in generations. Its fields are not documented: ``raw`` is the whole body."""

    used: float | None = None
    limit: float | None = None
    remaining: float | None = None
    resets_at: datetime | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Capabilities:
    """The values that the service currently accepts (GET /v1/capabilities)."""

    review_profiles: tuple[str, ...] = ()
    project_types: tuple[str, ...] = ()
    mirror_selections: tuple[str, ...] = ()
    schema_version: str | None = None
    rubric_version: str | None = None
    quality_rubric_version: str | None = None


@attrs.frozen
class TranscriptSize:
    """How full an interview's transcript is. ``chars`` counts UTF-16 units; the limits are not enforced yet."""

    chars: int | None = None
    tokens_estimate: int | None = None
    max_chars: int | None = None
    max_tokens: int | None = None
    percent_used: float | None = None


@attrs.frozen
class AutoStartFailure:
    """Why the service did not start a generation itself when the interview ended."""

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
        """Whether the turn is the user's. Any other counts as the agent's."""
        return states.is_one_of(self.role, "user", "human", "customer", "you")


@attrs.frozen
class Interview:
    """An interview, from POST and GET /v1/interviews or a turn's snapshot."""

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
        """Whether the interview is complete, in any spelling."""
        return states.is_one_of(self.status, "complete", "completed")

    @property
    def is_abandoned(self) -> bool:
        """Whether the interview was abandoned, so that no turn can be added."""
        return states.is_one_of(self.status, "abandoned")

    @property
    def reply(self) -> str | None:
        """The agent's latest message, if the service's response contains it."""
        if self.latest_reply:
            return self.latest_reply
        return next((turn.content for turn in reversed(self.turns) if turn.content and not turn.is_users), None)


@attrs.frozen
class TurnJob:
    """A turn's job, from POST …/turns and GET /v1/interviews/turns/{jobId}."""

    status: str
    job_id: UUID | None = None
    interview_id: UUID | None = None
    snapshot: Interview | None = None
    error_code: str | None = None
    error_message: str | None = attrs.field(default=None, converter=_without_secrets)
    is_retryable: bool | None = None


@attrs.frozen
class ReferenceDocument:
    """A document attached to an interview. ``id`` is None if the response to the upload did not contain it."""

    id: UUID | None
    name: str | None = None
    size_bytes: int | None = None


@attrs.frozen
class IntakeArtifact:
    """The structured document that a completed interview produces and a generation starts from."""

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
    #: The question as it came, where that cannot be stored or shown (half of an emoji): its answer is sent with it.
    exact_question: str | None = attrs.field(default=None, repr=False, eq=False)


@attrs.frozen
class Answer:
    """An answer to a clarification; ``question`` is the service's text, verbatim. ``rule`` says where it came from.

    ``generation_id`` is the generation that asked, set when the answer was accepted (in a fan-out, each child asks its
    own questions). It is ignored when answers are compared.
    """

    question: str
    answer: str
    rule: str = "given"
    generation_id: UUID | None = attrs.field(default=None, eq=False)


@attrs.frozen
class GenerationRow:
    """A row of GET /v1/generations: it has ``cost_usd``, but no forecast, billing state or package."""

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
    failure_reason: str | None = attrs.field(default=None, converter=_without_secrets)
    failure_category: str | None = None
    source_channel: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen. False for a state that this version has never seen."""
        return states.is_terminal(self.state)


@attrs.frozen
class Generation:
    """A generation (GET /v1/generations/{id}). Step 5 of the walkthrough explains each field."""

    id: UUID
    state: str
    package_id: UUID | None = None
    intake_id: UUID | None = None
    review_profile: str | None = None
    current_round: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    failure_reason: str | None = attrs.field(default=None, converter=_without_secrets)
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
        """Whether nothing more will happen. For a state that this version has never seen, see ``is_complete``."""
        return states.is_terminal(self.state) or self.is_complete

    @property
    def is_complete(self) -> bool:
        """Whether the package is ready: in a state that this version has never seen, it is there and paid for."""
        return states.is_one_of(self.state, "complete") or (self.package_id is not None and self.is_closed)

    @property
    def is_closed(self) -> bool:
        """Whether the state is one that this version has never seen, and an end by its time and its closed bill."""
        return states.is_closed(self.state, self.billing_state, self.completed_at or self.failed_at)

    @property
    def is_failed(self) -> bool:
        """Whether it failed; ``failure_category`` says why."""
        return states.is_one_of(self.state, "failed")

    @property
    def is_cancelled(self) -> bool:
        """Whether it was stopped by request."""
        return states.is_one_of(self.state, "cancelled")

    @property
    def is_paused(self) -> bool:
        """Whether it was paused (a question is another state: ``needs_answers``)."""
        return states.is_one_of(self.state, "paused")

    @property
    def needs_answers(self) -> bool:
        """Whether it waits for answers to clarifications."""
        return states.is_one_of(self.state, "PausedAwaitingClarification")

    @property
    def retry_makes_sense(self) -> bool | None:
        """Whether running the same intake again is likely to help; None if the documentation does not say."""
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
    """One step of an agent (GET /v1/generations/{id}/conversation)."""

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
    """A package that was downloaded by its id. ``path`` is the zip, ``unpacked_to`` the folder, if it was unpacked."""

    package: Package
    path: Path
    sha256: str
    size_bytes: int
    unpacked_to: Path | None = None


#: The forms in which an explanation can be downloaded (walkthrough, step 6.6).
EXPLANATION_FORMS: Final = ("md", "txt", "pdf", "docx")


@attrs.frozen
class PackageChanges:
    """What differs between two packages: the paths of files, sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


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
    #: Whether what clears by itself is waited for: a place where the plan's limit is reached, the end of a pause.
    wait: bool = True
    #: How long a generation that was paused is watched, in seconds.
    wait_paused: float = 3600.0
    #: Whether somebody answers the agent when the brief's texts are used up.
    interview: bool = False
    #: What the caller keeps for whoever resumes the run, as JSON has it.
    remember: Mapping[str, Any] = attrs.field(factory=dict)
    #: Of a run that updates a generation: which, what is known of it, and where its package is (``update``).
    continues: Mapping[str, Any] | None = None
    #: What else a record holds, under names that are not options: such a run is shown, but cannot be resumed.
    unknown: Mapping[str, Any] = attrs.field(factory=dict)


#: A profile by its documented name; the service may have more (``get_capabilities``).
Profile: TypeAlias = Literal["Fast", "Normal", "Extensive", "Researcher"] | str
#: A time: seconds, a ``timedelta``, or text with units (``"30m"``, ``"1h30m"``).
Duration: TypeAlias = "float | timedelta | str"


class RunChanges(TypedDict, total=False):
    """Options that ``resume`` and ``adopt`` take. The first three can change until the generation is started."""

    profile: Profile | None
    project_type: str | None
    mirror_selection: str | None
    output: str | Path | None
    unpack: bool
    force: bool
    max_cost_usd: float | None
    retry_failed: int
    wait: bool
    wait_paused: Duration
    remember: Mapping[str, Any]


@attrs.frozen
class RunResult:
    """The result of a whole run. ``path`` is the zip, ``unpacked_to`` the folder, if it was unpacked.

    Of a package in a fleet's object store ``path`` has the names and folders of its URL, and ``str(path)`` is the URL;
    no file is there to open. ``cost_usd`` is what all of it cost, attempts that failed included.
    """

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
    #: Of an update: the package that it was made from, and what differs.
    before: Path | None = None
    changes: PackageChanges | None = None

    def _repr_html_(self) -> str:
        from specstep_flows._facts import result_facts
        from specstep_flows._html import card

        return card(self.project_name or f"Run {self.run_id}", result_facts(self))
