"""A generation: start one and only one, watch it, answer its questions, control it (walkthrough, steps 4 to 5.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Changes, Flow, Now, Observe, Remember, Report, Sleep, do
from specstep_flows.flows.pace import SOON_SECONDS, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from specstep_flows.models import Generation, GenerationRow

__all__ = [
    "Kickoff",
    "cancel_generation",
    "find_new_generation",
    "kick_off",
    "known_generations",
    "pause_generation",
    "raise_for_end",
    "resume_generation",
    "settle_kickoff",
    "watch",
]

#: How often the list is read while an answer that was lost may still turn into a generation.
SETTLE_POLL_SECONDS: Final = 10.0
#: How often a change that is settled by reading the state is sent, at most.
MOST_ATTEMPTS: Final = 6


@attrs.frozen
class Kickoff:
    """A request that starts a paid generation, and what is needed to find out whether it did.

    ``send`` makes the request; ``interview_id`` and ``intake_id`` tell the interview's generations from others;
    ``settle_seconds`` is how long the service may take to carry out a request whose answer was lost.
    """

    send: Callable[[Changes, Callable[[UUID], Changes] | None], Flow[UUID]]
    interview_id: UUID | None
    intake_id: UUID | None
    settle_seconds: float
    #: A Researcher run is a fan-out: one kickoff, several children.
    is_fan_out: bool = False
    outcome: Callable[[UUID], Changes] | None = None


def kick_off(kickoff: Kickoff, known: Iterable[UUID] | None = None) -> Flow[UUID]:
    """Start one generation, whatever happens on the way; the id of the one that runs.

    An answer that was lost is never followed by a second request before the list of generations (live and deleted, all
    pages) has stayed without a new one until the settle time is over.

    Raises:
        OutcomeUnknown: several new generations are there, and nobody can say which is ours.
    """
    known = frozenset(known) if known is not None else (yield from known_generations(kickoff))
    about = {"known": [str(identifier) for identifier in sorted(known)]}
    while True:
        try:
            return (yield from kickoff.send(about, kickoff.outcome))
        except errors.RequestError as error:
            if not error.ambiguous:
                raise
            lost_at = yield from do(Now())
            yield from do(Report(events.Notice(f"{error.message} Looking whether the generation was started.")))
        found = yield from settle_kickoff(kickoff, known, lost_at)
        if found is not None:
            return found
        yield from do(Report(events.Notice("The request started no generation; it is sent again.")))


def settle_kickoff(kickoff: Kickoff, known: Iterable[UUID], sent_at: float) -> Flow[UUID | None]:
    """The generation that an earlier request started; None once it is certain that it started none."""
    known = frozenset(known)
    # A machine's clock may have been set back since.
    sent_at = min(sent_at, (yield from do(Now())))
    while True:
        now = yield from do(Now())
        found = yield from find_new_generation(kickoff, known)
        if found is not None:
            changes = kickoff.outcome(found) if kickoff.outcome is not None else {}
            yield from do(Remember({**changes, "intent": None}))
            return found
        left = sent_at + kickoff.settle_seconds - now
        if left < 0:
            return None
        wait = min(SETTLE_POLL_SECONDS, left + 0.5)
        yield from do(Report(events.Waiting("A generation that was asked for may still appear.", wait)))
        yield from do(Sleep(wait))


def find_new_generation(kickoff: Kickoff, known: frozenset[UUID]) -> Flow[UUID | None]:
    """The one generation of this interview that is not in ``known``, if there is one."""
    rows = yield from _rows_of(kickoff, known)
    new = sorted({row.id for row in rows} - known)
    if len(new) > 1 and not kickoff.is_fan_out:
        raise errors.OutcomeUnknown(
            f"{len(new)} new generations belong to this interview, and which one this run started cannot be told: "
            f"{', '.join(map(str, new))}. None was adopted and none is started; take one up with `specstep adopt`.",
            candidates=new,
        )
    if not new:
        return None
    if len(new) > 1:
        yield from do(Report(events.Notice(f"The kickoff started {len(new)} generations: a fan-out profile.")))
    return new[0]


def known_generations(kickoff: Kickoff) -> Flow[frozenset[UUID]]:
    """The generations that the interview has already, deleted ones among them."""
    rows = yield from _rows_of(kickoff, frozenset())
    return frozenset(row.id for row in rows)


def _rows_of(kickoff: Kickoff, known: frozenset[UUID]) -> Flow[list[GenerationRow]]:
    """The rows of this interview, live and deleted. A row that names no interview is asked for its intake."""
    found: list[GenerationRow] = []
    for deleted in (False, True):
        rows = yield from gateway.list_generations(deleted=deleted)
        for row in rows:
            if row.interview_id is not None:
                belongs = row.interview_id == kickoff.interview_id
            elif row.id in known:
                belongs = True
            else:
                belongs = yield from _has_intake(row.id, kickoff.intake_id)
            if belongs:
                found.append(row)
    return found


def _has_intake(generation_id: UUID, intake_id: UUID | None) -> Flow[bool]:
    if intake_id is None:
        return False
    try:
        generation = yield from gateway.get_generation(generation_id)
    except errors.NotFound:
        return False
    return generation.intake_id == intake_id


def watch(
    generation_id: UUID,
    *,
    on_question: Callable[[Generation], Flow[None]] | None,
    on_look: Callable[[Generation], Flow[None]] | None = None,
    last: Generation | None = None,
) -> Flow[Generation]:
    """Look at a generation until it is over or paused by somebody; the last that was seen of it.

    ``on_question`` is run at each look while the generation waits for answers; without it, the flow ends there.
    ``on_look`` is run at each look. A state that nobody has seen means: keep waiting.

    GET /v1/generations/{id}, GET /v1/generations
    """
    pace = Pace()
    while True:
        generation = yield from do(Observe(generation_id, last))
        now = yield from do(Now())
        over = generation.is_terminal or generation.is_paused
        asked = generation.needs_answers
        wait = SOON_SECONDS if asked else pace.next_wait(generation, now)
        ends = over or (asked and on_question is None)
        yield from do(Report(events.GenerationProgress(generation, None if ends else wait)))
        if on_look is not None:
            yield from on_look(generation)
        if ends:
            return generation
        if asked and on_question is not None:
            yield from on_question(generation)
        last = generation
        yield from do(Sleep(wait))


def raise_for_end(generation: Generation) -> None:
    """Raise what a generation's end other than Complete means.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused: as the state says.
    """
    if generation.is_failed:
        sense = generation.retry_makes_sense
        advice = {
            True: "Running the same intake again is likely to help (`specstep resume RUN --retry-failed 1`); it costs anew.",
            False: "Running the same intake again is unlikely to help: change the brief or the profile.",
            None: "Whether running it again helps is not known.",
        }[sense]
        cost = f" It cost ${generation.running_cost_usd:.2f}." if generation.running_cost_usd is not None else ""
        raise errors.GenerationFailed(
            f"Generation {generation.id} failed ({generation.failure_category or 'no category'}: "
            f"{generation.failure_reason or 'no reason given'}).{cost} {advice}",
            generation=generation,
            category=generation.failure_category,
            reason=generation.failure_reason,
            retry_makes_sense=sense,
        )
    if generation.is_cancelled:
        raise errors.GenerationCancelled(
            f"Generation {generation.id} was cancelled at the service; there is no package.", generation=generation
        )
    if generation.is_paused:
        raise errors.GenerationPaused(
            f"Generation {generation.id} was paused by somebody; nothing is being spent. `specstep generation resume "
            f"{generation.id}` asks the service to go on.",
            generation=generation,
        )


def _change_state(
    generation_id: UUID, send: Callable[[], Flow[None]], done: Callable[[Generation], bool]
) -> Flow[Generation]:
    """Ask for a change of state; an answer that was lost is settled by reading the state."""
    for attempt in range(1, MOST_ATTEMPTS + 1):
        try:
            yield from send()
        except errors.Conflict:
            # Behind an attempt whose answer was lost, the conflict may be that attempt's own work.
            if attempt > 1:
                generation = yield from gateway.get_generation(generation_id)
                if done(generation):
                    return generation
            raise
        except errors.RequestError as error:
            if not error.ambiguous or attempt == MOST_ATTEMPTS:
                raise
            yield from do(Sleep(SOON_SECONDS * attempt))
            generation = yield from gateway.get_generation(generation_id)
            if done(generation):
                return generation
        else:
            return (yield from gateway.get_generation(generation_id))
    raise AssertionError("unreachable")


def pause_generation(generation_id: UUID) -> Flow[Generation]:
    """Halt a generation where it is. POST /v1/generations/{id}/pause

    Raises:
        Conflict: its state does not allow pausing.
    """
    return (
        yield from _change_state(
            generation_id, lambda: gateway.pause_generation(generation_id), lambda generation: generation.is_paused
        )
    )


def resume_generation(generation_id: UUID) -> Flow[Generation]:
    """Put a paused generation back into the state it had. POST /v1/generations/{id}/resume

    The service records the change of state only; it does not queue the work again, so nothing may move for a while.

    Raises:
        Conflict: it is not paused.
    """
    return (
        yield from _change_state(
            generation_id, lambda: gateway.resume_generation(generation_id), lambda generation: not generation.is_paused
        )
    )


def cancel_generation(generation_id: UUID, reason: str | None = None) -> Flow[Generation]:
    """Stop a generation for good. POST /v1/generations/{id}/cancel

    Raises:
        Conflict: it is over already, by another end than cancellation.
    """
    return (
        yield from _change_state(
            generation_id,
            lambda: gateway.cancel_generation(generation_id, reason),
            lambda generation: generation.is_cancelled,
        )
    )


def start_generation(
    intake_id: UUID,
    interview_id: UUID | None = None,
    *,
    profile: str = "Normal",
    project_type: str | None = None,
    mirror_selection: str | None = None,
    settle_seconds: float = 90.0,
) -> Flow[UUID]:
    """Start one generation of an intake artifact; its id. It costs, and it is started once whatever happens.

    POST /v1/generations
    """

    def send(about: Changes, outcome: Callable[[UUID], Changes] | None) -> Flow[UUID]:
        return gateway.start_generation(
            intake_id,
            profile=profile,
            project_type=project_type,
            mirror_selection=mirror_selection,
            about=about,
            outcome=outcome,
        )

    return (yield from kick_off(Kickoff(send, interview_id, intake_id, settle_seconds, profile == "Researcher")))


def interview_of(generation_id: UUID) -> Flow[UUID | None]:
    """The interview of a generation, as its list row names it."""
    for deleted in (False, True):
        rows: Any = yield from gateway.list_generations(deleted=deleted, until=generation_id)
        for row in rows:
            if row.id == generation_id:
                return row.interview_id  # type: ignore[no-any-return]
    return None
