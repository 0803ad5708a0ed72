"""The run store: durable, whole or untouched, one driver at a time, without secrets."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows.engine.limits import SharedLimiter
from specstep_flows.models import RunOptions
from specstep_flows.runs import rows
from specstep_flows.runs.protocol import RunKeeper
from specstep_flows.runs.records import Intent, RunRecord, TurnRecord
from specstep_flows.runs.store import RunStore
from tests.kit.run_stores import NewStore

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


def test_what_is_written_is_read_back_as_it_was(new_store: NewStore) -> None:
    """Every column, by a second store on the same folder."""
    store = new_store()
    store.create(record())
    written = store.update("one", FULL)

    again = new_store().get("one")
    assert again == written
    assert all(getattr(again, name) == value for name, value in FULL.items())


def test_a_change_of_an_unknown_column_is_a_mistake_of_ours(new_store: NewStore) -> None:
    """Not written, not ignored."""
    store = new_store()
    store.create(record())

    with pytest.raises(TypeError, match="nonsense"):
        store.update("one", {"nonsense": 1})


def test_an_id_is_taken_once(new_store: NewStore) -> None:
    """RunConflict, and the first run is as it was."""
    store = new_store()
    store.create(record())
    with pytest.raises(errors.RunConflict):
        store.create(record(stage="other"))

    assert store.get("one").stage == "new"


def test_runs_are_listed_found_and_forgotten(new_store: NewStore) -> None:
    """By generation, too; forgetting one leaves the others."""
    store = new_store()
    store.create(record("one"))
    store.create(record("two", generation_id=ID))

    assert {run.run_id for run in store.all()} == {"one", "two"}
    found = store.find_generation(ID)
    assert found is not None
    assert found.run_id == "two"
    store.forget("two")
    assert [run.run_id for run in store.all()] == ["one"]
    command = "specstep runs" if isinstance(store, RunStore) else "specstep fleet runs"
    with pytest.raises(errors.RunNotFound, match=command):
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
@pytest.mark.parametrize("was_there", [False, True])
def test_every_file_is_private_whatever_the_folders_mode(tmp_path: Path, was_there: bool) -> None:
    """In a folder that others may read, under a loose umask, and where an earlier version made the files."""
    before = os.umask(0)
    try:
        tmp_path.chmod(0o755)
        for again in range(1 + was_there):
            store, limiter = RunStore(tmp_path), SharedLimiter(tmp_path / "limits.db", "scope")
            limiter.acquire("standard", 1.0)
            store.create(record(f"run{again}"))
            let_go = store.hold("run")
            files = [path for path in tmp_path.rglob("*") if path.is_file()]
            assert {"runs.db", "runs.db-wal", "runs.db-shm", "limits.db", "run.lock", "run.holder"} <= {
                path.name for path in files
            }
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
            assert stat.S_IMODE((tmp_path / "locks").stat().st_mode) == 0o700
            if was_there and not again:
                for path in files:
                    path.chmod(0o644)
            let_go()
            if again:
                store.close()
                limiter.close()
    finally:
        os.umask(before)


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


def _hold_and_fork(folder: Path, ready: Any) -> None:
    RunStore(folder).hold("one")
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    ready.send(child)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="did not run: Windows forks nothing, macOS has waitid from 3.13")
def test_a_child_that_was_forked_does_not_keep_the_run(tmp_path: Path) -> None:
    """The driver is killed, and a child that its user had forked lives on: the run is free."""
    context = multiprocessing.get_context("fork")
    parent, ready = context.Pipe(False)
    driver = context.Process(target=_hold_and_fork, args=(tmp_path, ready))
    driver.start()
    child = parent.recv()
    assert driver.pid is not None
    # ``join`` would wait for the child, too, which has the driver's pipes.
    os.waitid(os.P_PID, driver.pid, os.WEXITED | os.WNOWAIT)
    try:
        RunStore(tmp_path).hold("one")()
    finally:
        os.kill(child, signal.SIGKILL)
        driver.join()


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_runs_whose_names_a_disk_mixes_up_do_not_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """Where Tea and tea are one file, and where nul is none, each run has a lock of its own."""
    importlib.import_module("filelock")  # as it is here: it looks when it is imported
    store = RunStore(tmp_path)
    monkeypatch.setattr(sys, "platform", system)
    for run_id in ("tea", "Tea", "nul"):
        store._hold_file(run_id)()
    names = [path.name for path in (tmp_path / "locks").iterdir()]
    assert len({name.casefold() for name in names}) == len(names) == 6
    assert not [name for name in names if name.partition(".")[0] in ("tea", "nul")]


def test_one_process_does_not_drive_a_run_twice(tmp_path: Path) -> None:
    """Two threads or tasks of one process, too; also without a folder."""
    for store in (RunStore(tmp_path), RunStore.in_memory()):
        let_go = store.hold("one")
        with pytest.raises(errors.RunBusy):
            store.hold("one")
        let_go()
        store.hold("one")()


def test_whoever_takes_a_run_last_drives_it_even_without_the_locks(tmp_path: Path) -> None:
    """The folder of locks was deleted in mid-run: who had the run before can write no intent, and so sends nothing."""
    first, second = RunStore(tmp_path), RunStore(tmp_path)
    first.create(record())
    first.hold("one")
    first.update("one", {"stage": "interview"})
    shutil.rmtree(tmp_path / "locks")
    let_go = second.hold("one")

    with pytest.raises(errors.RunTaken, match="taken over"):
        first.update("one", {"intent": FULL["intent"]})
    with pytest.raises(errors.RunTaken):
        first.check_held("one")
    second.check_held("one")
    second.update("one", {"intent": FULL["intent"]})
    # Who answers beside a driver writes all the same.
    RunStore(tmp_path).update("one", {"answers": ()})
    let_go()
    with pytest.raises(errors.RunTaken, match="taken over"):
        first.update("one", {"stage": "done"})


@pytest.mark.parametrize("way", ["create", "update"])
def test_one_run_manages_a_generation(new_store: NewStore, way: str) -> None:
    """Also one that it had before its retry. The refusal names that run; another service's ids are its own."""
    store = new_store()
    store.create(record("one", generation_id=UUID(int=2), generation_ids=(ID, UUID(int=2))))
    store.create(record("other"))

    def take(generation_id: UUID) -> None:
        if way == "create":
            store.create(record("two", generation_id=generation_id))
        else:
            store.update("other", {"generation_id": generation_id})

    for taken in (ID, UUID(int=2)):
        with pytest.raises(errors.RunConflict, match="specstep resume one"):
            take(taken)
    store.update("one", {"generation_id": ID})
    elsewhere = attrs.evolve(record("two", generation_id=ID), api_url="http://127.0.0.1:2")
    store.create(elsewhere)
    assert store.get("other").generation_id is None


