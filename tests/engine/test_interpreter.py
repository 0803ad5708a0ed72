"""How effects become small steps: the intent before, the outcome after, limits kept, deadlines held."""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Generator, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import httpx
import pytest

from specstep_flows import errors, events
from specstep_flows.engine import interpreter, lockout
from specstep_flows.engine.effects import (
    SOON,
    Ask,
    Effect,
    Flow,
    Kind,
    Observe,
    Recall,
    Remember,
    Reply,
    Report,
    Request,
    Send,
    Sleep,
)
from specstep_flows.engine.retry import FIRST_PATIENCE_SECONDS
from specstep_flows.engine.session import Session, Shared
from specstep_flows.models import Generation
from specstep_flows.runs.records import Intent, RunRecord
from specstep_flows.runs.store import RunStore
from tests.kit.clocks import SteppedClock

T = TypeVar("T")
#: What an attempt comes to.
Answer: TypeAlias = Reply | Exception


class Limiter:
    """Lets everybody through, unless told otherwise; writes down what it is told."""

    def __init__(self, waits: Iterable[float] = ()) -> None:
        self.waits = list(waits)
        self.holds: list[tuple[str, float]] = []
        self.learned: list[tuple[str, int | None, int | None, float | None]] = []

    def is_off(self, bucket: str) -> bool:
        return False

    def acquire(self, bucket: str, now: float) -> float:
        return self.waits.pop(0) if self.waits else 0.0

    def acquire_at_once(self, bucket: str, now: float) -> float | None:
        return None

    def renew(self, bucket: str, taken: float, now: float) -> float:
        return self.acquire(bucket, now)

    def hold(self, bucket: str, until: float, now: float) -> None:
        self.holds.append((bucket, until))

    def later(self, bucket: str, ahead: int, now: float) -> float:
        return 0.0

    def is_news(self, bucket: str, limit: int | None, remaining: int | None, now: float) -> bool:
        return True

    def close(self) -> None:
        pass

    def learn(self, bucket: str, limit: int | None, remaining: int | None, reset: float | None, now: float) -> None:
        self.learned.append((bucket, limit, remaining, reset))


async def unobserved(effect: Observe) -> Generation:
    """No flow of these tests looks at a generation."""
    raise AssertionError(effect)


class Bench:
    """Plays a flow's steps: attempts answer from a script, and everything is written down in order."""

    def __init__(
        self, *answers: Answer, deadline: float | None = None, waits: Iterable[float] = (), with_run: bool = True
    ) -> None:
        self.answers = list(answers)
        self.clock, self.limiter = SteppedClock(), Limiter(waits)
        self.told: list[events.Event] = []
        self.log: list[tuple[str, Any]] = []
        self.store = RunStore.in_memory()
        record = RunRecord("one", "http://127.0.0.1:1", 0.0, 0.0)
        self.store.create(record)
        shared = Shared(
            self.clock, self.limiter, observe=unobserved, random=random.Random(0), closing=threading.Event()
        )
        self.session = Session(
            shared,
            deadline=deadline,
            report=self.told.append,
            store=self.store if with_run else None,
            record=record if with_run else None,
        )

    @property
    def record(self) -> RunRecord:
        """What is durable."""
        return self.store.get("one")

    def play(self, flow: Flow[T]) -> T:
        steps = interpreter.carry_out(flow, self.session)
        value: Any = None
        failure: Exception | None = None
        while True:
            try:
                step = steps.send(value) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            value, failure = None, None
            match step:
                case interpreter.Attempt():
                    self.log.append(("attempt", self.record.intent))
                    answer = self.answers.pop(0)
                    if isinstance(answer, Exception):
                        failure = answer
                    else:
                        value = answer
                case interpreter.Pause():
                    self.log.append(("pause", step.seconds))
                    self.clock.time += step.seconds
                case interpreter.Block():
                    value = step.work()
                case interpreter.Call():
                    value = step.function(*step.arguments)


def answer(status: int = 200, headers: Mapping[str, str] | None = None, content: bytes = b"{}") -> Reply:
    """An answer of the service."""
    return Reply(status, httpx.Headers(headers or {}), content)


async def one(effect: Effect[T]) -> T:
    """A flow of one effect."""
    return await effect


def send(kind: Kind = "unsafe", **more: Any) -> Flow[Any]:
    """A flow of one request."""
    request = Request("start_generation", kind, "POST", "/v1/generations", bucket="kickoff")
    sent: Send[Any] = Send(request, lambda reply: reply.status, about={"known": ["a"]}, **more)
    return one(sent)


LOST = errors.ConnectionLost("cut", operation="start_generation")


