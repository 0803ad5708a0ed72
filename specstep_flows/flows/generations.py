"""A generation that runs: watch it, and control it (walkthrough, steps 5 and 5.7). What starts one is in ``kickoffs``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Flow, Now, Observe, Report, Sleep
from specstep_flows.flows.pace import SOON_SECONDS, Pace
from specstep_flows.flows.patience import once_known

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.models import Generation

__all__ = [
    "cancel_generation",
    "interview_of",
    "pause_generation",
    "raise_for_end",
    "resume_generation",
    "watch",
]

#: How often a change that is settled by reading the state is sent, at most.
MOST_ATTEMPTS: Final = 6


async def watch(
    generation_id: UUID,
    *,
    on_question: Callable[[Generation], Flow[None]] | None,
    on_look: Callable[[Generation], Flow[None]] | None = None,
    last: Generation | None = None,
) -> Generation:
    """Look at a generation until it is over or paused by somebody; the last that was seen of it.

    ``on_question`` is run at each look while the generation waits for answers; without it, the flow ends there.
    ``on_look`` is run at each look. A state that nobody has seen means: keep waiting.

    GET /v1/generations/{id}, GET /v1/generations
    """
    pace = Pace()
    while True:
        generation = await once_known(partial(Observe, generation_id, last))
        now = await Now()
        over = generation.is_terminal or generation.is_paused
        asked = generation.needs_answers
        wait = pace.next_wait(generation, now)
        ends = over or (asked and on_question is None)
        await Report(events.GenerationProgress(generation, None if ends else wait))
        if on_look is not None:
            await on_look(generation)
        if ends:
            return generation
        if asked and on_question is not None:
            await on_question(generation)
        last = generation
        await Sleep(wait)


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
            f"{(generation.failure_reason or 'no reason given').rstrip('. ')}).{cost} {advice}",
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


async def _change_state(
    generation_id: UUID, send: Callable[[], Flow[None]], done: Callable[[Generation], bool]
) -> Generation:
    """Ask for a change until the state shows it: an answer may be lost, or may not be the service's own."""
    for attempt in range(MOST_ATTEMPTS):
        if attempt:
            await Sleep(SOON_SECONDS * attempt)
        failure: errors.RequestError | None = None
        try:
            await send()
        except errors.RequestError as error:
            # Behind an earlier attempt, a conflict may be that attempt's own work.
            if not error.ambiguous and not (attempt and isinstance(error, errors.Conflict)):
                raise
            failure = error
        generation = await gateway.get_generation(generation_id)
        if done(generation):
            return generation
        if failure is not None and not failure.ambiguous:
            break
    if failure is not None:
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


async def interview_of(generation_id: UUID) -> UUID | None:
    """The interview of a generation, as its list row names it."""
    for deleted in (False, True):
        for row in await gateway.list_generations(deleted=deleted, until=generation_id):
            if row.id == generation_id:
                return row.interview_id
    return None
