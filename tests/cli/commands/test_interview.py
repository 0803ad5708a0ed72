"""``specstep interview``: what a person at a keyboard sees, in a pseudo-terminal; and what a script pipes in."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from specstep_flows import RunStore
from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op
from tests.kit.pseudo_terminal import SPEED, at_terminal, enter, fast_sandbox, finish, say, users_turns
from tests.kit.screens import Screen, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]

pytestmark = pytest.mark.slow


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A service on loopback whose clock runs fast."""
    with fast_sandbox() as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal: ``start("interview", width=100)``."""
    with at_terminal(sandbox, tmp_path) as spawn:
        yield spawn


def test_an_interview_from_the_first_prompt_to_the_package(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """Conversation, attach, look at the status, agree to pay, answer the agents' question, and hold the package."""
    (tmp_path / "notes.md").write_text("# Notes\n")
    child = start("interview", "--profile", "Fast", "-o", "portal.zip")
    child.expect(r"Run (\S+)")
    child.expect_exact("What would you like to build?")
    say(child, "A portal for feedback.", "It works on a phone.")
    child.expect_exact("/undo-pending takes your turn back")
    child.expect_exact("Who will use it day by day")
    child.expect_exact("> ")
    enter(child, "/attach notes.md")
    child.expect_exact("notes.md is attached (8 bytes).")
    child.expect_exact("> ")
    enter(child, "/status")
    child.expect_exact("Turns: 1 of yours, 2 of the agent's.")
    child.expect_exact("Transcript: 0% full")
    child.expect_exact("> ")
    enter(child, "/done")
    child.expect_exact("The interview is complete.")
    child.expect(r"Start a Fast generation\? .*\[y/N\] ")
    assert not sandbox.state.generations
    enter(child, "y")
    child.expect_exact("Should the product expose a REST API")
    child.expect_exact("Proposed: HTML forms rendered on the server")
    child.expect_exact("Answer (Enter accepts the proposal): ")
    enter(child, "Forms only.")
    child.expect_exact("Answer sent; the generation will resume shortly.")
    child.expect_exact("Next: specstep report")
    assert finish(child) == 0

    assert (tmp_path / "portal.zip").is_file()
    assert users_turns(sandbox) == ["A portal for feedback.\nIt works on a phone."]
    (generation,) = sandbox.state.generations.values()
    assert list(generation.answers.values()) == ["Forms only."]
    store = RunStore(tmp_path / "state")
    (record,) = store.all()
    store.close()
    assert record.is_finished
    assert record.attachments == (str(tmp_path / "notes.md"),)
    assert record.answers[0]["rule"] == "person"


