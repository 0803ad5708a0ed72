"""Watching the generations of a run to their ends (walkthrough, step 5). A single generation is a family of one.

A fan-out profile starts several generations with one kickoff. The pages say that there are three children, and not how
they belong together. Assumed here: they, and the parent if there is one, are the generations of the run's interview; a
parent's cost is the sum of its children's; a question is asked by a child and answered there.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows._text import duration, money
from specstep_flows.engine.effects import SOON, CheckDeliveries, Flow, Now, Observe, Recall, Remember, Report, Sleep
from specstep_flows.flows.budget import Budget
from specstep_flows.flows.clarifications import ClarificationAnswerer
from specstep_flows.flows.control import moments_of
from specstep_flows.flows.history import is_new_state, seen, shows_nothing_new
from specstep_flows.flows.pace import Pace, once_known
from specstep_flows.runs.records import TICK_SECONDS
from specstep_flows.states import is_fan_out, is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from specstep_flows.callbacks import Policy
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: How long a generation that somebody paused is watched, in seconds: whoever paused it may go on with it.
PAUSED_SECONDS: Final = 3600.0
#: A child may be listed late: the run's generations are listed again this often.
FAMILY_SECONDS: Final = 60.0
#: How often a run that looks seldom is reported all the same, in seconds.
REPORT_SECONDS: Final = 60.0
#: How often a run that waits looks into the store for webhook deliveries, in seconds. It sends nothing for that.
DELIVERY_SECONDS: Final = 0.5


@attrs.define
class _Member:
    """One generation of the family."""

    answerer: ClarificationAnswerer
    #: How long a pause is watched.
    paused_seconds: float
    #: Seconds until the next look. Our own waits are counted, because the machine's clock may be set in between.
    wait: float = 0.0
    #: Seconds since it was first seen paused.
    paused_for: float | None = None
    last: Generation | None = None
    #: How long ago that was.
    age: float = 0.0
    #: Whether a delivery asks for a look at the status body itself, and the state that it named.
    is_called: bool = False
    called_in: str | None = None
    pace: Pace = attrs.field(factory=Pace)

    @property
    def is_over(self) -> bool:
        is_left = self.paused_for is not None and self.paused_for >= self.paused_seconds
        return self.last is not None and (self.last.is_terminal or is_left)

    async def take(self, generation: Generation, now: float, *, is_told: bool, longest: float = math.inf) -> None:
        """A look, and when the next one is due. A pause, or an end that nobody knows, is told once."""
        is_idle = generation.is_paused or generation.is_closed
        is_new = is_idle and self.paused_for is None
        self.age = 0.0
        self.last, self.wait = generation, min(longest, self.pace.next_wait(generation, now, is_told=is_told))
        if not is_idle or generation.is_terminal:
            self.paused_for = None
            return
        if is_new:
            self.paused_for = 0.0
        self.wait = min(self.wait, self.paused_seconds - (self.paused_for or 0.0))
        if is_new and self.paused_seconds > 0:
            await Report(
                events.Notice(f"{_why_idle(generation)} It is watched for another {duration(self.paused_seconds)}.")
            )


@attrs.define
class _Family:
    """All generations that are watched together, the run's own first."""

    budget: Budget
    policy: Policy | None
    settle_seconds: float
    paused_seconds: float
    members: dict[UUID, _Member] = attrs.field(factory=dict)
    #: Up to where webhook deliveries were read, and whether somebody receives them.
    position: int | None = None
    is_served: bool = False

    @property
    def seen(self) -> list[Generation]:
        return [member.last for member in self.members.values() if member.last is not None]

    @property
    def is_over(self) -> bool:
        return all(member.is_over for member in self.members.values())

    async def join(self, generation_ids: Iterable[UUID]) -> None:
        """Add the generations that are not known yet."""
        new = [identifier for identifier in generation_ids if identifier not in self.members]
        if not new:
            return
        record = await Recall()
        for identifier in new:
            answering = None if record is None else record.answering
            self.members[identifier] = _Member(
                ClarificationAnswerer(identifier, self.policy, self.settle_seconds, answering), self.paused_seconds
            )
        if record is not None and not set(new) <= set(record.generation_ids):
            await Remember({"generation_ids": tuple(dict.fromkeys((*record.generation_ids, *self.members)))})

    async def look(self, member: _Member) -> None:
        """One look at one generation: report it, record it, hold the budget once all were looked at."""
        is_called, called_in = member.is_called, member.called_in
        member.is_called, member.called_in = False, None
        observe = partial(Observe, member.answerer.generation_id, member.last, is_called)
        generation = await once_known(observe)
        # It is recorded before the list is asked, which may fail.
        await self._saw(generation, is_just_in=generation.needs_answers and generation.state == called_in)
        if not generation.needs_answers:
            await member.answerer.note_resumed()
        if await self.budget.read(generation):
            await self._record(await Recall(), generation, await Now())
        if len(self.seen) == len(self.members):
            await self.budget.hold(self.seen, self._saw)

    async def _saw(self, generation: Generation, longest: float = math.inf, *, is_just_in: bool = False) -> None:
        """Report and record a generation as it was just read, by a look or after it was cancelled, or as it was told.

        The next look is due in ``longest`` seconds at the latest. ``is_just_in``: a delivery has just said that its
        state began, so its events need not say when.
        """
        now, member = await Now(), self.members[generation.id]
        self.budget.note(generation)
        # A cost near the limit is read as often as ever.
        await member.take(generation, now, is_told=self.is_served and not self.budget.is_near, longest=longest)
        record = await Recall()
        moments = () if record is None or is_just_in else (await moments_of(record, generation, now))
        await Report(events.GenerationProgress(generation, None if member.is_over else member.wait, moments))
        await self._record(record, generation, now, moments)

    async def look_at_due(self) -> None:
        """A look at each generation whose time has come; then, the budget being held, their questions are answered."""
        due = [member for member in self.members.values() if not member.is_over and member.wait <= 0.0]
        for member in due:
            await self.look(member)
        for member in due:
            if member.last is not None and member.last.needs_answers:
                try:
                    await member.answerer.answer(member.last.running_cost_usd)
                except errors.AnswersNeeded as error:
                    if any(not (one.is_terminal or one.needs_answers or one.is_paused) for one in self.seen):
                        error.add("The other generations of the run continue, and cost.")
                    raise
                if self.is_served and member.answerer.is_accepted:
                    # That the service picked them up is told as well.
                    member.wait = max(member.wait, TICK_SECONDS)

    async def _record(
        self, record: RunRecord | None, generation: Generation, now: float, moments: Sequence[tuple[float, str]] = ()
    ) -> None:
        """The run's record follows the state of its own generation, and the cost of all.

        Each new state is written at once; of numbers that grow with every look, the latest now and then; and of a look
        that showed the same as those before it, when it was, with whatever is written next.
        """
        if record is None:
            return
        is_whole = len(self.seen) == len(self.members)
        cost = self.budget.cost_of(generation.id)
        together = self.budget.cost_usd if is_whole else None
        asked_by = [str(one.id) for one in self.seen if one.needs_answers and one.id != record.generation_id]
        changes = seen(
            record, generation, now, cost_usd=cost, run_cost_usd=together, moments=moments, asked_by=asked_by
        )
        if changes:
            # What comes of a complete one is written with its package's name.
            latest = 0.0 if is_new_state(changes) and not generation.is_complete else SOON
            await Remember(changes, math.inf if shows_nothing_new(record, changes) else latest)

    async def rest(self, most: float) -> float:
        """Wait until the next look is due, or a delivery calls for one; the seconds that were waited.

        While looks are rare, no longer than ``most``: then the generations are listed again.
        """
        waited = unreported = 0.0
        while True:
            wait = min(self._next_wait(), DELIVERY_SECONDS) if self.is_served else self._next_wait()
            await Sleep(wait)
            waited, unreported = waited + wait, unreported + wait
            for member in self.members.values():
                member.wait -= wait
                member.age += wait
                if member.paused_for is not None:
                    member.paused_for += wait
            await self.hear()
            if self.is_served and unreported >= REPORT_SECONDS:
                unreported = 0.0
                await self._report_again()
            if self._next_wait() <= 0.0 or (self.is_served and waited >= most):
                return waited

    async def _report_again(self) -> None:
        """Whoever follows the run has a sign of life although nothing is asked: what was seen last, and its age."""
        for member in self.members.values():
            if member.last is not None and not member.is_over:
                left = member.last.estimated_time_remaining_seconds
                left = None if left is None or left < member.age else left - member.age
                shown = attrs.evolve(member.last, estimated_time_remaining_seconds=left)
                await Report(events.GenerationProgress(shown, member.wait))

    def _next_wait(self) -> float:
        return max(0.0, min((member.wait for member in self.members.values() if not member.is_over), default=0.0))

    async def hear(self) -> None:
        """Take in what webhook deliveries say. Whatever has to be acted on is looked up at the service."""
        running = [identifier for identifier, member in self.members.items() if not member.is_over]
        deliveries = await CheckDeliveries(running, self.position)
        was_served, self.is_served, self.position = self.is_served, deliveries.is_served, deliveries.position
        if was_served and not self.is_served:
            # The receiver has gone, and a delivery may have been lost with it.
            for member in self.members.values():
                member.wait = 0.0
        for identifier, body in deliveries.bodies.items():
            member = self.members[identifier]
            told = None if body is None else _told(body)
            if told is None or not _is_progress(told, member.last) or not self.budget.leaves_room(told):
                member.wait, member.is_called = 0.0, True
                member.called_in = None if told is None else told.state
            else:
                # A limit holds by what was looked up, so no look at the cost is put off.
                await self._saw(told, math.inf if self.budget.limit_usd is None else member.wait)


