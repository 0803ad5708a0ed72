"""One loop watches a run's generations, one or several, to their ends."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows._facts import stopped_label
from specstep_flows.cli.output import status_of
from specstep_flows.engine.effects import CheckDeliveries, Deliveries, Sleep
from specstep_flows.flows.budget import Budget
from specstep_flows.flows.watch import (
    DELIVERY_SECONDS,
    FAMILY_SECONDS,
    PAUSED_SECONDS,
    generations_of,
    raise_for_end,
    wait_for_generation,
    watch,
)
from specstep_flows.models import Generation, RunOptions
from specstep_flows.runs.records import RunRecord
from tests.kit.api import as_sent
from tests.kit.stage import Stage

OWN, OTHER, LATE, INTERVIEW = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=9)


class Service:
    """Generations that go through a script of states, one at each look; the last one stays."""

    def __init__(self, **scripts: Sequence[str]) -> None:
        ids = {"own": OWN, "other": OTHER, "late": LATE}
        self.scripts = {ids[name]: list(states) for name, states in scripts.items()}
        self.rows: list[dict[str, Any]] = []

    def __call__(self, request: Any) -> Any:
        if request.operation == "list_generations":
            return 200, self.rows
        if request.operation == "get_generation_events":
            return 200, {"events": []}
        id_ = UUID(request.path.split("/")[3])
        script = self.scripts[id_]
        state = script.pop(0) if len(script) > 1 else script[0]
        return 200, {"id": str(id_), "state": state, "running_cost_usd": 1.0, "project_name": "Portal"}


def record(**more: Any) -> RunRecord:
    """A run whose kickoff was answered."""
    return RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0, generation_id=OWN, generation_ids=(OWN,), **more)


def watched(acting: Stage, find: Any) -> list[Generation]:
    """Watch what ``find`` names."""
    found: list[Generation] = acting.play(watch(find, Budget(), None, 90.0))
    return found


async def own() -> list[UUID]:
    """A single generation."""
    return [OWN]


async def both() -> list[UUID]:
    """Two that are known from the start."""
    return [OWN, OTHER]


def test_a_single_generation_is_a_family_of_one(stage: type[Stage]) -> None:
    """It is looked at until it is over, each look is reported, and the record follows."""
    acting = stage(Service(own=["Queued", "Drafting", "Translating", "Complete"]))
    acting.record = record()
    (last,) = watched(acting, own)

    assert last.is_complete
    told = [event for event in acting.told if isinstance(event, events.GenerationProgress)]
    assert [event.generation.state for event in told] == ["Queued", "Drafting", "Translating", "Complete"]
    assert [event.next_look_in is None for event in told] == [False, False, False, True]
    assert (acting.record.generation_state, acting.record.cost_usd) == ("Complete", 1.0)
    assert acting.record.generation_ids == (OWN,)
    assert [look["state"] for look in acting.record.history] == ["Queued", "Drafting", "Translating", "Complete"]


def test_one_that_ends_is_looked_at_no_more_and_the_others_go_on(stage: type[Stage]) -> None:
    """The record has the state of the run's own generation, and the cost of all."""
    acting = stage(Service(own=["Failed"], other=["Drafting", "Reviewing", "Complete"]))
    acting.record = record()
    assert [one.state for one in watched(acting, both)] == ["Failed", "Complete"]

    looks = [request for request in acting.sent if request.operation == "get_generation"]
    looked_at = [request.path.split("/")[3] for request in looks]
    assert (looked_at.count(str(OWN)), looked_at.count(str(OTHER))) == (1, 3)
    assert (acting.record.generation_state, acting.record.cost_usd) == ("Failed", 2.0)
    assert acting.record.generation_ids == (OWN, OTHER)


@pytest.mark.parametrize("states", [["Complete"], ["Drafting"] * 30 + ["Complete"]], ids=["all over", "still running"])
def test_a_child_that_is_listed_late_joins(stage: type[Stage], states: list[str]) -> None:
    """The family is listed again every minute, and before it counts as over."""
    acting = stage(Service(own=states, late=["Drafting", "Complete"]))
    acting.record = record()
    began, listings = acting.now, []

    async def find() -> list[UUID]:
        listings.append(acting.now - began)
        return [OWN, LATE] if len(listings) > 1 else [OWN]

    assert [one.id for one in watched(acting, find)] == [OWN, LATE]
    assert listings[1] <= FAMILY_SECONDS + 30.0
    assert acting.record.generation_ids == (OWN, LATE)


