"""The conversation: how input is read, and what each command does when it works and when it does not."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.cli.interview.keyboard import COMMANDS
from specstep_flows.sandbox import Sandbox
from tests.kit.api import op
from tests.kit.conversation import Driver, talk_about

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("/attach", "Say which file"),
        ("/attach missing.md", "cannot be read (No such file or directory)"),
        ("/attach .", "cannot be read (Is a directory)"),
        ("/attach empty.md", "is empty"),
        ("/remove 7", "Say which: /remove NUMBER"),
        ("/edit", "needs a terminal"),
        ("/done", "Nothing has been said yet"),
        ("/undo-pending", "No turn is pending"),
        ("/nonsense", "Unknown command /nonsense"),
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
) -> None:
    """A mistake in a command costs nothing: no byte leaves, and nothing that was said is lost."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.md").touch()
    _, _, said = talk_about(driver, typed, f"{command}\nGo on.\n")

    assert said == "Go on."
    assert sentence in capsys.readouterr().err
    assert sandbox.requests.count(op("upload_reference_document")) == 0


def test_every_command_is_explained(
    driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """/help shows all that there is."""
    talk_about(driver, typed, "/help\nGo on.\n")

    written = capsys.readouterr().err
    assert all(f"/{name}" in written for name in COMMANDS)


def test_the_end_of_input_ends_the_interview_only_where_paying_was_agreed_to(
    driver: Driver, typed: Callable[..., None]
) -> None:
    """A pipe that breaks must not start a generation of half a brief."""
    with pytest.raises(errors.Detached, match="end it with /done"):
        talk_about(driver, typed, "")


def test_the_end_of_input_is_done_with_yes(driver: Driver, typed: Callable[..., None]) -> None:
    """A script that says --yes and closes its pipe is done."""
    driver.yes = True

    assert talk_about(driver, typed, "")[2] is None


def test_leaving_is_no_failure(driver: Driver, typed: Callable[..., None]) -> None:
    """/quit detaches."""
    with pytest.raises(errors.Detached, match="nothing is lost"):
        talk_about(driver, typed, "/quit\nnever read\n")


def test_the_agents_words_are_shown_once_and_steer_nothing(
    driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_what_is_left_over_is_said(
    driver: Driver, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """When the agent is done first, messages of the brief and lines of the input are told, not dropped in silence."""
    talk, interview, _ = talk_about(driver, typed, "One.\n\nTwo.\n\nThree.\n")
    talk(events.InterviewCompleted(interview.id, UUID(int=1), unused_messages=1))

    written = capsys.readouterr().err
    assert "1 message of the brief not needed, and not sent." in written
    assert "2 more lines of input not sent." in written


def test_from_the_generation_on_the_usual_reporter_takes_over(driver: Driver, typed: Callable[..., None]) -> None:
    """The conversation is over, so what follows looks as it does in any run."""
    told: list[events.Event] = []

    class Inner(contextlib.AbstractContextManager["Inner"]):
        _is_open = False

        def __enter__(self) -> Inner:
            self._is_open = True
            return self

        def __exit__(self, *_: object) -> None:
            self._is_open = False

        def __call__(self, event: events.Event) -> None:
            told.append(event)

        def paused(self) -> contextlib.nullcontext[None]:
            return contextlib.nullcontext()

        def is_open(self) -> bool:
            return self._is_open

        def detaching(self) -> None:
            raise AssertionError

        def take_over(self, opened: events.RunOpened) -> None:
            assert opened.run_id == "mine"

    inner = Inner()
    talk, _, _ = talk_about(driver, typed, "One.\n")
    talk.around(inner)
    driver.call.run_id = "mine"
    started = events.GenerationStarted(UUID(int=1), adopted=False)
    notice = events.Notice("Look.")
    with talk:
        talk(events.KeyVerified(driver.client.get_account()))
        assert not inner.is_open()
        talk(started)
        talk(notice)
        assert inner.is_open()

    assert not inner.is_open()
    assert told[-2:] == [started, notice]
