"""The real command in a pseudo-terminal, against a sandbox whose clock runs fast: what a person at a keyboard sees."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from specstep_flows import RunStore
from specstep_flows.sandbox import Fault, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]

pytestmark = pytest.mark.slow

SPEED = 60.0
SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]")


@pytest.fixture
def options() -> SandboxOptions:
    """Quick profiles: a run takes seconds of real time."""
    return SandboxOptions(
        requests_per_minute=None, kickoffs_per_minute=None, profile_seconds={"Fast": 60, "Normal": 120}
    )


@pytest.fixture
def sandbox(options: SandboxOptions) -> Iterator[Sandbox]:
    """A service on loopback, in this process."""
    with Sandbox(options=options, speed=SPEED) as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal: ``start("interview", width=100)``."""
    running: list[pexpect.spawn] = []

    def spawn(*arguments: str, width: int = 100, height: int = 40, **environment: str) -> pexpect.spawn:
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "SPECSTEP_API_URL": sandbox.url,
            "SPECSTEP_API_KEY": sandbox.api_key,
            "SPECSTEP_CLOCK_SPEED": f"{SPEED:g}",
            "SPECSTEP_STATE": str(tmp_path / "state"),
            **environment,
        }
        child = pexpect.spawn(
            sys.executable,
            ["-m", "specstep_flows.cli", *arguments],
            cwd=tmp_path,
            env=own,
            dimensions=(height, width),
            encoding="utf-8",
            timeout=60,
        )
        running.append(child)
        return child

    yield spawn
    for child in running:
        child.close(force=True)


def finish(child: pexpect.spawn) -> int:
    """The exit code, once the command has ended."""
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus is not None
    return int(child.exitstatus)


def seen(child: pexpect.spawn) -> str:
    """What was written before the last match, without the sequences that place and colour it."""
    return SEQUENCE.sub("", str(child.before))


def users_turns(sandbox: Sandbox) -> list[str]:
    (interview,) = sandbox.state.interviews.values()
    return [turn.content for turn in interview.turns if turn.role == "user"]


def say(child: pexpect.spawn, *lines: str) -> None:
    """Type a message, and the empty line that sends it."""
    child.expect_exact("> ")
    for line in (*lines, ""):
        child.sendline(line)


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
    child.sendline("/attach notes.md")
    child.expect_exact("notes.md is attached (8 bytes).")
    child.expect_exact("> ")
    child.sendline("/status")
    child.expect_exact("Turns: 1 of yours, 2 of the agent's.")
    child.expect_exact("Transcript: 0% full")
    child.expect_exact("> ")
    child.sendline("/done")
    child.expect_exact("The interview is complete.")
    child.expect(r"Start a Fast generation now\? .*\[y/N\] ")
    assert not sandbox.state.generations
    child.sendline("y")
    child.expect_exact("Should the product expose a REST API")
    child.expect_exact("Proposed: HTML forms rendered on the server")
    child.expect_exact("Answer (Enter accepts the proposal): ")
    child.sendline("Forms only.")
    child.expect_exact("1 answer accepted")
    child.expect_exact("Saved ")
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