@pytest.mark.parametrize("kind", ["unsafe", "keyed"])
def test_the_intent_is_durable_before_and_gone_with_the_outcome_after(kind: Kind) -> None:
    """What may be on its way is in the record when the request leaves; its end and its result come together."""
    bench = Bench(answer(202))
    bench.play(send(kind, outcome=lambda status: {"stage": f"got {status}"}))

    ((_, intent),) = bench.log
    assert (intent.operation, intent.sent_at, intent.about) == ("start_generation", 1_000.0, {"known": ["a"]})
    after = bench.record
    assert (after.intent, after.stage) == (None, "got 202")


@pytest.mark.parametrize("kind", ["read", "idempotent", "harmless"])
def test_what_costs_nothing_needs_no_intent(kind: Kind) -> None:
    """No durable write for a read."""
    bench = Bench(answer())
    bench.play(send(kind))

    assert bench.log == [("attempt", None)]


def test_an_ambiguous_failure_leaves_the_intent_open() -> None:
    """It is the truth: nobody knows. The flow, or a later process, settles it."""
    bench = Bench(LOST)
    with pytest.raises(errors.ConnectionLost):
        bench.play(send())

    assert bench.record.intent is not None


@pytest.mark.parametrize("refusal", [answer(400), answer(402), answer(409), answer(404)])
def test_a_definite_refusal_ends_the_intent(refusal: Reply) -> None:
    """Nothing was started."""
    bench = Bench(refusal)
    with pytest.raises(errors.APIError):
        bench.play(send())

    assert bench.record.intent is None


def test_what_cannot_be_sent_at_all_ends_the_intent() -> None:
    """Nothing left; but what an earlier attempt may have done stays open."""
    unsendable = errors.UsageError("no header can hold that")
    bench = Bench(unsendable)
    with pytest.raises(errors.UsageError):
        bench.play(send("keyed"))
    assert bench.record.intent is None

    bench = Bench(LOST, unsendable)
    with pytest.raises(errors.UsageError):
        bench.play(send("keyed"))
    assert bench.record.intent is not None


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("patience", [0.0, 3.0, None])
def test_what_cannot_get_better_is_not_waited_for_at_first(patience: float | None, is_first: bool) -> None:
    """Somebody waits; but once the service has responded, it is waited for like everything else."""
    never = errors.NotConnected("no such name", patience=patience)
    bench = Bench(*[never] * 200)
    with pytest.raises(errors.NotConnected):
        bench.play(send("read", is_first=is_first))
    usual = 30.0 if is_first else 300.0
    assert bench.clock.now() - 1_000.0 <= (usual if patience is None else patience)

    bench = Bench(answer(), *[never] * 200)
    bench.play(send("read"))
    with pytest.raises(errors.NotConnected):
        bench.play(send("read", is_first=is_first))
    assert bench.clock.now() - 1_000.0 > 5.0


def test_a_2xx_that_cannot_be_read_leaves_the_intent_open() -> None:
    """The service did take the request."""
    bench = Bench(answer(202, content=b"<html>"))

    def parse(reply: Reply) -> None:
        raise errors.UnexpectedResponse("no JSON", operation="start_generation")

    request = Request("start_generation", "unsafe", "POST", "/v1/generations")
    with pytest.raises(errors.UnexpectedResponse):
        bench.play(one(Send(request, parse)))
    assert bench.record.intent is not None


def test_each_attempt_renews_the_intents_time() -> None:
    """A connection that was never made is tried again; the settle time counts from the last attempt."""
    bench = Bench(errors.NotConnected("refused"), errors.NotConnected("refused"), LOST)
    with pytest.raises(errors.ConnectionLost):
        bench.play(send())

    times = [intent.sent_at for what, intent in bench.log if what == "attempt"]
    assert len(times) == 3
    assert times == sorted(times)
    assert isinstance(bench.record.intent, Intent)
    assert bench.record.intent.sent_at == times[-1]


IN_FLIGHT = answer(409, {"Retry-After": "2"}, b'{"type": "retryable"}')


@pytest.mark.parametrize("lost", [LOST, answer(504), IN_FLIGHT])
def test_what_may_have_been_carried_out_is_looked_for_before_it_is_sent_once_more(lost: Answer) -> None:
    """What has come of it meanwhile is the result, with the end of the intent; else the request goes again."""
    found = [None, "the reply"]

    async def look() -> str | None:
        bench.log.append(("look", None))
        return found.pop(0)

    bench = Bench(lost, IN_FLIGHT)
    result = bench.play(send("keyed", look=look, outcome=lambda came: {"stage": came}))

    assert result == "the reply"
    assert [what for what, _ in bench.log if what != "pause"] == ["attempt", "look", "attempt", "look"]
    assert (bench.record.stage, bench.record.intent) == ("the reply", None)


