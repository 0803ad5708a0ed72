"""Putting a finished set of files into the working tree so that a kill at any moment leaves no mixture.

The workshop, a folder in the checkout, is there only while a run is at work, or after one that was killed. Everything is staged and synced first. A journal, renamed into place, is the commit point: before it, a next start
throws the staged files away; after it, a next start goes on with the renames, each of which can be done again. A
folder is old, new or, between two renames, absent.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from regeneration.project import Project
from regeneration.stops import Stop

JOURNAL: Final = "journal.json"
LOCK: Final = "lock"
IGNORED: Final = ".gitignore"
OLD: Final = "old"


@contextmanager
def workshop(project: Project) -> Iterator[Path]:
    """Hold the project's workshop: finish or undo what an earlier run left, then give a fresh scratch folder.

    Raises:
        Stop: another run is at work in this checkout.
    """
    folder = project.workshop
    with _only_run(folder):
        (folder / IGNORED).write_text("*\n")
        finish_or_undo(project)
        scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=folder))
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def finish_or_undo(project: Project) -> bool:
    """Settle a swap that was interrupted; whether there was one past its commit point."""
    folder = project.workshop
    journal = folder / JOURNAL
    was_committed = journal.exists()
    if was_committed:
        _carry_out(project, _read(journal))
    for leftover in folder.iterdir() if folder.exists() else ():
        if leftover.name == OLD or leftover.name.startswith(("scratch-", JOURNAL + ".")):
            shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink()
    return was_committed


def swap(project: Project, staged: dict[Path, Path | None]) -> None:
    """Replace targets by staged files or folders (None: take the target away), all of them or none.

    Args:
        project: the checkout.
        staged: target → what takes its place, in the project's workshop.
    """
    if not staged:
        return
    moves = [
        {
            "target": project.relative(target),
            "new": project.relative(new) if new is not None else None,
            "old": project.relative(project.workshop / OLD / str(number)),
        }
        for number, (target, new) in enumerate(staged.items())
    ]
    for new in staged.values():
        if new is not None:
            _sync_tree(new)
    (project.workshop / OLD).mkdir(exist_ok=True)
    draft = project.workshop / f"{JOURNAL}.part"
    draft.write_text(json.dumps(moves, indent=1))
    _sync(draft)
    draft.rename(project.workshop / JOURNAL)
    _sync(project.workshop)
    _carry_out(project, moves)
    shutil.rmtree(project.workshop / OLD, ignore_errors=True)


def _carry_out(project: Project, moves: list[dict[str, str | None]]) -> None:
    """Do what the journal says, as far as it isn't done yet; then the journal has served."""
    for move in moves:
        target, old = project.root / str(move["target"]), project.root / str(move["old"])
        new = project.root / move["new"] if move["new"] is not None else None
        if new is not None and not new.exists():
            continue
        old.parent.mkdir(exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(_unused(old))
        if new is not None:
            new.rename(target)
            _sync(new.parent)
        _sync(target.parent)
    (project.workshop / JOURNAL).unlink()
    _sync(project.workshop)


def _unused(path: Path) -> Path:
    """A name beside ``path``: while a folder is absent, an interpreter may have left a ``__pycache__`` in its place."""
    number, free = 1, path
    while free.exists():
        free, number = path.with_name(f"{path.name}-{number}"), number + 1
    return free


def _read(journal: Path) -> list[dict[str, str | None]]:
    try:
        moves = json.loads(journal.read_text())
        if not all({"target", "new", "old"} <= move.keys() for move in moves):
            raise TypeError
    except (ValueError, TypeError, AttributeError) as error:
        raise Stop(
            "An earlier run was interrupted and its journal can't be read. Restore openapi/ and generated/ from git "
            "and delete .regeneration."
        ) from error
    checked: list[dict[str, str | None]] = moves
    return checked


def _sync_tree(path: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            _sync_tree(inner)
    _sync(path)


def _sync(path: Path) -> None:
    """Make a file, or the names in a folder, last through a power cut."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _only_run(folder: Path) -> Iterator[None]:
    """Keep a second run out, and take the folder away at the end: a run that stops leaves no trace.

    The lock goes with the process, so a kill leaves none behind.
    """
    with _locked(folder):
        try:
            yield
        finally:
            if not (folder / JOURNAL).exists():
                _empty(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        folder.mkdir(exist_ok=True)
        try:
            yield
        finally:
            _remove_locked(folder)
        return
    import fcntl

    while True:
        folder.mkdir(exist_ok=True)
        try:
            held = (folder / LOCK).open("w")
        except FileNotFoundError:
            continue  # a run that ended took the folder away between these two lines
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Stop("Another regeneration is at work in this checkout; wait for it to end.") from None
            if not _is_at(held.fileno(), folder / LOCK):
                continue  # it took away what we locked
            try:
                yield
            finally:
                _remove_locked(folder)
            return


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file still bears its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    """Take everything out of the workshop but the lock, which has to outlast it, and what hides it from git."""
    for leftover in folder.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        elif leftover.name not in (LOCK, IGNORED):
            leftover.unlink(missing_ok=True)


def _remove_locked(folder: Path) -> None:
    """Remove the folder with the lock, unless something is left in it: a journal, or another run's lock by now."""
    if all(entry.name in (LOCK, IGNORED) for entry in folder.iterdir()):
        (folder / IGNORED).unlink(missing_ok=True)
        (folder / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
