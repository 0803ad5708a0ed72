"""The processes that regeneration starts: without our keys, and gone with all that they started."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from regeneration.project import Child, child_environment, run_child


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see what is alive")
def test_children_go_with_their_children(tmp_path: Path) -> None:
    """When we are interrupted, a program is killed together with what it started, and nobody waits for that."""
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "child.wait()\n"
    )
    noted = tmp_path / "pid"

    deadline = time.monotonic() + 60

    def interrupt() -> None:
        while not (noted.exists() and noted.read_text("utf-8")):
            assert time.monotonic() < deadline
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_child([sys.executable, "-c", program, str(noted)], child_environment())

    while _is_alive(int(noted.read_text("utf-8"))):
        assert time.monotonic() < deadline


def test_a_program_beside_us() -> None:
    """It is gone when its block is left; and it never waits for somebody to read what it says."""
    with Child([sys.executable, "-S", "-c", "while True: print('x' * 1_000)"], child_environment()) as endless:
        pass
    with Child([sys.executable, "-S", "-c", "print('x' * 1_000_000)"], child_environment()) as talker:
        said = talker.ended().stdout

    assert len(said) == 1_000_001
    assert endless.seconds > 0


def test_a_program_that_waits() -> None:
    """It gets its line when we say so, before its end or after; left alone, it ends when its block is left."""
    program = [sys.executable, "-S", "-c", "import sys; print(len(sys.stdin.readline()))"]
    with Child(program, child_environment(), waits=True) as waiting:
        waiting.proceed()
        assert waiting.ended().stdout == "1\n"
    with Child([sys.executable, "-S", "-c", ""], child_environment(), waits=True) as gone:
        gone.ended()
        gone.proceed()
    with Child(program, child_environment(), waits=True) as left:
        pass

    assert left.seconds > 0


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_children_see_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What regeneration starts gets its environment without anything that looks like a secret."""
    monkeypatch.setenv("SPECSTEP_API_KEY", "sf_secret")
    monkeypatch.setenv("GH_TOKEN", "secret")

    assert "secret" not in str(child_environment(A="b"))