def test_whoever_paid_for_an_update_in_place_has_the_generation(new_store: NewStore) -> None:
    """Refused, it would be paid for once more by whoever resumes that run."""
    store = new_store()
    store.create(record("one", generation_id=ID))
    for name, updated in (("two", ID), ("three", UUID(int=9))):
        store.create(attrs.evolve(record(name), options=RunOptions(continues={"generation_id": str(updated)})))
    store.update("two", {"generation_id": ID, "intent": None})

    assert store.get("two").generation_id == ID
    with pytest.raises(errors.RunConflict):
        store.update("three", {"generation_id": ID})


def test_many_at_once_make_one_run_of_a_generation(new_store: NewStore) -> None:
    """Look and insert are one transaction."""
    stores = [new_store() for _ in range(8)]
    barrier = threading.Barrier(len(stores))

    def adopt(number: int) -> bool:
        barrier.wait()
        try:
            stores[number].create(record(f"run{number}", generation_id=ID))
        except errors.RunConflict:
            return False
        return True

    with ThreadPoolExecutor(len(stores)) as pool:
        assert sum(pool.map(adopt, range(len(stores)))) == 1


def test_many_at_once_take_one_run(new_store: NewStore) -> None:
    """One of them has it; the others are told, and have it once that one has let go."""
    stores = [new_store() for _ in range(8)]
    barrier = threading.Barrier(len(stores))

    def hold(store: RunKeeper) -> Callable[[], None] | None:
        barrier.wait()
        try:
            return store.hold("one")
        except errors.RunBusy:
            return None

    with ThreadPoolExecutor(len(stores)) as pool:
        (let_go,) = [one for one in pool.map(hold, stores) if one is not None]
    let_go()
    stores[0].hold("one")()


