"""Watching a generation to its end (walkthrough, step 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from specstep_flows import errors, events
from specstep_flows.engine.effects import Flow, Now, Observe, Report, Sleep
from specstep_flows.flows.clarifications import Desk
from specstep_flows.flows.pace import Pace, once_known

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from specstep_flows.callbacks import Policy
    from specstep_flows.models import Generation

__all__ = ["raise_for_end", "watch"]


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


async def wait_for_generation(generation_id: UUID, policy: Policy | None, settle_seconds: float) -> Generation:
    """Watch a generation until it is Complete, its questions answered by ``policy``.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
    """
    desk = Desk(generation_id, policy, settle_seconds)

    async def look(generation: Generation) -> None:
        if not generation.needs_answers:
            await desk.left()

    generation = await watch(generation_id, on_question=lambda paused: desk.look(paused.running_cost_usd), on_look=look)
    raise_for_end(generation)
    return generation
