"""What the server keeps: interviews, turns, generations, packages, and honest books of everything that was
committed."""

from __future__ import annotations

import functools
import hashlib
import io
import random
import threading
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.behaviour.second_service.variants import Variant

PROFILES = ("Fast", "Normal", "Extensive", "Researcher")
PROJECT_TYPES = ("WebApp", "MobileApp", "MobileGame", "DesktopApp", "BrowserExtension", "AiAgent", "AiTool")
#: What a generation goes through, and for how many seconds of work.
STAGES = (("Queued", 6.0), ("Drafting", 90.0), ("Reviewing", 80.0), ("Assembling", 30.0), ("Delivering", 10.0))
FUTURE_STAGES = (*STAGES[:3], ("Translating", 25.0), ("QualityGate.v2", 15.0), *STAGES[3:])


class Refused(Exception):
    """What was asked for is not done: a status, a machine's word and a sentence."""

    def __init__(self, status: int, word: str, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status, self.word, self.detail, self.members = status, word, detail, members


@dataclass
class Books:
    """What was committed, in order. Tests read it, and so would an accountant."""

    interviews: list[str] = field(default_factory=list)
    turns: dict[str, list[str]] = field(default_factory=dict)
    turn_keys: dict[str, list[str]] = field(default_factory=dict)
    completed: list[str] = field(default_factory=list)
    kickoffs: list[str] = field(default_factory=list)
    answers: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    refused_keys: int = 0
    mistakes: list[str] = field(default_factory=list)


@dataclass
class Job:
    """One attempt to answer a turn."""

    id: str
    interview: Interview
    key: str | None
    begun: float
    ends: float
    fate: str = "completed"


@dataclass
class Document:
    """A reference document."""

    id: str
    name: str
    size: int


@dataclass
class Interview:
    """A conversation. ``entries`` are (who, what, when)."""

    id: str
    begun: float
    entries: list[tuple[str, str, float]]
    jobs: list[Job] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    completed_at: float | None = None
    artifact_id: str | None = None
    started_generation_id: str | None = None

    def users(self) -> list[str]:
        return [text for who, text, _ in self.entries if who == "user"]


@dataclass
class Generation:
    """A run of the pipeline. ``work`` is how long it has worked, ``looked`` when that was reckoned."""

    id: str
    intake_id: str
    interview_id: str | None
    profile: str
    begun: float
    stages: tuple[tuple[str, float], ...]
    pauses: list[Pause]
    package_id: str
    work: float = 0.0
    looked: float = 0.0
    completed_at: float | None = None
    deleted: bool = False

    def total(self) -> float:
        return sum(seconds for _, seconds in self.stages)


@dataclass
class Pause:
    """A stop for questions after so much work."""

    after: float
    questions: list[dict[str, str | None]]
    answered_at: float | None = None
    over: bool = False


class World:
    """The state behind the HTTP server. Every method is called under ``lock``."""

    def __init__(self, variant: Variant, now: Callable[[], float]) -> None:
        self.variant, self.now = variant, now
        self.lock = threading.RLock()
        self.books = Books()
        self._ids = random.Random(20260531)
        self.interviews: dict[str, Interview] = {}
        self.jobs: dict[str, Job] = {}
        self.generations: dict[str, Generation] = {}
        self.zip_bytes = _a_package()
        self.zip_digest = hashlib.sha256(self.zip_bytes).hexdigest()
        self._later: list[tuple[float, Callable[[], object]]] = []
        for number in range(variant.older_generations):
            self._new_generation(self.new_id(), self.new_id(), "Normal", now() - 86_400.0 * (number + 1), pauses=0)

    def new_id(self) -> str:
        identifier = str(uuid.UUID(int=self._ids.getrandbits(128), version=4))
        return identifier.upper() if self.variant.upper_ids else identifier

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Something that is carried out only so much later."""
        self._later.append((self.now() + seconds, work))

    def catch_up(self) -> None:
        """Do what is due. Nobody can see that it was not done earlier."""
        now = self.now()
        due = [work for at, work in self._later if at <= now]
        self._later = [(at, work) for at, work in self._later if at > now]
        for work in due:
            work()
        for interview in self.interviews.values():
            for job in interview.jobs:
                self._end(job, now)

    # The interview.

    def start_interview(self) -> Interview:
        opening = ("agent", "Hello, I am Otto. What shall we build, and for whom?", self.now())
        interview = Interview(self.new_id(), self.now(), [opening])
        self.interviews[interview.id] = interview
        self.books.interviews.append(interview.id)
        return interview

    def interview(self, identifier: str) -> Interview:
        interview: Interview = self._known(self._found(self.interviews, identifier, "interview"))
        return interview

    def submit(self, interview: Interview, message: str, key: str | None) -> tuple[str, Job]:
        """``("new" | "flying" | "replay", job)``: the user's turn is committed at once, and once for each key."""
        now = self.now()
        same = [job for job in interview.jobs if key is not None and job.key == key]
        for job in same:
            if job.fate.rstrip("!") == "completed":
                return ("flying" if now < job.ends else "replay"), job
            if now < job.ends:
                return "flying", job
        if interview.completed_at is not None:
            raise Refused(409, "INTERVIEW_NOT_ACTIVE", "The interview is complete.")
        if any(now < job.ends for job in interview.jobs):
            raise Refused(409, "INTERVIEW_TURN_IN_PROGRESS", "Another turn of this interview is being answered.")
        if not same:
            interview.entries.append(("user", message, now))
            self.books.turns.setdefault(interview.id, []).append(message)
            self.books.turn_keys.setdefault(interview.id, []).append(key or "")
        job = Job(self.new_id(), interview, key, now, now + self.variant.turn_seconds)
        if self.variant.first_job is not None and not interview.jobs:
            job.fate = self.variant.first_job
        interview.jobs.append(job)
        self.jobs[job.id] = job
        return "new", job

    def _end(self, job: Job, now: float) -> None:
        """The agent's reply, when its time has come."""
        if now < job.ends or job.fate.endswith("!"):
            return
        interview = job.interview
        if job.fate in ("completed", "late_reply"):
            count = len(interview.users())
            interview.entries.append(("agent", f"Noted, that was turn {count}. What else matters?", job.ends))
            if self.variant.agent_completes_at is not None and count >= self.variant.agent_completes_at:
                self._complete(interview, job.ends)
        job.fate += "!"

    def fate(self, job: Job) -> str:
        """What became of a job: queued, running, completed or failed."""
        now = self.now()
        if now >= job.ends:
            return "completed" if job.fate.rstrip("!") == "completed" else "failed"
        return "queued" if now < job.begun + 2.0 else "running"

    def complete(self, interview: Interview) -> None:
        if interview.completed_at is not None:
            raise Refused(409, "INTERVIEW_ALREADY_COMPLETE", "The interview is complete already.")
        if not interview.users() or self.variant.never_completes:
            raise Refused(400, "INTERVIEW_TOO_SHORT", "Otto has to know more first.")
        self._complete(interview, self.now())

    def _complete(self, interview: Interview, at: float) -> None:
        interview.completed_at, interview.artifact_id = at, self.new_id()
        self.books.completed.append(interview.id)
        if self.variant.starts_itself:
            generation = self._new_generation(interview.artifact_id, interview.id, "Normal", at)
            self.books.kickoffs.append(generation.id)
            interview.started_generation_id = generation.id

    # Generations.

    def kick_off(self, intake_id: str, profile: str, project_type: str | None) -> Generation:
        if self.variant.kickoff_refusal is not None:
            raise Refused(*self.variant.kickoff_refusal)
        interview = next((one for one in self.interviews.values() if one.artifact_id == intake_id), None)
        if interview is None:
            raise Refused(404, "INTAKE_NOT_FOUND", "There is no such intake artifact.")
        if profile not in PROFILES:
            raise Refused(400, "VALIDATION_ERROR", f"review_profile must be one of {', '.join(PROFILES)}.")
        if project_type not in (*PROJECT_TYPES, None):
            raise Refused(400, "VALIDATION_ERROR", f"project_type must be one of {', '.join(PROJECT_TYPES)}.")
        if self.variant.requires_project_type and project_type is None:
            raise Refused(400, "VALIDATION_ERROR", "project_type is required.")
        generation = self._new_generation(intake_id, interview.id, profile, self.now())
        self.books.kickoffs.append(generation.id)
        return generation

    def _new_generation(
        self, intake_id: str, interview_id: str, profile: str, begun: float, pauses: int | None = None
    ) -> Generation:
        stages = FUTURE_STAGES if self.variant.future_states else STAGES
        generation = Generation(
            self.new_id(), intake_id, interview_id, profile, begun, stages, [], self.new_id(), looked=begun
        )
        for number in range(self.variant.pauses if pauses is None else pauses):
            generation.pauses.append(Pause(40.0 + 60.0 * number, _questions(number, self.variant.questions)))
        self.generations[generation.id] = generation
        return generation

    def generation(self, identifier: str) -> Generation:
        generation: Generation = self._known(self._found(self.generations, identifier, "generation"))
        if generation.deleted:
            raise Refused(404, "NOT_FOUND", "There is no such generation.")
        return generation

    def _known(self, made: Any) -> Any:
        if self.now() < made.begun + self.variant.known_seconds:
            raise Refused(404, "NOT_FOUND", "It is not known here yet.")
        return made

    def state(self, generation: Generation) -> str:
        """Where it is now. It works whenever it does not wait for answers."""
        now = self.now()
        while True:
            pause = next((one for one in generation.pauses if not one.over), None)
            left = now - generation.looked
            if pause is None or generation.work + left < pause.after:
                generation.work, generation.looked = generation.work + left, now
                break
            if generation.work < pause.after:
                generation.looked += pause.after - generation.work
                generation.work = pause.after
            ends = None if pause.answered_at is None else pause.answered_at + self.variant.tick_seconds
            if ends is None or now < ends:
                return "PausedAwaitingClarification"
            generation.looked, pause.over = ends, True
        spent = generation.work
        for name, seconds in generation.stages:
            if spent < seconds:
                return name
            spent -= seconds
        if generation.completed_at is None:
            generation.completed_at = now - spent
        return self.variant.end if generation.id in self.books.kickoffs else "Complete"

    def open_pause(self, generation: Generation) -> Pause | None:
        if self.state(generation) != "PausedAwaitingClarification":
            return None
        return next(one for one in generation.pauses if not one.over)

    def answer(self, generation: Generation, answers: dict[str, str]) -> None:
        pause = self.open_pause(generation)
        if pause is None:
            raise Refused(400, "NOT_AWAITING_CLARIFICATION", "The generation does not wait for answers.")
        missing = [one["question"] for one in pause.questions if one["question"] not in answers]
        if missing or any(not text.strip() for text in answers.values()):
            raise Refused(400, "CLARIFICATIONS_INCOMPLETE", f"Not answered: {missing}.")
        self.books.answers.append((generation.id, generation.pauses.index(pause), answers))
        if pause.answered_at is None:
            pause.answered_at = self.now()

    def package_is_there(self, generation: Generation) -> bool:
        if self.state(generation) != "Complete":
            return False
        assert generation.completed_at is not None
        return self.now() >= generation.completed_at + self.variant.package_seconds

    def package(self, identifier: str) -> Generation:
        for generation in self.generations.values():
            if generation.package_id.lower() == identifier.lower() and self.package_is_there(generation):
                return generation
        raise Refused(404, "NOT_FOUND", "There is no such package.")

    @staticmethod
    def _found(shelf: dict[str, Any], identifier: str, what: str) -> Any:
        for known, thing in shelf.items():
            if known.lower() == identifier.lower():
                return thing
        raise Refused(404, "NOT_FOUND", f"There is no such {what}.")


def _questions(pause: int, count: int) -> list[dict[str, str | None]]:
    texts = (
        "Shall a visitor sign in, or only leave an \u201canonymous\u201d note? ",
        "Wie lange werden Daten aufbewahrt?\nBitte in Tagen.",
        "Which currency?",
    )
    return [
        {
            "agent": "Architect",
            "section": None if number else "docs/02-architecture/03-api-design.md",
            "question": f"{texts[number % 3]} (pause {pause + 1})" if pause else texts[number % 3],
            "why": None,
            "proposedDefault": None if number == 1 else f"default {number + 1}",
        }
        for number in range(count)
    ]


@functools.cache
def _a_package() -> bytes:
    """A zip that is large enough to be cut in the middle."""
    noise = random.Random(7)
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("handoff.md", "# Handoff\n\nStart with docs/01-overview.md.\n")
        archive.writestr("docs/01-overview.md", "# Overview\n")
        archive.writestr("docs/02-architecture/03-api-design.md", "# API\n\n- Who may call it?\n")
        archive.writestr("assets/diagram.png", noise.randbytes(300_000))
    return into.getvalue()
