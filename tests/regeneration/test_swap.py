"""The swap survives kill -9 at any moment: afterwards the tree is old or new, whole, and the next start settles it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from regeneration.errors import RegenerationError
from regeneration.project import Project
from regeneration.swap import READY, TARGETS, finish_or_undo, staging, swap

from tests.kit.platforms import POSIX_ONLY

KILLED = Path(__file__).parents[1] / "kit" / "regeneration" / "killed.py"

OLD = {"a.txt": "old a", "gone.txt": "old gone", "package/one.py": "old one", "package/stale.py": "old stale"}
NEW = {"a.txt": "new a", "b.txt": "new b", "package/one.py": "new one", "package/sub/two.py": "new two"}


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _read(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in ("new", ".regeneration")
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _write(tmp_path, OLD)
    _write(tmp_path / "new", NEW)
    return tmp_path


def killed_at(root: Path, step: int) -> subprocess.CompletedProcess[str]:
    """Swap in a process of its own, killed at a step."""
    command = [sys.executable, str(KILLED), str(root), str(step)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _whole(files: dict[str, str]) -> dict[str, set[str]]:
    """Which generations of text each target has: ``a.txt`` → {old}."""
    found: dict[str, set[str]] = {}
    for name, text in files.items():
        found.setdefault(name.split("/")[0], set()).add(text.split()[0])
    return found


@pytest.mark.slow
def test_killed_at_every_step(root: Path) -> None:
    """Whatever step a SIGKILL hits, no folder is a mixture, and the next start leaves the old tree or the new one."""
    step, seen = 0, set()
    while True:
        step += 1
        run = killed_at(root, step)
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL, run.stderr
        assert all(len(generations) == 1 for generations in _whole(_read(root)).values())
        was_committed = (root / ".regeneration" / READY).exists()

        with staging(Project(root)):
            settled = _read(root)

        assert settled in (OLD, NEW)
        if was_committed:
            assert settled == NEW
        seen.add("new" if settled == NEW else "old")
        assert not (root / ".regeneration").exists()
        for path in sorted(root.iterdir()):
            if path.name not in ("new", ".regeneration"):
                subprocess.run(["rm", "-rf", str(path)], check=True)
        _write(root, OLD)
    assert seen == {"old", "new"}
    assert step > 20


@POSIX_ONLY
@pytest.mark.parametrize("step", [1, 8, 16])
def test_killed_now_and_then(root: Path, step: int) -> None:
    """The same at a few steps, for those in a hurry."""
    assert killed_at(root, step).returncode == -signal.SIGKILL

    finish_or_undo(Project(root))

    assert _read(root) in (OLD, NEW)


@pytest.mark.slow
def test_killed_while_settling(root: Path) -> None:
    """A start that settles may be killed too; the start after it settles the rest."""
    project = Project(root)
    ready = _interrupted(root)
    driver = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[3]); from pathlib import Path\n"
        "from regeneration.project import Project; from regeneration.swap import finish_or_undo\n"
        "left, real = int(sys.argv[2]), os.rename\n"
        "def rename(*a, **k):\n"
        "    global left; left -= 1\n"
        "    if left == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*a, **k)\n"
        "os.rename = rename; finish_or_undo(Project(Path(sys.argv[1])))\n"
    )
    for step in (1, 2, 3):
        command = [sys.executable, "-c", driver, str(root), str(step), str(KILLED.parents[3] / "scripts")]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    assert finish_or_undo(project)
    assert _read(root) == NEW
    assert not ready.exists()


def _interrupted(root: Path) -> Path:
    """What is ready in a tree whose swap was interrupted right after its commit point."""
    ready = root / ".regeneration" / READY
    _write(ready, NEW)
    targets: dict[str, str | None] = {"gone.txt": None, "a.txt": "1", "b.txt": "2", "package": "3"}
    for name, number in targets.items():
        if number is not None:
            (ready / name).rename(ready / number)
    (ready / TARGETS).write_text(json.dumps(targets))
    return ready


def test_committed_is_finished(root: Path) -> None:
    """Past the commit point the next start goes on, and says that there was something."""
    _interrupted(root)

    assert finish_or_undo(Project(root))
    assert _read(root) == NEW
    assert not finish_or_undo(Project(root))


def test_uncommitted_is_undone(root: Path) -> None:
    """Before the commit point the next start throws the staged files away."""
    ready = _interrupted(root)
    ready.rename(ready.with_name("draft-x"))

    assert not finish_or_undo(Project(root))
    assert _read(root) == OLD
    assert not ready.parent.exists()


def test_interpreter_in_between(root: Path) -> None:
    """A ``__pycache__`` that an interpreter leaves where the folder is absent for a moment hinders nothing."""
    ready = _interrupted(root)
    (root / "package").rename(ready / "old-3")
    _write(root, {"package/__pycache__/one.pyc": "x"})

    assert finish_or_undo(Project(root))
    assert _read(root) == NEW


def test_damaged_list_of_targets(root: Path) -> None:
    """A list of targets that cannot be read stops the run with what to do."""
    ready = _interrupted(root)
    (ready / TARGETS).write_text("[{]")

    with pytest.raises(RegenerationError, match=r"Restore openapi/, generated/ and .* from git"):
        finish_or_undo(Project(root))


def test_nothing_to_swap(root: Path) -> None:
    """Without a change nothing is renamed."""
    with staging(Project(root)):
        swap(Project(root), {})

    assert _read(root) == OLD
