"""Many generations watched at once: what a list page answers, and when the whole status body is worth a request."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import Any
from uuid import UUID

import attrs
import httpx
import pytest

from specstep_flows import errors
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.effects import Observe, Reply, Sleep
from specstep_flows.engine.interpreter import Attempt, carry_out
from specstep_flows.engine.limits import MemoryLimiter
from specstep_flows.engine.session import Session, Shared
from specstep_flows.flows.control import moments_of
from specstep_flows.flows.status_cache import CROWD_SECONDS, FAR_FRESH_SECONDS, FRESH_SECONDS, MANY, StatusCache
from specstep_flows.models import Generation
from specstep_flows.runs.pages import Page
from specstep_flows.runs.records import RunRecord
from tests.kit.api import STATE
from tests.kit.stage import Stage

FORECAST = 600


class Service:
    """Generations in one state each; the forecast is in the status body alone."""

    def __init__(self, count: Any) -> None:
        self.ids = [UUID(int=100 + number) for number in range(count)]
        self.states = dict.fromkeys(self.ids, "Drafting")
        self.left = FORECAST

    def __call__(self, request: Any) -> Any:
        if request.operation == "list_generations":
            return 200, [{"id": str(id_), "state": state, "cost_usd": 1.5} for id_, state in self.states.items()]
        id_ = UUID(request.path.rpartition("/")[2])
        body = {"id": str(id_), "state": self.states[id_], "running_cost_usd": 1.5}
        if self.states[id_] != "Queued":
            body |= {"estimated_duration_seconds": FORECAST, "estimated_time_remaining_seconds": self.left}
        return 200, body


class Watchers:
    """Several runs of one client, each with what it saw last."""

    def __init__(self, stage: type[Stage], service: Any, pages: Any = None) -> None:
        self.service, self.cache = service, StatusCache(pages)
        self.acting = stage(service)
        self.last: dict[UUID, Any] = {}

    def look(self, *numbers: Any) -> Any:
        """One look of each of these runs; what was seen."""
        ids = [self.service.ids[number] for number in numbers] if numbers else self.service.ids
        for id_ in ids:
            self.last[id_] = self.acting.play(self.cache.observe(Observe(id_, self.last.get(id_))))
        return [self.last[id_] for id_ in ids]

    def sent(self) -> Any:
        """The requests since the last time that this was asked: pages, status bodies."""
        counts = self.acting.count("list_generations"), self.acting.count("get_generation")
        self.acting.sent.clear()
        return counts


class Together(list[Page]):
    """What processes share: the newest page, who reads one, and how many generations each watches."""

    def __init__(self) -> None:
        self.reader: Any = None
        self.counts: dict[Any, int] = {}
        self.asked = 0

    def of(self, process: Any) -> Any:
        """The pages as one process has them."""
        return Part(self, process)


@attrs.frozen
class Part:
    """One process's view of it."""

    all: Together
    process: Any

    def watch(self, count: int, now: float) -> int:
        self.all.counts[self.process] = count
        return sum(self.all.counts.values()) - count

    def ask(self, not_before: float, now: float) -> Page | bool:
        self.all.asked += 1
        if self.all and not_before <= self.all[-1].read_at:
            return self.all[-1]
        if self.all.reader is None:
            self.all.reader = self.process
        return bool(self.all.reader == self.process)

    def put(self, page: Page) -> None:
        self.all.append(page)
        self.all.reader = None

    def give_up(self) -> None:
        self.all.reader = None


@pytest.fixture
def watchers(stage: type[Stage]) -> Any:
    """Makes watchers of so many generations, after the first look of each, with no page that is young enough."""

    def make(count: Any) -> Any:
        made = Watchers(stage, Service(count))
        made.look()
        made.acting.now += FAR_FRESH_SECONDS + 1
        return made

    return make


def test_two_runs_read_a_status_body_each(watchers: Any) -> None:
    """A page would save nothing, and leaves out the forecast."""
    two = watchers(2)
    assert two.sent() == (0, 2)

    two.look()
    assert two.sent() == (0, 2)


def test_from_three_runs_on_one_page_answers_all(watchers: Any) -> None:
    """Looks that are due together cost one request; a later one costs another."""
    three = watchers(3)
    three.sent()

    seen = three.look()
    assert three.sent() == (1, 0)
    assert [generation.running_cost_usd for generation in seen] == [1.5] * 3

    three.acting.now += FAR_FRESH_SECONDS + 1
    three.look()
    assert three.sent() == (1, 0)


