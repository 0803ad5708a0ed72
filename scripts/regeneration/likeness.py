"""What something that is gone from a document is most likely called now: other spellings, and names that are alike."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Final

from regeneration.shapes import Node
from regeneration.text import words

#: Pairs of a gone and a new name of one place that are compared; of more, most likely nothing was renamed.
MOST_COMPARED: Final = 4_000
#: How alike two names are, from 0 to 1, from which one is offered for the other.
ALIKE: Final = 0.7
#: The same of the words in them, and of the fields inside.
ALIKE_WITHIN: Final = 0.6

#: How a style spells the words of a name.
STYLES: Final[dict[str, Callable[[list[str]], str]]] = {
    "camelCase": lambda parts: parts[0] + "".join(map(str.capitalize, parts[1:])),
    "PascalCase": lambda parts: "".join(map(str.capitalize, parts)),
    "snake_case": "_".join,
    "kebab-case": "-".join,
    "SCREAMING_SNAKE_CASE": lambda parts: "_".join(parts).upper(),
    "lowercase": "".join,
}


def spelling(name: str) -> str:
    """What names share that differ in letter case and separators alone."""
    return "".join(words(name))


def styles_of(name: str, now: str) -> list[str]:
    """The styles that spell the words of a name as it is spelled now."""
    parts = words(name)
    return [style for style, spelled in STYLES.items() if parts and name != now and spelled(parts) == now]


def respelled(gone: Collection[str], new: Collection[str]) -> dict[str, str]:
    """Gone name → the new one that differs in letter case and separators alone, where there is no doubt."""
    how_often = Counter(map(spelling, (*gone, *new)))
    spelled = {spelling(name): name for name in new}
    return {name: spelled[spelling(name)] for name in gone
            if spelling(name) in spelled and how_often[spelling(name)] == 2}  # fmt: skip


def likely(gone: Mapping[str, Node | None], new: Mapping[str, Node | None]) -> dict[str, str]:
    """Gone name → the new one that it most likely is, each new one for one gone name at most.

    Args:
        gone: names, each with the shape of what has it, if there is any.
        new: the same of what is new.
    """
    if len(gone) * len(new) > MOST_COMPARED:
        return {}
    pairs = [(_likeness(name, node, other, there), name, other)
             for name, node in gone.items() for other, there in new.items()]  # fmt: skip
    found: dict[str, str] = {}
    for likeness, name, other in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness and name not in found and other not in found.values():
            found[name] = other
    return found


def _likeness(name: str, node: Node | None, other: str, there: Node | None) -> float:
    """How alike two names are, or two lists or objects by their fields; 0 when it is not enough to say so."""
    if node is not None and there is not None and _holds_fields(node) != _holds_fields(there):
        return 0.0
    fields = _shared(_fields(node), _fields(there))
    return max(_likeness_of_names(name, other), fields if fields >= ALIKE_WITHIN else 0.0)


@lru_cache(maxsize=100_000)
def _likeness_of_names(name: str, other: str) -> float:
    mine, theirs = words(name), words(other)
    matcher = difflib.SequenceMatcher(None, "_".join(mine), "_".join(theirs))
    whole = matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0
    inside = _shared({*mine}, {*theirs})
    return max(whole if whole >= ALIKE else 0.0, inside if inside >= ALIKE_WITHIN else 0.0)


def _shared(mine: set[str], theirs: set[str]) -> float:
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine and theirs else 0.0


def _holds_fields(node: Node) -> bool:
    return node.kind in ("array", "object")


def _fields(node: Node | None) -> set[str]:
    while node is not None and node.items is not None:
        node = node.items.node
    return set(node.properties) if node is not None else set()


def wrapped_in(there: Node, here: Node) -> str | None:
    """The new member of an object that most of the fields are inside now."""
    beside = set(map(spelling, there.properties))
    missing = {key for key in map(spelling, here.properties) if key not in beside}
    known = set(map(spelling, here.properties))
    inside = {
        name: len(missing & set(map(spelling, slot.node.properties)))
        for name, slot in there.properties.items()
        if spelling(name) not in known and slot.node.kind == "object"
    }
    name = max(inside, key=lambda name: inside[name], default=None)
    return name if name is not None and 2 * inside[name] > len(here.properties) else None


def replaced(path: str, now: str) -> tuple[str, str] | None:
    """The part of a path that is another one now, up to and with the last segment that differs; None if all differs."""
    before, after = path.split("/"), now.split("/")
    while before and after and _segment(before[-1]) == _segment(after[-1]):
        before, after = before[:-1], after[:-1]
    is_part = before != path.split("/") and (before, after) != ([], [])
    return ("/".join(before), "/".join(after)) if is_part else None


def replaced_words(name: str, now: str) -> tuple[str, str] | None:
    """The words of a name that are other ones now; None if no word is left."""
    before, after = words(name), words(now)
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0]:
        before, after = before[1:], after[1:]
    return ("_".join(before), "_".join(after)) if before != words(name) else None


def _segment(segment: str) -> str:
    return "{}" if "{" in segment else segment.casefold()
