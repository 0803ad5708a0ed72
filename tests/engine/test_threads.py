"""A few threads of each kind, for all runs of a process; none of them keeps another kind waiting."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import threading
from typing import Any

import pytest

from specstep_flows.engine import threads
from specstep_flows.engine.drivers import in_thread
from specstep_flows.engine.threads import THREADS, pool, widen


@pytest.fixture(autouse=True)
def _nobody_wants_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stores of a server this process has had before."""
    monkeypatch.setattr(threads, "_wanted", dict(THREADS))


def test_a_store_that_does_many_things_at_a_time_has_the_threads_for_it() -> None:
    """No fewer for another one that wants less; none of another kind."""
    widen("store", 6)
    widen("store", 3)
    together = threading.Barrier(6)

    async def meet() -> list[int]:
        return await asyncio.gather(*[in_thread(together.wait, 30) for _ in range(6)])

    assert sorted(asyncio.run(meet())) == list(range(6))
    assert pool("files") is pool("files")


def test_any_number_of_writes_take_the_same_few_threads() -> None:
    """There is one pool for all clients."""

    async def write_all() -> set[str]:
        return set(await asyncio.gather(*[in_thread(lambda: threading.current_thread().name) for _ in range(100)]))

    first, second = asyncio.run(write_all()), asyncio.run(write_all())
    assert len(first | second) <= THREADS["store"]
    assert all(name.startswith("specstep-store") for name in first)


def test_downloads_that_take_long_keep_no_write_waiting() -> None:
    """As many as there are threads for them, and more."""
    done = threading.Event()

    async def beside() -> str:
        downloads = [asyncio.ensure_future(in_thread(done.wait, 30, kind="files")) for _ in range(THREADS["files"] + 2)]
        written = await in_thread(lambda: "written")
        # The loop's own threads look up addresses.
        address = await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
        assert address
        assert not any(download.done() for download in downloads)
        done.set()
        await asyncio.gather(*downloads)
        return written

    assert asyncio.run(beside()) == "written"


def _in_child(told: Any) -> None:
    told.send(pool("store").submit(lambda: "done").result(30))


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_that_was_forked_has_threads_of_its_own() -> None:
    """Those of its parent are not there, and nothing waits for them."""
    assert pool("store").submit(lambda: 1).result(30) == 1
    context = multiprocessing.get_context("fork")
    parent, child = context.Pipe(False)
    process = context.Process(target=_in_child, args=(child,))
    process.start()
    assert parent.poll(30)
    assert parent.recv() == "done"
    process.join(30)
