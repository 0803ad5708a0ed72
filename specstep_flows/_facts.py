"""What there is to say of a generation: its place on the walkthrough's track, and its billing in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from specstep_flows._text import spaced
from specstep_flows.states import STAGES, billing_meaning, fold, is_terminal, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Mark", "Stage", "billing_words", "track"]

#: How far a stage has got. A stage that was ``passed`` was never seen: it was skipped, or over between two looks.
Mark: TypeAlias = Literal["done", "passed", "current", "halted", "failed", "ahead"]


@attrs.frozen
class Stage:
    """One stage of the track."""

    name: str
    mark: Mark

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return spaced(self.name)


def track(state: str | None, seen: Iterable[str] = ()) -> tuple[Stage, ...]:
    """The track of a generation that is in ``state`` and was seen in ``seen`` before, oldest first.

    A state beside the track leaves it where it last was. A host restart or another round of reviews goes back on it.
    """
    places = [place for place in map(stage_of, seen) if place is not None]
    here = stage_of(state)
    mark: Mark = "current"
    if here is None:
        here = places[-1] if places else None
        if state is not None:
            if is_terminal(state):
                mark = "failed"
            elif fold(state).startswith("paused"):
                mark = "halted"
    elif here == len(STAGES) - 1:
        mark = "done"
    reached = set(places)
    stages: list[Stage] = []
    for place, name in enumerate(STAGES):
        if here is None or place > here:
            stages.append(Stage(name, "ahead"))
        elif place == here:
            stages.append(Stage(name, mark))
        else:
            stages.append(Stage(name, "done" if place in reached else "passed"))
    return tuple(stages)


def billing_words(billing_state: str | None) -> str | None:
    """What the billing posture means, in words; one that nobody has seen is told as it is."""
    if billing_state is None:
        return None
    return billing_meaning(billing_state) or spaced(billing_state)
