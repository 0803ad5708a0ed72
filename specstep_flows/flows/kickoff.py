"""Starting exactly one generation, even when the answer is lost (walkthrough, step 4).

A kickoff has no idempotency key, so the list of generations shows what an unanswered one started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway, states
from specstep_flows.engine.effects import Changes, Now, Remember, Report, Sleep
from specstep_flows.flows import control, payment
from specstep_flows.flows.payment import PATIENCE_SECONDS, Glance, Payment, pay
from specstep_flows.flows.snapshot import (
    Kickoff,
    find_new,
    find_updated,
    known_before,
    look_before,
    take_snapshot,
    unsettled,
)
from specstep_flows.flows.steps import current_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from specstep_flows.runs.records import Intent


#: How often the list is read for a place that has become free.
PLACE_POLL_SECONDS: Final = 30.0
#: Without a sign of one the kickoff is sent again after this long: nobody says what else the plan's limit counts.
PLACE_PATIENCE_SECONDS: Final = 900.0


@attrs.define
class _Looking:
    """The looks at what became of one kickoff. What turned out to be another's is not read again."""

    kickoff: Kickoff
    known: frozenset[UUID]
    _told: bool = attrs.field(default=False, init=False)
    #: Since when there has been nobody to wait for.
    _nobody_since: float = attrs.field(default=0.0, init=False)

    async def stand_by(self, refusal: errors.ConcurrencyCapReached) -> bool:
        """Wait until fewer generations run than when the service refused one more, told once. False to give up.

        It is given up when for minutes none was running that could have ended.
        """
        if not self._told:
            self._told, self._nobody_since = True, await Now()
            await Report(
                events.Notice(
                    f"{refusal.message} Waiting until there is a place (`wait=False` ends the run here instead)."
                )
            )
        before = await _running()
        waited = 0.0
        while waited < PLACE_PATIENCE_SECONDS:
            try:
                await Sleep(PLACE_POLL_SECONDS)
            except errors.WaitTimeout as timeout:
                timeout.add("No place became free for a generation.")
                raise
            waited += PLACE_POLL_SECONDS
            running = await _running()
            if running == 0:
                return (await Now()) <= self._nobody_since + PATIENCE_SECONDS
            self._nobody_since = await Now()
            if running is not None and before is not None and running < before:
                return True
            before = running if before is None else before
        return True

    async def look(self, glance: Glance) -> UUID | None:
        """The one generation that the kickoff started, which is recorded; None if there is none yet."""
        kickoff = self.kickoff
        snapshot = await take_snapshot(kickoff, self.known)
        if glance.just_sent_at is not None and (await Now()) < glance.just_sent_at + kickoff.settle_seconds:
            # What it started cannot be over and deleted already, so these were deleted before.
            snapshot = attrs.evolve(snapshot, undecided=snapshot.undecided - snapshot.undecided_deleted)
        found = await find_new(kickoff, snapshot, self.known)
        # Right after the request, one that had its intake before may still be running for another reason.
        is_told = glance.just_sent_at is not None and kickoff.intake_id not in self.known
        if found is None and (glance.is_last or is_told):
            found = await find_updated(kickoff, self.known)
        if found is not None:
            changes = kickoff.outcome(found) if kickoff.outcome is not None else {}
            await Remember({**changes, "intent": None})
            return found
        if glance.is_last:
            # A generation that was started while we looked was not also deleted between two looks.
            if not snapshot.includes_deleted and glance.is_late:
                raise errors.OutcomeUnknown(
                    "A generation may have been started: it is not among the live ones, and this key may not list the "
                    "deleted ones. Nothing more is started; look for it on the service's website, and continue with "
                    "`specstep adopt`.",
                )
            if snapshot.undecided:
                raise unsettled(snapshot.undecided, "the service does not say whether this run started")
        self.known |= snapshot.unmatched - snapshot.undecided
        return None


