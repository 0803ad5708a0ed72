"""Ctrl-C, the cancellation of a task, and callbacks that raise, at every step of a run: it can be resumed in the same
process.

``test_kill_everywhere`` shows the same of processes that die; here the process lives on, with its threads and locks.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep
from specstep_flows.engine import drivers
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import Fault
from tests.kit.api import op
from tests.kit.bench import BRIEF, Bench

#: Steps between the interrupts of the quick test, and of the slow one. Deaths come at every step:
#: test_kill_everywhere.
STRIDE, SHORT_STRIDE = 29, 11


class Interrupter:
    """Counts the steps of both drivers; at one of them it interrupts, before the step is performed or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = 0
        self.at: int | None = None
        self.after = False
        perform, perform_async = drivers._perform, drivers._perform_async

        def sync(step: Any, *more: Any) -> Any:
            here = self._is_here()
            if here and not self.after:
                raise KeyboardInterrupt
            answer = perform(step, *more)
            if here:
                raise KeyboardInterrupt
            return answer

        async def on_loop(step: Any, *more: Any) -> Any:
            here = self._is_here()
            if here and not self.after:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            answer = await perform_async(step, *more)
            if here:
                raise asyncio.CancelledError
            return answer

        monkeypatch.setattr(drivers, "_perform", sync)
        monkeypatch.setattr(drivers, "_perform_async", on_loop)

    def _is_here(self) -> bool:
        self.steps += 1
        return self.steps == self.at

    def begin(self, at: int | None, *, after: bool = False) -> None:
        self.steps, self.at, self.after = 0, at, after


@pytest.fixture
def interrupter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ready to interrupt."""
    return Interrupter(monkeypatch)


def interrupted(bench: Bench, **options: Any) -> None:
    """One attempt, which must be interrupted."""
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)):
        bench.attempt(**options)


def sweep(new_bench: Any, interrupter: Any, *, is_async: Any, stride: Any, output: Any = "package.zip") -> None:
    """Interrupt a run of its own at every so many steps, before them and after them; judge each after one resume."""
    measure = new_bench(is_async=is_async)
    interrupter.begin(None)
    measure.folder.mkdir(parents=True, exist_ok=True)
    notes = measure.folder / "notes.md"
    notes.write_text("The owner wants green tea.\n", encoding="utf-8")
    measure.attempt(output=measure.output / output, unpack=True, attachments=notes)
    steps = interrupter.steps
    assert steps > 100
    for number in range(1, steps + 1, stride):
        for after in (False, True):
            bench = new_bench(is_async=is_async)
            options = {"output": bench.output / output, "unpack": True, "attachments": notes}
            interrupter.begin(number, after=after)
            interrupted(bench, **options)
            interrupter.begin(None)
            bench.judge(bench.attempt(**options))


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_an_interrupted_run_is_resumed(new_bench: Any, interrupter: Any, is_async: bool) -> None:
    """Whatever step is interrupted, the same command goes on: under a chosen file name, too."""
    sweep(new_bench, interrupter, is_async=is_async, stride=STRIDE)


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_run_interrupted_anywhere_is_resumed(new_bench: Any, interrupter: Any, is_async: bool) -> None:
    """The same at many more steps."""
    sweep(new_bench, interrupter, is_async=is_async, stride=SHORT_STRIDE)


def test_a_download_that_was_cancelled_is_gone_on_with_at_once(new_bench: Any, log_trap: Any) -> None:
    """The thread that downloads lets go of its file before the cancellation is over, and asyncio has nothing to say."""
    bench = new_bench(is_async=True)
    bench.sandbox.faults.add(Fault("GET /blob/{name}", "stall"))

    async def cancel_and_go_on() -> Any:
        async with AsyncSpecStep(settings=bench.settings(), clock=bench.clock) as client:
            first = asyncio.ensure_future(client.run(list(BRIEF), **bench.arguments()))
            while not bench.sandbox.requests.count("GET /blob/{name}"):
                await asyncio.sleep(0.01)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            return await client.run(list(BRIEF), **bench.arguments())

    bench.judge(asyncio.run(cancel_and_go_on()))
    assert [line for line in log_trap.lines if "never retrieved" in line] == []


@pytest.mark.parametrize("cancellations", [1, 3])
@pytest.mark.parametrize("moment", ["hold", "update"], ids=["while it opens", "while it closes"])
def test_a_run_that_was_cancelled_is_nobodys_at_once(
    new_bench: Any, monkeypatch: pytest.MonkeyPatch, moment: str, cancellations: int
) -> None:
    """However often it is cancelled while a thread takes its lock, or writes its last: the lock is free when that is
    over."""
    bench = new_bench(is_async=True)
    is_there, may_go_on = threading.Event(), threading.Event()
    original = getattr(RunStore, moment)

    def slow(store: Any, *arguments: Any) -> Any:
        if not is_there.is_set() and (moment == "hold" or "error" in arguments[1]):
            is_there.set()
            may_go_on.wait(10)
        return original(store, *arguments)

    monkeypatch.setattr(RunStore, moment, slow)
    if moment == "update":
        bench.sandbox.faults.add(Fault(op("start_interview"), "status", status=403))

    async def cancel_and_go_on() -> Any:
        async with AsyncSpecStep(settings=bench.settings(), clock=bench.clock) as client:
            first = asyncio.ensure_future(client.run(list(BRIEF), **bench.arguments()))
            while not is_there.is_set():
                await asyncio.sleep(0.01)
            for _ in range(cancellations):
                first.cancel()
                await asyncio.sleep(0.01)
            may_go_on.set()
            # Whoever keeps the task keeps the frames of its error with it.
            with pytest.raises(asyncio.CancelledError) as kept:
                await first
            return await client.run(list(BRIEF), **bench.arguments()), kept

    result, _ = asyncio.run(cancel_and_go_on())
    bench.judge(result)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [KeyError])
def test_a_callback_that_raises_at_any_event_loses_nothing(new_bench: Any, kind: Any) -> None:
    """What the user's own progress callback raises reaches the user; the same command goes on."""
    for is_async in (False, True):
        measure = new_bench(is_async=is_async)
        measure.attempt()
        for number in range(0, len(measure.events), 3):
            bench = new_bench(is_async=is_async)

            def failing(event: Any, bench: Any = bench, number: Any = number) -> None:
                bench.events.append(event)
                if len(bench.events) == number + 1:
                    raise kind("of the user's own")

            with pytest.raises(kind):
                bench.attempt(on_event=failing)
            bench.judge(bench.attempt())
