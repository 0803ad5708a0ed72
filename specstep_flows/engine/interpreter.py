"""How each effect is carried out, in steps so small that the two drivers differ only in ``await``.

``carry_out`` runs a flow and yields only ``Attempt``, ``Pause``, ``Block`` and ``Call``. The rules that prevent paying
twice (the intent before, the outcome after, what may be sent again) are here and nowhere else.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs

from specstep_flows import errors, events
from specstep_flows._text import without_secrets
from specstep_flows.engine import effects, retry
from specstep_flows.engine.clock import passed_since
from specstep_flows.engine.leaving import Intention, Overdue, Place
from specstep_flows.engine.limits import WINDOW_SECONDS
from specstep_flows.engine.refusals import refusal
from specstep_flows.runs.records import NOT_BEGUN, Intent, RunRecord

if TYPE_CHECKING:
    from specstep_flows.engine.session import Session
    from specstep_flows.models import Generation

R = TypeVar("R")
T = TypeVar("T")


@attrs.define(eq=False)
class Attempt:
    """Send a request once, and report the progress of a file in it.

    Raises ``Overdue`` where ``place`` is no longer good and there is no other. ``guard`` is called before the request
    is whole: what it raises ends the attempt, and whole it never is. It may block, as moving a place may.
    """

    request: effects.Request
    timeout: float
    report: Callable[[events.Event], Any] | None = None
    place: Place | None = None
    guard: Callable[[], None] | None = None


@attrs.define(eq=False)
class Pause:
    """Wait, in seconds on the clock."""

    seconds: float


@attrs.define(eq=False)
class Block:
    """Run blocking code of ours. A write is completed even if its caller is cancelled; work on files may take long."""

    work: Callable[[], Any]
    is_write: bool = False
    is_long: bool = False


@attrs.define(eq=False)
class Call:
    """Call a callback of the user, which may be a coroutine function."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


Step: TypeAlias = Attempt | Pause | Block | Call
Steps: TypeAlias = Generator[Step, Any, R]

#: A read gets at least this many real seconds, however near the deadline is.
SHORTEST_READ_SECONDS = 1.0
KEY_MAY_WORK_AGAIN = (
    "The service refuses the key (401), which has worked before: five failed sign-ins of anybody at this network "
    "address lock it out for five minutes."
)
KEY_REFUSED = (
    "The service still refuses the key (401), which worked before: it was revoked or has expired, its owner was "
    "disabled, or somebody at this network address keeps failing to sign in, which locks the address out. The key is "
    "not tried again for a while; nothing is lost."
)
#: A longer number in a header is not a count.
MOST_DIGITS = 12
#: The longest wait that is not reported.
WORTH_TELLING_SECONDS = 2.0


def carry_out(
    flow: effects.Flow[R], session: Session, lock: contextlib.AbstractContextManager[Any] | None = None
) -> Steps[R]:
    """Run ``flow`` to its end. The failure of an effect is raised in the flow, at its await.

    A ``lock`` is held while the flow itself runs, and never while an effect is carried out.
    """
    value: Any = None
    failure: Exception | None = None
    while True:
        try:
            if lock is None:
                effect = flow.send(value) if failure is None else flow.throw(failure)
            else:
                with lock:
                    effect = flow.send(value) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            result: R = stop.value
            return result
        value, failure = None, None
        try:
            value = yield from _carry(effect, session)
        except Exception as error:  # the flow decides what it means
            failure = error


def _carry(effect: effects.Effect[Any], session: Session) -> Steps[Any]:
    carry = _CARRIED_OUT_BY.get(type(effect))
    if carry is None:
        raise TypeError(f"a flow awaited {effect!r}, which is not an effect")
    return carry(effect, session)


def _at_once(value: Callable[[Any, Session], Any]) -> Callable[[Any, Session], Steps[Any]]:
    """Carry out an effect that needs no step."""

    def steps(effect: Any, session: Session) -> Steps[Any]:
        yield from ()
        return value(effect, session)

    return steps


def _recall(effect: effects.Recall, session: Session) -> Steps[RunRecord | None]:
    record: RunRecord | None = session.glance() or (yield Block(session.read))
    return record


def _ask(effect: effects.Ask, session: Session) -> Steps[Any]:
    yield from _write_what_waits(session, math.inf)
    return (yield Call(effect.function, effect.arguments))


