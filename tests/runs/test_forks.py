"""The state folder's files across forks: what a child writes is there for all, whatever becomes of its parent."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from specstep_flows import RunStore, errors
from specstep_flows.engine.limits import SharedLimiter
from specstep_flows.runs.deliveries import DeliveryLog
from specstep_flows.runs.records import RunRecord
from tests.kit.platforms import POSIX_ONLY

pytestmark = [POSIX_ONLY, pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")]


def limiter(folder: Path) -> SharedLimiter:
    """The limits that processes share."""
    return SharedLimiter(folder / "limits.db", "scope")


def take(given: SharedLimiter) -> None:
    """One request is counted."""
    assert given.acquire("standard", 1_000.0) == 0.0


def create(store: RunStore) -> None:
    """One more run."""
    store.create(RunRecord(f"r-{len(store.all())}", "https://specstep.com", 1.0, 1.0))


def receive(log: DeliveryLog) -> None:
    """One more delivery."""
    assert log.claim("app", f"d-{len(log.all())}", "webhook.test", None, [], b"{}", 1_000.0) == "new"


@pytest.mark.parametrize(
    ("opened", "write", "count"),
    [
        (RunStore, create, lambda store: len(store.all())),
        (DeliveryLog, receive, lambda log: len(log.all())),
        (limiter, take, lambda given: 60 - sum(given.acquire("standard", 1_000.0) == 0.0 for _ in range(60))),
    ],
)
def test_a_child_loses_nothing_when_its_parent_closes_the_file(
    tmp_path: Path, opened: Callable[[Path], object], write: Callable[[object], None], count: Callable[[object], int]
) -> None:
    """A program that forks and ends its first process, as daemons do; the child is killed in the end."""
    made = opened(tmp_path)
    write(made)
    go, written = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            for _ in range(2):
                write(made)
                os.write(written[1], b"1")
                os.read(go[0], 1)
        os._exit(0)

    os.close(written[1])
    os.read(written[0], 1)
    write(made)
    for one in (made, opened(tmp_path)):
        with contextlib.closing(one):  # type: ignore[type-var]
            pass
    os.write(go[1], b"1")
    os.read(written[0], 1)
    os.write(go[1], b"1")
    os.waitpid(child, 0)

    with contextlib.closing(opened(tmp_path)) as found:  # type: ignore[type-var]
        assert count(found) == 4
    for end in (*go, written[0]):
        os.close(end)


def test_a_folder_that_was_deleted_is_not_made_again_by_a_fork(tmp_path: Path) -> None:
    """Whoever uses the store then is told."""
    store = RunStore(tmp_path / "state")
    shutil.rmtree(tmp_path / "state")
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(errors.StoreError, match="closed"):
        store.all()


def test_a_store_that_is_closed_stays_closed_after_a_fork(tmp_path: Path) -> None:
    """In memory it stays what it is."""
    closed, memory = RunStore(tmp_path), RunStore.in_memory()
    closed.close()
    create(memory)
    child = os.fork()
    if child == 0:
        os._exit(len(memory.all()))
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == len(memory.all()) == 1
    assert not closed._close.alive
    memory.close()
