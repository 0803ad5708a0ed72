"""The run store: durable, whole or untouched, one driver at a time, without secrets."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord
from specstep_flows.runs.store import RunStore

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


def record(run_id: str = "one", **more: Any) -> RunRecord:
    """A record with something in it."""
    return RunRecord(
        run_id, "http://127.0.0.1:1", 1.0, 1.0, messages=("Grüße — 🦊",), options=RunOptions(profile="Fast"), **more
    )


FULL = {
    "interview_id": ID,
    "turns": (TurnRecord("hello", "key-1", 2, ID, True, "reply"), TurnRecord("more", "key-2")),
    "intent": Intent("start_generation", 12.5, {"known": [str(ID)]}),
    "generation_ids": (ID,),
    "answers": ({"question": "Q?", "answer": "A.", "rule": "default"},),
    "answering": {str(ID): {"questions": ["Q?"], "accepted": True, "sent_at": 3.0, "answers": []}},
    "cost_usd": 1.25,
    "interview_complete": True,
    "error": "It broke.",
}


def test_what_is_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Every column, by a second store on the same folder."""
    store = RunStore(tmp_path)
    store.create(record())
    written = store.update("one", FULL)

    again = RunStore(tmp_path).get("one")
    assert again == written
    assert all(getattr(again, name) == value for name, value in FULL.items())


def test_a_change_of_an_unknown_column_is_a_mistake_of_ours(tmp_path: Path) -> None:
    """Not written, not ignored."""
    store = RunStore(tmp_path)
    store.create(record())

    with pytest.raises(TypeError, match="nonsense"):
        store.update("one", {"nonsense": 1})


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    """RunConflict, and the first run is as it was."""
    store = RunStore(tmp_path)
    store.create(record())
    with pytest.raises(errors.RunConflict):
        store.create(record(stage="other"))

    assert store.get("one").stage == "new"


def test_runs_are_listed_found_and_forgotten(tmp_path: Path) -> None:
    """By generation, too; forgetting one leaves the others."""
    store = RunStore(tmp_path)
    store.create(record("one"))
    store.create(record("two", generation_id=ID))

    assert {run.run_id for run in store.all()} == {"one", "two"}
    found = store.find_generation(ID)
    assert found is not None
    assert found.run_id == "two"
    store.forget("two")
    assert [run.run_id for run in store.all()] == ["one"]
    with pytest.raises(errors.RunNotFound, match="specstep runs"):
        store.get("two")


@pytest.mark.parametrize(
    "content", [b"this is no database, but it is long enough to look like one" * 40, b"\x00" * 4096]
)
def test_a_damaged_store_is_told_and_left_as_it_is(tmp_path: Path, content: Any) -> None:
    """One sentence with the way out; not a byte changed."""
    (tmp_path / "runs.db").write_bytes(content)
    if content.startswith(b"\x00"):
        content = b"SQLite format 3\x00" + content[16:]
        (tmp_path / "runs.db").write_bytes(content)

    with pytest.raises(errors.StoreError, match=r"was not changed|cannot be opened"):
        RunStore(tmp_path)
    assert (tmp_path / "runs.db").read_bytes() == content


@pytest.mark.parametrize(
    ("column", "text"),
    [("turns", '["x"]'), ("turns", "cut of"), ("interview_id", "5"), ("generation_ids", "[5]"), ("intent", "[]")],
)
def test_a_damaged_row_is_told_and_left_as_it_is(tmp_path: Path, column: str, text: str) -> None:
    """The file is sound, and what is written in it is not: a sentence that names the file, not a traceback."""
    store = RunStore(tmp_path)
    store.create(record())
    store._database.execute(f"UPDATE runs SET {column} = ?", [text])

    with pytest.raises(errors.StoreUnreadable, match=r"runs\.db"):
        store.get("one")
    assert store._database.execute(f"SELECT {column} FROM runs").fetchone()[0] == text


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Something else is in its place, or the disk is full: an error of the store, and nobody drives the run."""
    store = RunStore(tmp_path)
    (tmp_path / "locks").write_text("")
    with pytest.raises(errors.StoreError, match="cannot be locked"):
        store.hold("one")
    (tmp_path / "locks").unlink()
    (tmp_path / "locks" / "one.holder").mkdir(parents=True)
    with pytest.raises(errors.StoreError, match="cannot be locked"):
        store.hold("one")
    (tmp_path / "locks" / "one.holder").rmdir()

    store.hold("one")()


def test_a_newer_store_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    """user_version from the future."""
    RunStore(tmp_path).close()
    database = sqlite3.connect(tmp_path / "runs.db")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()

    with pytest.raises(errors.StoreUnreadable, match="newer version"):
        RunStore(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").write_text("")

    with pytest.raises(errors.StoreError, match="SPECSTEP_STATE"):
        RunStore(tmp_path / "file" / "state")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_the_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Briefs are private."""
    RunStore(tmp_path / "state").create(record())

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def _hold(folder: Any, ready: Any, release: Any) -> None:
    store = RunStore(folder)
    let_go = store.hold("one")
    ready.send(os.getpid())
    release.recv()
    os._exit(9 if let_go is not None else 0)


def test_two_processes_never_drive_one_run_and_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """The second is told which process holds it; when that one dies without a word, the run is free."""
    context = multiprocessing.get_context("spawn")
    (parent, ready), (release, go) = context.Pipe(False), context.Pipe(False)
    holder = context.Process(target=_hold, args=(tmp_path, ready, release))
    holder.start()
    process_id = parent.recv()
    store = RunStore(tmp_path)

    with pytest.raises(errors.RunBusy, match=str(process_id)):
        store.hold("one")
    go.send(None)
    holder.join(30)
    store.hold("one")()


def test_one_process_does_not_drive_a_run_twice(tmp_path: Path) -> None:
    """Two threads or tasks of one process, too; also without a folder."""
    for store in (RunStore(tmp_path), RunStore.in_memory()):
        let_go = store.hold("one")
        with pytest.raises(errors.RunBusy):
            store.hold("one")
        let_go()
        store.hold("one")()


def test_a_full_disk_stops_the_run_before_anything_unrecorded(tmp_path: Path) -> None:
    """A write that fails is an error of the store, not a run that goes on without a record."""
    store = RunStore(tmp_path)
    store.create(record())
    store._database.execute("PRAGMA max_page_count = 5")

    with pytest.raises(errors.StoreError, match="cannot be written"):
        store.update("one", {"project_name": "x" * 1_000_000})
    assert store.get("one").project_name is None


def test_an_id_that_no_run_can_have_is_not_found(tmp_path: Path) -> None:
    """Half of an emoji is no damage of the store."""
    store = RunStore(tmp_path)
    with pytest.raises(errors.RunNotFound):
        store.get("tea \ud83d")
    store.close()


@given(st.text(st.characters(codec=None)))
def test_every_text_is_kept_as_it_is(text: str) -> None:
    """What UTF-8 cannot hold, too, such as the name of a folder."""
    store = RunStore.in_memory()
    record = RunRecord("tea", "https://specstep.com", 1.0, 1.0, messages=(text,), file=text, project_name=text)
    store.create(record)

    kept = store.update("tea", {"error": text})
    assert (kept.messages, kept.file, kept.project_name, kept.error) == ((text,), text, text, text)
    store.close()
