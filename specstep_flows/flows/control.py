"""Pausing, resuming and cancelling a generation (walkthrough, step 5.7), and finding its events and its interview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows import errors, gateway
from specstep_flows._course import moments_in
from specstep_flows.engine.effects import Crowded, Flow, Sleep
from specstep_flows.flows.history import needs_moments
from specstep_flows.flows.pace import SOON_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: Give up after this many requests for a change that the state does not show.
MOST_ATTEMPTS: Final = 6


async def _change_state(
    generation_id: UUID, send: Callable[[], Flow[None]], done: Callable[[Generation], bool]
) -> Generation:
    """Request a change until the state shows it: an answer may be lost, or may come from a proxy."""
    for attempt in range(MOST_ATTEMPTS):
        if attempt:
            await Sleep(SOON_SECONDS * attempt)
        failure: errors.RequestError | None = None
        try:
            await send()
        except errors.RequestError as error:
            # A refused key is not tried again for a look. A conflict names the state, unless it is the doing of an
            # earlier attempt. Any other refusal may have been carried out.
            if isinstance(error, errors.AuthenticationError) or (isinstance(error, errors.Conflict) and not attempt):
                raise
            failure = error
        try:
            generation = await gateway.get_generation(generation_id, is_urgent=True)
        except errors.RequestError as error:
            if failure is not None and not failure.ambiguous:
                raise failure from None
            what = "accepted; whether the state shows it" if failure is None else "not answered; whether it was made"
            error.add(f"The change was requested and {what} is not known.")
            raise
        if done(generation):
            return generation
        if generation.is_terminal:
            raise (
                failure
                if isinstance(failure, errors.Conflict)
                else errors.Conflict(
                    f"Generation {generation_id} is {generation.state} already, so its state can no longer change."
                )
            )
        if failure is not None and not failure.ambiguous:
            break
    if failure is not None:
        failure.add(f"Generation {generation_id} is still {generation.state}.")
        raise failure
    return generation


async def pause_generation(generation_id: UUID) -> Generation:
    """Halt a generation where it is. POST /v1/generations/{id}/pause

    Raises:
        Conflict: its state does not allow pausing.
    """
    return await _change_state(
        generation_id, lambda: gateway.pause_generation(generation_id), lambda generation: generation.is_paused
    )


async def resume_generation(generation_id: UUID) -> Generation:
    """Put a paused generation back into the state it had. POST /v1/generations/{id}/resume

    The service records the change of state only; it does not queue the work again, so nothing may move for a while.

    Raises:
        Conflict: it is not paused.
    """
    return await _change_state(
        generation_id, lambda: gateway.resume_generation(generation_id), lambda generation: not generation.is_paused
    )


async def cancel_generation(generation_id: UUID, reason: str | None = None) -> Generation:
    """Stop a generation for good. POST /v1/generations/{id}/cancel

    Raises:
        Conflict: it is over already, by another end than cancellation.
    """
    return await _change_state(
        generation_id,
        lambda: gateway.cancel_generation(generation_id, reason),
        lambda generation: generation.is_cancelled,
    )


async def moments_of(record: RunRecord, generation: Generation, now: float) -> tuple[tuple[float, str], ...]:
    """The changes of state of the run's generation by the service's events, where a look leaves open what happened.

    GET /v1/generations/{id}/events
    """
    if generation.id != record.generation_id or not needs_moments(record.history, generation, now):
        return ()
    if (generation.is_complete or not generation.is_terminal) and await Crowded():
        # Among many, every request counts. The looks are told; a report reads the events, and keeps them.
        return ()
    try:
        found = await gateway.get_events(generation.id, once=True)
    except errors.RequestError:
        # They are for the record alone; what the looks showed is kept.
        return ()
    return tuple(moments_in(event.raw for event in found))


async def interview_of(generation_id: UUID) -> UUID | None:
    """The interview of a generation, as its list row names it."""
    for deleted in (False, True):
        for row in await gateway.list_generations(deleted=deleted, until=generation_id):
            if row.id == generation_id:
                return row.interview_id
    return None