def _fetch(effect: effects.Fetch[T], session: Session) -> Steps[T]:
    try:
        result: T = yield Block(lambda: effect.work(session.should_stop), is_long=effect.is_long)
    except errors.Detached:
        if session.is_late():
            raise _out_of_time(session) from None
        raise
    return result


def _remember(effect: effects.Remember, session: Session) -> Steps[RunRecord | None]:
    if session.record is None:
        return None
    if effect.latest > 0:
        now = session.shared.clock.now()
        session.put_off(effect.changes, now + effect.latest)
        yield from _write_what_waits(session, now)
    else:
        yield Block(lambda: session.write(effect.changes), is_write=True)
    return session.record


def _write_what_waits(session: Session, now: float) -> Steps[None]:
    """Write the changes that must not wait longer than until then."""
    if session.is_due(now):
        yield Block(lambda: session.write({}), is_write=True)


def _observe(effect: effects.Observe, session: Session) -> Steps[Generation]:
    return (yield from carry_out(session.shared.observe(effect), session, session.shared.observing))


def _check_deliveries(effect: effects.CheckDeliveries, session: Session) -> Steps[effects.Deliveries]:
    """A receiver writes to the store; mostly nothing has changed, which costs no thread and no transaction."""
    log = session.shared.deliveries
    if log is None:
        return effects.Deliveries(0, False, {})
    unchanged = log.unchanged(effect.generation_ids, effect.after)
    if unchanged is not None:
        return effects.Deliveries(*unchanged, {})
    return effects.Deliveries(*(yield Block(lambda: log.since(effect.generation_ids, effect.after))))


def _report(event: events.Event, session: Session) -> Steps[None]:
    if session.report is not None:
        yield Call(session.report, (event,))


def _pause(seconds: float, session: Session) -> Steps[None]:
    """Wait, but not past the deadline, and with nothing unwritten for longer than it may be."""
    yield from _write_what_waits(session, session.shared.clock.now() + seconds)
    if session.deadline is not None:
        left = session.deadline - session.shared.clock.now()
        if seconds >= left:
            if left > 0:
                yield Pause(left)
            raise _out_of_time(session)
    yield Pause(max(0.0, seconds))


def _out_of_time(session: Session) -> errors.WaitTimeout:
    """The end of the time that was allowed, and what that means for the run."""
    record = session.record
    if record is None or record.may_have_cost:
        left = "What was started continues at the service."
    elif record.stage == NOT_BEGUN:
        left = "Nothing was started."
    else:
        left = "Nothing was paid for, and the interview is kept."
    return errors.WaitTimeout(f"Timed out waiting (`timeout`). {left}")


def _send(effect: effects.Send[T], session: Session) -> Steps[T]:
    request = effect.request
    if session.shared.check is not None:
        session.shared.check(request)
    durable = retry.RULES[request.kind].records_intent and session.record is not None
    is_limited = not session.shared.limiter.is_off(request.bucket)
    clock = session.shared.clock
    began = clock.now()
    attempt = 0
    in_doubt = False
    before = _open_intent(request, session)
    while True:
        if not request.is_anonymous and session.shared.lockout.refusals:
            yield from _await_key(request, session)
        place = (yield from _take_place(request, session)) if is_limited else None
        if in_doubt and effect.look is not None:
            found = yield from carry_out(effect.look(), session)
            if found is not None:
                yield from _settle(effect, found, durable, session)
                return found
        intention = Intention(effect, session, place)
        if durable:
            yield Block(intention.write, is_write=True)
        guard = intention.look if durable and request.kind == "unsafe" else None
        sent_at = clock.now()
        failure: errors.RequestError
        reply = None
        try:
            report = session.report if request.files else None
            reply = yield Attempt(request, _timeout(request, session), report, place, guard)
            session.shared.has_responded = True
            result = _read(effect, reply, session.shared.key_source)
        except Overdue:
            # It was to try the key, perhaps, which nobody else does meanwhile.
            session.shared.lockout.let_go()
            continue
        except errors.UsageError:
            # It cannot be sent at all; what an earlier attempt may have done is still open.
            if durable and not in_doubt:
                yield Block(lambda: session.write({"intent": before}), is_write=True)
            raise
        except errors.RequestError as error:
            # Without the frames of sending and reading: they hold bodies, which may hold a signed address.
            failure = error.with_traceback(None)
            failure.request = without_secrets(f"{request.method} {request.path}")
            failure.operation = failure.operation or request.operation
        else:
            if not request.is_anonymous:
                session.shared.lockout.accept()
            if durable or effect.outcome is not None:
                yield from _settle(effect, result, durable, session)
            if is_limited:
                yield from _learn(request, reply, session)
            return result
        attempt += 1
        if is_limited and reply is not None:
            yield from _learn(request, reply, session)
        if _may_be_locked_out(failure, request, sent_at, session) and request.kind != "unsafe":
            continue
        in_doubt = in_doubt or failure.ambiguous or isinstance(failure, errors.Conflict)
        yield from _hold(failure, request, session)
        wait = retry.next_attempt(
            failure,
            request.kind,
            resend=effect.resend,
            attempt=attempt,
            waited=clock.now() - began,
            source=session.shared.random,
            patience=_patience(failure, effect, session),
        )
        if wait is None:
            if durable and not failure.ambiguous:
                # A refusal says nothing of an earlier request whose answer was lost.
                yield Block(lambda: session.write({"intent": before}), is_write=True)
            raise failure
        if wait >= WORTH_TELLING_SECONDS:
            yield from _report(events.Waiting(failure.message, wait), session)
        yield from _pause(wait, session)