@pytest.mark.parametrize("refused", [errors.NotConnected("refused"), answer(429, {"Retry-After": "2"})])
def test_what_was_certainly_not_carried_out_is_sent_again_without_a_look(refused: Answer) -> None:
    """There is nothing to find."""

    async def look() -> None:
        raise AssertionError("looked")

    assert Bench(refused, answer(202)).play(send("keyed", look=look)) == 202


def test_a_429_makes_everybody_hold() -> None:
    """The limiter is told until when, and the request goes again then."""
    bench = Bench(answer(429, {"Retry-After": "20"}), answer(202))
    bench.play(send("keyed"))

    assert bench.limiter.holds == [("kickoff", 1_020.0)]
    assert sum(seconds for what, seconds in bench.log if what == "pause") >= 20


IN_USE = answer(409, {"Retry-After": "2"}, b'{"retryable": true}')


@pytest.mark.parametrize("refused", [answer(429, {"Retry-After": "20"}), IN_USE, answer(425), answer(503), LOST])
def test_what_costs_is_never_sent_again_by_itself(refused: Answer) -> None:
    """Whatever the answer was, somebody looks at the service first; a 429 makes everybody hold all the same."""
    bench = Bench(refused, answer(202))
    with pytest.raises(errors.RequestError) as caught:
        bench.play(send())

    assert [what for what, _ in bench.log] == ["attempt"]
    assert bench.limiter.holds == ([("kickoff", 1_020.0)] if isinstance(caught.value, errors.RateLimited) else [])


@pytest.mark.parametrize("refused", [answer(402), answer(429), errors.NotConnected("refused")])
def test_a_refusal_leaves_what_is_not_known_of_an_earlier_request(refused: Answer) -> None:
    """The answer before it was lost: the intent of that request stands again, and is settled by whoever resumes."""
    bench = Bench(LOST, *[refused] * 99)
    with pytest.raises(errors.ConnectionLost):
        bench.play(send())
    lost = bench.record.intent
    with pytest.raises(errors.RequestError):
        bench.play(send())

    assert lost is not None
    assert bench.record.intent == lost


def test_a_full_window_is_waited_out_before_the_intent_is_written() -> None:
    """The settle time must not run while the request still waits for its place."""
    bench = Bench(answer(202), waits=[30.0])
    bench.play(send())

    assert [what for what, _ in bench.log] == ["pause", "attempt"]
    assert bench.log[1][1].sent_at == 1_030.0
    assert any(isinstance(event, events.Waiting) for event in bench.told)


BARE = {"www-authenticate": "Bearer"}


def pauses(bench: Bench) -> list[float]:
    """What was waited, in order."""
    return [seconds for kind, seconds in bench.log if kind == "pause"]


def test_a_key_that_has_never_worked_is_refused_once() -> None:
    """Five refusals lock the address out."""
    bench = Bench(answer(401, BARE, b""))
    with pytest.raises(errors.AuthenticationError):
        bench.play(send("read"))
    assert pauses(bench) == []


@pytest.mark.parametrize("refusals", [1, 2, 3])
@pytest.mark.parametrize("kind", ["read", "keyed", "idempotent", "harmless"])
def test_a_key_that_has_worked_may_work_again_in_a_while(kind: Kind, refusals: int) -> None:
    """Somebody else at this address may have failed to sign in. It is told once."""
    bench = Bench(answer(), *[answer(401, BARE, b"")] * refusals, answer(), answer())
    for _ in range(3):
        bench.play(send(kind))

    assert pauses(bench) == [lockout.PAUSE_SECONDS] * refusals
    assert [type(event) for event in bench.told] == [events.Waiting]
    assert "lock it out for five minutes" in bench.told[0].reason  # type: ignore[attr-defined]


def test_a_key_that_stays_refused_is_given_up_with_its_causes() -> None:
    """After so many tries, and nothing more is sent for a while, by no run of the client."""
    bench = Bench(answer(), *[answer(401, BARE, b"")] * (lockout.MOST_PAUSES + 1))
    bench.play(send("read"))
    for _ in range(2):
        with pytest.raises(errors.AuthenticationError, match=r"revoked.*expired.*disabled.*locks the address out"):
            bench.play(send("read"))

    assert pauses(bench) == [lockout.PAUSE_SECONDS] * lockout.MOST_PAUSES
    assert bench.answers == []


