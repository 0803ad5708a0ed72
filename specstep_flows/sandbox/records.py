"""What the sandbox remembers: people and keys, interviews and turn jobs, packages, webhook subscriptions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import attrs

from specstep_flows.sandbox.clock import timestamp, timestamp_or_none
from specstep_flows.sandbox.options import SandboxOptions, TurnFailure
from specstep_flows.sandbox.zips import Blob


@attrs.define
class User:
    """A person with an account."""

    id: str
    name: str
    provider_keys: dict[str, float] = attrs.field(factory=dict)
    notification_preferences: dict[str, Any] = attrs.field(factory=lambda: {"email": True, "sms": False})
    retention_days: int | None = None
    source_control: dict[str, Any] | None = None
    organization: dict[str, Any] | None = None
    #: Requests to export or delete the account's data, by kind.
    requests: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    extra_usage: bool = False

    @property
    def email(self) -> str:
        """An address that leads nowhere."""
        return f"{self.name}@example.com"


@attrs.define
class Key:
    """An API key or an OAuth token. Only its digest is kept, as the service does."""

    id: str
    user: User
    digest: str
    #: An `oat_…` token or a browser session: the user acts, not a program.
    is_person: bool
    created_at: float
    name: str = "sandbox"
    prefix: str = "sf"
    #: Its first characters, which the service keeps so that a person tells keys apart.
    shown: str = ""
    scopes: list[str] | None = None
    project_id: str | None = None
    last_used_at: float | None = None
    last_rotated_at: float | None = None
    revoked_at: float | None = None

    @property
    def is_session(self) -> bool:
        """A browser's cookie, which is no bearer token."""
        return self.prefix == "session"

    @property
    def limiter(self) -> str:
        """What the rate limits count by: the key for programs, the user for people."""
        return f"user:{self.user.id}" if self.is_person else f"key:{self.id}"

    def body(self) -> dict[str, Any]:
        """A row of `GET /v1/api-keys`."""
        return {
            "id": self.id,
            "name": self.name,
            "prefix": self.shown,
            "scopes": self.scopes,
            "project_id": self.project_id,
            "organization_id": None if self.user.organization is None else self.user.organization["id"],
            "created_at": timestamp_or_none(self.created_at),
            "last_rotated_at": timestamp_or_none(self.last_rotated_at),
        }


#: Characters of a key that are kept for display (auth page).
SHOWN_CHARACTERS = 8


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


STATUSES = ("Active", "Paused", "Complete", "Abandoned", "AwaitingClarification", "ClarificationResolved")
MAX_TOKENS = 200_000

_GUESSES = (
    ("browser extension", "BrowserExtension"),
    ("mobile game", "MobileGame"),
    ("game", "MobileGame"),
    ("mobile", "MobileApp"),
    ("desktop", "DesktopApp"),
    ("agent", "AiAgent"),
    ("ai tool", "AiTool"),
)


@attrs.define
class Turn:
    """One entry of a transcript."""

    role: str
    content: str
    created_at: float


@attrs.define
class Document:
    """A reference document attached to an interview."""

    id: str
    file_name: str
    content_type: str
    content: bytes
    uploaded_at: float


@attrs.define
class Artifact:
    """What a completed interview leaves behind: the input of a generation."""

    id: str
    interview_id: str
    owner: str
    project_name: str
    completed_at: float
    visible_at: float
    schema_version: str = "1.0.0"


