"""Many runs that wait in one process: what each of them holds, writes and reads, counted while they look."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

from specstep_flows.engine.effects import SOON, Reply
from specstep_flows.engine.interpreter import Attempt, Pause, carry_out
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Session, Shared
from specstep_flows.flows.budget import Budget
from specstep_flows.flows.status_cache import StatusCache
from specstep_flows.flows.watch import generations_of, watch
from specstep_flows.runs import rows
from specstep_flows.runs.records import RunRecord, TurnRecord
from specstep_flows.runs.store import RunStore
from tests.kit.api import as_sent
from tests.kit.bench import BRIEF
from tests.kit.clocks import SteppedClock
from tests.kit.commits import commits

RUNS, LOOKS = 20, 20


@attrs.define
class Waiting:
    """Runs that one client watches; ``cost`` is what the service says of each at a time."""

    store: RunStore
    cost: Callable[[float], float]
    runs: int = RUNS
    clock: SteppedClock = attrs.field(factory=SteppedClock)
    steps: list[Any] = attrs.field(factory=list)
    due: list[float] = attrs.field(factory=list)

    def open(self) -> None:
        """Each waits for its first look."""
        shared = Shared(
            self.clock,
            MemoryLimiter({"standard": None, "kickoff": None}),
            observe=StatusCache().observe,
            random=random.Random(0),
        )
        for number in range(self.runs):
            name, own = f"run-{number}", UUID(int=number + 1)
            turns = tuple(TurnRecord(message, f"key-{number}", done=True, reply="Understood.") for message in BRIEF)
            record = RunRecord(
                name, "http://127.0.0.1:1", 0.0, 0.0, stage="generation", messages=BRIEF, turns=turns, generation_id=own
            )
            self.store.create(record)
            self.store.hold(name)
            session = Session(shared, store=self.store, record=record)
            self.steps.append(carry_out(watch(partial(generations_of, record), Budget(), None, 90.0), session))
            self.due.append(self.clock.now())

    def look(self, times: int) -> None:
        """Let so many waits of all runs pass."""
        for _ in range(times * self.runs):
            number = min(range(self.runs), key=self.due.__getitem__)
            self.clock.time = max(self.clock.time, self.due[number])
            step = self.steps[number].send(None)
            while not isinstance(step, Pause):
                answer = self._answer(step.request) if isinstance(step, Attempt) else step.work()
                step = self.steps[number].send(answer)
            self.due[number] = self.clock.now() + step.seconds

    def _answer(self, request: Any) -> Reply:
        row = {"state": "Drafting", "project_name": "Portal", "review_profile": "Normal"}
        cost = self.cost(self.clock.now())
        if request.operation == "list_generations":
            body: Any = [{"id": str(UUID(int=number + 1)), "cost_usd": cost, **row} for number in range(self.runs)]
        elif request.operation == "get_generation_events":
            body = {"events": []}
        else:
            body = {"id": request.path.rpartition("/")[2], "running_cost_usd": cost, **row}
        return Reply(200, httpx.Headers(), as_sent(request.operation, json.dumps(body).encode()))

    def close(self) -> None:
        for steps in self.steps:
            steps.close()
        self.store.close()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Every transaction that is committed."""
    return commits(monkeypatch)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Callable[[Callable[[float], float]], Waiting]]:
    """Makes runs that wait, after their first two looks."""
    made: list[Waiting] = []

    def make(cost: Callable[[float], float]) -> Waiting:
        made.append(Waiting(RunStore(tmp_path / str(len(made))), cost))
        made[-1].open()
        made[-1].look(2)
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_look_that_changes_nothing_writes_nothing_and_reads_no_record(
    written: Counter[str], waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a generation stays as it is. When it was looked at last is written with whatever comes next."""
    all_of_them = waiting(lambda _: 1.0)
    all_of_them.look(6)
    decoded: list[str] = []
    monkeypatch.setattr(rows, "decode", lambda column, text: decoded.append(column))
    written.clear()
    all_of_them.look(LOOKS)

    assert (written.total(), decoded) == (0, [])


def test_numbers_that_grow_are_written_once_a_minute(written: Counter[str], waiting: Any) -> None:
    """The cost is another at every look, and another process need not see each of them."""
    all_of_them = waiting(lambda now: now / 1000)
    began, before = all_of_them.clock.now(), written.total()
    all_of_them.look(LOOKS)
    minutes = (all_of_them.clock.now() - began) / SOON
    kept = [all_of_them.store.get(f"run-{number}") for number in range(RUNS)]

    assert RUNS * (minutes - 2) <= written.total() - before <= RUNS * (minutes + 1)
    # What is kept is no older than that, and the looks in between are not lost.
    assert all((all_of_them.clock.now() - record.cost_usd * 1000) <= SOON + 30 for record in kept)
    assert all(len(record.history) >= LOOKS - 4 for record in kept)


def test_a_run_that_waits_takes_little_memory(waiting: Any) -> None:
    """Frames, record, history and what was seen last: some KB a run, however many looks there were."""
    # What is imported with the first look is nobody's.
    waiting(lambda now: now / 1000).look(1)
    tracemalloc.start()
    try:
        all_of_them = waiting(lambda now: now / 1000)
        all_of_them.look(LOOKS)
        held = tracemalloc.get_traced_memory()[0] / RUNS
    finally:
        tracemalloc.stop()

    assert held <= 25_000
