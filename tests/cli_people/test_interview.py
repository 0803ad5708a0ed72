"""The conversation: how input is read, and what each command does when it works and when it does not."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import RunStore, SpecStep, errors, events
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.interview import Talk
from specstep_flows.cli.interview_input import COMMANDS, Command, Keyboard, command_in
from specstep_flows.cli.interview_view import show_reply
from specstep_flows.cli.terminal import Terminal
from specstep_flows.cli.verbs import Call
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


def keyboard() -> Keyboard:
    return Keyboard(Terminal(), Interrupts())


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/done", Command("done")),
        ("/DONE  ", Command("done")),
        ("/attach my file.md", Command("attach", "my file.md")),
        ("/undo-pending", Command("undo-pending")),
        ("/nonsense", Command("nonsense")),
        (" /done", None),
        ("/v1/me is the path", None),
        ("/ done", None),
        ("//", None),
        ("done", None),
        ("/done/", None),
    ],
)
def test_a_command_is_a_word_after_a_slash_at_the_very_start(line: str, command: Command | None):
    """Paths and quoted commands are text."""
    assert command_in(line) == command


def test_messages_are_parted_by_empty_lines_and_ended_by_commands(typed: Callable[..., None]):
    """Lines of one message stay together, whatever line ends they have; what is left at the end is a message, too."""
    typed(b"\n\none\r\ntwo\r\n\r\n\nthree\n/status\nfour /done\n /quit\n/unknown thing\n\n/done\nlast")
    board = keyboard()
    said = []
    while (message := board.message("> ", "  ")) is not None:
        said.append(message)

    assert said == [
        "one\ntwo",
        "three",
        Command("status"),
        "four /done\n /quit\n/unknown thing",
        Command("done"),
        "last",
    ]


def test_bytes_that_are_no_text_are_no_end(typed: Callable[..., None]):
    """A wrong byte becomes a replacement sign; the conversation goes on."""
    typed(b"caf\xe9\n\nna\xc3\xafve\n")
    board = keyboard()

    assert board.message("> ", "  ") == "caf\ufffd"
    assert board.message("> ", "  ") == "naïve"


@given(st.lists(st.text(alphabet="ab /\t", min_size=1, max_size=8), max_size=12), st.integers(1, 7))
def test_no_words_are_lost_however_they_arrive(lines: list[str], step: int):
    """Every line with words in it comes back once, in order, in whatever pieces it was written."""
    data = "\n".join(lines).encode()
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stream)
        for start in range(0, len(data), step):
            os.write(writing, data[start : start + step])
        os.close(writing)
        board = keyboard()
        got: list[str] = []
        while (message := board.message("> ", "  ")) is not None:
            if isinstance(message, Command):
                got.append(f"/{message.name}{message.argument}".replace(" ", "").replace("\t", ""))
            else:
                got += [line.replace(" ", "").replace("\t", "") for line in message.split("\n")]

    wanted = [line.replace(" ", "").replace("\t", "") for line in lines if line.strip()]
    assert [word for word in got if word] == [word for word in wanted if word]


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


def talk_about(driver: Driver, typed: Callable[..., None], text: str) -> tuple[Talk, Interview, str | None]:
    """What the conversation says after this input."""
    typed(text.encode())
    talk = Talk(driver)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    return talk, interview, talk.respond(interview.reply, interview)


def test_documents_are_attached_listed_and_removed(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
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
):
    """One when it begins and one when the document is attached, however large it is; no bar, no sequences."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 3_000_000)
    talk_about(driver, typed, f"/attach {tmp_path}/plan.pdf\nGo on.\n")

    lines = [line for line in capsys.readouterr().err.splitlines() if "plan.pdf" in line]
    assert lines == ["Uploading plan.pdf (3.0 MB)…", "plan.pdf is attached (3.0 MB)."]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/attach", "Say which file"),
        ("/attach missing.md", "cannot be read (No such file or directory)"),
        ("/attach .", "cannot be read (Is a directory)"),
        ("/attach empty.md", "is empty"),
        ("/remove 7", "Say which: /remove NUMBER"),
        ("/edit", "needs a terminal"),
        ("/done", "Nothing was said yet"),
        ("/undo-pending", "No turn is pending"),
        ("/nonsense", "There is no /nonsense"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_talk_goes_on(
    command: str,
    sentence: str,
    driver: Driver,
    sandbox: Sandbox,
    typed: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """A mistake in a command costs nothing: no byte leaves, and nothing that was said is lost."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.md").touch()
    _, _, said = talk_about(driver, typed, f"{command}\nGo on.\n")

    assert said == "Go on."
    assert sentence in capsys.readouterr().err
    assert sandbox.requests.count("POST /v1/interviews/{interviewId}/reference-documents") == 0


def test_a_large_document_is_only_warned_about(
    driver: Driver, typed: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The pages name no limit, so whether it fits is the service's to say."""
    (tmp_path / "big.txt").write_bytes(b"x" * 3000)
    typed(f"/attach {tmp_path}/big.txt\nGo on.\n".encode())
    talk = Talk(driver, large_megabytes=0.001)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    talk.respond(interview.reply, interview)

    written = capsys.readouterr().err
    assert "big.txt is large (3.0 KB)" in written
    assert "big.txt is attached (3.0 KB)." in written


def test_every_command_is_explained(driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]):
    """/help shows all that there is."""
    talk_about(driver, typed, "/help\nGo on.\n")

    written = capsys.readouterr().err
    assert all(f"/{name}" in written for name in COMMANDS)


def test_the_end_of_input_ends_the_interview_only_where_paying_was_agreed_to(
    driver: Driver, typed: Callable[..., None]
):
    """A pipe that breaks must not start a generation of half a brief."""
    with pytest.raises(errors.Detached, match="end it with /done"):
        talk_about(driver, typed, "")


def test_the_end_of_input_is_done_with_yes(driver: Driver, typed: Callable[..., None]):
    """A script that says --yes and closes its pipe is done."""
    driver.yes = True

    assert talk_about(driver, typed, "")[2] is None


def test_a_script_that_cannot_attach_a_document_pays_for_nothing(
    driver: Driver, sandbox: Sandbox, typed: Callable[..., None]
):
    """With --yes nobody would notice that it is missing before the generation is paid for: it stops there."""
    driver.yes = True
    driver.call.run_id = "mine"
    talk, interview, said = talk_about(driver, typed, "A portal.\n/attach missing.md\n/done\n")
    assert said == "A portal."
    with pytest.raises(errors.UsageError, match=r"cannot be read.*`specstep resume mine`"):
        talk.respond("Who will use it?", interview)
    assert not sandbox.state.generations


def test_leaving_is_no_failure(driver: Driver, typed: Callable[..., None]):
    """/quit detaches."""
    with pytest.raises(errors.Detached, match="nothing is lost"):
        talk_about(driver, typed, "/quit\nnever read\n")


def test_the_agents_words_are_shown_once_and_steer_nothing(
    driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
):
    """A reply that comes as an event and as the next question is one reply; escapes and markup are text."""
    talk, interview, _ = talk_about(driver, typed, "One.\n\nTwo.\n")
    capsys.readouterr()
    hostile = "Well \x1b[2J[bold]done[/bold]\u202e."
    with talk:
        talk(events.ReplyReceived(1, hostile, interview))
        talk.respond(hostile, interview)

    written = capsys.readouterr().err
    assert written.count("Well [bold]done[/bold].") == 1
    assert "\x1b" not in written
    assert "\u202e" not in written


def test_what_is_left_over_is_said(driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]):
    """When the agent is done first, messages of the brief and lines of the input are told, not dropped in silence."""
    talk, interview, _ = talk_about(driver, typed, "One.\n\nTwo.\n\nThree.\n")
    talk(events.InterviewCompleted(interview.id, UUID(int=1), unused_messages=1))

    written = capsys.readouterr().err
    assert "1 message of the brief not needed, and not sent." in written
    assert "2 more lines of input not sent." in written


