"""A kickoff, and the generations of the account as far as they matter for it: which may be its own, which are older."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Changes, Flow, Report
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows.models import GenerationRow

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
    #: The generation that is updated from an intake that it does not have; the pages do not say that this makes another
    #: one.
    updated: UUID | None = None
    #: Whether a place is waited for where as many generations run as the plan allows.
    waits: bool = False
    #: Who looks first what came of it, when it is tried again; None where nobody does.
    resumed: str | None = "a resumed run"
    #: What more the intent says of the request.
    about: Mapping[str, Any] = attrs.field(factory=dict)
    #: The kickoff as it must be sent instead after the service refused what it says; None if nothing else is known.
    amend: Callable[[errors.BadRequest], Flow[Kickoff | None]] | None = None


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


async def find_new(kickoff: Kickoff, snapshot: GenerationSnapshot, known: frozenset[UUID] = frozenset()) -> UUID | None:
    """The one generation of this interview that is not in ``known``, if there is one."""
    new = sorted(snapshot.matching - known)
    if len(new) > 1 and not kickoff.is_fan_out:
        raise unsettled(new, "it cannot be told which of them this run started")
    if not new:
        return None
    if len(new) > 1:
        await Report(events.Notice(f"The kickoff started {len(new)} generations: a fan-out profile."))
    return new[0]


async def find_updated(kickoff: Kickoff, known: frozenset[UUID] = frozenset()) -> UUID | None:
    """The generation that the kickoff updates, if it was made again itself: then it has the new intake.

    Where ``known`` names the intake, too, it had it before: then it is told by being made just now. Only what is
    complete can be updated.
    """
    if kickoff.updated is None or kickoff.intake_id is None:
        return None
    try:
        generation = await gateway.get_generation(kickoff.updated)
    except errors.NotFound:
        return None
    is_made_again = kickoff.intake_id not in known or not generation.is_complete
    return kickoff.updated if generation.intake_id == kickoff.intake_id and is_made_again else None


def unsettled(candidates: Iterable[UUID], why: str) -> errors.OutcomeUnknown:
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


async def known_before(kickoff: Kickoff) -> frozenset[UUID]:
    """The generations that are there before a kickoff is sent, and that could later be mistaken for its own."""
    live = await gateway.list_generations()
    binned = await _deleted()
    return frozenset(row.id for row in (*live, *(binned or ())) if _names_interview(row, kickoff) is not False)


async def look_before(kickoff: Kickoff, generation_id: UUID) -> tuple[list[GenerationRow], frozenset[UUID]]:
    """What a generation's retry or update may have started already, and all that is there before it is requested.

    The first are the newer generations of the kickoff's interview, with the same profile. Which of two is newer is told
    by their start, and without it by the list's order, the newest first (an assumption).
    """
    newer: list[GenerationRow] = []
    known: set[UUID] = set()
    asked = 0
    rows = [await gateway.list_generations(), (await _deleted()) or []]
    own = next((row for listed in rows for row in listed if row.id == generation_id), None)
    for listed in rows:
        before = own is not None and own in listed
        for row in listed:
            before = before and row.id != generation_id
            belongs = _names_interview(row, kickoff)
            if belongs is not False:
                known.add(row.id)
            if row.id in kickoff.older or own is None or belongs is False or not _may_follow(row, own, before):
                continue
            if belongs is None and asked < MOST_ASKED:
                belongs = await _has_intake(row.id, kickoff.intake_id)
                asked += 1
            if belongs:
                newer.append(row)
    return newer, frozenset(known)


def _may_follow(row: GenerationRow, own: GenerationRow, is_before: bool) -> bool:
    """Whether a row may be a retry or an update of ``own``; ``is_before``: it is listed before it."""
    if row.review_profile and own.review_profile and fold(row.review_profile) != fold(own.review_profile):
        return False
    if row.started_at is not None and own.started_at is not None and row.started_at != own.started_at:
        return row.started_at > own.started_at
    return is_before


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
