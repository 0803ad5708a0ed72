"""The command against a sandbox: in this process on a clock that its own waits turn, or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from specstep_flows import SpecStep
from specstep_flows.cli import main
from specstep_flows.engine.clock import SystemClock
from specstep_flows.models import ConversationItem, Generation
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import ClarificationRound, ManualClock, Question, Sandbox, SandboxOptions

#: When the generation that is shown began.
STARTED = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
QUESTION = "REST endpoints, or forms?"


@attrs.define
class Result:
    """What a call of the command came to."""

    code: int
    out: str
    err: str
    #: stdout as it was written.
    raw: bytes = b""

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        # One line for programs; indented where a person reads it.
        assert len(self.out.splitlines()) == 1 or self.out.startswith("{\n")
        assert next(iter(document)) == "schema_version"
        return document


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of the test's own: no key, no runs, an empty working folder."""
    for name in list(os.environ):
        if name.startswith("SPECSTEP_") and name not in ("SPECSTEP_DOCS", "SPECSTEP_ASPNET_DOCUMENTS"):
            monkeypatch.delenv(name)
    work = tmp_path / "work"
    work.mkdir()
    settings = tmp_path / "config.toml"
    settings.touch()
    monkeypatch.setenv("SPECSTEP_CONFIG", str(settings))
    monkeypatch.setenv("SPECSTEP_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def options() -> SandboxOptions:
    """What the sandbox is told to be: quick, and without questions unless a test asks for some."""
    return SandboxOptions(
        clarifications=(), profile_seconds={"Fast": 60, "Normal": 120, "Extensive": 240, "Researcher": 60}
    )


@pytest.fixture
def one_question(options: SandboxOptions) -> SandboxOptions:
    """A sandbox whose generations ask one question."""
    options.clarifications = (
        ClarificationRound((Question(QUESTION, why="Both are named.", proposed_default="Forms."),)),
    )
    return options


def point_to(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the environment point to a sandbox, and every wait of this process turn the sandbox's clock."""
    clock = sandbox.clock
    assert isinstance(clock, ManualClock)
    monkeypatch.setenv("SPECSTEP_API_URL", sandbox.url)
    monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
    monkeypatch.setattr(SystemClock, "now", lambda self: clock.now())
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: clock.advance(max(0.0, seconds)))


@pytest.fixture
def sandbox(home: Path, options: SandboxOptions, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A local SpecStep that the environment points to."""
    with Sandbox(options=options, clock=ManualClock()) as sandbox:
        point_to(sandbox, monkeypatch)
        yield sandbox


@pytest.fixture(scope="session")
def _shared() -> Iterator[Sandbox]:
    with Sandbox(clock=ManualClock()) as sandbox:
        yield sandbox


@pytest.fixture
def untouched(home: Path, _shared: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local SpecStep that must not be sent anything in this test."""
    point_to(_shared, monkeypatch)
    before = len(_shared.requests)
    yield
    assert len(_shared.requests) == before


Specstep = Callable[..., Result]


class Stream(io.TextIOWrapper):
    """A stream that may pass for a terminal."""

    def __init__(self, content: bytes = b"", *, encoding: str = "utf-8", is_terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding=encoding, newline="")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def text(self) -> str:
        self.flush()
        content = self.buffer.getvalue()  # type: ignore[attr-defined]
        return str(content.decode(self.encoding, "replace"))


@pytest.fixture
def specstep(home: Path, monkeypatch: pytest.MonkeyPatch) -> Specstep:
    """Call the command in this process. ``typed`` is typed at a terminal, ``piped`` comes through a pipe."""

    def call(
        *arguments: object, typed: str | None = None, piped: bytes = b"", encoding: str = "utf-8", tty_out: bool = False
    ) -> Result:
        is_terminal = typed is not None
        stdin = Stream((typed or "").encode() if is_terminal else piped, is_terminal=is_terminal)
        out = Stream(encoding=encoding, is_terminal=tty_out)
        err = Stream(encoding=encoding, is_terminal=is_terminal)
        with monkeypatch.context() as patch:
            patch.setenv("TERM", "dumb")
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = main([str(argument) for argument in arguments])
        return Result(code, out.text(), err.text(), out.buffer.getvalue())  # type: ignore[attr-defined]

    return call


@pytest.fixture
def start(home: Path) -> Iterator[Callable[[Sequence[str]], subprocess.Popen[str]]]:
    """Start the command as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def call(arguments: Sequence[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "specstep_flows.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@attrs.define
class StillClock:
    """The run's clock, turned by hand."""

    at: float = 1000.0
    speed: float = 1.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def clock() -> StillClock:
    """A clock that only a test turns."""
    return StillClock()


@pytest.fixture
def busy_generation() -> Generation:
    """A generation of which every field that the display shows has something to say."""
    return Generation(
        id=UUID(int=7),
        state="SpecialistReview",
        project_name="Customer feedback",
        review_profile="Extensive",
        current_round=2,
        phase_detail="Specialist review (round 2)",
        progress_explanation="Specialists are reviewing the draft in parallel",
        progress_percent=45,
        running_cost_usd=0.92,
        billing_state="PausedRetrying",
        started_at=STARTED,
        started_work_at=STARTED + timedelta(seconds=5),
        estimated_duration_seconds=720,
        estimated_time_remaining_seconds=510,
        estimated_total_usd=2.5,
        estimated_total_p25_usd=2.13,
        estimated_total_p75_usd=3.13,
        estimated_total_sample_size=42,
        retry_count=2,
        last_retry_at=STARTED,
        next_retry_at=STARTED + timedelta(seconds=20),
        recoverable_error_category="rate_limit",
        host_restart_resume_count=1,
        active_specialist="codd",
    )


@pytest.fixture
def conversation() -> list[ConversationItem]:
    """Two steps of the agents, the second with more to say than most terminals are wide."""
    return [
        ConversationItem(display_name="Archie (Architect)", narration="Archie drafted the sections."),
        ConversationItem(display_name="Argus (Specialist)", narration="Argus reads " + "and reads " * 30),
    ]


@pytest.fixture
def client(sandbox: Any) -> Any:
    """A client that keeps no runs."""
    with SpecStep(store=RunStore.in_memory()) as client:
        yield client


@pytest.fixture
def interview(client: SpecStep) -> Any:
    """A complete interview."""
    interview = client.start_interview()
    client.say(interview.id, "A shop for tea.")
    return client.complete_interview(interview.id)


@pytest.fixture
def complete(client: SpecStep, interview: Any) -> tuple[str, str]:
    """A complete generation that no run manages, and its package."""
    started = client.start_generation(interview.intake_artifact_id, interview_id=interview.id, profile="Fast")
    generation = client.wait_for_generation(started)
    return str(generation.id), str(generation.package_id)


@pytest.fixture
def elsewhere(sandbox: Any) -> str:
    """A generation that no run here manages."""
    with SpecStep(store=RunStore.in_memory()) as client:
        interview = client.start_interview()
        client.say(interview.id, "A shop for tea.")
        intake = client.complete_interview(interview.id).intake_artifact_id
        assert intake is not None
        return str(client.start_generation(intake, interview_id=interview.id, profile="Fast"))


@pytest.fixture
def store(home: Path) -> Iterator[RunStore]:
    """A store with four runs: done, asking, failed, and one of which nothing was sent yet."""
    store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
    now = time.time()

    def add(name: str, age: float, **fields: Any) -> None:
        store.create(RunRecord(name, "https://specstep.com", now - age, now - age, messages=("A brief.",), **fields))

    add(
        "done",
        400,
        stage="done",
        generation_id=UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"),
        project_name="Tea\x1b[31m shop\u202e",
        cost_usd=2.5,
    )
    add("asking", 300, generation_id=UUID(int=2), generation_state="PausedAwaitingClarification")
    add("failed", 200, generation_id=UUID(int=3), generation_state="Failed", cost_usd=1.0, spent_before_usd=0.5)
    add("new-one", 100)
    yield store
    store.close()