@pytest.mark.parametrize("kind", ["read", "unsafe"])
def test_a_refusal_that_says_more_is_the_service_s_word(kind: Kind) -> None:
    """Nothing in it clears by itself."""
    bench = Bench(answer(), answer(401, BARE, b'{"type": "TOKEN_EXPIRED"}'))
    bench.play(send(kind))
    with pytest.raises(errors.AuthenticationError) as caught:
        bench.play(send(kind))
    assert not caught.value.may_clear


def test_what_costs_is_not_sent_again_before_the_flow_has_looked() -> None:
    """A refused kickoff reaches the flow at once; what it reads then waits."""
    bench = Bench(answer(), answer(401, BARE, b""), answer())
    bench.play(send("read"))
    with pytest.raises(errors.AuthenticationError) as caught:
        bench.play(send("unsafe"))
    assert caught.value.may_clear
    assert pauses(bench) == []
    bench.play(send("read"))
    assert pauses(bench) == [lockout.PAUSE_SECONDS]


def test_what_needs_no_key_says_nothing_about_it() -> None:
    """What the service accepts can be read with any key."""
    bench = Bench(answer(), answer(401, BARE, b""))
    request = Request("get_capabilities", "read", "GET", "/v1/capabilities", is_anonymous=True)
    bench.play(one(Send(request, lambda reply: reply.status)))
    with pytest.raises(errors.AuthenticationError):
        bench.play(send("read"))


def test_what_needs_no_key_and_is_refused_is_not_sent_again() -> None:
    """A key that has worked changes nothing: sent again at once, for ever, it would feed a lock-out."""
    bench = Bench(answer(), answer(401, BARE, b""), answer())
    bench.play(send("read"))
    request = Request("get_capabilities", "read", "GET", "/v1/capabilities", is_anonymous=True)
    with pytest.raises(errors.AuthenticationError):
        bench.play(one(Send(request, lambda reply: reply.status)))
    assert pauses(bench) == []
    bench.play(send("read"))
    assert pauses(bench) == []


def test_a_key_that_was_written_into_a_path_is_in_no_error() -> None:
    """The request is named for programs and with --verbose, in logs that others read."""
    bench = Bench(answer(404))
    request = Request("get_thing", "read", "GET", "/v1/things/sf_9f8e7d6c5b4a39281706")
    with pytest.raises(errors.NotFound) as caught:
        bench.play(one(Send(request, lambda reply: reply.status)))
    assert caught.value.request == "GET /v1/things/sf_…"


def test_what_stops_spending_does_not_wait_for_room() -> None:
    """Its own 429 is waited out as any other."""
    bench = Bench(answer(429, {"retry-after": "7"}), answer(), waits=[3600.0, 3600.0])
    request = Request("cancel_generation", "idempotent", "POST", "/v1/generations/1/cancel", is_urgent=True)
    bench.play(one(Send(request, lambda reply: reply.status)))

    assert [seconds for kind, seconds in bench.log if kind == "pause"] == [7.0]


def test_the_services_count_is_learned_from_its_headers() -> None:
    """RateLimit-Limit, -Remaining and -Reset of every answer."""
    bench = Bench(answer(200, {"RateLimit-Limit": "60", "RateLimit-Remaining": "41", "RateLimit-Reset": "12"}))
    bench.play(send("read"))

    assert bench.limiter.learned == [("kickoff", 60, 41, 12.0)]


@pytest.mark.parametrize("odd", ["", "-1", "many", "4.5", "9" * 5000])
def test_headers_that_make_no_sense_are_not_learned(odd: str) -> None:
    """And fail nothing."""
    bench = Bench(answer(200, {"RateLimit-Limit": odd, "RateLimit-Remaining": odd, "RateLimit-Reset": odd}))
    bench.play(send("read"))

    assert bench.limiter.learned == []


def test_no_wait_goes_past_the_deadline() -> None:
    """The wait is cut at the deadline, and WaitTimeout says what that means."""
    bench = Bench(deadline=1_010.0)
    with pytest.raises(errors.WaitTimeout, match="Nothing was started"):
        bench.play(one(Sleep(60.0)))

    assert bench.log == [("pause", 10.0)]


def test_retries_end_with_the_deadline_too() -> None:
    """A service that is down does not keep a caller longer than the caller allowed."""
    bench = Bench(*[errors.NotConnected("refused")] * 100, deadline=1_050.0)
    with pytest.raises(errors.WaitTimeout):
        bench.play(send("read"))

    assert bench.clock.time == 1_050.0