@attrs.define
class TurnJob:
    """The background work that a submitted turn starts."""

    id: str
    interview_id: str
    owner: str
    actor: str
    key: str | None
    message: str
    created_at: float
    starts_at: float
    ends_at: float
    failure: TurnFailure | None
    submission_id: str
    outcome: str | None = None
    completed_at: float | None = None
    snapshot: dict[str, Any] | None = None
    #: Carries the job to its end; whoever starts the job sets it.
    finish: Callable[[], None] = attrs.field(default=lambda: None, repr=False, eq=False)

    def status(self, now: float) -> str:
        """queued, running, or how it ended."""
        if self.outcome is not None:
            return self.outcome
        return "queued" if now < self.starts_at else "running"

    def body(self, now: float) -> dict[str, Any]:
        """The answer of `GET /v1/interviews/turns/{jobId}`."""
        failed = self.outcome == "failed" and self.failure is not None
        return {
            "status": self.status(now),
            "job_id": self.id,
            "interview_id": self.interview_id,
            "snapshot": self.snapshot if self.outcome == "completed" else None,
            "error_code": self.failure.error_code if failed and self.failure else None,
            "error_message": "The agent's reply did not come." if failed else None,
            "is_retryable": self.failure.retryable if failed and self.failure else None,
            "created_at": timestamp(self.created_at),
            "completed_at": timestamp_or_none(self.completed_at),
        }


@attrs.define
class Interview:
    """A conversation: its transcript, its status, and what came of it."""

    id: str
    owner: str
    started_at: float
    status: str = "Active"
    turns: list[Turn] = attrs.field(factory=list)
    documents: dict[str, Document] = attrs.field(factory=dict)
    last_activity_at: float = 0
    completed_at: float | None = None
    artifact: Artifact | None = None
    started_generation_id: str | None = None
    auto_start_failure: dict[str, str] | None = None
    deleted_at: float | None = None
    forced_type: str | None = None

    def say(self, role: str, content: str, at: float) -> None:
        """Add an entry to the transcript."""
        self.turns.append(Turn(role, content, at))
        self.last_activity_at = at

    @property
    def messages(self) -> list[str]:
        """What the user said, in order."""
        return [turn.content for turn in self.turns if turn.role == "user"]

    @property
    def awaits_reply(self) -> bool:
        """The last word is the user's."""
        return bool(self.turns) and self.turns[-1].role == "user"

    @property
    def detected_type(self) -> str | None:
        """The project type inferred from the first turn."""
        if self.forced_type is not None or not self.messages:
            return self.forced_type
        text = self.messages[0].lower()
        return next((kind for word, kind in _GUESSES if word in text), "WebApp")

    @property
    def title(self) -> str | None:
        """A short name made of the first turn's first words, without the mark of a heading."""
        if not self.messages:
            return None
        words = self.messages[0].lstrip("# ").split()
        return " ".join(words[:6])[:60] or None

    def status_text(self, options: SandboxOptions) -> str:
        """The status in the letter case that the options ask for."""
        return self.status.lower() if options.interview_status_style == "lower" else self.status

    def body(self, now: float, options: SandboxOptions) -> dict[str, Any]:
        """The answer of `GET /v1/interviews/{id}`, which is also a turn's snapshot."""
        artifact = self.artifact
        named = artifact is not None and options.intake_artifact_in_interview and artifact.visible_at <= now
        return {
            **self.row(options),
            "turns": [
                {"role": turn.role, "content": turn.content, "created_at": timestamp(turn.created_at)}
                for turn in self.turns
            ],
            "intake_artifact_id": artifact.id if named and artifact is not None else None,
            "started_generation_id": self.started_generation_id,
            "auto_start_failure": self.auto_start_failure,
            "transcript_size": transcript_size(self.turns, options.max_transcript_chars),
        }

    def row(self, options: SandboxOptions) -> dict[str, Any]:
        """One row of the interview lists, with the fields that the walkthrough names and no more."""
        return {
            "id": self.id,
            "status": self.status_text(options),
            "detected_type": self.detected_type,
            "display_title": self.title,
            "turn_count": len(self.turns),
            "started_at": timestamp(self.started_at),
            "last_activity_at": timestamp(self.last_activity_at),
        }


