"""What one drive of a flow knows: its deadline, its record, and how long a request may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.effects import Observe
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Session, Shared, new_key
from specstep_flows.models import Generation
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore


async def unobserved(effect: Observe) -> Generation:
    """Nobody looks at a generation here."""
    raise AssertionError(effect)


def shared(speed: float = 1.0, request_timeout: float = 75.0) -> Shared:
    """What the flows of one client share, on a clock of that speed."""
    return Shared(SystemClock(speed), MemoryLimiter(), observe=unobserved, request_timeout=request_timeout)


@pytest.mark.parametrize(
    ("speed", "timeout", "real"),
    [(1.0, 75.0, 75.0), (5.0, 75.0, 15.0), (600.0, 75.0, 5.0), (600.0, 2.0, 2.0), (0.001, 604800.0, 604800.0)],
)
def test_a_server_has_real_time_to_answer_however_fast_the_clock_is(speed: float, timeout: float, real: float) -> None:
    """Five seconds, unless less was asked for; and a week at most, which any socket's time-out can be."""
    assert shared(speed, timeout).real_timeout == real


def test_what_the_service_works_on_gets_the_time_for_it() -> None:
    """A shorter time-out does not cut it off; a longer one stays."""
    assert shared(1.0, 10.0).real_timeout_of(90.0) == 90.0
    assert shared(1.0, 300.0).real_timeout_of(90.0) == 300.0
    assert shared(1.0, 10.0).real_timeout_of(0.0) == 10.0


def test_a_deadline_makes_blocking_work_stop() -> None:
    """As does giving up one drive, or closing the client."""
    now = SystemClock().now()
    assert not Session(shared()).should_stop()
    assert not Session(shared(), deadline=now + 3600).should_stop()
    assert Session(shared(), deadline=now - 1).should_stop()

    given_up, closed = Session(shared()), Session(shared())
    given_up.stopping.set()
    closed.shared.closing.set()
    assert given_up.should_stop()
    assert closed.should_stop()
    assert not closed.is_late()


def test_a_change_is_in_the_store_and_in_the_record(tmp_path: Path) -> None:
    """Both say the same afterwards; without a run there is nothing to write."""
    store = RunStore(tmp_path)
    record = RunRecord("one", "https://specstep.example", 0.0, 0.0)
    store.create(record)
    session = Session(shared(), store=store, record=record)

    assert session.write({"stage": "interview"}) == store.get("one") == session.record
    assert store.get("one").stage == "interview"
    assert Session(shared()).write({"stage": "interview"}) is None
    store.close()


def test_the_record_is_read_as_another_process_left_it(tmp_path: Path) -> None:
    """Answers that were given beside this process are not written over with what it read before."""
    here, there = RunStore(tmp_path), RunStore(tmp_path)
    record = RunRecord("one", "https://specstep.example", 0.0, 0.0)
    here.create(record)
    session = Session(shared(), store=here, record=record)
    there.update("one", {"answers": ({"question": "Which?", "answer": "This."},)})

    assert session.read() == session.record == there.get("one")
    assert session.record is not None
    assert session.record.answers
    assert Session(shared()).read() is None
    here.close()
    there.close()


def test_what_may_wait_is_written_with_what_may_not(tmp_path: Path) -> None:
    """One transaction for both; until then the record shows it, and the store does not."""
    store = RunStore(tmp_path)
    record = RunRecord("one", "https://specstep.example", 0.0, 0.0)
    store.create(record)
    session = Session(shared(), store=store, record=record)

    session.put_off({"cost_usd": 1.0}, until=60.0)
    session.put_off({"cost_usd": 2.0, "project_name": "Portal"}, until=90.0)
    read = session.read()
    assert read is not None
    assert (read.cost_usd, read.project_name) == (2.0, "Portal")
    assert store.get("one").cost_usd is None
    # The first of them says how long all of them wait.
    assert (session.is_due(59.9), session.is_due(60.0)) == (False, True)

    assert session.write({"stage": "interview"}) == store.get("one")
    assert (store.get("one").cost_usd, store.get("one").stage) == (2.0, "interview")
    assert not session.is_due(1e9)
    store.close()


def test_what_waits_writes_over_nothing_that_others_have_written(tmp_path: Path) -> None:
    """Somebody answers beside this process: their answers stay, and what only this one knows is written, too."""
    here, there = RunStore(tmp_path), RunStore(tmp_path)
    record = RunRecord("one", "https://specstep.example", 0.0, 0.0)
    here.create(record)
    let_go = here.hold("one")
    session = Session(shared(), store=here, record=record)
    session.read()

    session.put_off({"answering": {"a": 1}, "cost_usd": 1.0}, until=60.0)
    there.update("one", {"answering": {"b": 2}})
    session.write({"stage": "generation"})

    kept = there.get("one")
    assert (kept.answering, kept.cost_usd, kept.stage) == ({"b": 2}, 1.0, "generation")
    let_go()
    here.close()
    there.close()


def test_keys_are_of_the_form_that_the_service_wants_and_never_the_same() -> None:
    """1 to 128 characters of ``[A-Za-z0-9._:-]`` (walkthrough, step 3)."""
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.isascii() and key.replace("-", "").isalnum() and len(key) <= 128 for key in keys)