async def watch(
    find: Callable[[], Flow[list[UUID]]],
    budget: Budget,
    policy: Policy | None,
    settle_seconds: float,
    paused_seconds: float = PAUSED_SECONDS,
) -> list[Generation]:
    """Look at the generations that ``find`` names until each is over, or paused for so long; the last seen of each.

    Their questions are answered on the way, and the budget is held. A state that is not known means: keep waiting.

    GET /v1/generations/{id}, GET /v1/generations

    Raises:
        AnswersNeeded: a question has no answer.
        BudgetExceeded: the limit was passed.
    """
    family = _Family(budget, policy, settle_seconds, paused_seconds)
    await family.join(await find())
    await family.hear()
    unlisted = 0.0
    while True:
        await family.look_at_due()
        if family.is_over or unlisted >= FAMILY_SECONDS:
            unlisted = 0.0
            await family.join(await find())
            if family.is_over:
                return family.seen
        unlisted += await family.rest(FAMILY_SECONDS - unlisted)


def _told(body: bytes) -> Generation | None:
    try:
        return gateway.told_generation(body)
    except errors.UnexpectedResponse:
        return None


def _is_progress(told: Generation, last: Generation | None) -> bool:
    """Whether a delivery only says how far a running generation is, and is no older than what was seen last."""
    if last is None or any(one.needs_answers or one.is_paused or one.is_closed for one in (told, last)):
        return False
    is_running = is_known(told.state) and not told.is_terminal
    return is_running and (told.running_cost_usd or 0.0) >= (last.running_cost_usd or 0.0)


