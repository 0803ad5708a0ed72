"""The reference documents of a conversation."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from specstep_flows import RunStore, SpecStep, errors
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.interview.conversation import Conversation
from specstep_flows.cli.session import Call
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.models import Interview


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts bytes on standard input, which is a pipe: ``typed(b"hello\\n", close=True)``."""
    reading, writing = os.pipe()
    stream = os.fdopen(reading, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    ends = [writing]

    def send(data: bytes, *, close: bool = True) -> None:
        os.write(writing, data)
        if close:
            os.close(ends.pop())

    yield send
    stream.close()
    for end in ends:
        os.close(end)


@attrs.define
class Clock:
    """The run's clock in these tests."""

    manual: ManualClock
    speed: float = 1.0
    listen: Any = None

    def now(self) -> float:
        return self.manual.now()

    def sleep(self, seconds: float) -> None:
        self.manual.advance(seconds)


@attrs.define
class Driver:
    """As much of a driver as a conversation needs."""

    call: Call
    client: SpecStep
    interrupts: Interrupts
    clock: Clock
    yes: bool = False
    beside: Any = None


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service on loopback, on a clock that is turned by waiting."""
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None)
    with Sandbox(options=options, clock=ManualClock()) as running:
        yield running


@pytest.fixture
def driver(sandbox: Sandbox) -> Iterator[Driver]:
    """A driver on the sandbox."""
    clock = Clock(sandbox.clock)  # type: ignore[arg-type]
    options: dict[str, Any] = {"store": RunStore.in_memory(), "clock": clock, "limits": {"standard": None}}
    with SpecStep(sandbox.api_key, api_url=sandbox.url, **options) as client:
        yield Driver(Call(), client, Interrupts(), clock)


def talk_about(driver: Driver, typed: Callable[..., None], text: str) -> tuple[Conversation, Interview, str | None]:
    """What the conversation says after this input."""
    typed(text.encode())
    talk = Conversation(driver)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    return talk, interview, talk.respond(interview.reply, interview)


def test_documents_are_attached_listed_and_removed(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name as a shell would take it, and by the number that the list shows."""
    (tmp_path / "my notes.md").write_text("# Notes")
    (tmp_path / "plan.yaml").write_text("a: 1")
    (tmp_path / "dropped here.md").write_text("# Dropped")
    _, interview, said = talk_about(
        driver,
        typed,
        f'/attach "{tmp_path}/my notes.md"\n/attach {tmp_path}/plan.yaml\n/documents\n/remove 1\n/documents\n'
        f"/attach {tmp_path}/dropped\\ here.md\n/remove dropped here.md\nGo on.\n",
    )

    assert said == "Go on."
    assert sandbox.requests.count("POST /v1/interviews/{interviewId}/reference-documents") == 3
    written = capsys.readouterr().err
    assert "Uploading my notes.md (7 bytes)" in written
    assert "1. my notes.md (7 bytes)" in written
    assert "2. plan.yaml (4 bytes)" in written
    assert "my notes.md is removed." in written
    assert "dropped here.md is removed." in written
    assert [document.name for document in driver.client.list_documents(interview.id)] == ["plan.yaml"]


def test_off_a_terminal_an_upload_is_two_quiet_lines(
    driver: Driver, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One when it begins and one when the document is attached, however large it is; no bar, no sequences."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 3_000_000)
    talk_about(driver, typed, f"/attach {tmp_path}/plan.pdf\nGo on.\n")

    lines = [line for line in capsys.readouterr().err.splitlines() if "plan.pdf" in line]
    assert lines == ["Uploading plan.pdf (3.0 MB)…", "plan.pdf is attached (3.0 MB)."]


def test_a_large_document_is_only_warned_about(
    driver: Driver, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pages name no limit, so whether it fits is the service's to say."""
    (tmp_path / "big.txt").write_bytes(b"x" * 3000)
    typed(f"/attach {tmp_path}/big.txt\nGo on.\n".encode())
    talk = Conversation(driver, large_megabytes=0.001)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    talk.respond(interview.reply, interview)

    written = capsys.readouterr().err
    assert "big.txt is large (3.0 KB)" in written
    assert "big.txt is attached (3.0 KB)." in written


def test_a_script_that_cannot_attach_a_document_pays_for_nothing(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None]
) -> None:
    """With --yes nobody would notice that it is missing before the generation is paid for: it stops there."""
    driver.yes = True
    driver.call.run_id = "mine"
    talk, interview, said = talk_about(driver, typed, "A portal.\n/attach missing.md\n/done\n")
    assert said == "A portal."
    with pytest.raises(errors.UsageError, match=r"cannot be read.*`specstep resume mine`"):
        talk.respond("Who will use it?", interview)
    assert not sandbox.state.generations
