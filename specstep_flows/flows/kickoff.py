"""Starting exactly one generation, even when the answer is lost (walkthrough, step 4).

A kickoff has no idempotency key, so the list of generations shows what an unanswered one started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors, events, gateway, states
from specstep_flows.engine.effects import Changes, Flow, Now, Remember, Report, Sleep
from specstep_flows.flows import control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from specstep_flows.models import GenerationRow

#: How often the list is read while an answer that was lost may still turn into a generation.
SETTLE_POLL_SECONDS: Final = 10.0
#: Give up after this many kickoffs that started nothing.
MOST_KICKOFFS: Final = 6
#: For how many rows that name no interview the intake is read at one look, the newest first.
MOST_ASKED: Final = 20


@attrs.frozen
class Kickoff:
    """A request that starts a paid generation, and what is needed to find out whether it did.

    ``send`` sends the request; ``interview_id`` and ``intake_id`` tell the interview's generations from others;
    ``settle_seconds`` is how long the service may take to carry out a request whose answer was lost.
    """

    send: Callable[[Changes, Callable[[UUID], Changes] | None], Flow[UUID]]
    interview_id: UUID | None
    intake_id: UUID | None
    settle_seconds: float
    #: One kickoff starts several children.
    is_fan_out: bool = False
    #: Generations that are certainly older, whether or not a list that lags behind shows them yet.
    older: frozenset[UUID] = frozenset()
    outcome: Callable[[UUID], Changes] | None = None


@attrs.frozen
class GenerationSnapshot:
    """The generations of an account, live and deleted, as far as they matter for one kickoff.

    ``matching`` belong to the interview. ``unmatched`` are rows that name no interview and are not known to belong to
    it; ``undecided`` are those of them whose intake could not be read either, so they might belong to it.
    """

    matching: frozenset[UUID]
    unmatched: frozenset[UUID]
    undecided: frozenset[UUID]
    #: Those of ``undecided`` that are deleted.
    undecided_deleted: frozenset[UUID] = frozenset()
    #: False when this key may not list the deleted ones.
    includes_deleted: bool = True

    @property
    def known(self) -> frozenset[UUID]:
        """What a later look need not read again."""
        return self.matching | self.unmatched


async def kick_off(kickoff: Kickoff, known: Iterable[UUID] | None = None) -> UUID:
    """Start one generation, whatever happens on the way; its id.

    An answer that was lost is never followed by a second request before the list of generations (live and deleted, all
    pages) has stayed without a new one until the settle time is over.

    Raises:
        OutcomeUnknown: new generations are there, and it is not known whether one of them is this run's, and which.
        RequestError: the service's refusal; or the last failure, when none of several requests started anything.
    """
    known = kickoff.older | (frozenset(known) if known is not None else (await _known_before(kickoff)))
    about = {"known": [str(identifier) for identifier in sorted(known)]}
    attempts = 0
    while True:
        attempts += 1
        try:
            return await kickoff.send(about, kickoff.outcome)
        except errors.RequestError as error:
            if not error.ambiguous:
                raise
            failure = error
            lost_at = await Now()
            await Report(events.Notice(f"{error.message} Checking whether the generation was started."))
        found = await settle_kickoff(kickoff, known, lost_at, is_just_sent=True)
        if found is not None:
            return found
        if attempts >= MOST_KICKOFFS:
            failure.add("No generation was started; resume the run later.")
            raise failure
        await Report(events.Notice("The request started no generation, so it is sent again."))


async def settle_kickoff(
    kickoff: Kickoff, known: Iterable[UUID], sent_at: float, *, is_just_sent: bool = False
) -> UUID | None:
    """The generation that an earlier request started; None once it is certain that it started none.

    ``is_just_sent``: the request was sent, and its answer lost, a moment ago.

    Raises:
        OutcomeUnknown: new generations are there, and it is not known whether one of them is this run's, and which.
    """
    known = frozenset(known)
    began = await Now()
    # The machine's clock may have been set back since, and may be set forward now, so our own waits count.
    left = kickoff.settle_seconds - max(0.0, began - sent_at)
    came_late = left < 0
    while True:
        try:
            snapshot = await take_snapshot(kickoff, known)
        except errors.RequestError as error:
            error.add(
                "A generation was requested, and whether it was started is not known yet; it is not requested twice."
            )
            raise
        if is_just_sent and (await Now()) < sent_at + kickoff.settle_seconds:
            # What it started cannot be over and deleted already, so these were deleted before.
            snapshot = attrs.evolve(snapshot, undecided=snapshot.undecided - snapshot.undecided_deleted)
        is_just_sent = False
        found = await find_new(kickoff, snapshot, known)
        if found is not None:
            changes = kickoff.outcome(found) if kickoff.outcome is not None else {}
            await Remember({**changes, "intent": None})
            return found
        if left < 0:
            # A generation that was started while we looked was not also deleted between two looks.
            if not snapshot.includes_deleted and came_late:
                raise errors.OutcomeUnknown(
                    "A generation may have been started: it is not among the live ones, and this key may not list the "
                    "deleted ones. Nothing more is started; look for it on the service's website, and continue with "
                    "`specstep adopt`.",
                )
            if snapshot.undecided:
                raise _unsettled(snapshot.undecided, "the service does not say whether this run started")
            return None
        # What belongs to others need not be read again.
        known |= snapshot.unmatched - snapshot.undecided
        wait = min(SETTLE_POLL_SECONDS, left + 0.5)
        await Report(events.Waiting("The requested generation may still appear.", wait))
        await Sleep(wait)
        left -= wait


async def find_new(kickoff: Kickoff, snapshot: GenerationSnapshot, known: frozenset[UUID] = frozenset()) -> UUID | None:
    """The one generation of this interview that is not in ``known``, if there is one."""
    new = sorted(snapshot.matching - known)
    if len(new) > 1 and not kickoff.is_fan_out:
        raise _unsettled(new, "it cannot be told which of them this run started")
    if not new:
        return None
    if len(new) > 1:
        await Report(events.Notice(f"The kickoff started {len(new)} generations: a fan-out profile."))
    return new[0]


def _unsettled(candidates: Iterable[UUID], why: str) -> errors.OutcomeUnknown:
    new = sorted(candidates)
    return errors.OutcomeUnknown(
        f"There {'are' if len(new) > 1 else 'is'} {len(new)} new generation{'s' if len(new) > 1 else ''}, and {why}: "
        f"{', '.join(map(str, new))}. None was adopted, and nothing more is started; choose one with `specstep adopt`.",
        candidates=new,
    )


async def take_snapshot(
    kickoff: Kickoff, known: frozenset[UUID] = frozenset(), *, is_first: bool = False
) -> GenerationSnapshot:
    """List the generations. For a row that names no interview and is not known, the intake is read.

    ``is_first``: no kickoff of this interview was sent, so none of its generations can have been deleted. Then the
    deleted ones matter only where rows do not name their interview (walkthrough, step 5: each row does).
    """
    matching: set[UUID] = set()
    unmatched: set[UUID] = set()
    undecided: set[UUID] = set()
    asked = 0
    live = await gateway.list_generations()
    rows_name = all(row.interview_id is not None for row in live)
    binned = [] if is_first and rows_name else (await _deleted())
    for rows in (live, binned or ()):
        for row in rows:
            if row.id in known:
                continue
            belongs = _names_interview(row, kickoff)
            if belongs is None:
                if asked < MOST_ASKED:
                    belongs = await _has_intake(row.id, kickoff.intake_id)
                    asked += 1
                if not belongs:
                    unmatched.add(row.id)
            if belongs:
                matching.add(row.id)
            elif belongs is None:
                undecided.add(row.id)
    return GenerationSnapshot(
        frozenset(matching),
        frozenset(unmatched),
        frozenset(undecided),
        frozenset(undecided & {row.id for row in binned or ()}),
        includes_deleted=binned is not None,
    )


async def _known_before(kickoff: Kickoff) -> frozenset[UUID]:
    """The generations that are there before a kickoff is sent, and that could later be mistaken for its own."""
    live = await gateway.list_generations()
    binned = await _deleted()
    return frozenset(row.id for row in (*live, *(binned or ())) if _names_interview(row, kickoff) is not False)


def _names_interview(row: GenerationRow, kickoff: Kickoff) -> bool | None:
    """Whether a row names the kickoff's interview; None when one of them names none."""
    if row.interview_id is None or kickoff.interview_id is None:
        return None
    return row.interview_id == kickoff.interview_id