@pytest.mark.parametrize("left", [600, 30])
def test_a_page_is_read_oftener_near_the_end(watchers: Any, left: Any) -> None:
    """Far from the likely end an older page does."""
    three = watchers(3)
    for id_ in three.service.ids:
        three.service.left = left
        three.last[id_] = three.acting.play(three.cache.observe(Observe(id_, three.last[id_], detail=True)))
    three.look()
    three.sent()

    three.acting.now += FRESH_SECONDS + 1
    three.look()
    assert three.sent() == ((1, 0) if left < 90 else (0, 0))


def test_a_forecast_ages_between_pages(watchers: Any) -> None:
    """What the status body said is counted down by the time that passed."""
    three = watchers(3)
    three.acting.now += 50
    assert three.look(0)[0].estimated_time_remaining_seconds == FORECAST - 50 - (FAR_FRESH_SECONDS + 1)


def test_an_end_on_a_page_is_read_in_full(watchers: Any) -> None:
    """The package's id and the reason of a failure stand in the status body alone."""
    some = watchers(4)
    some.service.states[some.service.ids[1]] = "Complete"
    some.sent()

    assert [generation.state for generation in some.look()] == ["Drafting", "Complete", "Drafting", "Drafting"]
    assert some.sent() == (1, 1)


def test_an_end_that_nobody_knows_is_read_in_full(watchers: Any) -> None:
    """A row has neither package nor bill: only the status body tells whether it is one."""
    crowd = watchers(MANY + 4)
    service = crowd.service

    def ended(request: Any) -> Any:
        status, body = service(request)
        for row in body if isinstance(body, list) else [body]:
            if row["state"] == "Completed":
                row["completed_at"] = "2026-06-01T12:00:00Z"
                if row is body:
                    row |= {"billing_state": "Complete", "package_id": str(UUID(int=5))}
        return status, body

    crowd.acting.service = ended
    service.states[service.ids[2]] = "Completed"
    crowd.sent()
    seen = crowd.look()

    assert [generation.is_complete for generation in seen].count(True) == 1
    assert crowd.sent()[1] >= 1


def test_a_change_of_state_is_read_in_full_until_there_is_a_crowd(watchers: Any) -> None:
    """60 requests a minute are for all of them."""
    for count, bodies in ((MANY - 1, 1), (MANY, 0)):
        some = watchers(count)
        some.sent()
        some.service.states[some.service.ids[0]] = "Reviewing"

        assert some.look()[0].state == "Reviewing"
        assert some.sent() == (1, bodies)


def test_a_newcomer_in_a_crowd_waits_for_the_next_page(watchers: Any) -> None:
    """It is on no page that was read before; its forecast is asked for as soon as there can be one, and once."""
    crowd = watchers(MANY)
    newcomer = UUID(int=999)
    crowd.service.ids.append(newcomer)
    crowd.service.states[newcomer] = "Queued"
    crowd.sent()
    before = crowd.acting.now

    assert crowd.look(MANY)[0].state == "Queued"
    assert crowd.sent() == (1, 0)
    assert crowd.acting.now == before + FRESH_SECONDS

    crowd.service.states[newcomer] = "Drafting"
    crowd.acting.now += FAR_FRESH_SECONDS + 1
    assert crowd.look(MANY)[0].estimated_time_remaining_seconds == FORECAST
    assert crowd.sent() == (1, 1)


def test_what_is_on_no_page_is_asked_for(watchers: Any) -> None:
    """A list that leaves a row out loses no run."""
    three = watchers(3)
    del three.service.states[missing := three.service.ids[2]]
    three.sent()
    three.look(0, 1)
    three.service.states[missing] = "Reviewing"

    assert three.look(2)[0].state == "Reviewing"
    assert three.sent() == (1, 1)


def test_a_page_of_the_future_is_not_believed(watchers: Any) -> None:
    """The machine's clock was set back: the page that was read before is not young for an hour."""
    three = watchers(3)
    three.look()
    three.sent()

    three.acting.now -= 3600
    three.look()
    assert three.sent() == (1, 0)


