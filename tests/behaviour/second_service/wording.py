"""How the server says things: bodies, dates, numbers, lists and refusals, each in the chosen variant."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.behaviour.second_service.variants import Variant
from tests.behaviour.second_service.world import Document, Generation, Interview, Job, Refused, World
from tests.kit.api import path_of

_FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)
_SNAKE = {"Active": "active", "Complete": "complete"}


@dataclass
class Answer:
    """What goes over the wire."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Wording:
    """The words of one server."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.variant: Variant = world.variant
        self._zero = world.now()

    def json(self, status: int, document: object, **headers: str) -> Answer:
        if status == 204:
            return Answer(204, b"", headers)
        body = json.dumps(self._dressed(document), ensure_ascii=not self.variant.marks_utf8).encode()
        if self.variant.marks_utf8:
            body = b"\xef\xbb\xbf" + body
        return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **headers})

    def _dressed(self, value: Any) -> Any:
        """Numbers, nulls and unknown members, everywhere."""
        if isinstance(value, dict):
            dressed = {
                name: self._dressed(member)
                for name, member in value.items()
                if not (member is None and self.variant.leaves_nulls_out)
            }
            if self.variant.extras:
                dressed |= {"x_trace": {"node": "fra-7", "hops": [1, 2]}, "Ünïcode": "✓", "_links": {"self": None}}
            return dressed
        if isinstance(value, list):
            return [self._dressed(member) for member in value]
        if self.variant.numbers_as_text and isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        return value

    def refusal(self, refused: Refused, **headers: str) -> Answer:
        kind = self.variant.problems
        if kind == "empty":
            return Answer(refused.status, b"", headers)
        if kind == "text":
            return Answer(
                refused.status, f"{refused.word}: {refused}\n".encode(), {"Content-Type": "text/plain", **headers}
            )
        word = refused.word if kind == "problem" else f"https://specstep.example/problems/{refused.word.lower()}"
        document = {
            "type": word,
            "title": "Refused",
            "status": refused.status,
            "detail": str(refused),
            **refused.members,
        }
        headers["Content-Type"] = "application/problem+json"
        return Answer(refused.status, json.dumps(document).encode(), headers)

    def when(self, at: float | None) -> str | None:
        if at is None:
            return None
        moment = _FIRST_DAY + timedelta(seconds=at - self._zero)
        plain = moment.strftime("%Y-%m-%dT%H:%M:%S")
        return {"z": f"{plain}Z", "seven": f"{plain}.1234567Z", "naive": plain, "offset": f"{plain}+00:00"}[
            self.variant.dates
        ]

    def word(self, word: str) -> str:
        """A status of an interview, in the variant's case."""
        return {"title": word, "upper": word.upper(), "lower": word.lower(), "snake": _SNAKE[word]}[self.variant.words]

    def state(self, generation: Generation) -> str:
        """A generation's state, in the variant's case."""
        word = self.world.state(generation)
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower()
        return {"title": word, "upper": word.upper(), "snake": snake}[self.variant.state_words]

    def job_word(self, word: str) -> str:
        return {"lower": word, "upper": word.upper(), "title": word.title()}[self.variant.job_words]

    def listed(self, rows: list[dict[str, Any]], name: str, query: dict[str, str], total_name: str = "total") -> object:
        """A page of a list, in the variant's envelope."""
        asked = max(1, min(int(query.get("limit", "50")), 200))
        size = min(asked, self.variant.page_rows or asked)
        offset = 0 if self.variant.ignores_offset else int(query.get("offset", "0"))
        page = rows[offset : offset + size]
        if self.variant.envelope == "array":
            return page
        if self.variant.envelope == "items":
            return {"items": page}
        following = offset + size if offset + size < len(rows) else None
        return {name: page, total_name: len(rows), "next_offset": following, "limit": size}

    # The interview.

    def interview(self, interview: Interview) -> dict[str, Any]:
        variant = self.variant
        complete = interview.completed_at is not None
        ready = complete and self.world.now() >= interview.completed_at + variant.artifact_seconds  # type: ignore[operator]
        body: dict[str, Any] = {
            "id": interview.id,
            "status": self.word("Complete" if complete else "Active"),
            "intake_artifact_id": interview.artifact_id if ready and variant.artifact_on_interview else None,
            "started_generation_id": interview.started_generation_id if variant.tells_started else None,
            "auto_start_failure": None,
            "transcript_size": self._size(interview),
        }
        if complete and not variant.starts_itself:
            code = "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE"
            body["auto_start_failure"] = {"code": code, "message": "Keys start generations themselves."}
        if variant.has_detected_type:
            body["detected_type"] = "WebApp" if interview.users() else None
        who, what, agent = variant.entries
        entries = [
            {who: "user" if speaker == "user" else agent, what: text, "created_at": self.when(at)}
            for speaker, text, at in interview.entries
        ]
        if variant.transcript is not None:
            body[variant.transcript] = entries
        if variant.reply is not None:
            said = next(text for speaker, text, _ in reversed(interview.entries) if speaker == "agent")
            body[variant.reply] = {"text": said} if variant.reply == "opening_turn" else said
        return body

    @staticmethod
    def _size(interview: Interview) -> dict[str, Any]:
        chars = sum(len(text.encode("utf-16-le")) // 2 for _, text, _ in interview.entries)
        return {
            "chars": chars,
            "tokens_estimate": chars // 4,
            "max_chars": 800_000,
            "max_tokens": 200_000,
            "percent_used": round(100.0 * chars / 800_000, 1),
        }

    def interview_row(self, interview: Interview) -> dict[str, Any]:
        return {
            "id": interview.id,
            "status": self.word("Complete" if interview.completed_at is not None else "Active"),
            "detected_type": "WebApp" if self.variant.lists_types else None,
            "display_title": None,
            "turn_count": len(interview.entries),
            "started_at": self.when(interview.begun),
            "last_activity_at": self.when(interview.entries[-1][2]),
        }

    def submitted(self, job: Job) -> Answer:
        """The 202 to a turn that is new."""
        where = path_of("get_turn_job", job.id)
        body: dict[str, Any] = {"status": self.job_word("queued")}
        if self.variant.turn_body == "full":
            body |= {
                "interview_id": job.interview.id,
                "submission_id": None,
                "user_turn_committed": True,
                "snapshot": None,
            }
        elif self.variant.turn_body == "nameless":
            body = {}
        if self.variant.job_in_body:
            body["job_id"] = job.id
        answer = self.json(self.variant.turn_status, body)
        if self.variant.location is not None or not self.variant.job_in_body:
            answer.headers["Location"] = where
        return answer

    def job(self, job: Job) -> dict[str, Any]:
        fate = self.world.fate(job)
        shown = "pondering" if fate == "running" and self.variant.future_states else fate
        body: dict[str, Any] = {"status": self.job_word(shown), "job_id": job.id}
        body |= {"interview_id": job.interview.id, "snapshot": None}
        body |= {"created_at": self.when(job.begun), "completed_at": None, "error_code": None, "is_retryable": None}
        if fate == "completed" and self.variant.snapshot_in_job:
            body["snapshot"] = self.interview(job.interview)
        if fate == "failed":
            body |= {
                "error_code": "INTERVIEW_TURN_TIMEOUT",
                "error_message": "The model took too long.",
                "is_retryable": True,
            }
        return body

    def replay(self, job: Job) -> dict[str, Any]:
        snapshot = self.interview(job.interview)
        return {
            "status": self.job_word("cached_replay"),
            "job_id": None,
            "interview_id": job.interview.id,
            "snapshot": snapshot,
        }

    def document(self, document: Document) -> dict[str, Any]:
        return {
            "id": document.id,
            self.variant.document_name: document.name,
            "bytes": document.size,
            "state": "Scanned",
        }

    # Generations.

    def generation(self, generation: Generation) -> dict[str, Any]:
        state = self.world.state(generation)
        body: dict[str, Any] = {"id": generation.id, "state": self.state(generation)}
        if self.variant.status_has_intake:
            body["intake_id"] = generation.intake_id
        if self.variant.package_in_status:
            ready = self.world.package_is_there(generation)
            body["package_id"] = generation.package_id if ready else None
        if self.variant.lean_status:
            return body
        total, done = generation.total(), min(generation.work, generation.total())
        is_over, waits = state == "Complete", state == "PausedAwaitingClarification"
        return body | {
            "review_profile": generation.profile,
            "current_round": 1,
            "started_at": self.when(generation.begun),
            "completed_at": self.when(generation.completed_at),
            "failed_at": self.when(generation.completed_at) if state == "Failed" else None,
            "failure_reason": "Somebody pulled the plug." if state == "Failed" else None,
            "failure_category": self.variant.failure_category if state == "Failed" else None,
            "schema_version": "1.0.0",
            "rubric_version": "1.4.0",
            "manifest": {"sections": ["docs/01-overview.md"]},
            "running_cost_usd": round(1.25 * done / total, 4),
            "billing_state": "Complete" if is_over else "PausedAwaitingInput" if waits else "Active",
            "started_work_at": self.when(generation.begun + 6.0),
            "phase_detail": state,
            "progress_explanation": f"Now it is {state}.",
            "estimated_duration_seconds": None if self.variant.extras else total,
            "estimated_time_remaining_seconds": None if is_over or self.variant.extras else total - done,
            "estimated_completion_at": None,
            "active_specialist": "codd" if state == "Reviewing" else None,
            "retry_count": 1,
            "last_retry_at": self.when(generation.begun + 20.0),
            "next_retry_at": None,
            "recoverable_error_category": "solar_flare" if self.variant.future_states else "rate_limit",
            "host_restart_resume_count": 0,
            "progress_percent": 100 * done / total,
            "project_name": "Feedback portal",
            "description": None,
            "kind": "specification",
            "kind_label": "Specification package",
        }

    def generation_row(self, generation: Generation) -> dict[str, Any]:
        row = {
            "id": generation.id,
            "short_id": generation.id[:8],
            "project_name": "Feedback portal",
            "state": self.state(generation),
            "review_profile": generation.profile,
            "cost_usd": 1.25,
            "started_at": self.when(generation.begun),
            "completed_at": self.when(generation.completed_at),
            "current_round": 1,
            "failure_reason": None,
            "failure_category": None,
            "source_channel": "api",
        }
        return row | ({"interview_id": generation.interview_id} if self.variant.rows_name_interview else {})

    def kickoff(self, generation: Generation) -> Answer:
        body: dict[str, Any] = {"id": generation.id, "state": "Queued", "download_url": None, "package_id": None}
        if not self.variant.kickoff_has_id:
            body = {"state": "Queued"}
        answer = self.json(self.variant.kickoff_status, body)
        if self.variant.location is not None or not self.variant.kickoff_has_id:
            answer.headers["Location"] = path_of("get_generation", generation.id)
        return answer

    def package(self, generation: Generation) -> dict[str, Any]:
        return {
            "id": generation.package_id,
            "generation_id": generation.id,
            "version": "1.0.0",
            "total_cost_usd": 1.25,
            "project_name": "Feedback portal",
            "description": None,
        }
