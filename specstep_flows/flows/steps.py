"""What costs and is part of no run: paid for once, and recorded, so that asking again from any process finds it.

The record says what was asked for; it holds the intent before the request leaves, and what came of it. An intent
without an outcome is settled as a kickoff's is: by reading what the service has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors, events
from specstep_flows._json import as_json
from specstep_flows._text import money
from specstep_flows.engine.effects import Ask, Changes, Flow, Recall, Remember, Report
from specstep_flows.flows.payment import Glance, Payment, pay, settle_intent
from specstep_flows.runs.records import RunRecord, StepRecord, check_option

T = TypeVar("T")

#: Called with the record of what is about to be paid for; False leaves it.
ConfirmStep = Callable[[StepRecord], Any]
#: A step that is refused again and again is given up after this long: somebody waits for it.
PATIENCE_SECONDS = 600.0


@attrs.frozen
class Terms:
    """On which terms a step is paid for: who is asked, the user's limit, and how long a lost request may take."""

    confirm: ConfirmStep | None = None
    max_cost_usd: float | None = None
    settle_seconds: float = 90.0
    #: Whether another one is wanted where the service has what is asked for already.
    again: bool = False


class Step(ABC, Generic[T]):
    """Something that costs: how it is requested, and how what came of the request is told from the rest."""

    #: What it is called, and how sentences say that it was carried out.
    thing: ClassVar[str]
    made: ClassVar[str]
    #: What it costs at most by the service's pages, in US dollars; None where they name no price.
    price_usd: ClassVar[float | None] = None
    #: Whether one like it that was there before is what is wanted.
    is_shared: ClassVar[bool] = True
    #: Whether one that was made can be deleted, so that no list may show it.
    may_vanish: ClassVar[bool] = False
    #: Whether a second one can be had.
    repeats: ClassVar[bool] = True
    #: What to do with a second one that was not wanted.
    second: ClassVar[str] = "nothing can be done about it but to report it to the service"

    @property
    @abstractmethod
    def listed_by(self) -> str:
        """The command that lists such things."""

    @abstractmethod
    async def send(self, about: Changes, outcome: Callable[[T], Changes]) -> T:
        """Request it."""

    @abstractmethod
    async def listed(self) -> Sequence[Any]:
        """The rows of what the service has."""

    async def deleted(self) -> Sequence[Any] | None:
        """The rows of what was deleted; None where this key may not see them."""
        return ()

    @abstractmethod
    async def sort(self, rows: Sequence[Any]) -> tuple[list[Any], list[UUID]]:
        """Of these rows, those that are what was asked for, and the ids of those of which it cannot be told."""

    @abstractmethod
    async def take_up(self, row: Any) -> T:
        """What was asked for, of its row."""

    @abstractmethod
    def read(self, result: Mapping[str, Any]) -> T:
        """What was asked for, as the record has it."""


async def current_step() -> StepRecord:
    """The step's record as it is now."""
    record: RunRecord | StepRecord | None = await Recall()
    assert isinstance(record, StepRecord), "a step is driven with its record"
    return record


async def carry_out(
    step: Step[T],
    terms: Terms,
    then: Callable[[T], Flow[T]] | None = None,
    *,
    check: Callable[[], Flow[object]] | None = None,
) -> T:
    """Pay for a step once, or show what was paid for; ``then`` does what is to be done with it, before it is over.

    ``check`` raises what would be in the way of that, before anything is paid for.

    Raises:
        OutcomeUnknown: it was requested, and what came of it cannot be told.
        BudgetExceeded: it costs more than the limit; nothing was sent.
        NotConfirmed: ``confirm`` said no.
        RequestError: the service's refusal.
    """
    record = await current_step()
    if record.result is not None:
        done = step.read(record.result)
        if record.is_over:
            await _tell_done(step, f"{record.updated_at.astimezone():%Y-%m-%d %H:%M}")
    else:
        done = await _make(step, terms, record, check)
    if then is not None:
        done = await then(done)
    await Remember({"is_over": True})
    return done