def test_threads_take_turns_in_the_cache() -> None:
    """What runs in several threads know of each other is changed by one of them at a time."""
    inside, most = 0, 0

    class Slow(StatusCache):
        def _note_look(self, generation_id: Any, now: Any) -> Any:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1
            return super()._note_look(generation_id, now)

    async def look(number: Any) -> None:
        for _ in range(10):
            await Observe(UUID(int=number))

    def drive(number: Any) -> None:
        reply = Reply(200, httpx.Headers(), json.dumps({"id": str(UUID(int=number)), STATE: "Queued"}).encode())
        steps = carry_out(look(number), Session(shared))
        with contextlib.suppress(StopIteration):
            step: Any = next(steps)
            while True:
                step = steps.send(reply if isinstance(step, Attempt) else step.work())

    shared = Shared(SystemClock(1.0), MemoryLimiter(), Slow().observe)
    threads = [threading.Thread(target=drive, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_many_that_were_watched_a_moment_ago_are_still_a_crowd(watchers: Any) -> None:
    """They end one after the other; what only refines a record is then not read for each of them."""
    few, many = watchers(MANY - 1), watchers(MANY)
    assert not few.cache.is_crowded(few.acting.now)
    for id_ in many.service.ids:
        many.service.states[id_] = "Complete"
    many.look()

    assert many.cache.is_crowded(many.acting.now)
    assert not many.cache.is_crowded(many.acting.now + CROWD_SECONDS)


@pytest.mark.parametrize(
    ("state", "is_crowded", "asked"),
    [("Complete", False, 1), ("Complete", True, 0), ("PausedAwaitingClarification", True, 0), ("Cancelled", True, 1)],
)
def test_among_many_no_events_are_read_that_a_report_can_read(
    stage: type[Stage], state: str, is_crowded: bool, asked: int
) -> None:
    """Sixty requests a minute are for all of them. A cancelled one has no other stamp of its end."""
    id_ = UUID(int=100)
    acting = stage(lambda request: (200, {"events": []}))
    acting.is_crowded = is_crowded
    record = RunRecord("r", "https://a.example", 0.0, 0.0, generation_id=id_)

    acting.play(moments_of(record, Generation(id_, state), acting.now))

    assert acting.count("get_generation_events") == asked


@pytest.fixture
def processes(stage: type[Stage]) -> Any:
    """Makes processes that share pages: so many, each with one generation of the same key, which it has looked at."""

    def make(count: int, together: Any) -> list[Watchers]:
        made = [Watchers(stage, Service(count), together.of(number)) for number in range(count)]
        for number, one in enumerate(made):
            one.look(number)
            # Each is counted by the others from its second look on.
            one.acting.now += FAR_FRESH_SECONDS + 1
            one.acting.sent.clear()
        return made

    return make


def test_processes_count_and_read_together(processes: Any) -> None:
    """One run in each of three processes is three runs of the key: one page is read, and all use it."""
    together = Together()
    three = processes(3, together)

    for number, one in enumerate(three):
        one.look(number)

    assert [one.sent() for one in three] == [(1, 0), (0, 0), (0, 0)]
    assert all(one.last[one.service.ids[number]].running_cost_usd == 1.5 for number, one in enumerate(three))


def test_a_crowd_is_the_keys(processes: Any) -> None:
    """What only refines a record is read for none of many, wherever they are driven."""
    together = Together()
    some = processes(MANY, together)
    assert not some[0].cache.is_crowded(some[0].acting.now)

    some[0].look(0)
    assert some[0].cache.is_crowded(some[0].acting.now)


def test_others_are_counted_now_and_then(processes: Any) -> None:
    """Not at every look: each count is a transaction."""
    together = Together()
    first, *_ = processes(3, together)
    first.look(0)
    together.counts[1] += 100

    first.acting.now += FRESH_SECONDS - 1
    first.look(0)
    assert not first.cache.is_crowded(first.acting.now)

    first.acting.now += 1
    first.look(0)
    assert first.cache.is_crowded(first.acting.now)


def test_whoever_cannot_read_the_page_leaves_it_to_the_next(processes: Any) -> None:
    """A failed read holds nobody up."""
    together = Together()
    first, second, _ = processes(3, together)
    service = first.acting.service
    first.acting.service = lambda _: errors.ConnectionLost("The connection broke.", operation="any")
    with pytest.raises(errors.ConnectionLost):
        first.look(0)
    first.acting.service = service

    second.look(1)
    assert second.sent() == (1, 0)


def test_a_page_that_another_process_reads_is_waited_for(processes: Any) -> None:
    """Nothing is sent meanwhile."""
    together = Together()
    first, second, _ = processes(3, together)
    together.reader = 1
    flow = first.cache.observe(Observe(first.service.ids[0], first.last[first.service.ids[0]]))
    step, waits = flow.send(None), 0
    while not (isinstance(step, Sleep) and waits == 5):
        waits += isinstance(step, Sleep)
        step = flow.send(first.acting.carry(step))

    second.look(1)
    first.acting.play(flow)

    assert (first.sent(), second.sent()) == ((0, 0), (1, 0))
