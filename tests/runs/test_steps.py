"""The records of what costs and is part of no run: found again by what was asked for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from specstep_flows import errors
from specstep_flows.runs.protocol import RunKeeper
from specstep_flows.runs.records import Intent, StepRecord
from specstep_flows.runs.steps import StepStore
from specstep_flows.runs.store import RunStore
from tests.kit.run_stores import NewStore

URL = "http://127.0.0.1:1"


def wanted(**asked: str) -> StepRecord:
    return StepRecord.wanted("create_addendum", {"package_id": "p", "title": "t", **asked}, URL)


def steps(store: RunKeeper) -> StepStore:
    return StepStore(store, wanted().run_id)


def test_who_asks_for_the_same_finds_the_same_record(new_store: NewStore) -> None:
    """From another process, too; whoever asks for something else, or of another service, does not."""
    first = steps(new_store()).open(wanted())
    kept = steps(new_store()).update(
        first.run_id, {"intent": Intent("create_addendum", 1.0, {"known": ["a"]}, "boot", 2.0)}
    )

    assert steps(new_store()).open(wanted()) == kept
    assert kept.intent == Intent("create_addendum", 1.0, {"known": ["a"]}, "boot", 2.0)
    others = (wanted(title="u"), StepRecord.wanted("create_addendum", kept.asked, "http://127.0.0.1:2"))
    assert len({first.run_id, *(steps(new_store()).open(other).run_id for other in others)}) == 3


def test_another_one_is_begun_only_behind_one_that_is_over(new_store: NewStore) -> None:
    """The same command pays once, however often it is killed, its word for another one included."""
    store = steps(new_store())
    first = store.open(wanted(), again=True)
    assert store.open(wanted(), again=True) == first
    store.update(first.run_id, {"result": {"id": "a"}})
    assert store.open(wanted(), again=True).run_id == first.run_id
    store.update(first.run_id, {"is_over": True})
    second = store.open(wanted(), again=True)

    assert second.run_id != first.run_id
    assert second.result is None
    assert store.open(wanted(), again=True) == second == store.open(wanted())
    store.update(second.run_id, {"is_unknown": True})
    third = store.open(wanted(), again=True)
    assert third.run_id not in (first.run_id, second.run_id)
    store.update(third.run_id, {"is_over": True, "result": {"id": "c"}, "intent": Intent("retry_generation", 1.0)})
    assert store.open(wanted(), again=True).run_id == third.run_id
    store.update(third.run_id, {"is_over": False, "is_unknown": True})
    # It was asked for once more, which may have sent something before it was killed.
    assert not store.open(wanted()).is_unknown
    assert store.open(wanted(), again=True).run_id == third.run_id


def test_a_step_that_nothing_was_sent_for_leaves_nothing(new_store: NewStore) -> None:
    """And what is not there is not there."""
    store = steps(new_store())
    record = store.open(wanted())
    store.discard(record.run_id)

    with pytest.raises(errors.RunNotFound):
        store.get(record.run_id)


def test_whoever_was_replaced_writes_no_more(tmp_path: Path) -> None:
    """Its lock may be gone with a deleted file, and another process may be paying by now."""
    mine, theirs = RunStore(tmp_path), RunStore(tmp_path)
    record = steps(mine).open(wanted())
    mine.hold(record.run_id)
    for lock in (tmp_path / "locks").glob("*.lock"):
        lock.unlink()
    theirs.hold(record.run_id)

    with pytest.raises(errors.RunBusy):
        steps(mine).update(record.run_id, {"is_over": True})


def test_what_a_newer_version_wrote_is_read_and_what_is_damaged_is_refused(tmp_path: Path) -> None:
    """A field that is not known does no harm; text that is no record does not pass for none."""
    store = steps(RunStore(tmp_path))
    record = store.open(wanted())
    file = sqlite3.connect(tmp_path / "runs.db")
    with file:
        file.execute("UPDATE steps SET record = json_insert(record, '$.colour', 'red')")
    assert store.get(record.run_id) == record
    for damaged in ("none", "{}"):
        with file:
            file.execute("UPDATE steps SET record = ?", [damaged])
        with pytest.raises(errors.StoreUnreadable):
            store.open(wanted())
    file.close()