def test_a_clock_that_is_set_back_delays_no_look() -> None:
    """Waits are counted, not compared with the machine's clock."""

    class Jumping(Stage):
        slept = 0.0

        def carry(self, effect: Any) -> Any:
            if isinstance(effect, Sleep):
                self.slept += effect.seconds
                self.now -= 3600
            return super().carry(effect)

    acting = Jumping(Service(own=["Drafting"] * 5 + ["Complete"], other=["Drafting"] * 5 + ["Complete"]))
    watched(acting, both)

    assert acting.slept <= 5 * 30.0


def test_a_question_without_a_policy_is_handed_out(stage: type[Stage]) -> None:
    """Nothing is answered, and the error says what is asked."""

    def service(request: Any) -> Any:
        if request.operation == "get_clarifications":
            return 200, {"state": "PausedAwaitingClarification", "clarifications": [{"question": "One?"}]}
        return 200, {"id": str(OWN), "state": "PausedAwaitingClarification"}

    with pytest.raises(errors.AnswersNeeded):
        watched(stage(service), own)


def test_a_question_of_another_generation_is_the_runs(stage: type[Stage]) -> None:
    """Its record says so until that one continues, whatever the state of the run's own."""
    asking = [None, False]

    class Asked(Service):
        def __call__(self, request: Any) -> Any:
            asking.append(acting.record is not None and acting.record.needs_answers)
            if "clarifications" in request.operation:
                return 200, {"clarifications": [{"question": "One?"}]}
            return super().__call__(request)

    states = ["Drafting", "PausedAwaitingClarification", "PausedAwaitingClarification", "Drafting", "Complete"]
    acting = stage(Asked(own=["Drafting"] * 9 + ["Complete"], other=states))
    acting.record = record()
    acting.play(watch(both, Budget(), lambda _: {"One?": "Yes"}, 90.0))

    assert [known for known, before in zip(asking[1:], asking, strict=False) if known != before] == [False, True, False]
    assert acting.record.generation_state == "Complete"
    assert any(look.get("asked_by") == [str(OTHER)] for look in acting.record.history)

    acting = stage(Service(own=["Drafting"] * 9, other=["PausedAwaitingClarification"]))
    acting.record = record()
    whole = acting.service
    acting.service = lambda request: (
        (200, {"clarifications": [{"question": "One?"}]}) if "clarifications" in request.operation else whole(request)
    )
    with pytest.raises(errors.AnswersNeeded):
        watched(acting, both)
    assert (status_of(acting.record), stopped_label(acting.record)) == ("question", "question")


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("Failed", errors.GenerationFailed),
        ("Cancelled", errors.GenerationCancelled),
        ("Paused", errors.GenerationPaused),
        ("Complete", None),
    ],
)
def test_each_end_other_than_complete_is_an_error(stage: type[Stage], state: str, error: Any) -> None:
    """Also of a generation that is no run's."""
    acting = stage(Service(own=["Drafting", state]))
    if error is None:
        assert acting.play(wait_for_generation(OWN, None)).is_complete
    else:
        with pytest.raises(error):
            acting.play(wait_for_generation(OWN, None))


def test_what_somebody_paused_is_watched_at_long_intervals_and_comes_home(stage: type[Stage]) -> None:
    """It is told once. Each pause is watched for as long as was said, however often there is one."""
    acting = stage(Service(own=["Drafting", *["Paused"] * 20, "Drafting", *["Paused"] * 20, "Complete"]))
    acting.record = record()
    began = acting.now
    (last,) = watched(acting, own)

    assert last.is_complete
    told = [event.message for event in acting.told if isinstance(event, events.Notice)]
    assert ["was paused" in message for message in told] == [True, True]
    assert acting.now - began > 1.1 * PAUSED_SECONDS


@pytest.mark.parametrize("seconds", [0.0, 100.0, PAUSED_SECONDS])
def test_a_pause_that_stays_ends_the_watching_after_as_long_as_was_said(stage: type[Stage], seconds: float) -> None:
    """A look at the end of it is the last; nothing is told of a wait that there is none of."""
    acting = stage(Service(own=["Paused"]))
    began = acting.now
    with pytest.raises(errors.GenerationPaused):
        acting.play(wait_for_generation(OWN, None, 90.0, seconds))

    assert acting.now - began == pytest.approx(seconds)
    assert acting.count("get_generation") <= 2 + seconds / 100
    assert len([event for event in acting.told if isinstance(event, events.Notice)]) == (1 if seconds else 0)


def over(state: str, **more: Any) -> Any:
    """A service whose generation is in a state that nobody knows, and over by its time and its bill."""
    body = {"id": str(OWN), "state": state, "completed_at": "2026-06-01T12:00:00Z", "billing_state": "Complete", **more}
    return lambda request: (200, body)