async def _running() -> int | None:
    """How many generations the first page of the list shows that are not over; None if it cannot be read."""
    try:
        rows = await gateway.list_generations(first_page=True)
    except errors.RequestError:
        return None
    return sum(not row.is_terminal for row in rows)


async def kick_off(kickoff: Kickoff, known: Iterable[UUID] | None = None, *, after: Intent | None = None) -> UUID:
    """Start one generation, whatever happens on the way; its id.

    No answer is followed by a second request before the list of generations (live and deleted, all pages) was read: a
    refusal by one look, an answer that was lost by looks until the settle time is over. ``after`` is given where an
    earlier process sent the request, and nothing has come of it.

    Raises:
        OutcomeUnknown: new generations are there, and it is not known whether one of them is this run's, and which; or
            none is, after two requests without an answer.
        RequestError: the service's refusal.
    """
    known = kickoff.older | (frozenset(known) if known is not None else (await known_before(kickoff)))
    return await pay(_payment(kickoff, _Looking(kickoff, known)), after=after)


def _payment(kickoff: Kickoff, looking: _Looking) -> Payment[UUID]:
    started: list[UUID] = []

    def outcome(generation_id: UUID) -> Changes:
        started.append(generation_id)
        return {} if kickoff.outcome is None else kickoff.outcome(generation_id)

    async def send(about: Changes) -> UUID:
        try:
            return await kickoff.send(about, outcome)
        except errors.StoreError as error:
            if started and not isinstance(error, errors.RunConflict):
                error.add(
                    f"Generation {started[-1]} was started all the same: resuming the run finds it, and where the run "
                    f"is gone, `specstep adopt {started[-1]}` takes it over."
                )
            raise

    async def amend(refusal: errors.BadRequest) -> Payment[UUID] | None:
        amended = None if kickoff.amend is None else (await kickoff.amend(refusal))
        return None if amended is None else _payment(amended, looking)

    about = {"known": [str(identifier) for identifier in sorted(looking.known)], **kickoff.about}
    stand_by = looking.stand_by if kickoff.waits else None
    return Payment(
        "generation", send, looking.look, kickoff.settle_seconds, about, amend, stand_by, resumed=kickoff.resumed
    )


async def settle_kickoff(
    kickoff: Kickoff, known: Iterable[UUID], passed: float = 0.0, *, by_clock: float = 0.0
) -> UUID | None:
    """The generation that was requested ``passed`` seconds ago; None once it is certain that none was started.

    Raises:
        OutcomeUnknown: new generations are there, and it is not known whether one of them is this run's, and which.
    """
    return await payment.settle_sent(_payment(kickoff, _Looking(kickoff, frozenset(known))), passed, by_clock=by_clock)


async def settle_intent(kickoff: Kickoff, intent: Intent) -> UUID | None:
    """What came of a request that was on its way when an earlier process ended."""
    return await payment.settle_intent(_payment(kickoff, _Looking(kickoff, known_to(intent))), intent)


def known_to(intent: Intent) -> frozenset[UUID]:
    """The generations that were there before the request left."""
    return frozenset(UUID(identifier) for identifier in intent.about.get("known", ()))


async def _refuse_twice(kickoff: Kickoff, generation_id: UUID, what: str) -> frozenset[UUID]:
    """What is there before a generation is retried or updated by itself.

    Raises:
        OutcomeUnknown: it seems to have been done already.
    """
    rows, known = await look_before(kickoff, generation_id)
    newer = [row.id for row in rows if not states.is_one_of(row.state, "Failed", "Cancelled")]
    if newer:
        raise errors.OutcomeUnknown(
            f"Generation {generation_id} seems to have been {what} already: {', '.join(map(str, newer))} came after "
            "it. Nothing was sent; continue with `specstep adopt`, or give `again=True` to pay once more.",
            candidates=newer,
        )
    return known