def test_a_service_that_was_never_reached_is_not_waited_for_as_long_as_one_that_was() -> None:
    """The address is probably wrong, and somebody waits."""
    bench = Bench(*[errors.NotConnected("refused")] * 100)
    with pytest.raises(errors.NotConnected):
        bench.play(send("read"))
    assert bench.clock.time - 1_000.0 <= FIRST_PATIENCE_SECONDS

    bench.answers[:0] = [answer()]
    bench.play(send("read"))
    before = bench.clock.time
    with pytest.raises(errors.NotConnected):
        bench.play(send("read"))
    assert bench.clock.time - before > FIRST_PATIENCE_SECONDS


def test_a_failing_effect_is_raised_in_the_flow_at_its_await() -> None:
    """The flow decides what a failure means."""

    async def flow() -> str:
        try:
            await Sleep(60.0)
        except errors.WaitTimeout:
            await Report(events.Notice("late"))
            return "handled"
        raise AssertionError("the wait did not end")

    bench = Bench(deadline=1_010.0)
    assert bench.play(flow()) == "handled"
    assert bench.told == [events.Notice("late")]


def test_a_flow_without_a_run_remembers_nothing() -> None:
    """Steps one by one have no record."""
    bench = Bench(answer(202), with_run=False)

    assert bench.play(one(Remember({"stage": "x"}))) is None
    assert bench.play(one(Recall())) is None
    assert bench.play(send()) == 202


def test_a_flow_that_awaits_something_else_than_an_effect_is_refused() -> None:
    """A flow does nothing itself: what an event loop would carry out is not carried out here."""

    class Other:
        def __await__(self) -> Generator[str, None, None]:
            yield "other"

    async def flow() -> None:
        await Other()

    with pytest.raises(TypeError, match="not an effect"):
        Bench().play(flow())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"stage": "new"}, "Nothing was started."),
        ({"stage": "interview"}, "Nothing was paid for, and the interview is kept."),
        ({"stage": "generation", "generation_ids": (UUID(int=1),)}, "What was started continues at the service."),
        (
            {"stage": "interview", "intent": Intent("start_generation", 0.0)},
            "What was started continues at the service.",
        ),
    ],
)
def test_the_end_of_the_time_says_what_it_means_for_the_run(changes: dict[str, Any], says: str) -> None:
    """Nobody is told that something continues where nothing was started."""

    bench = Bench(deadline=1_010.0)
    bench.session.write(changes)
    with pytest.raises(errors.WaitTimeout, match=re.escape(says)):
        bench.play(one(Sleep(60.0)))


def test_what_may_wait_is_on_the_disk_before_a_paid_request_leaves() -> None:
    """It is written with the intent, in one transaction; a turn's key is never used before it is kept."""
    bench = Bench(answer(202))
    written: list[set[str]] = []
    update = bench.store.update

    def noted(run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        written.append(set(changes))
        return update(run_id, changes)

    bench.store.update = noted  # type: ignore[method-assign]

    async def flow() -> None:
        await Remember({"project_name": "Portal"}, SOON)
        await send("keyed")

    bench.play(flow())

    assert written == [{"project_name", "intent"}, {"intent"}]
    assert bench.record.project_name == "Portal"


@pytest.mark.parametrize("seconds", [59.0, 61.0])
def test_nothing_waits_longer_than_it_may(seconds: float) -> None:
    """A wait that would outlast it comes after the write."""
    bench = Bench()
    seen: list[str | None] = []

    async def flow() -> None:
        await Remember({"project_name": "Portal"}, SOON)
        await Sleep(seconds)
        seen.append(bench.record.project_name)
        await Remember({"cost_usd": 1.0}, SOON)
        await Sleep(2.0)
        seen.append(bench.record.project_name)

    bench.play(flow())

    assert seen == ["Portal" if seconds > SOON else None, "Portal"]
    assert (bench.record.cost_usd is None) == (seconds > SOON)


def test_what_waits_is_written_before_somebody_is_asked() -> None:
    """A person may take hours, and another process shows the run meanwhile."""
    bench = Bench()

    async def flow() -> Any:
        await Remember({"project_name": "Portal"}, SOON)
        await Remember({"cost_usd": 1.0}, math.inf)
        return await Ask(lambda: (bench.record.project_name, bench.record.cost_usd))

    assert bench.play(flow()) == ("Portal", 1.0)


def test_what_waits_is_recalled() -> None:
    """A flow sees its own changes at once, and the record of a run that nobody else has changed is not read again."""
    bench = Bench()
    let_go = bench.store.hold("one")

    async def flow() -> Any:
        await Remember({"project_name": "Portal"}, math.inf)
        return (await Recall()), (await Recall())

    first, second = bench.play(flow())
    assert first.project_name == "Portal"
    assert second is first
    assert bench.record.project_name is None
    let_go()
