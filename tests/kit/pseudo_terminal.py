"""The real command in a pseudo-terminal, against a sandbox whose clock runs fast."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

from specstep_flows.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., pexpect.spawn]

SPEED = 60.0
SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]")


@contextmanager
def fast_sandbox() -> Iterator[Sandbox]:
    """A service on loopback, in this process, with quick profiles: a run takes seconds of real time."""
    options = SandboxOptions(
        requests_per_minute=None, kickoffs_per_minute=None, profile_seconds={"Fast": 60, "Normal": 120}
    )
    with Sandbox(options=options, speed=SPEED) as running:
        yield running


def environment(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """What a command needs to find this service, and nothing of its own."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "SPECSTEP_API_URL": sandbox.url,
        "SPECSTEP_API_KEY": sandbox.api_key,
        "SPECSTEP_CLOCK_SPEED": f"{SPEED:g}",
        "SPECSTEP_STATE": str(tmp_path / "state"),
    }


@contextmanager
def at_terminal(sandbox: Sandbox, tmp_path: Path) -> Iterator[Start]:
    """Starts ``specstep`` in a pseudo-terminal: ``start("interview", width=100)``."""
    running: list[pexpect.spawn] = []

    def spawn(*arguments: str, width: int = 100, height: int = 40, **own: str) -> pexpect.spawn:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "specstep_flows.cli", *arguments],
            cwd=tmp_path,
            env={**environment(sandbox, tmp_path), **own},
            dimensions=(height, width),
            encoding="utf-8",
            timeout=60,
        )
        running.append(child)
        return child

    try:
        yield spawn
    finally:
        for child in running:
            if child.isalive():
                child.kill(signal.SIGKILL)
                child.wait()
            child.close()


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


def enter(child: pexpect.spawn, line: str = "") -> None:
    """Type a line, see it, and press Enter, as a person does: text and Enter that arrive at once may be a paste."""
    if line:
        child.send(line)
        child.expect_exact(line)
    child.send("\r")


def say(child: pexpect.spawn, *lines: str) -> None:
    """Type a message, and the empty line that sends it."""
    child.expect_exact("> ")
    for line in lines:
        enter(child, line)
        # The next line has begun.
        child.expect_exact("\n")
    enter(child)


def send(child: pexpect.spawn) -> None:
    """Press Enter behind the text and on the empty line below; again where two arrived at once, as in a paste."""
    enter(child)
    while child.expect([pexpect.TIMEOUT, "takes your turn back"], timeout=0.3) == 0:
        enter(child)