def test_from_the_generation_on_the_usual_reporter_takes_over(driver: Driver, typed: Callable[..., None]):
    """The conversation is over, so what follows looks as it does in any run."""
    told: list[events.Event] = []

    class Inner(contextlib.AbstractContextManager["Inner"]):
        is_open = False

        def __enter__(self) -> Inner:
            self.is_open = True
            return self

        def __exit__(self, *_: object) -> None:
            self.is_open = False

        def __call__(self, event: events.Event) -> None:
            told.append(event)

        def paused(self) -> contextlib.nullcontext[None]:
            return contextlib.nullcontext()

    inner = Inner()
    talk, _, _ = talk_about(driver, typed, "One.\n")
    talk.around(inner)
    driver.call.run_id = "mine"
    started = events.GenerationStarted(UUID(int=1), adopted=False)
    notice = events.Notice("Look.")
    with talk:
        talk(events.KeyVerified(driver.client.get_account()))
        assert not inner.is_open
        talk(started)
        talk(notice)
        assert inner.is_open

    assert not inner.is_open
    assert told[-2:] == [started, notice]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_utf8_is_written_to_all_the_same(encoding: str, monkeypatch: pytest.MonkeyPatch):
    """Bullets and other letters that it does not have become signs that it has."""
    import io

    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    show_reply(Terminal(), "- **one** 顧客\n- two")
    stream.flush()

    assert b"one" in stream.buffer.getvalue()  # type: ignore[attr-defined]