def _hold(failure: errors.RequestError, request: effects.Request, session: Session) -> Steps[None]:
    """After a 429, send nothing until its time is over, in any process that uses the key."""
    if isinstance(failure, errors.RateLimited):
        now = session.shared.clock.now()
        until = now + (failure.retry_after or 5.0)
        yield Block(lambda: session.shared.limiter.hold(request.bucket, until, now))


def _await_key(request: effects.Request, session: Session) -> Steps[None]:
    """Wait while the key is refused although it has worked; one request at a time tries it again."""
    lockout, clock = session.shared.lockout, session.shared.clock
    while (wait := lockout.acquire(clock.now())) > 0:
        if lockout.is_refused:
            raise errors.AuthenticationError(KEY_REFUSED, operation=request.operation, status=401)
        if wait >= WORTH_TELLING_SECONDS and not session.is_lockout_told:
            session.is_lockout_told = True
            yield from _report(events.Waiting(KEY_MAY_WORK_AGAIN, wait), session)
        yield from _pause(wait, session)


def _may_be_locked_out(
    failure: errors.RequestError, request: effects.Request, sent_at: float, session: Session
) -> bool:
    """Whether the key may work again in a while: it has worked, and the 401 says no more than that.

    A request that needs no key waits for none, so its refusal is raised: sent again at once, it would feed a lock-out.
    """
    if request.is_anonymous:
        return False
    lockout = session.shared.lockout
    if not isinstance(failure, errors.AuthenticationError):
        lockout.let_go()
        return False
    if failure.members or not lockout.has_worked:
        return False
    lockout.refuse(sent_at, session.shared.clock.now())
    failure.may_clear = not lockout.is_refused
    return True


def _patience(failure: errors.RequestError, effect: effects.Send[Any], session: Session) -> float:
    """How long to try again. Somebody waits at the first request, and what cannot get better is told them at once."""
    is_short = effect.is_first
    if isinstance(failure, errors.NotConnected) and not session.shared.has_responded:
        if failure.patience is not None:
            return min(retry.FIRST_PATIENCE_SECONDS, failure.patience)
        # Who gave a time-out has said how long.
        is_short = is_short or session.deadline is None
    return retry.FIRST_PATIENCE_SECONDS if is_short else retry.PATIENCE_SECONDS


def _open_intent(request: effects.Request, session: Session) -> Intent | None:
    """The same request, sent earlier, of which nobody knows what became of it."""
    intent = None if session.record is None else session.record.intent
    is_same = request.kind == "unsafe" and intent is not None and intent.operation == request.operation
    return intent if is_same else None


def _timeout(request: effects.Request, session: Session) -> float:
    """Real seconds for one attempt. Only a read is cut short by the overall deadline."""
    timeout = session.shared.real_timeout_of(request.works_seconds)
    if session.deadline is None or request.kind != "read":
        return timeout
    left = (session.deadline - session.shared.clock.now()) / session.shared.clock.speed
    return min(timeout, max(left, SHORTEST_READ_SECONDS))