async def _make(step: Step[T], terms: Terms, record: StepRecord, check: Callable[[], Flow[object]] | None) -> T:
    intent, found, is_first = record.intent, None, record.known is None
    if intent is not None:
        known = frozenset(map(UUID, intent.about.get("known", ())))
        found = await settle_intent(_payment(step, terms, known), intent)
    else:
        rows = await step.listed()
        # What an earlier process sent may have been refused, and carried out all the same.
        known = frozenset(row.id for row in rows) if is_first else frozenset(map(UUID, record.known or ()))
        candidates = rows if step.is_shared and not terms.again else [row for row in rows if row.id not in known]
        ours, undecided = await step.sort(candidates)
        new = [identifier for identifier in undecided if identifier not in known]
        if ours:
            found = await _take_up(step, ours[0])
            await _tell_done(step, "by another request")
        elif new:
            raise _undecided(step, new)
    if found is not None:
        return found
    if check is not None:
        await check()
    _check_price(step, terms.max_cost_usd)
    record = await current_step()
    if terms.confirm is not None and not await Ask(terms.confirm, (record,)):
        raise errors.NotConfirmed("Not confirmed, so nothing was paid for.")
    if is_first:
        # From here on a request may have been sent.
        await Remember({"known": [str(identifier) for identifier in sorted(known)]})
    return await pay(_payment(step, terms, known), after=intent)


async def _tell_done(step: Step[Any], when: str) -> None:
    more = " `again=True` pays for another one." if step.repeats else ""
    await Report(events.Notice(f"This {step.thing} was {step.made} already ({when}), so nothing is paid.{more}"))


def _check_price(step: Step[Any], limit: float | None) -> None:
    check_option("max_cost_usd", limit)
    if limit is not None and step.price_usd is not None and step.price_usd > limit:
        raise errors.BudgetExceeded(
            f"The {step.thing} costs up to {money(step.price_usd)}, and your limit is {money(limit)}, so nothing was "
            "sent.",
            limit_usd=limit,
        )


async def _take_up(step: Step[T], row: Any) -> T:
    found = await step.take_up(row)
    await Remember({**_outcome(found), "intent": None})
    return found


def _outcome(made: object) -> Changes:
    return {"result": as_json(made)}


def _undecided(step: Step[Any], undecided: Sequence[UUID]) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        f"Since the {step.thing} was requested, {', '.join(map(str, undecided))} appeared, and whether that is it "
        f"cannot be told. Nothing more is sent: look with `{step.listed_by}` before you pay again.",
        candidates=undecided,
    )


def _payment(step: Step[T], terms: Terms, known: frozenset[UUID]) -> Payment[T]:
    is_made = False

    def outcome(made: T) -> Changes:
        nonlocal is_made
        is_made = True
        return _outcome(made)

    async def send(about: Changes) -> T:
        try:
            return await step.send(about, outcome)
        except errors.StoreError as error:
            if is_made:
                error.add(f"The {step.thing} was {step.made} all the same; the same request finds it.")
            raise

    async def look(glance: Glance) -> T | None:
        live = await step.listed()
        binned = (await step.deleted()) if glance.is_late else ()
        ours, undecided = await step.sort([row for row in (*live, *(binned or ())) if row.id not in known])
        if ours:
            if len(ours) > 1:
                await Report(
                    events.Notice(
                        f"{len(ours)} of it have appeared since the {step.thing} was requested; the oldest one is "
                        f"taken. `{step.listed_by}` lists them."
                    )
                )
            return await _take_up(step, ours[-1])
        if undecided and glance.is_last:
            raise _undecided(step, undecided)
        if binned is None and glance.is_last:
            raise errors.OutcomeUnknown(
                f"The {step.thing} may have been {step.made} and deleted since, and this key may not list what was "
                f"deleted. Nothing more is sent: look with `{step.listed_by}` before you pay again."
            )
        return None

    return Payment(
        step.thing,
        send,
        look,
        terms.settle_seconds,
        {"known": [str(identifier) for identifier in sorted(known)]},
        made=step.made,
        listed_by=step.listed_by,
        second=step.second,
        resumed="the same request",
        again="ask for it with `again=True`",
        patience_seconds=PATIENCE_SECONDS,
        may_vanish=step.may_vanish,
    )
