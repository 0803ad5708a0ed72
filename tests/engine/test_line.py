"""The line in front of a rate limit: many wait, each wakes about once, in the order in which they came."""

from __future__ import annotations

import heapq
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from specstep_flows.engine.effects import Reply, Request, Send
from specstep_flows.engine.interpreter import Attempt, Block, Pause, carry_out
from specstep_flows.engine.limits import SharedLimiter
from specstep_flows.engine.line import Line
from specstep_flows.engine.session import Session, Shared
from specstep_flows.models import Generation
from tests.kit.clocks import SteppedClock

WAITING = 300


class Counting(SharedLimiter):
    """Counts how often the file is asked."""

    asked = 0

    def acquire_at_once(self, bucket: Any, now: float) -> float | None:
        """Every way to a place begins here."""
        self.asked += 1
        return super().acquire_at_once(bucket, now)


async def unobserved(effect: Any) -> Generation:
    """No flow of these tests looks at a generation."""
    raise AssertionError(effect)


async def ask(number: int) -> Any:
    """One request."""
    return await Send(Request("get_generation", "read", "GET", f"/v1/generations/{UUID(int=number)}"), lambda _: number)


def test_those_that_wait_wake_about_once_each_and_in_their_order(tmp_path: Path) -> None:
    """Three hundred requests at sixty a minute: the file is asked about as often, not some tens of thousands."""
    clock, limiter = SteppedClock(), Counting(tmp_path / "limits.db", "scope")
    shared = Shared(clock, limiter, observe=unobserved)
    due = [(clock.now(), number, carry_out(ask(number), Session(shared)), None) for number in range(WAITING)]
    pauses, sent = 0, []
    while due:
        clock.time, number, steps, value = heapq.heappop(due)
        step = steps.send(value)
        while not isinstance(step, Pause):
            if isinstance(step, Attempt):
                sent.append(number)
                steps.close()
                break
            assert isinstance(step, Block)
            step = steps.send(step.work())
        else:
            pauses += 1
            heapq.heappush(due, (clock.now() + step.seconds, number, steps, None))
    limiter.close()

    assert sorted(sent) == list(range(WAITING))
    # Five minutes: sixty in each, whoever came first among the first.
    assert [sorted(sent[first : first + 60]) for first in range(0, WAITING, 60)] == [
        list(range(first, first + 60)) for first in range(0, WAITING, 60)
    ]
    # Once a minute each looks how many are still before it, which asks no file.
    assert pauses <= 4 * WAITING
    assert limiter.asked <= 2 * WAITING


def test_whoever_leaves_the_line_keeps_nobody_waiting() -> None:
    """A run that is cancelled while it waits is no longer counted by those behind it."""
    line = Line()
    with line.stand() as first, ExitStack() as second:
        second.enter_context(line.stand())
        with line.stand() as last:
            assert (first(), last()) == (0, 2)
            second.close()
            assert (first(), last()) == (0, 1)


def test_a_request_that_is_given_up_leaves_the_line(tmp_path: Path) -> None:
    """Its driver closes what it was carrying out."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope", {"standard": 1})
    shared = Shared(SteppedClock(), limiter, observe=unobserved)
    assert limiter.acquire("standard", shared.clock.now()) == 0.0
    steps: Any = carry_out(ask(1), Session(shared))
    assert isinstance(next(steps), Pause)
    assert len(shared.lines["standard"]._waiting) == 1

    steps.close()
    assert shared.lines["standard"]._waiting == []
    limiter.close()


def test_what_never_blocks_the_event_loop_is_asked_while_another_thread_counts(tmp_path: Path) -> None:
    """``later`` and ``is_news`` go by what was read last, also while the file is locked by a write.

    And a place is taken at once or not at all.
    """
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    limiter.acquire("standard", 1_000.0)
    done = threading.Event()

    def look() -> None:
        assert limiter.later("standard", 60, 1_000.0) > 0
        assert limiter.later("standard", 0, 1_000.0) == 0.0
        assert limiter.is_news("standard", 60, 10, 1_000.0)
        assert not limiter.is_news("standard", 60, 59, 1_000.0)
        assert limiter.acquire_at_once("standard", 1_000.0) is None
        done.set()

    with limiter._lock:
        thread = threading.Thread(target=look)
        thread.start()
        assert done.wait(10)
    thread.join()
    limiter.close()


def test_news_is_learnt_once_the_answer_is_recorded(tmp_path: Path) -> None:
    """A count that is corrected after an answer takes a step of its own, and none where nothing is new."""
    limiter = SharedLimiter(tmp_path / "limits.db", "scope")
    shared = Shared(SteppedClock(), limiter, observe=unobserved)

    def steps_after(remaining: str) -> int:
        steps: Any = carry_out(ask(1), Session(shared))
        step = next(steps)
        while isinstance(step, Block):
            step = steps.send(step.work())
        assert isinstance(step, Attempt)
        reply = Reply(200, httpx.Headers({"ratelimit-limit": "60", "ratelimit-remaining": remaining}), b"{}")
        count = 0
        try:
            step = steps.send(reply)
            while True:
                count += 1
                step = steps.send(step.work())
        except StopIteration:
            return count

    assert steps_after("59") == 0
    assert steps_after("20") == 1
    assert limiter.later("standard", 20, shared.clock.now()) > 0
    limiter.close()
