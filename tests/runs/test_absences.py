"""What a store certainly does not hold is known without asking it, until anybody writes to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from specstep_flows.runs.absences import Absences
from specstep_flows.runs.database import FILE_NAME
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore

ONE, OTHER = UUID(int=1), UUID(int=2)


def at(seconds: float) -> Callable[[], float]:
    """A clock that shows always the same."""
    return lambda: seconds


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path)
    store.create(RunRecord("run", "https://specstep.example", 0.0, 0.0))
    return store


@pytest.fixture
def absences(store: RunStore, tmp_path: Path) -> Absences:
    absences = Absences(tmp_path / FILE_NAME, at(1e12))
    assert store.find_generation(ONE) is None
    absences.note(ONE, absences.stamp())
    return absences


def test_what_was_not_found_is_known_until_somebody_writes(absences: Absences, store: RunStore) -> None:
    """And only that; what is looked up again is known again."""
    assert ONE in absences
    assert OTHER not in absences
    absences.note(OTHER, absences.stamp())
    assert {ONE, OTHER} == {each for each in (ONE, OTHER) if each in absences}

    store.update("run", {"generation_id": ONE})

    assert ONE not in absences
    assert OTHER not in absences
    absences.note(OTHER, absences.stamp())
    assert OTHER in absences


def test_somebody_else_writes(absences: Absences, tmp_path: Path) -> None:
    """Another process, or another client: nobody tells this one."""
    with contextlib.closing(RunStore(tmp_path)) as other:
        other.update("run", {"stage": "interview"})

    assert ONE not in absences


def test_what_was_written_while_the_store_was_asked_makes_it_unknown(absences: Absences, store: RunStore) -> None:
    """The files are looked at before."""
    before = absences.stamp()
    store.update("run", {"stage": "interview"})
    absences.note(OTHER, before)

    assert OTHER not in absences


def test_files_that_were_just_written_to_tell_nothing(store: RunStore, tmp_path: Path) -> None:
    """A second write within the same tick of the file system's clock would not show; nor does one in memory."""
    written = max(path.stat().st_mtime for path in tmp_path.iterdir())
    absences = Absences(tmp_path / FILE_NAME, at(written + 0.05))
    absences.note(ONE, absences.stamp())
    assert ONE not in absences

    for unknowable in (Absences(tmp_path / FILE_NAME, at(written - 3600)), Absences(None, at(1e12))):
        unknowable.note(ONE, unknowable.stamp())
        assert ONE not in unknowable


def test_the_memory_has_an_end(absences: Absences) -> None:
    """Whoever asks for generations without end fills no memory."""
    for number in range(1100):
        absences.note(UUID(int=number), absences.stamp())

    assert len(absences._known[1]) <= 1024
    assert UUID(int=1099) in absences
