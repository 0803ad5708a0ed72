"""Interviews and their turn jobs: what is said, when the agent replies, and what completion leaves behind."""

from dataclasses import dataclass, field
from typing import Any

from ..clock import timestamp, timestamp_or_none
from ..options import SandboxOptions, TurnFailure

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


@dataclass
class Turn:
    """One entry of a transcript."""

    role: str
    content: str
    created_at: float


@dataclass
class Document:
    """A reference document attached to an interview."""

    id: str
    file_name: str
    content_type: str
    content: bytes
    uploaded_at: float


@dataclass
class Artifact:
    """What a completed interview leaves behind: the input of a generation."""

    id: str
    interview_id: str
    owner: str
    project_name: str
    completed_at: float
    visible_at: float
    schema_version: str = "1.0.0"


@dataclass
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


@dataclass
class Interview:
    """A conversation: its transcript, its status, and what came of it."""

    id: str
    owner: str
    started_at: float
    status: str = "Active"
    turns: list[Turn] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
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
        """A short name made of the first turn's first words."""
        if not self.messages:
            return None
        words = self.messages[0].split()
        return " ".join(words[:6])[:60] or None

    def status_text(self, options: SandboxOptions) -> str:
        """The status in the letter case that the options ask for."""
        return self.status.lower() if options.interview_status_style == "lower" else self.status

    def body(self, now: float, options: SandboxOptions) -> dict[str, Any]:
        """The answer of `GET /v1/interviews/{id}`, which is also a turn's snapshot."""
        artifact = self.artifact
        named = artifact is not None and options.intake_artifact_in_interview and artifact.visible_at <= now
        return {
            "id": self.id,
            "status": self.status_text(options),
            "detected_type": self.detected_type,
            "display_title": self.title,
            "turn_count": len(self.turns),
            "turns": [
                {"role": turn.role, "content": turn.content, "created_at": timestamp(turn.created_at)}
                for turn in self.turns
            ],
            "intake_artifact_id": artifact.id if named and artifact is not None else None,
            "started_generation_id": self.started_generation_id,
            "auto_start_failure": self.auto_start_failure,
            "transcript_size": transcript_size(self.turns, options.max_transcript_chars),
            "started_at": timestamp(self.started_at),
            "last_activity_at": timestamp(self.last_activity_at),
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