async def wait_for_generation(
    generation_id: UUID,
    policy: Policy | None,
    settle_seconds: float = 90.0,
    paused_seconds: float = PAUSED_SECONDS,
) -> Generation:
    """Watch one generation, which need not be a run's, until it is Complete.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
    """

    async def find() -> list[UUID]:
        return [generation_id]

    (generation,) = await watch(find, Budget(), policy, settle_seconds, paused_seconds)
    raise_for_end(generation)
    return generation


async def generations_of(record: RunRecord) -> list[UUID]:
    """The generations that are the run's now: its own, and all others that its kickoff started, the oldest first."""
    own = record.generation_id
    assert own is not None
    if not is_fan_out(record.options.profile):
        return [own]
    rows = await gateway.list_generations()
    interview_id = record.interview_id or next((row.interview_id for row in rows if row.id == own), None)
    others = [row.id for row in reversed(rows) if interview_id is not None and row.interview_id == interview_id]
    return list(dict.fromkeys((own, *others)))


def _why_idle(generation: Generation) -> str:
    if generation.is_paused:
        return (
            f"Generation {generation.id} was paused; nothing is being spent, and `specstep generation resume "
            f"{generation.id}` continues it."
        )
    return (
        f"Generation {generation.id} is {generation.state!r}, a state that this version does not know: its "
        "billing is closed, and it has no package."
    )


def raise_for_end(generation: Generation) -> None:
    """Raise what a generation's end other than Complete means.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused: as the state says.
        Detached: the state is one that nobody knows, and there is no package.
    """
    if generation.is_failed:
        sense = generation.retry_makes_sense
        advice = {
            True: "Running the same intake again is likely to help; it costs again.",
            False: "Running the same intake again is unlikely to help: change the brief or the profile.",
            None: "Whether running it again helps is not known.",
        }[sense]
        cost = f" It cost {money(generation.running_cost_usd)}." if generation.running_cost_usd is not None else ""
        raise errors.GenerationFailed(
            f"Generation {generation.id} failed ({generation.failure_category or 'no category'}: "
            f"{(generation.failure_reason or 'no reason given').rstrip('. ')}).{cost} {advice}",
            generation=generation,
            category=generation.failure_category,
            reason=generation.failure_reason,
            retry_makes_sense=sense,
        )
    if generation.is_cancelled:
        raise errors.GenerationCancelled(
            f"Generation {generation.id} was cancelled at the service, so there is no package.", generation=generation
        )
    if generation.is_closed and not generation.is_complete:
        raise errors.Detached(f"{_why_idle(generation)} Look at it on the service's website, or resume the run later.")
    if generation.is_paused:
        raise errors.GenerationPaused(
            f"Generation {generation.id} is paused, and nothing is being spent. `specstep generation resume "
            f"{generation.id}` asks the service to continue it.",
            generation=generation,
        )