def old_store(folder: Path, *records: RunRecord) -> None:
    """A store as the version before made it: no table of drivers, and nothing against two runs of a generation."""
    store = RunStore(folder)
    for number, one in enumerate(records):
        store.create(attrs.evolve(one, generation_id=None))
        store._database.execute(
            "UPDATE runs SET generation_id = ?, created_at = ? WHERE run_id = ?",
            [f'"{one.generation_id}"', float(number), one.run_id],
        )
    store._database.execute("DROP TABLE drivers")
    store._database.execute("PRAGMA user_version = 1")
    store.close()


def test_a_store_of_the_version_before_is_read_whatever_is_in_it(tmp_path: Path) -> None:
    """Two runs of one generation stay as they are; the older one is it."""
    old_store(tmp_path, record("one", generation_id=ID), record("two", generation_id=ID))
    store = RunStore(tmp_path)

    assert {run.run_id for run in store.all()} == {"one", "two"}
    found = store.find_generation(ID)
    assert found is not None
    assert found.run_id == "one"
    store.hold("two")
    assert store.update("two", {"stage": "done"}).is_finished


def test_a_run_that_is_driven_cannot_be_forgotten(new_store: NewStore) -> None:
    """From code as from the command: the driver would go on without a record."""
    store, other = new_store(), new_store()
    store.create(record())
    let_go = other.hold("one")
    with pytest.raises(errors.RunBusy):
        store.forget("one")
    let_go()

    store.forget("one")
    assert store.all() == []


@pytest.mark.parametrize("statement", ["CREATE TABLE runs", "CREATE TABLE drivers", "COMMIT"])
def test_a_disk_that_is_full_at_the_first_open_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """SQLite has ended the transaction already: what is told is the cause, not that there is none to end."""

    class Full(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> Any:
            if sql.startswith(statement):
                super().execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, parameters)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Full, **more))

    with pytest.raises(errors.StoreError, match="disk is full"):
        RunStore(tmp_path)


def _read_only(state: Path, told: Any) -> None:
    """What somebody who may only read the folder can do with it."""
    told.send(None)
    told.recv()
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        store = RunStore(state)
        found: list[Any] = [run.run_id for run in store.all()]
        changes = (lambda: store.update("one", {"stage": "done"}), lambda: store.hold("one"), store.check_writable)
        for change in (*changes, lambda: store.forget("one")):
            try:
                found.append(change())
            except errors.StoreError as error:
                found.append(type(error))
        told.send(found)
    except BaseException as error:
        told.send([repr(error)])
    os._exit(0)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@pytest.mark.parametrize("is_open", [False, True])
def test_a_folder_that_cannot_be_written_can_be_read(is_open: bool) -> None:
    """A backup, a mounted volume: its runs are listed, and every change is refused."""
    context = multiprocessing.get_context("fork")
    parent, child = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="specstep-") as folder:
        state = Path(folder) / "state"
        store = RunStore(state)
        store.create(record())
        store.hold("one")()
        if not is_open:
            store.close()
        process = context.Process(target=_read_only, args=(state, child))
        process.start()
        parent.recv()
        Path(folder).chmod(0o755)
        for path in state.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        state.chmod(0o555)
        parent.send(None)
        told = parent.recv()
        process.join(30)
        state.chmod(0o755)

    assert told == ["one", *[errors.StoreError] * 4]