async def _deleted() -> list[GenerationRow] | None:
    """The deleted generations; None where this key may not see them."""
    try:
        return await gateway.list_generations(deleted=True)
    except errors.PermissionDenied:
        return None
    except errors.APIError as error:
        # Where nothing deleted is listed, only live generations can be found. One that was just started is live.
        if error.is_not_offered:
            return []
        raise


async def _has_intake(generation_id: UUID, intake_id: UUID | None) -> bool | None:
    """Whether a generation was made from an intake; None when the service does not say."""
    if intake_id is None:
        return None
    try:
        generation = await gateway.get_generation(generation_id)
    except errors.NotFound:
        return None
    return None if generation.intake_id is None else generation.intake_id == intake_id


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

    return await kick_off(Kickoff(send, interview_id, intake_id, settle_seconds, states.is_fan_out(profile)))


async def retry_generation(generation_id: UUID, settle_seconds: float) -> UUID:
    """Run a failed generation's intake again; the new generation's id. It costs, and is started once whatever happens.

    POST /v1/generations/{id}/retry
    """
    interview_id = await control.interview_of(generation_id)
    intake_id = (await gateway.get_generation(generation_id)).intake_id
    return await kick_off(
        Kickoff(
            lambda about, outcome: gateway.retry_generation(generation_id, about=about, outcome=outcome),
            interview_id,
            intake_id,
            settle_seconds,
            older=frozenset([generation_id]),
        )
    )


async def update_generation(generation_id: UUID, intake_id: UUID, settle_seconds: float) -> UUID:
    """Generate again from a newer interview; the new generation's id. It costs, and is started once whatever happens.

    POST /v1/generations/{id}/update
    """
    # The intake may be that of another interview than the generation's: it alone tells what comes of this kickoff.
    return await kick_off(
        Kickoff(
            lambda about, outcome: gateway.update_generation(generation_id, intake_id, about=about, outcome=outcome),
            None,
            intake_id,
            settle_seconds,
            older=frozenset([generation_id]),
        )
    )