def test_leaving_and_going_on_later(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """/quit loses nothing: `specstep resume` takes the same conversation up where it was left."""
    child = start("interview", "--run-id", "mine", "-o", "portal.zip")
    child.expect_exact("What would you like to build?")
    say(child, "A portal.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    enter(child, "/quit")
    child.expect_exact("nothing is lost")
    child.expect_exact("specstep resume mine")
    assert finish(child) == 3
    assert not sandbox.state.generations

    child = start("resume", "mine")
    child.expect_exact("Resuming run mine")
    child.expect_exact("Who will use it")
    say(child, "Shops.")
    child.expect_exact("Which systems")
    child.expect_exact("> ")
    enter(child, "/done")
    child.expect_exact("[y/N] ")
    enter(child, "n")
    assert finish(child) == 2
    assert users_turns(sandbox) == ["A portal.", "Shops."]
    assert not sandbox.state.generations


def test_ctrl_c_once_leaves_the_conversation_with_the_line_that_resumes(start: Start, sandbox: Sandbox) -> None:
    """At the prompt nothing is in flight, so it ends at once."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("> ")
    child.sendintr()
    child.expect_exact("Detached. Nothing was paid for.")
    child.expect_exact("To continue: specstep resume mine")
    assert finish(child) == 3
    assert not sandbox.state.generations


def test_the_end_of_input_leaves_the_interview_open(start: Start, sandbox: Sandbox) -> None:
    """Ctrl-D is no /done: half an interview is not paid for."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("What would you like to build?")
    say(child, "A portal.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.sendeof()
    child.expect_exact("The input ended before the interview did.")
    child.expect_exact("specstep resume mine")
    assert finish(child) == 3
    assert not sandbox.state.generations


def test_a_turn_is_taken_back_while_the_agent_answers_it(start: Start, sandbox: Sandbox) -> None:
    """/undo-pending cancels the turn's job; what is said next is a new turn."""
    sandbox.options.turn_seconds = 600
    child = start("interview", "--run-id", "mine")
    child.expect_exact("What would you like to build?")
    say(child, "A portal for cats.")
    child.expect_exact("The agent is answering.")
    # At once, or as soon as the turn has a job that can be cancelled; the second one takes nothing else back.
    child.delaybeforesend = 0.2
    enter(child, "/undo-pending")
    enter(child, "/undo-pending")
    child.expect_exact("Your turn was taken back")
    sandbox.options.turn_seconds = 6
    say(child, "A portal for dogs.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3
    assert [job.outcome for job in sandbox.state.jobs.values()] == ["cancelled", "completed"]


def test_a_message_is_written_in_the_users_editor(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """/edit opens $EDITOR on an empty file, and what it saves is said."""
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "A portal.\\n\\nWith a blank line.\\n" > "$1"\n')
    editor.chmod(0o700)
    child = start("interview", EDITOR=str(editor))
    child.expect_exact("> ")
    enter(child, "/edit")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3
    assert users_turns(sandbox) == ["A portal.\n\nWith a blank line."]


def test_a_message_goes_on_behind_a_command_in_its_middle(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """Looking something up and attaching a file send nothing; the editor opens on what was typed; /done sends it."""
    (tmp_path / "notes.md").write_text("# Notes\n")
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "And edited.\\n" >> "$1"\n')
    editor.chmod(0o700)
    child = start("interview", "--run-id", "mine", EDITOR=str(editor))
    child.expect_exact("> ")
    enter(child, "A portal.")
    child.expect_exact("\n")
    enter(child, "/attach notes.md")
    child.expect_exact("notes.md is attached")
    enter(child, "/status")
    child.expect_exact("Turns: 0 of yours")
    enter(child, "On a phone.")
    child.expect_exact("\n")
    enter(child, "/edit")
    child.expect_exact("You: A portal.")
    child.expect_exact("And edited.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    enter(child, "Shops.")
    child.expect_exact("\n")
    enter(child, "/done")
    child.expect_exact("The agent is answering.")
    child.expect_exact("[y/N] ")
    enter(child, "n")
    assert finish(child) == 2
    assert users_turns(sandbox) == ["A portal.\nOn a phone.\nAnd edited.", "Shops."]


def test_the_agent_ends_the_interview_itself(start: Start, sandbox: Sandbox) -> None:
    """Its last words are shown, and nobody is asked for more."""
    sandbox.options.agent_completes_after = 1
    sandbox.options.replies = ("I have **all** I need.",)
    child = start("interview", "--run-id", "mine")
    child.expect_exact("What would you like to build?")
    say(child, "A portal.")
    child.expect_exact("I have ")
    child.expect_exact("The interview is complete.")
    child.expect_exact("[y/N] ")
    child.sendintr()
    assert finish(child) == 3
    assert not sandbox.state.generations


def test_piped_input_holds_an_interview_without_a_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    """Messages are parted by empty lines; /done and --yes go on to the package; the path alone is on stdout."""
    import subprocess

    environment: dict[str, Any] = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "SPECSTEP_API_URL": sandbox.url,
        "SPECSTEP_API_KEY": sandbox.api_key,
        "SPECSTEP_CLOCK_SPEED": f"{SPEED:g}",
        "SPECSTEP_STATE": str(tmp_path / "state"),
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "specstep_flows.cli",
            "interview",
            "--yes",
            "--profile",
            "Fast",
            "--on-question",
            "defaults",
        ],
        cwd=tmp_path,
        env=environment,
        input="A portal.\nOn a phone.\n\nShops use it.\n/done\nnever sent\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()
    assert users_turns(sandbox) == ["A portal.\nOn a phone.", "Shops use it."]
    assert "1 more line of input not sent." in done.stderr
    assert "\x1b" not in done.stderr


def test_a_command_that_comes_too_late_is_answered(start: Start, sandbox: Sandbox) -> None:
    """/undo-pending typed just after sending: it takes the turn back, or it says that it came too late."""
    sandbox.options.turn_seconds = 0.5
    child = start("interview", "--run-id", "mine")
    child.expect_exact("What would you like to build?")
    say(child, "A portal.")
    child.delaybeforesend = 0.2
    child.send("/undo-pending\r")
    child.expect(["Too late for /undo-pending", "was taken back", "No turn is pending"])
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3


def test_a_wait_shows_its_seconds_and_a_mistyped_command_is_not_lost(start: Start, sandbox: Sandbox) -> None:
    """While the agent answers something moves; what is no command is said, and stays at the prompt to be mended."""
    sandbox.options.turn_seconds = 36000
    child = start("interview", "--run-id", "mine")
    child.expect_exact("What would you like to build?")
    child.expect_exact("> ")
    enter(child, "/edit please")
    child.expect_exact("/edit takes no argument.")
    child.expect_exact("/edit please")
    child.send("\x15")
    enter(child, "/stauts")
    child.expect_exact("Unknown command /stauts (see /help). To send it as text, start with a space.")
    child.expect_exact("/stauts")
    child.send("\x15")
    enter(child, "/status")
    child.expect_exact("Turns: 0 of yours")
    say(child, "A portal.")
    # On a busy machine, whole frames are left out: it waits until both were seen.
    child.expect(r"\ds  The agent is answering\.")
    child.expect_exact("⠹")
    enter(child, "/undo-pending")
    child.expect_exact("Your turn was taken back.")
    child.expect_exact("> ")
    enter(child, "/quit")
    assert finish(child) == 3


def test_an_interrupt_while_a_message_is_sent_is_acknowledged(start: Start, sandbox: Sandbox) -> None:
    """The first waits for the request in flight, and is seen at once, where the wait is shown; the message is kept."""
    sandbox.faults.add(Fault(op("submit_turn"), "stall", commit=True))
    child, screen = start("interview", "--run-id", "mine"), Screen(100, 40)

    def see(text: str) -> None:
        watch(child, screen, lambda rows: text in " ".join(rows))

    def see_for(seconds: float) -> None:
        end = time.monotonic() + seconds
        watch(child, screen, lambda rows: time.monotonic() > end)

    see("/help lists the commands.")
    child.send("A portal.")
    see("> A portal.")
    while "The agent is answering." not in screen.text:
        child.send("\r")
        see_for(0.5)
    while not sandbox.state.jobs:
        see_for(0.1)
    child.send("a draft")
    see("a draft")
    child.send("\x03")
    see("Detaching after the request in flight")
    child.expect_exact("Your unsent text is kept with the run.")
    child.expect_exact("specstep resume mine")
    assert finish(child) == 3

    child = start("resume", "mine")
    child.expect_exact("Who will use it")
    child.expect_exact("a draft")
    child.send("\x03")
    assert finish(child) == 3
    assert users_turns(sandbox) == ["A portal."]