def test_a_full_disk_stops_the_run_before_anything_unrecorded(tmp_path: Path) -> None:
    """A write that fails is an error of the store, not a run that goes on without a record."""
    store = RunStore(tmp_path)
    store.create(record())
    store._database.execute("PRAGMA max_page_count = 5")

    with pytest.raises(errors.StoreError, match="cannot be written"):
        store.update("one", {"project_name": "x" * 1_000_000})
    assert store.get("one").project_name is None


def test_an_id_that_no_run_can_have_is_not_found(new_store: NewStore) -> None:
    """Half of an emoji is no damage of the store."""
    store = new_store()
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


def test_a_record_that_nobody_has_changed_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is read, whatever other runs write meanwhile; of a change only the columns that it changed."""
    decoded: list[str] = []
    decode = rows.decode

    def noted(column: str, text: Any) -> Any:
        decoded.append(column)
        return decode(column, text)

    monkeypatch.setattr(rows, "decode", noted)
    here, there = RunStore(tmp_path), RunStore(tmp_path)
    for name in ("one", "two"):
        here.create(record(name))
    let_go = here.hold("one")
    first = here.get("one")
    there.update("two", {"stage": "interview"})
    there.update("one", {"cost_usd": 0.5, "project_name": "Portal"})
    decoded.clear()

    second = here.get("one")
    assert sorted(decoded) == ["cost_usd", "project_name", "updated_at"]
    assert (second.cost_usd, second.project_name, first.cost_usd) == (0.5, "Portal", None)
    there.update("two", {"stage": "generation"})
    decoded.clear()
    assert here.get("one") is here.get("one") is here.glance("one") is second
    assert decoded == []
    let_go()
    here.close()
    there.close()


def test_what_another_process_writes_between_is_seen(new_store: NewStore) -> None:
    """Each of two that write in turn sees what the other one wrote, whichever column it was."""
    here, there = new_store(), new_store()
    here.create(record())
    let_go = here.hold("one")
    for number in range(3):
        there.update("one", {"error": f"e{number}"})
        assert here.update("one", {"stage": f"s{number}"}).error == f"e{number}"
        there.update("one", {"history": ({"at": float(number)},)})
        kept = here.get("one")
        assert (kept.stage, kept.error, [*kept.history]) == (f"s{number}", f"e{number}", [{"at": float(number)}])
        assert here.update("one", {"history": (*kept.history, {"at": 9.0})}) == here.get("one") == there.get("one")
    let_go()
    there.discard("one")
    with pytest.raises(errors.RunNotFound):
        here.get("one")
    here.close()
    there.close()


def test_a_glance_never_waits(tmp_path: Path) -> None:
    """While another thread writes, or of what this store does not hold, there is nothing to see at a glance."""
    store = RunStore(tmp_path)
    store.create(record())
    assert store.glance("one") is None
    let_go = store.hold("one")
    assert store.glance("one") is None  # it was not read yet
    found = store.get("one")
    busy, done = threading.Event(), threading.Event()

    def write() -> None:
        with store._lock:
            busy.set()
            done.wait(10)

    thread = threading.Thread(target=write)
    thread.start()
    assert busy.wait(10)
    assert store.glance("one") is None
    done.set()
    thread.join()
    assert store.glance("one") is found
    let_go()
    assert store.glance("one") is None
    store.close()


def test_a_file_that_takes_no_write_is_found_before_a_run_needs_it(tmp_path: Path) -> None:
    """Even where its folder does: an empty transaction would fail nowhere."""
    with contextlib.closing(RunStore(tmp_path)) as store:
        store.check_writable()
        store._database.execute("PRAGMA query_only = 1")

        with pytest.raises(errors.StoreError, match="cannot be written"):
            store.check_writable()
