"""A sandbox on a turned clock, whole runs against it, and the questions that every test asks at the end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from specstep_flows import AsyncSpecStep, SpecStep, errors
from specstep_flows.models import Answer, RunResult
from specstep_flows.runs.protocol import RunKeeper
from specstep_flows.runs.records import RunRecord
from specstep_flows.sandbox import ClarificationRound, ManualClock, Question, Sandbox, SandboxOptions
from specstep_flows.settings import Settings

from .clocks import TurnedClock

BRIEF = ("A portal for customer feedback, with zebra crossings.", "It talks to our CRM and keeps no card numbers.")
QUESTIONS = (
    Question("Should the portal have an API?", proposed_default="No API"),
    Question("Which language is it in?", section=None, why=None, proposed_default=None),
)
#: Fast, so that a whole run takes few looks: what is proved here does not depend on how many there are.
SECONDS = {"Fast": 60.0, "Normal": 60.0, "Extensive": 60.0, "Researcher": 60.0}
DOCUMENT = b"# Notes\n\nThe portal must be quick.\n"


def options(**chosen: Any) -> SandboxOptions:
    """A quick sandbox that asks two questions once."""
    return SandboxOptions(
        **{
            "profile_seconds": SECONDS,
            "turn_seconds": 3.0,
            "clarifications": (ClarificationRound(QUESTIONS),),
            **chosen,
        }
    )


@attrs.define
class Bench:
    """One user of one sandbox: runs are begun, broken, resumed and judged."""

    sandbox: Sandbox
    folder: Path
    clock: TurnedClock
    key: str = attrs.field(repr=False)
    is_async: bool = False
    request_timeout: float = 5.0
    #: Where the API is, where that is not the sandbox itself.
    api_url: str | None = None
    errors: list[errors.SpecStepError] = attrs.field(factory=list)
    asked: list[tuple[str, ...]] = attrs.field(factory=list)
    events: list[Any] = attrs.field(factory=list)

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def settings(self, **changes: Any) -> Settings:
        chosen: dict[str, Any] = {
            "api_key": self.key,
            "api_url": self.api_url or self.sandbox.url,
            "state": self.state,
            "request_timeout": self.request_timeout,
        }
        return Settings(**(chosen | changes))

    def policy(self, questions: Any) -> dict[str, str]:
        """Answers by the question's own words, so that an answer to another question is noticed."""
        self.asked.append(tuple(question.question for question in questions))
        return {question.question: f"Answer to: {question.question}" for question in questions}

    def arguments(self, **changes: Any) -> dict[str, Any]:
        return {
            "run_id": "proof",
            "profile": "Fast",
            "output": self.output,
            "on_question": self.policy,
            "on_event": self.events.append,
            **changes,
        }

    def attempt(
        self, brief: tuple[str, ...] = BRIEF, *, settings: dict[str, Any] | None = None, **changes: Any
    ) -> RunResult:
        """The same command in a process of its own: a new client, the same store, the same run id."""
        arguments = self.arguments(**changes)
        if self.is_async:
            return asyncio.run(self._attempt_async(brief, settings or {}, arguments))
        with SpecStep(settings=self.settings(**(settings or {})), clock=self.clock) as client:
            return client.run(list(brief), **arguments)

    async def _attempt_async(self, brief: Any, settings: dict[str, Any], arguments: dict[str, Any]) -> RunResult:
        async with AsyncSpecStep(settings=self.settings(**settings), clock=self.clock) as client:
            return await client.run(list(brief), **arguments)

    def persist(self, most: int = 4, *, between: Callable[[], None] = lambda: None, **changes: Any) -> RunResult:
        """The same command again and again, each time that it ends with an error of ours, until it is done."""
        for _ in range(most - 1):
            try:
                return self.attempt(**changes)
            except errors.SpecStepError as error:
                self.errors.append(error)
                between()
        return self.attempt(**changes)

    def open_store(self) -> RunKeeper:
        """Where the runs are."""
        from specstep_flows.runs.store import RunStore

        return RunStore(self.state)

    def record(self, run_id: str = "proof") -> RunRecord:
        store = self.open_store()
        try:
            return store.get(run_id)
        finally:
            store.close()

    @property
    def owner(self) -> str:
        key = self.sandbox.state.key_of(self.key)
        assert key is not None
        return key.user.id

    @property
    def generations(self) -> list[Any]:
        """What was paid for."""
        return [run for run in self.sandbox.state.generations.values() if run.owner == self.owner]

    def judge(
        self,
        result: RunResult,
        *,
        brief: tuple[str, ...] = BRIEF,
        paid: int = 1,
        questions: tuple[Question, ...] = QUESTIONS,
        run_id: str = "proof",
    ) -> None:
        """One interview in use, each turn once and in order, one kickoff, all answers, the right bytes in their
        place."""
        world = self.sandbox.state
        used = [
            interview for interview in world.interviews.values() if interview.owner == self.owner and interview.messages
        ]
        assert [interview.id for interview in used] == [str(result.interview_id)]
        interview = used[0]
        assert interview.messages == list(brief)
        assert [turn.role for turn in interview.turns] == ["agent"] + ["user", "agent"] * len(brief)
        assert len(self.generations) == paid
        run = world.generations[str(result.generation_id)]
        assert run.state == "Complete"
        assert run.answers == {question.question: f"Answer to: {question.question}" for question in questions}
        assert {answer.question: answer.answer for answer in result.answers} == run.answers
        assert run.package_id is not None
        content = world.packages[run.package_id].zip.content()
        assert result.path.read_bytes() == content
        assert result.sha256 == hashlib.sha256(content).hexdigest()
        record = self.record(run_id)
        assert (record.is_finished, record.intent, record.error) == (True, None, None)
        assert record.generation_id == result.generation_id
        assert [turn.message for turn in record.turns] == list(brief)
        assert [path.name for path in self.output.iterdir() if ".part" in path.name] == []

    def judge_record(self) -> None:
        """The same questions of a run that a process of its own drove: its record stands for the result."""
        record = self.record()
        assert record.generation_id is not None
        assert record.package_id is not None
        self.judge(
            RunResult(
                run_id=record.run_id,
                interview_id=record.interview_id,
                generation_id=record.generation_id,
                package_id=record.package_id,
                path=Path(record.file or ""),
                sha256=record.sha256 or "",
                size_bytes=record.size_bytes or 0,
                answers=tuple(Answer(**answer) for answer in record.answers),
            )
        )


def make_bench(sandbox: Sandbox, folder: Path, **members: Any) -> Bench:
    """A bench on a running sandbox with a turned clock."""
    assert isinstance(sandbox.clock, ManualClock)
    return Bench(sandbox, folder, TurnedClock(sandbox.clock), sandbox.api_key, **members)