@pytest.mark.parametrize("state", ["Completed", "Expired", "Archived"])
def test_an_end_that_nobody_knows_is_one_when_the_package_is_there(stage: type[Stage], state: str) -> None:
    """It is not polled for ever."""
    acting = stage(over(state, package_id=str(UUID(int=5))))
    assert acting.play(wait_for_generation(OWN, None)).is_complete
    assert acting.count("get_generation") == 1


def test_an_end_that_nobody_knows_without_a_package_is_told_and_watched_like_a_pause(stage: type[Stage]) -> None:
    """Nothing more is spent, and the run can be resumed."""
    acting = stage(over("Expired"))
    began = acting.now
    with pytest.raises(errors.Detached, match=r"'Expired', a state that this version does not know"):
        acting.play(wait_for_generation(OWN, None))

    assert acting.now - began == pytest.approx(PAUSED_SECONDS)
    assert len([event for event in acting.told if isinstance(event, events.Notice)]) == 1


def test_a_pause_of_one_keeps_no_other_from_its_end(stage: type[Stage]) -> None:
    """The others are looked at as often as ever, and the pause counts from when it was seen."""
    acting = stage(Service(own=["Paused"], other=["Drafting"] * 10 + ["Complete"]))
    acting.record = record()
    began = acting.now
    paused, complete = watched(acting, both)

    assert (paused.state, complete.state) == ("Paused", "Complete")
    assert acting.now - began == pytest.approx(PAUSED_SECONDS)


@pytest.mark.parametrize(
    ("category", "advice"),
    [
        ("HostRestart", "is likely to help; it costs again"),
        ("CostBudgetExceeded", "unlikely to help"),
        ("Unheard", "is not known"),
    ],
)
def test_a_failure_says_whether_another_attempt_makes_sense(category: str, advice: str) -> None:
    """And what it cost."""
    failed = Generation(OWN, "Failed", failure_category=category, running_cost_usd=1.5)
    with pytest.raises(errors.GenerationFailed, match=advice) as caught:
        raise_for_end(failed)

    assert "It cost $1.50." in str(caught.value)


def test_only_a_fan_outs_run_has_other_generations(stage: type[Stage]) -> None:
    """Those of its interview, the oldest first; the interview of an adopted run is named by the generation's row."""
    service = Service()
    service.rows = [
        {"id": str(LATE), "state": "Queued", "interview_id": str(INTERVIEW)},
        {"id": str(OTHER), "state": "Queued", "interview_id": str(UUID(int=77))},
        {"id": str(OWN), "state": "Queued", "interview_id": str(INTERVIEW)},
    ]
    single, fan_out = RunOptions(profile="Normal"), RunOptions(profile="Researcher")

    assert stage(service).play(generations_of(record(options=single, interview_id=INTERVIEW))) == [OWN]
    assert stage(service).play(generations_of(record(options=fan_out, interview_id=INTERVIEW))) == [OWN, LATE]
    assert stage(service).play(generations_of(record(options=fan_out))) == [OWN, LATE]


class Timed:
    """A generation that is in each state from its second on, and a receiver that gets deliveries of some changes."""

    def __init__(self, acting: Stage, changes: dict[float, str], **more: Any) -> None:
        self.acting, self.began, self.changes, self.more = acting, acting.now, changes, more
        self.looks: list[float] = []
        #: When a delivery arrives, and its body; from when and until when somebody receives them.
        self.told: list[tuple[float, bytes | None]] = []
        self.served = (0.0, 1e9)
        acting.service, acting.deliveries = self, self.check

    def body(self, at: float, **more: Any) -> dict[str, Any]:
        state = [state for since, state in self.changes.items() if since <= at][-1]
        return {"id": str(OWN), "state": state, "running_cost_usd": (at + 10) / 1000, **self.more, **more}

    def tell(self, at: float, **more: Any) -> None:
        generation = as_sent("get_generation", json.dumps(self.body(at, **more)).encode())
        self.told.append((at, b'{"event": "e", "generation": %b}' % generation))

    def __call__(self, request: Any) -> Any:
        if request.operation != "get_generation":
            return 200, {"events": []}
        self.looks.append(self.acting.now - self.began)
        return 200, self.body(self.looks[-1])

    def check(self, effect: CheckDeliveries) -> Deliveries:
        at = self.acting.now - self.began
        here = [body for since, body in self.told if since <= at]
        new = [] if effect.after is None else here[effect.after :]
        return Deliveries(len(here), self.served[0] <= at < self.served[1], {OWN: new[-1]} if new else {})


