"""The prompt: which keys are a paste, editing in place, and a command that is stopped and continued."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys as Key

from specstep_flows.cli.prompt import Line, joined
from specstep_flows.sandbox import Sandbox
from tests.kit.platforms import POSIX_ONLY
from tests.kit.pseudo_terminal import at_terminal, enter, environment, fast_sandbox, finish, send, users_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service on loopback whose clock runs fast."""
    with fast_sandbox() as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal."""
    with at_terminal(sandbox, tmp_path) as spawn:
        yield spawn


def keys_of(text: str) -> list[KeyPress]:
    """The keys that a terminal sends for this."""
    keys: list[KeyPress] = []
    Vt100Parser(keys.append).feed(text)
    return keys


def pastes(text: str) -> list[str]:
    return [key.data for key in joined(keys_of(text)) if key.key == Key.BracketedPaste]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", []),
        ("\r", []),
        ("\r\r", []),
        ("/done\r", []),
        ("A portal.\r", []),
        ("\t", []),
        ("one\rtwo", ["one\rtwo"]),
        ("one\r\rtwo\r", ["one\r\rtwo\r"]),
        ("one\r\n\r\n", ["one\r\n\r\n"]),
        ("\rtwo", ["\rtwo"]),
        ("one\ttwo", ["one\ttwo"]),
        ("\x1b[Aone\rtwo\x1b[B", ["one\rtwo"]),
        ("\x1b[200~x\x1b[201~", ["x"]),
        ("\x1b[200~one\rtwo\x1b[201~\r", ["one\rtwo"]),
    ],
)
def test_what_nobody_types_at_once_is_a_paste(text: str, expected: list[str]) -> None:
    """A line and its end are typed; text behind a line's end, or two ends behind a text, are not."""
    assert pastes(text) == expected


@given(st.text(alphabet="ab \t\r\n\x1b[A~\u8336", max_size=30))
def test_joining_keys_loses_none(text: str) -> None:
    """Whatever arrives, every key's text is there once and in order."""
    keys = keys_of(text)

    assert "".join(key.data for key in joined(keys)) == "".join(key.data for key in keys)


def test_the_last_line_and_what_is_before_it() -> None:
    """They make the whole text."""
    for text in ("", "one", "one\n", "one\ntwo", "\n\n"):
        line = Line(text, is_at_end=True, is_typed=True, is_alone=True)
        assert line.before + line.last == text
        assert "\n" not in line.last


#: Reads a line in a pseudo-terminal, again and again, and sends itself a signal one step later each time.
INTERRUPTED = """
import faulthandler, os, pty, signal, sys, threading

told = sys.stdout
ours, theirs = pty.openpty()
threading.Thread(target=lambda: [os.read(ours, 65536) for _ in iter(int, 1)], daemon=True).start()
sys.stdin, sys.stderr = os.fdopen(os.dup(theirs), "r"), os.fdopen(os.dup(theirs), "w")

from specstep_flows.cli import prompt as prompts
from specstep_flows.cli.interrupts import Detach, Interrupts
from specstep_flows.cli.keys import Keys

prompts.LOOK_SECONDS = 0.001


def read(step):
    prompt, seen = prompts.Prompt(Keys(), draft="half a"), 0

    def trace(frame, event, argument):
        nonlocal seen
        if not frame.f_code.co_filename.endswith(("cli/prompt.py", "cli/interrupts.py", "/threading.py")):
            return None
        seen += 1
        if seen == step:
            sys.settrace(None)
            os.kill(os.getpid(), signal.SIGHUP)
        return trace

    is_detached = False
    with Interrupts() as interrupts:
        try:
            with interrupts.idle():
                sys.settrace(trace)
                try:
                    prompt.read("> ", "  ")
                finally:
                    sys.settrace(None)
        except Detach:
            is_detached = True
    prompt.stop()
    left = [thread for thread in threading.enumerate() if thread.name == "prompt"]
    return is_detached and prompt.draft == "half a" and not left


# Whoever waits for ever is told of here.
faulthandler.dump_traceback_later(60, exit=True, file=told)
print([step for step in range(1, 600) if not read(step)], file=told)
"""


@POSIX_ONLY
@pytest.mark.slow
def test_an_interrupt_at_any_step_ends_what_is_read(tmp_path: Path) -> None:
    """Wherever it comes between two lines of the code: the draft is kept, and no thread waits for another for ever."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=tmp_path, capture_output=True, text=True, env={"TERM": "xterm"}
    )

    assert (done.stdout, done.returncode) == ("[]\n", 0)


@pytest.mark.slow
def test_a_message_is_edited_in_place(start: Start, sandbox: Sandbox) -> None:
    """Arrow keys move in all its lines, Alt-Enter makes an empty one, and the up arrow brings back what was sent."""
    child = start("interview", "--run-id", "mine")
    child.expect_exact("> ")
    enter(child, "A portal.")
    child.expect_exact("\n")
    child.send("For shops.")
    child.expect_exact("For shops.")
    child.send("\x1b[A\x01My: \x05\x1b\r\x1b[B\x05")
    child.expect_exact("My: ")
    send(child)
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.send("\x1b[A")
    child.expect_exact("For shops.")
    child.send("\x03")
    assert finish(child) == 3
    assert users_turns(sandbox) == ["My: A portal.\n\nFor shops."]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["key", "signal"])
def test_a_command_that_was_stopped_continues_with_its_draft(way: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Ctrl-Z, or a signal from elsewhere, leaves the shell its terminal as it was; `fg` brings the draft back."""
    child = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile", "-i"],
        env={**environment(sandbox, tmp_path), "PS1": "ready$ "},
        cwd=tmp_path,
        dimensions=(30, 80),
        encoding="utf-8",
        timeout=60,
    )
    child.expect_exact("ready$ ")
    child.sendline(f"sh -c 'echo $$; exec {sys.executable} -m specstep_flows.cli interview --run-id mine'")
    child.expect(r"[\r\n](\d+)\r\n")
    process = int(str(child.match[1]))
    child.expect_exact("/help lists the")
    child.expect_exact("> ")
    child.send("a draft")
    child.expect_exact("a draft")
    child.send("\x1a") if way == "key" else os.kill(process, signal.SIGTSTP)
    child.expect_exact("Stopped")
    child.expect_exact("ready$ ")
    child.sendline("stty -a | grep -c -w -- '-icanon\\|-echo'")
    child.expect(r"[\r\n]0\r\n")
    child.sendline("fg")
    child.expect_exact("> ")
    child.expect_exact("a draft")
    child.send(" and more")
    child.expect_exact("more")
    send(child)
    child.expect_exact("Who will use it")
    child.expect_exact("> ")
    child.send("\x03")
    child.expect_exact("ready$ ")
    child.kill(signal.SIGKILL)
    child.wait()
    child.close()
    assert users_turns(sandbox) == ["a draft and more"]
