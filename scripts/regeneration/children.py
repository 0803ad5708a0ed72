"""Processes that regeneration starts: without our keys, and gone when their time is up, with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


def child_environment(**added: str) -> dict[str, str]:
    """The environment of a child process: ours without keys, which no step after the pull needs."""
    kept = {name: value for name, value in os.environ.items() if not _is_secret(name)}
    return {**kept, **added}


def run_child(
    command: list[str], environment: dict[str, str], seconds: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program, and kill it with its own children when it takes too long or when we are interrupted.

    Killing it alone would leave a formatter of thousands of files at work, and us waiting for its pipe to close.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``seconds``.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException:
            _kill(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD"))