def transcript_size(turns: list[Turn], max_chars: int) -> dict[str, Any]:
    """How full a transcript is; characters are UTF-16 units, as .NET counts them."""
    chars = sum(len(turn.content.encode("utf-16-le", "surrogatepass")) // 2 for turn in turns)
    return {
        "chars": chars,
        "tokens_estimate": chars // 4,
        "max_chars": max_chars,
        "max_tokens": MAX_TOKENS,
        "percent_used": round(100.0 * chars / max_chars, 1),
    }


KIND = "specification"
#: The label that the pages ask clients to render as it is.
KIND_LABEL = "Specification package — describes how to build the software, not the application code itself."


@attrs.define
class Addendum:
    """One change request against a finished package, with its five files."""

    id: str
    package_id: str
    title: str
    description: str
    cost_usd: float
    submitted_by: str
    created_at: float
    zip: Blob


@attrs.define
class Explanation:
    """A package explained to an audience."""

    id: str
    audience: str
    markdown: str
    cost_usd: float
    created_at: float
    model: str = "sandbox-writer-1"


@attrs.define
class Package:
    """A finished package and what was made of it later."""

    id: str
    owner: str
    generation_id: str | None
    version: str
    profile: str | None
    project_name: str | None
    description: str | None
    total_cost_usd: float
    created_at: float
    files: dict[str, bytes]
    zip: Blob
    deleted_at: float | None = None
    addenda: list[Addendum] = attrs.field(factory=list)
    explanations: dict[str, Explanation] = attrs.field(factory=dict)


def document_set(
    name: str, messages: list[str], answers: dict[str, str], *, profile: str, project_type: str | None, mirror: str
) -> dict[str, bytes]:
    """The files of a package: what was said in the interview and answered later stands in them, word for word."""
    brief = "\n\n".join(messages) or "(nothing was said)"
    decisions = "\n".join(f"- **{question}** {answer}" for question, answer in answers.items()) or "- None."
    texts = {
        "README.md": f"# {name}\n\nA specification package ({profile}). Start with `docs/01-product/01-vision.md`.\n",
        "docs/01-product/01-vision.md": f"# Vision\n\n{brief}\n",
        "docs/01-product/02-requirements.md": f"# Requirements\n\nDerived from the interview about {name}.\n",
        "docs/02-architecture/01-overview.md": f"# Architecture\n\nProject type: {project_type or 'not given'}.\n",
        "docs/02-architecture/03-api-design.md": f"# API design\n\n## Decisions\n\n{decisions}\n",
        "docs/03-plan/01-milestones.md": "# Milestones\n\n1. Walking skeleton\n2. First users\n3. Release\n",
        "handoff.md": f"# Handoff\n\nDecisions taken with the user:\n\n{decisions}\n",
        "specstep.yaml": f"kind: {KIND}\nschema_version: 1.0.0\nreview_profile: {profile}\n",
    }
    if mirror == "ClaudeMd":
        texts["CLAUDE.md"] = f"# {name}\n\nRead `handoff.md` first.\n"
    return {path: text.encode("utf-8", "replace") for path, text in texts.items()}


@attrs.define
class Subscription:
    """One webhook of one API key."""

    id: str
    key_id: str
    owner: str
    url: str
    events: list[str]
    secret: str
    created_at: float
    last_delivery_at: float | None = None
    last_status: str | None = None
    last_http_code: int | None = None

    def body(self, *, with_secret: bool = False) -> dict[str, Any]:
        """The subscription record; the secret stands in it only when it was just made."""
        return {
            "id": self.id,
            "url": self.url,
            "events": self.events,
            "signing_secret": self.secret if with_secret else None,
            "created_at": timestamp(self.created_at),
            "last_delivery_at": timestamp_or_none(self.last_delivery_at),
            "last_status": self.last_status,
            "last_http_code": self.last_http_code,
        }


@attrs.frozen
class Delivery:
    """Something to be told to a subscription: signed and sent outside the world."""

    id: str
    subscription: Subscription
    event: str
    at: float
    payload: dict[str, Any]
