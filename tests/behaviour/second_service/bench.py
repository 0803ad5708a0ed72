"""Drives our product against the other server: the library on a turned clock, the command as a process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import attrs

from specstep_flows import AsyncSpecStep, SpecStep, errors, events
from specstep_flows.answers import ProposedDefaults
from specstep_flows.runs.store import RunStore
from specstep_flows.settings import Settings
from tests.behaviour.second_service.listener import SIGNATURE
from tests.behaviour.second_service.server import KEY, SecondService
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import PLAIN, Variant

BRIEF: Final = ("A portal for customer feedback.", "It must work offline.")
#: Seconds of the server and of the command in one real second.
SPEED: Final = 600.0
#: No run of these tests needs more sittings.
MOST_SITTINGS: Final = 4


class TurnedClock:
    """The server's clock and the client's: only the client's own waits turn it."""

    speed = 1.0

    def __init__(self) -> None:
        self._now = 1_780_000_000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += max(0.0, seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)


@attrs.define
class Outcome:
    """What became of a run: its errors on the way, what was told, and the server that it was driven against."""

    service: SecondService
    failures: list[errors.SpecStepError] = attrs.field(factory=list)
    told: list[Any] = attrs.field(factory=list)
    result: Any = None

    def sentences(self) -> list[str]:
        """Everything that a person would read about what went wrong."""
        told = [event.message for event in self.told if isinstance(event, events.Notice)]
        told += [event.reason for event in self.told if isinstance(event, events.Waiting)]
        return told + [failure.message for failure in self.failures]

    def check(self) -> None:
        """One kickoff, each turn once and in order, each pause answered once, the right bytes."""
        assert self.result is not None, self.failures
        check_books(self.service, str(self.result.interview_id))
        assert self.result.path.read_bytes() == self.service.world.zip_bytes
        assert self.result.sha256 == self.service.world.zip_digest
        assert not any(secret in text for secret in secrets() for text in self.sentences())


def secrets() -> tuple[str, str]:
    """What may be found nowhere: the key, and the signature of an address."""
    return KEY, SIGNATURE.partition("=")[2]


def check_books(service: SecondService, interview_id: str) -> None:
    """What the server committed is what one run may cost."""
    books, variant = service.books, service.variant
    said = list(BRIEF[: variant.agent_completes_at])
    turns = {interview.lower(): messages for interview, messages in books.turns.items()}
    assert turns == {interview_id.lower(): said}
    assert len(books.completed) == 1
    assert len(books.kickoffs) == 1
    assert [pause for _, pause, _ in books.answers] == list(range(variant.pauses))
    assert books.refused_keys == 0
    assert books.mistakes == []


def run_library(
    folder: Path,
    variant: Variant = PLAIN,
    trouble: Trouble | None = None,
    *,
    in_async: bool = False,
    key: str = KEY,
    **options: Any,
) -> Outcome:
    """A run with the library on a turned clock; taken up again, by a new client, as often as it fails."""
    clock = TurnedClock()
    with SecondService(variant, clock.now, trouble, key) as service:
        outcome = Outcome(service)
        settings = Settings(api_key=key, api_url=service.url, request_timeout=0.3, state=folder)
        how = {"on_question": ProposedDefaults(), "on_event": outcome.told.append}
        store = RunStore.in_memory()
        for sitting in range(MOST_SITTINGS):
            verb, given = ("resume", ("second-service",)) if sitting else ("run", (BRIEF,))
            more = how if sitting else {**how, "run_id": "second-service", "output": folder, **options}
            try:
                if in_async:
                    outcome.result = asyncio.run(_drive(settings, store, clock, verb, given, more))
                else:
                    with SpecStep(settings=settings, store=store, clock=clock) as client:
                        outcome.result = getattr(client, verb)(*given, **more)
                return outcome
            except errors.SpecStepError as error:
                outcome.failures.append(error)
        return outcome


async def _drive(settings: Settings, store: RunStore, clock: Any, verb: str, given: Any, more: Any) -> Any:
    async with AsyncSpecStep(settings=settings, store=store, clock=clock) as client:
        return await getattr(client, verb)(*given, **more)


@attrs.frozen
class Ended:
    """A process that has ended."""

    code: int
    stdout: str
    stderr: str

    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        assert self.stdout.count("\n") == 1, self.stdout
        document: dict[str, Any] = json.loads(self.stdout)
        assert next(iter(document)) == "schema_version"
        return document


class Terminal:
    """Runs the real command in a folder of its own, as a user of this server would."""

    def __init__(self, folder: Path, service: SecondService) -> None:
        self.folder, self.service = folder, service
        (folder / "brief.md").write_text(BRIEF[0])

    def run(self, *more: str) -> Ended:
        """The whole job, agreed to beforehand."""
        agreed = ("--yes", "--on-question", "defaults", "--json", "--run-id", "second-service")
        return self.ask("run", "brief.md", "-m", BRIEF[1], *agreed, *more)

    def resume(self, *more: str) -> Ended:
        """The same job, from where it stopped."""
        return self.ask("resume", "second-service", "--json", *more)

    def ask(self, *arguments: str) -> Ended:
        """Any command."""
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("specstep")), *arguments],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("SPECSTEP_", "XDG_"))},
                "HOME": str(self.folder),
                "SPECSTEP_API_URL": self.service.url,
                "SPECSTEP_API_KEY": KEY,
                "SPECSTEP_CLOCK_SPEED": str(SPEED),
                "SPECSTEP_STATE": str(self.folder / "state"),
                "SPECSTEP_REQUEST_TIMEOUT": "2",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self.service.trouble is not None:
            self.service.trouble.aim(process.pid)
        stdout, stderr = process.communicate(timeout=60)
        ended = Ended(process.returncode, stdout, stderr)
        self._check_words(ended)
        return ended

    def _check_words(self, ended: Ended) -> None:
        """No traceback, no secret: neither in what was written nor in the state folder."""
        said = ended.stdout + ended.stderr
        assert "Traceback" not in said, said
        kept = b"".join(path.read_bytes() for path in (self.folder / "state").rglob("*") if path.is_file())
        for secret in secrets():
            assert secret not in said
            assert secret.encode() not in kept

    def check(self, ended: Ended) -> dict[str, Any]:
        """The end of a run that went well."""
        assert ended.code == 0, ended.stderr
        document = ended.document()
        check_books(self.service, document["interview_id"])
        assert Path(document["path"]).read_bytes() == self.service.world.zip_bytes
        assert document["sha256"] == self.service.world.zip_digest
        assert not list(self.folder.glob("*.part*"))
        return document


def real_clock() -> float:
    """The server's clock beside a process with SPECSTEP_CLOCK_SPEED."""
    return time.monotonic() * SPEED
