"""Putting a finished set of files into the working tree so that a kill at any moment leaves no mixture.

Everything is staged in a folder of the checkout that is there only while a run is at work, or after one that was
killed. Renaming the staged files to ``ready`` is the commit point: before it, the next start throws them away; after
it, the next start goes on with the renames. Each file or folder is old, new or, between two renames, absent.

That holds for a killed process, not for a power failure: nothing is flushed to the disk (fsync), as all of it is under
git, and ``git restore`` brings back what a crash of the machine spoiled.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from regeneration.errors import RegenerationError
from regeneration.project import Project

READY: Final = "ready"
#: The file in it that lists the targets, each with the number of what takes its place, or null.
TARGETS: Final = "targets.json"


@contextmanager
def staging(project: Project) -> Iterator[Path]:
    """Finish or undo what an earlier run left, then give a fresh scratch folder that is gone at the end.

    Raises:
        RegenerationError: another run is at work in this checkout.
    """
    with _only_run(project.root):
        finish_or_undo(project)
        project.staging.mkdir()
        try:
            (project.staging / ".gitignore").write_text("*\n")
            yield Path(tempfile.mkdtemp(prefix="scratch-", dir=project.staging))
        finally:
            if not (project.staging / READY).exists():
                shutil.rmtree(project.staging, ignore_errors=True)


def finish_or_undo(project: Project) -> bool:
    """Settle a swap that was interrupted; whether there was one past its commit point."""
    was_committed = (project.staging / READY).exists()
    if was_committed:
        _carry_out(project)
    shutil.rmtree(project.staging, ignore_errors=True)
    return was_committed


def swap(project: Project, staged: dict[Path, Path | None]) -> None:
    """Replace targets by staged files or folders (None: take the target away), all of them or none.

    Args:
        project: the checkout.
        staged: target → what takes its place, in the project's staging folder.
    """
    if not staged:
        return
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=project.staging))
    targets: dict[str, str | None] = {}
    for number, (target, new) in enumerate(staged.items()):
        targets[project.relative(target)] = None if new is None else str(number)
        if new is not None:
            new.rename(draft / str(number))
    (draft / TARGETS).write_text(json.dumps(targets, indent=1))
    draft.rename(project.staging / READY)
    _carry_out(project)


def _carry_out(project: Project) -> None:
    """Do what ``ready`` holds, as far as it is not done yet, and take it away."""
    ready = project.staging / READY
    for name, number in _targets(ready).items():
        target, new = project.root / name, ready / str(number)
        if number is not None and not new.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # looked at each time: an interpreter may leave a __pycache__ where the folder is absent
            target.rename(Path(tempfile.mkdtemp(prefix="old-", dir=ready)) / target.name)
        if number is not None:
            new.rename(target)
    ready.rename(Path(tempfile.mkdtemp(prefix="done-", dir=project.staging)) / READY)
    for done in project.staging.glob("done-*"):
        shutil.rmtree(done, ignore_errors=True)


def _targets(ready: Path) -> dict[str, str | None]:
    try:
        targets: dict[str, str | None] = json.loads((ready / TARGETS).read_text("utf-8"))
        if not isinstance(targets, dict):
            raise TypeError
    except (OSError, ValueError, TypeError) as error:
        raise RegenerationError(
            "An earlier run was interrupted, and what it was about to do can't be read. Restore openapi/, generated/ "
            "and specstep_flows/gateway/_operations.py from git and delete .regeneration."
        ) from error
    return targets


@contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Keep a second run out; the lock is on the checkout's folder and goes with the process."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RegenerationError(
                "Another regeneration is running in this checkout; wait for it to finish."
            ) from None
        yield
    finally:
        os.close(descriptor)
