"""The log of webhook deliveries: what runs that wait read of it, and what it costs them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.runs.deliveries import FILE_NAME, KEPT_SECONDS, REPLAY_SECONDS, DeliveryLog

NOW = 1_778_022_000.0
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DeliveryLog]:
    """A log in a folder."""
    with contextlib.closing(DeliveryLog(tmp_path)) as made:
        yield made


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[DeliveryLog]:
    """The same log as another process has it."""
    with contextlib.closing(DeliveryLog(tmp_path)) as made:
        yield made


def came(log: DeliveryLog, delivery_id: str, about: UUID | None = ONE, body: bytes = b"{}", at: float = NOW) -> str:
    """A delivery is received."""
    return log.claim("app", delivery_id, "generation.completed", about, [("a", "b")], body, at)


def test_what_one_process_receives_another_hears(log: DeliveryLog, beside: DeliveryLog) -> None:
    """Each delivery once, by the position that was reached; not those about other generations, nor old ones."""
    came(log, "d-1", body=b"old")
    position, is_served, bodies = beside.since([ONE], None)
    assert (is_served, bodies) == (False, {})

    log.serve("r", 60.0)
    came(log, "d-2", body=b"new")
    came(log, "d-3", body=b"newest")
    came(log, "d-4", OTHER)
    came(log, "d-5", None)
    later, is_served, bodies = beside.since([ONE], position)

    assert (is_served, bodies) == (True, {ONE: b"newest"})
    assert beside.since([ONE], later)[2] == {}
    assert beside.since([ONE, OTHER], position)[2].keys() == {ONE, OTHER}
    log.leave("r")
    assert beside.since([ONE], later) == (later, False, {})


def test_a_delivery_that_is_sent_again_wakes_nobody_again(log: DeliveryLog) -> None:
    """It keeps its place, whatever became of it."""
    came(log, "d-1")
    position = log.since([ONE], None)[0]
    log.settle("app", "d-1", is_done=False)

    assert came(log, "d-1") == "new"
    assert log.since([ONE], position) == (position, False, {})


def test_a_check_that_finds_nothing_reads_no_row(log: DeliveryLog, beside: DeliveryLog) -> None:
    """Runs check twice a second: one statement, and no transaction, unless something about them came."""
    log.serve("r", 60.0)
    position = beside.since([ONE], None)[0]
    statements: list[str] = []
    assert beside._database is not None
    beside._database.set_trace_callback(statements.append)
    for _ in range(5):
        assert beside.unchanged([ONE], position) == (position, True)
    assert statements == ["PRAGMA data_version"] * 5

    came(log, "d-1", OTHER)
    assert beside.unchanged([ONE], position) is None
    beside.since([OTHER], position)
    statements.clear()
    assert beside.unchanged([ONE], position) == (position + 1, True)
    assert beside.unchanged([OTHER], position) is None
    assert statements == ["PRAGMA data_version"] * 2


def test_a_check_waits_for_nobody_who_writes(log: DeliveryLog) -> None:
    """It is made on the event loop; whoever has to wait does so in a thread."""
    log.serve("r", 60.0)
    position = log.since([ONE], None)[0]
    with log._lock, ThreadPoolExecutor(1) as threads:
        assert threads.submit(log.unchanged, [ONE], position).result(10) is None
    assert log.unchanged([ONE], position) == (position, True)


def test_asking_makes_no_file_and_a_file_that_cannot_be_read_says_nothing(log: DeliveryLog, tmp_path: Path) -> None:
    """A run does not depend on deliveries."""
    assert log.unchanged([ONE], None) == (0, False)
    assert log.since([ONE], 3) == (3, False, {})
    assert log.all() == []
    assert not (tmp_path / FILE_NAME).exists()

    (tmp_path / FILE_NAME).write_bytes(b"no database" * 100)
    assert log.unchanged([ONE], 3) is None
    assert log.since([ONE], 3) == (3, False, {})
    with pytest.raises(errors.StoreError, match="can be deleted while nothing receives"):
        came(log, "d-1")


def test_a_receiver_that_says_nothing_more_is_not_there(log: DeliveryLog) -> None:
    """It was killed, or its machine was."""
    log.serve("dead", -1.0)
    assert log.since([], None)[1] is False
    log.serve("alive", 60.0)
    assert log.since([], None)[1] is True


def test_old_deliveries_leave(log: DeliveryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """By age and by number; but none that could still pass for a recent one."""
    monkeypatch.setattr("specstep_flows.runs.deliveries.KEPT_DELIVERIES", 5)
    for number in range(12):
        assert came(log, f"d-{number}") == "new"
    recent = len(log.all())
    came(log, "d-12", at=NOW + REPLAY_SECONDS + 1)
    by_number = [one.id for one in log.all()]
    came(log, "d-13", at=NOW + REPLAY_SECONDS + KEPT_SECONDS + 2)

    assert recent == 12
    assert by_number == ["d-12", "d-11", "d-10", "d-9", "d-8"]
    assert [one.id for one in log.all()] == ["d-13"]


def test_a_body_with_a_signed_address_is_not_kept(log: DeliveryLog) -> None:
    """No store of ours holds one; the delivery is known all the same."""
    body = b'{"generation": {"url": "https://blob.example.com/p.zip?sv=1&sig=abcdefghijklmnop"}}'
    came(log, "d-1", body=body)
    position = log.since([ONE], None)[0] - 1

    found = log.find("d-1")
    assert found is not None
    assert (found.body, found.headers) == (None, (("a", "b"),))
    assert log.since([ONE], position)[2] == {ONE: None}


def test_a_child_of_a_fork_opens_the_file_itself(log: DeliveryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Web servers fork their workers after they have loaded the application."""
    came(log, "d-1")
    before = log._database
    monkeypatch.setattr("os.getpid", lambda: -1)

    assert came(log, "d-1") == "busy"
    assert log._database is not before
