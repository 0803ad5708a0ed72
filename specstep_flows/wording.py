"""The walkthrough's stages in order, and states, money and time in words: what the live display and the report share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from specstep_flows.states import STAGES, billing_meaning, fold, is_terminal, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Mark",
    "Stage",
    "billing_words",
    "duration",
    "money",
    "size",
    "spaced",
    "track",
]

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


def spaced(name: str) -> str:
    """``SpecialistReview`` as ``Specialist review``; words that are spaced already stay."""
    if " " in name or not name:
        return name
    words: list[str] = []
    for character in name.replace("_", " ").replace("-", " "):
        if character.isupper() and words and words[-1].islower():
            words.append(" ")
        words.append(character)
    text = "".join(words)
    return text[0].upper() + text[1:].lower()


def billing_words(billing_state: str | None) -> str | None:
    """What the billing posture means, in words; one that nobody has seen is told as it is."""
    if billing_state is None:
        return None
    return billing_meaning(billing_state) or spaced(billing_state)


def money(usd: float | None) -> str:
    """An amount: cents, or tenths of a cent where cents would show nothing."""
    if usd is None:
        return "unknown"
    return f"${usd:.3f}" if 0 < abs(usd) < 0.01 else f"${usd:,.2f}"


def duration(seconds: float) -> str:
    """Seconds as people say them: ``48 s``, ``3 min``, ``3 min 05 s``, ``2 h 10 min``, ``3 d 4 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60:02d} s" if whole % 60 else "")
    if whole < 86400:
        return f"{whole // 3600} h" + (f" {whole % 3600 // 60:02d} min" if whole % 3600 // 60 else "")
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def size(count: int | None) -> str:
    """A number of bytes: ``812 bytes``, ``4.1 KB``, ``1.3 MB``."""
    if count is None:
        return "unknown size"
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    amount = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:.1f} {unit}"
    raise AssertionError("unreachable")