def _settle(effect: effects.Send[T], result: T, durable: bool, session: Session) -> Steps[None]:
    """Store the end of the intent and the outcome in one transaction."""
    changes = dict(effect.outcome(result)) if effect.outcome is not None else {}
    if durable:
        changes["intent"] = None
    if changes and session.record is not None:
        yield Block(lambda: session.write(changes), is_write=True)


def _take_place(request: effects.Request, session: Session) -> Steps[Place | None]:
    """Wait until the service's rate limits allow one more request; None if it is too urgent to have a place."""
    limiter, clock, bucket = session.shared.limiter, session.shared.clock, request.bucket
    place = Place(limiter, bucket, clock)
    told = False
    with session.shared.lines[bucket].stand() as count_ahead:
        while True:
            # Whoever is not the first asks once there is a place for those before it, and for itself.
            ahead = 0 if request.is_urgent else count_ahead()
            wait = limiter.later(bucket, ahead, clock.now()) if ahead else 0.0
            if wait <= 0:
                at_once = place.take_at_once()
                wait = (yield Block(place.take)) if at_once is None else at_once
                if wait <= 0 or request.is_urgent:
                    return place if wait <= 0 else None
                if ahead:
                    wait = max(wait, limiter.later(bucket, count_ahead(), clock.now()))
            if wait >= WORTH_TELLING_SECONDS and not told:
                told = True
                yield from _report(events.Waiting("The service's rate limit is used up.", wait), session)
            # Those before it may leave the line meanwhile.
            yield from _pause(min(wait, WINDOW_SECONDS) if ahead else wait, session)


def _learn(request: effects.Request, reply: effects.Reply, session: Session) -> Steps[None]:
    """Correct the count of requests from the service's headers (more-facts: ``RateLimit-*``)."""
    stated: dict[bytes, bytes] = {}
    for name, value in reply.headers.raw:
        if name[:10].lower() == b"ratelimit-":
            # What is stated twice is no count.
            stated[name.lower()] = b"" if name.lower() in stated else value
    remaining = _count(stated.get(b"ratelimit-remaining"))
    if remaining is None:
        return
    limiter, bucket, now = session.shared.limiter, request.bucket, session.shared.clock.now()
    limit, reset = _count(stated.get(b"ratelimit-limit")), _count(stated.get(b"ratelimit-reset"))
    if limiter.is_news(bucket, limit, remaining, now):
        yield Block(lambda: limiter.learn(bucket, limit, remaining, reset, now))


def _count(value: bytes | None) -> int | None:
    """The number in a header; None if it cannot be a count of requests or seconds."""
    return int(value) if value is not None and value.isdigit() and len(value) < MOST_DIGITS else None


def _read(effect: effects.Send[T], reply: effects.Reply, key_source: str) -> T:
    """The parsed response. One that cannot be parsed is ambiguous, because the service did receive the request."""
    request = effect.request
    if reply.status >= 400:
        raise refusal(request, reply, time.time(), key_source)
    if reply.status < 200:
        raise errors.UnexpectedResponse(
            f"The service responded with the unexpected status {reply.status} to the request to {request.aim}.",
            operation=request.operation,
        )
    return effect.parse(reply)


#: How each effect is carried out. (Looked up, because the commonest ones would be the last to be tried.)
_CARRIED_OUT_BY: Final[Mapping[type, Callable[[Any, Session], Steps[Any]]]] = {
    effects.Send: _send,
    effects.Sleep: lambda effect, session: _pause(effect.seconds, session),
    effects.Now: _at_once(lambda _, session: session.shared.clock.now()),
    effects.Passed: _at_once(lambda effect, session: passed_since(effect.since, session.shared.clock)),
    effects.Report: lambda effect, session: _report(effect.event, session),
    effects.Remember: _remember,
    effects.Recall: _recall,
    effects.Observe: _observe,
    effects.Crowded: _at_once(lambda _, session: session.shared.is_crowded(session.shared.clock.now())),
    effects.CheckDeliveries: _check_deliveries,
    effects.Ask: _ask,
    effects.NewKey: _at_once(lambda _, session: session.shared.new_key()),
    effects.Fetch: _fetch,
}