CHANGES = {0.0: "Queued", 8.0: "Drafting", 300.0: "Reviewing", 700.3: "Complete"}


def test_a_delivery_wakes_the_wait_and_looks_are_rare(stage: type[Stage]) -> None:
    """What only shows progress needs no look; an end is looked up at once, and so confirmed by the service."""
    acting = stage(Service())
    timed = Timed(acting, CHANGES)
    for at in CHANGES:
        timed.tell(at)
    acting.record = record()
    (last,) = watched(acting, own)

    assert last.is_complete
    assert timed.looks[-1] - 700.3 <= DELIVERY_SECONDS
    assert len(timed.looks) <= 2 + 700 / 120
    told = [event for event in acting.told if isinstance(event, events.GenerationProgress)]
    # A log has its sign of life each minute all the same.
    assert len(told) >= 700 / 60
    first = {look["state"]: look["at"] - timed.began for look in reversed(acting.record.history)}
    assert first["Drafting"] - 8.0 <= DELIVERY_SECONDS
    assert first["Reviewing"] - 300.0 <= DELIVERY_SECONDS


def test_without_deliveries_nothing_is_lost(stage: type[Stage]) -> None:
    """A receiver that gets none: there is a look every two minutes, and one at the forecast's end."""
    timed = Timed(stage(Service()), CHANGES)
    assert watched(timed.acting, own)[0].is_complete

    assert max(b - a for a, b in pairwise(timed.looks)) == pytest.approx(120.0)
    assert timed.looks[-1] - 700.3 <= 120.0


def test_a_receiver_that_leaves_is_noticed_and_the_pace_is_the_usual_one_again(stage: type[Stage]) -> None:
    """With a look at once: a delivery may have been lost with it. One that comes later is relied on from then on."""
    timed = Timed(stage(Service()), CHANGES)
    timed.served = (0.0, 200.0)
    watched(timed.acting, own)
    after = [look for look in timed.looks if look >= 200.0]
    assert after[0] - 200.0 <= DELIVERY_SECONDS
    assert max(b - a for a, b in pairwise(after)) <= 30.0

    timed = Timed(stage(Service()), CHANGES)
    timed.served = (200.0, 1e9)
    watched(timed.acting, own)
    before, after = ([look for look in timed.looks if (look < 200.0) == is_before] for is_before in (True, False))
    assert len(before) >= 6
    assert len(after) <= 8


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"{}",
        b'{"generation": null}',
        b'{"generation": {"id": "x", "state": "Drafting"}}',
        b'{"generation": {"id": "%s"}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "Translating"}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "Drafting", "running_cost_usd": 0.001}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "Complete"}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "Failed"}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "Paused"}}' % str(OWN).encode(),
        b'{"generation": {"id": "%s", "state": "PausedAwaitingClarification"}}' % str(OWN).encode(),
    ],
)
def test_what_a_delivery_says_decides_nothing(stage: type[Stage], body: bytes | None) -> None:
    """An old one that somebody sends again, or one that cannot be read: the service is asked, and its word counts."""
    timed = Timed(stage(Service()), CHANGES)
    timed.told = [(50.0, body)]
    timed.acting.record = record()
    (last,) = watched(timed.acting, own)

    assert last.is_complete
    assert any(50.0 <= look <= 50.0 + DELIVERY_SECONDS for look in timed.looks)
    assert {look["state"] for look in timed.acting.record.history} == set(CHANGES.values())


def test_with_a_limit_a_delivery_puts_off_no_look_at_the_cost(stage: type[Stage]) -> None:
    """A limit holds by what was looked up: as often as without any delivery, and as ever once half of it is spent."""
    looks = {}
    for times in ((), range(1, 700, 7)):
        timed = Timed(stage(Service()), CHANGES)
        for at in times:
            timed.tell(at)
        timed.acting.record = record()
        timed.acting.play(watch(own, Budget(1.0), None, 90.0))
        looks[bool(times)] = timed.looks
        dear = [look for look in timed.looks if look >= 500.0]
        assert max(b - a for a, b in pairwise(dear)) <= 30.0

    assert looks[True][:5] == looks[False][:5]
    assert looks[False][4] < 490.0