async def _kick_off_step(kickoff: Kickoff, generation_id: UUID, what: str, *, again: bool) -> UUID:
    """A retry or an update that no run manages: what an earlier process requested is looked for first."""
    record = await current_step()
    intent = record.intent
    if intent is not None:
        found = await settle_intent(kickoff, intent)
        if found is not None:
            return found
        return await kick_off(kickoff, known_to(intent), after=intent)
    if record.known is not None and record.result is None:
        # What an earlier process sent may have been refused, and carried out all the same.
        known = frozenset(map(UUID, record.known))
        found = await _Looking(kickoff, known).look(Glance(is_last=True))
        return found if found is not None else (await kick_off(kickoff, known))
    known = await known_before(kickoff) if again else await _refuse_twice(kickoff, generation_id, what)
    known |= kickoff.older
    if kickoff.intake_id is not None and (await find_updated(kickoff)):
        # That it has the intake afterwards says nothing.
        known |= {kickoff.intake_id}
    await Remember({"known": [str(identifier) for identifier in sorted(known)]})
    return await kick_off(kickoff, known)


def _step_changes(generation_id: UUID) -> Changes:
    return {"result": {"generation_id": str(generation_id)}, "is_over": True}


async def start_generation(
    intake_id: UUID,
    interview_id: UUID | None = None,
    *,
    profile: str | None = None,
    project_type: str | None = None,
    mirror_selection: str | None = None,
    settle_seconds: float = 90.0,
) -> UUID:
    """Start one generation of an intake artifact; its id. It costs, and it is started once whatever happens.

    POST /v1/generations
    """

    async def send(about: Changes, outcome: Callable[[UUID], Changes] | None) -> UUID:
        return await gateway.start_generation(
            intake_id,
            profile=profile or states.DEFAULT_PROFILE,
            project_type=project_type,
            mirror_selection=mirror_selection,
            about=about,
            outcome=outcome,
        )

    is_fan_out = states.is_fan_out(profile)
    # Nothing is recorded of it, so whoever asks again begins anew.
    return await kick_off(Kickoff(send, interview_id, intake_id, settle_seconds, is_fan_out, resumed=None))


async def retry_generation(generation_id: UUID, settle_seconds: float, *, again: bool = False) -> UUID:
    """Run a failed generation's intake again; the new generation's id. It costs, and is started once whatever happens.

    POST /v1/generations/{id}/retry

    Raises:
        OutcomeUnknown: it seems to have been retried already, and ``again`` does not say that this is wanted.
    """
    interview_id = await control.interview_of(generation_id)
    intake_id = (await gateway.get_generation(generation_id)).intake_id
    kickoff = Kickoff(
        lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
        interview_id,
        intake_id,
        settle_seconds,
        older=frozenset([generation_id]),
        outcome=_step_changes,
        resumed="the same request",
    )
    return await _kick_off_step(kickoff, generation_id, "retried", again=again)


async def update_generation(
    generation_id: UUID, intake_id: UUID, settle_seconds: float, *, again: bool = False
) -> UUID:
    """Generate again from a newer interview; the new generation's id. It costs, and is started once whatever happens.

    POST /v1/generations/{id}/update

    Raises:
        OutcomeUnknown: it seems to have been updated already, and ``again`` does not say that this is wanted.
    """
    # The intake may be that of another interview than the generation's: it alone tells what comes of this kickoff.
    kickoff = Kickoff(
        lambda about, outcome: gateway.update_generation(generation_id, intake_id, about=about, outcome=outcome),
        None,
        intake_id,
        settle_seconds,
        older=frozenset([generation_id]),
        outcome=_step_changes,
        updated=generation_id,
        resumed="the same request",
    )
    result = (await current_step()).result
    if result is None:
        return await _kick_off_step(kickoff, generation_id, "updated", again=again)
    done = UUID(result["generation_id"])
    await Report(
        events.Notice(
            f"Generation {generation_id} was updated already, by the same request: {done}. Nothing is paid; "
            "`again=True` pays for another one."
        )
    )
    return done
