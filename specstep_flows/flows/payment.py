"""Paying once: a request that costs and has no idempotency key is looked for before it is sent a second time.

No answer is believed where money hangs on it. One whose answer was lost is sent at most once more; a refusal may have
been carried out as well, so within a quarter of an hour no more than two requests are under way that may yet be.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from specstep_flows import errors, events
from specstep_flows.engine import retry
from specstep_flows.engine.effects import Changes, Flow, Now, Passed, Recall, Remember, Report, Sleep

if TYPE_CHECKING:
    from specstep_flows.runs.records import Intent

T = TypeVar("T")

#: How many requests that may yet be carried out may be under way.
MOST_IN_DOUBT: Final = 2
#: What an intent says once whoever asked for it was told that so many requests have shown nothing.
_TOLD: Final = "told"
#: Each time that the settle time passed without a sign, it gets longer: 90 s, 6 minutes, a quarter of an hour.
GROWTH: Final = 4.0
LONGEST_GROWTH: Final = 10.0
#: After so many settle times it no longer grows.
LONGEST: Final = 9
#: A request that is refused again and again is given up after this long.
PATIENCE_SECONDS: Final = 3000.0
#: How often the service is looked at: while an answer that was lost may still show, and once it would be late.
SETTLE_POLL_SECONDS: Final = 10.0
LATE_POLL_SECONDS: Final = 60.0
#: The service removes what was deleted after 30 days by default; a request this old may be one of those.
BIN_SECONDS: Final = 25 * 86400.0


@attrs.frozen
class Payment(Generic[T]):
    """A paid request, and how to find out what came of it.

    ``send`` sends it; it is given what the intent of it says. ``look`` reads the service once: what an earlier request
    started (it is recorded then), or None.
    """

    thing: str
    send: Callable[[Changes], Flow[T]]
    look: Callable[[Glance], Flow[T | None]]
    settle_seconds: float
    about: Mapping[str, Any] = attrs.field(factory=dict)
    #: The request as it must be sent instead after it was refused for what it says; None if nothing else is known.
    amend: Callable[[errors.BadRequest], Flow[Payment[T] | None]] | None = None
    #: Waits until the plan has room for one more; None where that is not waited for.
    stand_by: Callable[[errors.ConcurrencyCapReached], Flow[bool]] | None = None
    #: How sentences say that it was carried out, where a person sees it, and what to do with a second one.
    made: str = "started"
    listed_by: str = "specstep generation list"
    second: str = "cancel one of them"
    #: Who looks first, when it is tried again; None where nobody does, because nothing is recorded.
    resumed: str | None = "a resumed run"
    #: How a person begins again.
    again: str = "start a new run"
    patience_seconds: float = PATIENCE_SECONDS
    #: Whether the service removes what was deleted, so that after a time no list shows it.
    may_vanish: bool = True

    @property
    def next_look(self) -> str:
        """Who looks before anything is sent again, in a sentence."""
        if self.resumed is None:
            return f"Another call does not look for it: look with `{self.listed_by}` before you pay again."
        return f"{self.resumed.capitalize()} looks for it first."

    def settle_time(self, settled: int) -> float:
        """How long a request may take to be carried out, after so many settle times that showed nothing."""
        return self.settle_seconds * min(GROWTH**settled, LONGEST_GROWTH)


@attrs.frozen
class Glance:
    """One look at what came of a request.

    ``just_sent_at`` is when it was sent, if that was a moment ago. ``is_last`` says that nothing is expected to come
    any more; ``is_late`` that it would have come before anybody looked.
    """

    just_sent_at: float | None = None
    is_last: bool = False
    is_late: bool = False


async def pay(payment: Payment[T], *, after: Intent | None = None) -> T:
    """Send a paid request until it was carried out once, whatever happens on the way; what it started.

    ``after`` is given where an earlier process sent it, and its settle time has shown nothing of it.

    Raises:
        OutcomeUnknown: the answer was lost twice, and nothing has come of it yet; or it cannot be told what has.
        RequestError: the service's refusal.
    """
    is_doubtful = after is not None
    settled, requests = (settled_of(after) + 1, requests_in(after.about)) if after is not None else (0, 0)
    # Whoever comes after a process that died has its request in doubt, and sends one more; a person who was told that
    # two have shown nothing, and resumes all the same, has two sent.
    lost = int(after is not None and not after.about.get(_TOLD))
    refused: list[float] = []
    began = await Now()
    while True:
        sent_at = await Now()
        requests += 1
        doubt = {"settled": settled, "requests": requests} if settled else {}
        try:
            return await payment.send({**payment.about, **doubt})
        except errors.NotConnected:
            raise
        except errors.RequestError as error:
            failure = error
        try:
            if failure.ambiguous:
                lost, is_doubtful = lost + 1, True
                await Report(
                    events.Notice(f"{failure.message} Checking whether the {payment.thing} was {payment.made}.")
                )
                found = await settle(payment, payment.settle_time(settled), just_sent_at=await Now())
                settled += 1
            else:
                requests -= 1
                if not isinstance(failure, errors.ServerError):
                    # An explanation that took too long is the only failure of the service that surely costs nothing.
                    refused.append(sent_at)
                again = await _again(payment, failure)
                if again is None:
                    return await _found_or(payment, failure, is_doubtful=is_doubtful)
                payment, wait = again
                if wait and (await Now()) + wait > began + payment.patience_seconds:
                    return await _found_or(payment, failure, is_doubtful=is_doubtful)
                if wait:
                    await Report(events.Waiting(failure.message, wait))
                    await Sleep(wait)
                found = await _look(payment, Glance(await Now(), is_last=True))
            if found is None:
                is_old = lost and after is not None and await Now() > after.sent_at + payment.settle_time(LONGEST)
                found = await _keep_apart(payment, failure, lost, lost - bool(is_old), refused, settled)
        except errors.WaitTimeout as timeout:
            timeout.add(failure.message)
            raise
        if found is not None:
            if lost + len(refused) > 1:
                await tell_of_another(payment)
            return found
        await Report(events.Notice(f"No {payment.thing} has appeared, so the request is sent again."))


async def tell_of_another(payment: Payment[T]) -> None:
    """Say that a request that was sent twice may be carried out twice."""
    await Report(
        events.Notice(
            f"The {payment.thing} was requested twice before one appeared. If a second one appears "
            f"(`{payment.listed_by}`), the service carried out both: {payment.second}."
        )
    )


async def _again(payment: Payment[T], refusal: errors.RequestError) -> tuple[Payment[T], float] | None:
    """What is sent after a refusal, and in how many seconds; None if the refusal is the end."""
    if isinstance(refusal, errors.BadRequest) and payment.amend is not None:
        amended = await payment.amend(refusal)
        return None if amended is None else (amended, 0.0)
    if isinstance(refusal, errors.ConcurrencyCapReached) and payment.stand_by is not None:
        return (payment, 0.0) if await payment.stand_by(refusal) else None
    wait = retry.refusal_wait(refusal)
    return None if wait is None else (payment, wait)


async def _found_or(payment: Payment[T], refusal: errors.RequestError, *, is_doubtful: bool) -> T:
    """What was started in spite of a refusal, or the refusal itself.

    Whatever was answered may have been carried out, so one look decides what is said of the money. A key that was
    refused is not tried again for it.
    """
    is_known = False
    if not isinstance(refusal, errors.AuthenticationError):
        with contextlib.suppress(errors.RequestError):
            found = await payment.look(Glance(await Now()))
            if found is not None:
                return found
            is_known = True
    if is_doubtful:
        refusal.is_doubtful = True
        refusal.add(
            "Whether the request before it, whose answer was lost, was carried out is not known yet. "
            f"{payment.next_look}"
        )
    elif is_known:
        refusal.add(f"The service lists no {payment.thing} of it, so nothing seems to have been {payment.made}.")
    else:
        refusal.add(
            f"Whether the {payment.thing} was {payment.made} all the same was not looked up. {payment.next_look}"
        )
    raise refusal


async def _keep_apart(
    payment: Payment[T], failure: errors.RequestError, lost: int, recent: int, refused: list[float], settled: int
) -> T | None:
    """Wait until one more request may be sent; what has appeared meanwhile.

    ``recent``: how many of the lost ones were not sent long ago.

    Raises:
        OutcomeUnknown: two answers were lost.
    """
    record = await Recall()
    if lost and record is not None and record.intent is not None:
        # Whoever resumes the run waits longer.
        about = {**record.intent.about, "settled": settled, "requests": requests_in(record.intent.about)}
        if lost >= MOST_IN_DOUBT:
            about[_TOLD] = True
        await Remember({"intent": attrs.evolve(record.intent, about=about)})
    if lost >= MOST_IN_DOUBT:
        resumed = payment.resumed
        who = "Another call does not look for it." if resumed is None else f"{resumed.capitalize()} looks first, too."
        raise errors.OutcomeUnknown(
            f"{failure.message} The {payment.thing} was requested twice without an answer, and none has appeared. "
            f"Whether one still will is not known, so nothing more is sent: look with `{payment.listed_by}` before you "
            f"pay again. {who}"
        )
    if len(refused) < MOST_IN_DOUBT - recent:
        return None
    left = refused[recent - MOST_IN_DOUBT] + payment.settle_time(LONGEST) - (await Now())
    if left <= 0:
        return None
    if left > payment.patience_seconds:
        return await _found_or(payment, failure, is_doubtful=lost > 0)
    return await settle(payment, left)


async def settle(
    payment: Payment[T], left: float, *, just_sent_at: float | None = None, is_late: bool = False
) -> T | None:
    """What an earlier request started; None when nothing has appeared in ``left`` seconds.

    The seconds are our own waits, because the machine's clock may be set meanwhile. ``is_late``: what it started may
    have come, and have been deleted, before anybody looked.

    Raises:
        OutcomeUnknown: something has appeared, and it is not known whether this request started it.
    """
    is_late, waited = is_late or left < 0, 0.0
    if left > 0:
        await Report(events.Waiting(f"The requested {payment.thing} may still appear.", left))
    while True:
        found = await _look(payment, Glance(just_sent_at, is_last=left < 0, is_late=is_late))
        if found is not None or left < 0:
            return found
        just_sent_at = None
        wait = min(SETTLE_POLL_SECONDS if waited < payment.settle_seconds else LATE_POLL_SECONDS, left + 0.5)
        await Sleep(wait)
        left -= wait
        waited += wait


async def settle_sent(payment: Payment[T], passed: float = 0.0, *, settled: int = 0, by_clock: float = 0.0) -> T | None:
    """What came of a request that was sent ``passed`` seconds ago; None once it is certain that it came to nothing.

    ``by_clock`` is what the clock says has passed: not certain, but reason to look among the deleted ones.
    """
    settle_time = payment.settle_time(settled)
    found = await settle(payment, settle_time - passed, is_late=by_clock > settle_time)
    if found is not None and settled:
        await tell_of_another(payment)
    return found


async def settle_intent(payment: Payment[T], intent: Intent) -> T | None:
    """What came of a request that was on its way when an earlier process ended.

    Raises:
        OutcomeUnknown: something has appeared, and it is not known whether this request started it; or the request is
            so old that what it started may be gone.
    """
    await Report(events.Notice(f"An earlier attempt may have {payment.made} {_a(payment.thing)}; checking that first."))
    passed, now = (await Passed(intent)), (await Now())
    found = await settle_sent(payment, passed, settled=settled_of(intent), by_clock=now - intent.sent_at)
    if found is None and payment.may_vanish and now - intent.sent_at > BIN_SECONDS:
        raise errors.OutcomeUnknown(
            f"{_a(payment.thing).capitalize()} was requested {(now - intent.sent_at) / 86400:.0f} days ago, and none "
            "is listed. The service removes what was deleted after 30 days, so whether there was one cannot be told. "
            f"Nothing was sent: look at your usage on the service's website, and {payment.again} if there was none."
        )
    return found


def settled_of(intent: Intent) -> int:
    """How many settle times have shown nothing of the request."""
    return int(intent.about.get("settled", 0))


def requests_in(about: Mapping[str, Any]) -> int:
    """How many requests an intent is about, each sent when the one before it had shown nothing."""
    return int(about.get("requests", about.get("settled", 0) + 1))


def _a(thing: str) -> str:
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


async def _look(payment: Payment[T], glance: Glance) -> T | None:
    try:
        return await payment.look(glance)
    except errors.RequestError as error:
        error.add(
            f"The {payment.thing} was requested, and whether it was {payment.made} is not known yet; it is not "
            "requested twice."
        )
        raise