@pytest.mark.parametrize(
    ("told", "is_looked_up"),
    [
        ({"running_cost_usd": 0.4}, False),
        ({"running_cost_usd": 0.5}, True),
        ({"running_cost_usd": 5.0}, True),
        ({"running_cost_usd": None}, True),
        ({"estimated_total_usd": 1.1}, True),
        ({"estimated_total_usd": 0.9}, False),
    ],
)
def test_with_a_limit_a_delivery_that_may_matter_to_it_is_looked_up(
    stage: type[Stage], told: dict[str, Any], is_looked_up: bool
) -> None:
    """One with a cost near the limit, with none, or with the first forecast above it."""
    timed = Timed(stage(Service()), CHANGES)
    timed.tell(50.0, **told)
    timed.acting.record = record()
    timed.acting.play(watch(own, Budget(1.0), None, 90.0))

    assert any(50.0 <= look <= 50.0 + DELIVERY_SECONDS for look in timed.looks) == is_looked_up


def test_with_a_limit_on_a_family_what_the_others_cost_counts(stage: type[Stage]) -> None:
    """Half of the limit is half of it together."""
    budget = Budget(1.0, spent_before_usd=0.1)
    budget.note(Generation(OTHER, "Drafting", running_cost_usd=0.2))

    assert budget.leaves_room(Generation(OWN, "Drafting", running_cost_usd=0.1))
    assert not budget.leaves_room(Generation(OWN, "Drafting", running_cost_usd=0.2))


#: When each state begins, as a part of the whole: as many changes as a Normal generation has.
COURSE = (
    "Drafting",
    "SpecialistReview",
    "Reviewing",
    "FreshEyes",
    "Refining",
    "RiskReview",
    "Assembling",
    "Delivering",
)


#: So long after the answers, in seconds, the service picks them up (the sandbox's own).
TICK = 10.0


class Waited(Timed):
    """A generation with a forecast, and a question where it is asked for, and the requests that its wait costs."""

    def __init__(self, acting: Stage, seconds: float, *, asks: bool, is_told: bool) -> None:
        self.seconds, self.asked_at = seconds, 0.4 * seconds if asks else math.inf
        #: How long the question has stopped it.
        self.stopped = math.inf if asks else 0.0
        changes = {0.0: "Queued"} | {5 + seconds * part / 9: state for part, state in enumerate(COURSE)}
        super().__init__(acting, changes | {seconds: "Complete"})
        self.served = (0.0, 1e9) if is_told else (0.0, 0.0)
        self._tell_all()

    def _tell_all(self) -> None:
        moments = {at if at < self.asked_at else at + self.stopped for at in self.changes} | {self.asked_at}
        self.told.clear()
        for at in sorted(moments - {math.inf}) if self.served[1] else ():
            self.tell(at)

    def body(self, at: float, **more: Any) -> dict[str, Any]:
        worked = at if at < self.asked_at else max(self.asked_at, at - self.stopped)
        forecast = {
            "estimated_duration_seconds": self.seconds,
            "estimated_time_remaining_seconds": self.seconds - worked,
        }
        state = {"state": "PausedAwaitingClarification"} if worked == self.asked_at else {}
        return super().body(worked, **(forecast if worked >= 5 else {}), **state, **more)

    def __call__(self, request: Any) -> Any:
        if request.operation == "answer_clarifications":
            self.stopped = self.acting.now - self.began - self.asked_at + TICK
            self._tell_all()
        if "clarifications" in request.operation:
            return 200, {"clarifications": [{"question": "One?"}] if self.stopped == math.inf else []}
        return super().__call__(request)


@pytest.mark.parametrize("seconds", [240.0, 720.0, 1920.0])
@pytest.mark.parametrize("way", ["plain", "question", "limit"])
def test_a_wait_that_is_told_takes_at_most_a_third_of_the_requests(
    stage: type[Stage], way: str, seconds: float
) -> None:
    """From the kickoff to the end: looks, events, questions and answers, in runs of 4, 12 and 32 minutes."""
    waits = []
    for is_told in (False, True):
        waited = Waited(stage(Service()), seconds, asks=way == "question", is_told=is_told)
        waited.acting.record = record()
        budget = Budget(2 * (seconds + 20) / 1000 if way == "limit" else None)
        (last,) = waited.acting.play(watch(own, budget, lambda _: {"One?": "Yes"}, 90.0))
        assert last.is_complete
        assert waited.stopped < math.inf
        waits.append(len(waited.acting.sent))

    assert 3 * waits[1] <= waits[0], waits


def test_a_child_that_is_listed_late_joins_while_looks_are_rare(stage: type[Stage]) -> None:
    """The family is listed every minute all the same."""
    timed = Timed(stage(Service()), CHANGES)
    listings: list[float] = []

    async def find() -> list[UUID]:
        listings.append(timed.acting.now - timed.began)
        return [OWN]

    watched(timed.acting, find)
    assert max(b - a for a, b in pairwise(listings)) <= FAMILY_SECONDS + 2 * DELIVERY_SECONDS