@pytest.mark.parametrize("width", [40, 100])
def test_an_upload_draws_a_bar_that_goes_when_it_is_done(
    start: Start, sandbox: Sandbox, tmp_path: Path, width: int
) -> None:
    """Both what the command line attaches and what /attach does; then a line says that it is attached."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 2_000_000)
    (tmp_path / "other.pdf").write_bytes(b"y" * 2_000_000)
    child = start("interview", "--attach", "plan.pdf", width=width)
    child.expect_exact("plan.pdf ")
    child.expect_exact("100%")
    child.expect_exact("Attached plan.pdf (2.0 MB).")
    child.expect_exact("> ")
    child.sendline("/attach other.pdf")
    child.expect_exact("Uploading other.pdf")
    child.expect_exact("100%")
    child.expect_exact("other.pdf is attached (2.0 MB).")
    child.expect_exact("> ")
    child.sendline("/quit")
    assert finish(child) == 3
    (interview,) = sandbox.state.interviews.values()
    assert [len(document.content) for document in interview.documents.values()] == [2_000_000, 2_000_000]


def test_leaving_and_going_on_later(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """/quit loses nothing: `specstep resume` takes the same conversation up where it was left."""
    child = start("interview", "--run-id", "mine", "-o", "portal.zip")
    child.expect_exact("What would you like to build?")
    say(child, "A portal.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.sendline("/quit")
    child.expect_exact("nothing is lost")
    child.expect_exact("specstep resume mine")
    assert finish(child) == 3
    assert not sandbox.state.generations

    child = start("resume", "mine")
    child.expect_exact("Run mine resumed.")
    child.expect_exact("Who will use it")
    say(child, "Shops.")
    child.expect_exact("Which systems")
    child.expect_exact("> ")
    child.sendline("/done")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    assert finish(child) == 3
    assert users_turns(sandbox) == ["A portal.", "Shops."]
    assert not sandbox.state.generations


def test_ctrl_c_once_leaves_the_conversation_with_the_line_that_resumes(start: Start, sandbox: Sandbox) -> None:
    """At the prompt nothing is in flight, so it ends at once."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("> ")
    child.sendintr()
    child.expect_exact("Continue with: specstep resume mine")
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
    # The turn's job is known once its first look is due.
    child.sendline("/undo-pending")
    child.expect(["Your turn was taken back", "not reached the agent yet"])
    while "taken back" not in str(child.after):
        child.sendline("/undo-pending")
        child.expect(["Your turn was taken back", "not reached the agent yet"])
    sandbox.options.turn_seconds = 6
    say(child, "A portal for dogs.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.sendline("/quit")
    assert finish(child) == 3
    assert [job.outcome for job in sandbox.state.jobs.values()] == ["cancelled", "completed"]


def test_a_message_is_written_in_the_users_editor(start: Start, sandbox: Sandbox, tmp_path: Path) -> None:
    """/edit opens $EDITOR on an empty file, and what it saves is said."""
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "A portal.\\n\\nWith a blank line.\\n" > "$1"\n')
    editor.chmod(0o700)
    child = start("interview", EDITOR=str(editor))
    child.expect_exact("> ")
    child.sendline("/edit")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.sendline("/quit")
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
    child.sendline("A portal.")
    child.sendline("/attach notes.md")
    child.expect_exact("notes.md is attached")
    child.sendline("/status")
    child.expect_exact("Turns: 0 of yours")
    child.sendline("On a phone.")
    child.sendline("/edit")
    child.expect_exact("You: A portal.")
    child.expect_exact("And edited.")
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.sendline("Shops.")
    child.sendline("/done")
    child.expect_exact("The agent is answering.")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    assert finish(child) == 3
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


def test_ctrl_c_once_detaches_from_a_generation_that_goes_on(start: Start, sandbox: Sandbox) -> None:
    """The paid run goes on at the service, and is taken up by the same id; it is never started again."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults")
    child.expect_exact("Drafting")
    child.expect_exact("next look")
    child.sendintr()
    child.expect_exact("Continue with: specstep resume mine")
    assert finish(child) == 3

    child = start("resume", "mine", "--on-question", "defaults")
    child.expect_exact("Drafting")
    child.expect_exact("next look")
    child.sendintr()
    assert finish(child) == 3
    assert len(sandbox.state.generations) == 1
    (generation,) = sandbox.state.generations.values()
    assert generation.state == "Drafting"


def test_ctrl_c_twice_stops_at_once_though_a_request_is_in_flight(start: Start, sandbox: Sandbox) -> None:
    """The first waits for the answer, so that it can be recorded; the second waits for nothing."""
    sandbox.faults.add(Fault("POST /v1/generations", "stall", commit=True))
    child = start("run", "A portal.", "--yes", "--run-id", "mine")
    child.expect_exact("The interview is complete.")
    while not sandbox.state.generations:
        child.expect([pexpect.TIMEOUT], timeout=0.1)
    child.sendintr()
    child.expect_exact("Ctrl-C again to stop at once")
    child.sendintr()
    assert finish(child) == 130

    child = start("resume", "mine", "--yes", "--on-question", "defaults", "-o", "portal.zip")
    child.expect_exact("looking for it first")
    child.expect_exact("Saved ")
    assert finish(child) == 0
    assert len(sandbox.state.generations) == 1


def test_a_resized_window_is_drawn_anew(start: Start, sandbox: Sandbox) -> None:
    """From wide to narrow while the run is watched: the frame fits, and what was said stays in sight."""
    sandbox.options.profile_seconds = {**sandbox.options.profile_seconds, "Normal": 36000}
    child = start("run", "A portal.", "--yes", "--run-id", "mine", "--on-question", "defaults", width=130)
    child.expect_exact("Security review")
    child.expect_exact("next look")
    child.setwinsize(30, 50)
    child.expect_exact("Run mine")
    child.expect_exact("stage 2 of 11")
    child.expect_exact("next look: ")
    frame = seen(child).replace("\r", "").split("\n")
    assert max(map(len, frame)) <= 50
    child.sendintr()
    assert finish(child) == 3


@pytest.mark.parametrize(
    ("environment", "mark"),
    [({"TERM": "dumb"}, "Complete 100%"), ({"LANG": "C", "PYTHONIOENCODING": "ascii"}, "Complete")],
)
def test_a_dumb_terminal_and_one_without_utf8_are_served(
    start: Start, environment: dict[str, str], mark: str, tmp_path: Path
) -> None:
    """Lines instead of a display that moves, and no letter that the terminal does not have."""
    child = start("run", "A portal für 顧客.", "--yes", "--profile", "Fast", "--on-question", "defaults", **environment)
    child.expect_exact("Saved ")
    text = str(child.before)
    assert finish(child) == 0
    assert mark in text
    if environment["TERM" if "TERM" in environment else "LANG"] == "dumb":
        assert "\x1b" not in text
    else:
        assert text.isascii()


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
