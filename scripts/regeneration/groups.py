"""Many changes in few lines: what has one cause is told once, and the same fields of several places together."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final

from attrs import frozen

from regeneration.changes import MEANING, Change, ChangeKind, Severity
from regeneration.likeness import replaced, replaced_words, styles_of

#: From so many operations or fields on, the same difference in all of them is told as one cause.
FEWEST_OF_A_CAUSE: Final = 3
#: A field in so many sets of fields that differ otherwise is told by itself.
FEWEST_SETS: Final = 4
#: Names that flows go by and that a cause takes away: so many are named.
MOST_MISSED: Final = 6

_ERROR: Final = re.compile(r"^([45][0-9X]{2}|default)\b")
_NOW: Final = re.compile(r"(?:perhaps )?it (?:is called|is|looks like) (.*) now$")
_LISTED: Final = re.compile(r"\bone of \d+")
_LENIENT: Final = (ChangeKind.FIELD_NOW_REQUIRED, ChangeKind.FIELD_NO_LONGER_REQUIRED)
#: Differences that mean the same in whatever field they are.
_OF_ANY_FIELD: Final = frozenset(
    {
        ChangeKind.TYPE_CHANGED,
        ChangeKind.TYPE_WIDENED,
        ChangeKind.TYPE_NARROWED,
        ChangeKind.TYPE_STATED,
        ChangeKind.TYPE_LOST,
        ChangeKind.NULL_TAKEN_TOO,
        ChangeKind.NULL_NOT_TAKEN,
        ChangeKind.FIELD_NOW_REQUIRED,
        ChangeKind.FIELD_NO_LONGER_REQUIRED,
    }
)


@frozen
class Writing:
    """How a line is written: for a page, or for the terminal."""

    code: Callable[[str], str] = str
    prose: Callable[[str], str] = str
    #: Names that a line lists before it counts the rest.
    most: int = 3
    #: Whether what many operations have in common comes before their names.
    counts_first: bool = False

    def listed(self, names: Iterable[str], mark: bool = True) -> str:
        """Names in a row."""
        found = list(dict.fromkeys(names))
        more = f" and {len(found) - self.most} more" if len(found) > self.most else ""
        return ", ".join(self.code(name) if mark else name for name in found[: self.most]) + more


@frozen
class Group:
    """Changes that one line tells."""

    changes: list[Change]
    #: What is said of them when they have one cause; names in it stand between NUL characters.
    cause: str = ""

    @property
    def severity(self) -> Severity:
        """The worst of them."""
        return min((change.severity for change in self.changes), key=list(MEANING).index)

    @property
    def users(self) -> tuple[str, ...]:
        """The flows or commands that use any of the operations."""
        return tuple(dict.fromkeys(user for change in self.changes for user in change.touches))

    @property
    def order(self) -> tuple[int, bool, bool, int]:
        """What is worse, used, a cause, or more is told first."""
        return list(MEANING).index(self.severity), not self.users, not self.cause, -len(self.changes)

    def line(self, writing: Writing) -> str:
        """The line."""
        users = f"; used by {writing.listed(self.users, mark=False)}" if self.users else ""
        operations = list(dict.fromkeys(change.operation for change in self.changes))
        if self.cause:
            parts = self.cause.split("\0")
            said = "".join(writing.code(part) if at % 2 else writing.prose(part) for at, part in enumerate(parts))
            where = f"{len(operations)} operations" if len(operations) > 3 else writing.listed(operations)
            many = f"; {len(self.changes)} changes" if len(self.changes) > len(operations) else ","
            return f"{said}{many} in {where}{self._missed(writing)}{users}"
        owners, said = self._set(writing)
        if len(owners) > 3 and writing.counts_first:
            return f"{said}{users}, in {len(operations)} operations: {writing.listed(owners)}"
        return f"{writing.listed(owners)}: {said}{users}"

    def obstacle(self) -> str:
        """Why the run stops, for changes that break the flows."""
        first = self.changes[0]
        places = {(change.place, change.detail) for change in self.changes}
        if self.cause or len(places) > 1:
            return f"{self.line(TERMINAL)}."
        operations = TERMINAL.listed(change.operation for change in self.changes)
        return first.obstacle_of(f"{operations}: {first.place}" if first.place else operations, self.users)

    def _set(self, writing: Writing) -> tuple[list[str], str]:
        """Where the same fields differ in the same way, and how."""
        first = self.changes[0]
        items = {_leaf(change): _field(change) for change in self.changes}
        place, detail = _general(first)
        if all(_general(change)[0] == place for change in self.changes):
            owners = [change.operation for change in self.changes]
            said = f"{first.what} {writing.code(place)}" if place else str(first.what)
            return owners, said + (f" ({writing.prose(detail)})" if detail else "")
        owners = [f"{change.operation} {_owner(change)}".strip() for change in self.changes]
        listed = [writing.code(name) + (f" ({writing.prose(why)})" if why else "") for (_, why), name in items.items()]
        counted = _counted(len(items), first.what) + ":" if len(items) > 1 else first.what
        return owners, f"{counted} {writing.listed(listed, mark=False)}"

    def _missed(self, writing: Writing) -> str:
        """What flows go by of what a cause changes, when that is not all of it."""
        missed = [_leaf(change)[0] for change in self.changes if change.severity == "flows" and "." in change.place]
        few = Writing(writing.code, writing.prose, MOST_MISSED)
        return f"; flows need {few.listed(missed)}" if len(_leaves(self.changes)) > 1 and missed else ""


TERMINAL: Final = Writing()


def grouped(changes: list[Change]) -> list[Group]:
    """Every change in one group, the causes and what matters most first."""
    groups: list[Group] = []
    left = changes
    for rule in (_spelled, _renamed, _values, _wrapped, _lists, _moved, _everywhere, _of_any_field):
        found = list(rule(left))
        groups += found
        told = {id(change) for group in found for change in group.changes}
        left = [change for change in left if id(change) not in told]
    return sorted([*groups, *_sets(left)], key=lambda group: group.order)


def _buckets(changes: list[Change], key: Callable[[Change], Hashable | None]) -> Iterator[list[Change]]:
    found: dict[Hashable, list[Change]] = defaultdict(list)
    for change in changes:
        value = key(change)
        if value is not None:
            found[value].append(change)
    yield from found.values()


def _now(change: Change) -> str:
    found = _NOW.match(change.detail)
    return found[1] if found else ""


def _leaves(changes: list[Change]) -> list[str]:
    return list(dict.fromkeys(_leaf(change)[0] for change in changes))


def _spelled(changes: list[Change]) -> Iterator[Group]:
    """Fields that are spelled in another style: one cause for each style, the most frequent one first."""
    left = {id(change): styles_of(_leaf(change)[0], _now(change)) for change in changes
            if change.what == ChangeKind.FIELD_SPELLED_DIFFERENTLY}  # fmt: skip
    while left:
        counted = Counter(style for styles in left.values() for style in styles)
        style = max(counted, key=lambda style: counted[style], default=None)
        found = [change for change in changes if id(change) in left and style in left[id(change)]]
        if len(_leaves(found)) < FEWEST_OF_A_CAUSE:
            return
        shown_best = max(found, key=lambda change: (change.severity == "flows", len(_leaf(change)[0])))
        example = f"\0{_leaf(shown_best)[0]}\0 is \0{_now(shown_best)}\0"
        yield Group(found, f"{len(_leaves(found))} fields are spelled in {style} now: {example}")
        left = {key: styles for key, styles in left.items() if style not in styles}


def _renamed(changes: list[Change]) -> Iterator[Group]:
    """Fields in whose names the same words are others now, such as a prefix of all, with what they most likely are."""
    new = {(change.operation, change.place): change for change in changes if change.what == ChangeKind.FIELD_NEW}

    def key(change: Change) -> Hashable | None:
        now = _now(change)
        return replaced_words(_leaf(change)[0], now) if now and change.what == ChangeKind.FIELD_GONE else None

    for found in _buckets(changes, key):
        first = _leaf(found[0])[0]
        before, after = replaced_words(first, _now(found[0])) or ("", "")
        if len(_leaves(found)) < FEWEST_OF_A_CAUSE:
            continue
        said = (
            f"\0{after}\0 for \0{before}\0"
            if before and after
            else f"\0{after}\0 more"
            if after
            else f"no \0{before}\0"
        )
        places = [(change.operation, change.place.rpartition(".")[0] + "." + _now(change)) for change in found]
        twins = [new[place] for place in places if place in new]
        example = f"\0{first}\0 is perhaps \0{_now(found[0])}\0"
        yield Group([*found, *twins], f"{len(_leaves(found))} fields have {said} in their names now: {example}")


def _values(changes: list[Change]) -> Iterator[Group]:
    found = [change for change in changes if change.what == ChangeKind.VALUES_SPELLED_DIFFERENTLY]
    if len(found) >= FEWEST_OF_A_CAUSE:
        yield Group(found, f"values are spelled differently now: {found[0].detail}")


def _wrapped(changes: list[Change]) -> Iterator[Group]:
    for found in _buckets(changes, lambda change: (change.what == ChangeKind.FIELDS_WRAPPED and change.detail) or None):
        if len(found) >= FEWEST_OF_A_CAUSE:
            yield Group(found, f"bodies have their fields in another place: {found[0].detail}")


def _lists(changes: list[Change]) -> Iterator[Group]:
    def now(change: Change) -> str | None:
        return change.detail.partition(" became ")[2] if change.what == ChangeKind.LIST_WRAPPED_DIFFERENTLY else None

    for found in _buckets(changes, now):
        if len(found) >= FEWEST_OF_A_CAUSE:
            yield Group(found, f"{found[0].what}: each is {now(found[0])}")


def _moved(changes: list[Change]) -> Iterator[Group]:
    moved = [change for change in changes if change.what == ChangeKind.OPERATION_MOVED]

    def paths(change: Change) -> tuple[str, str]:
        method, _, path = change.operation.partition(" ")
        now, _, other = _now(change).partition(" ")
        return path, other if method == now else ""

    def part(change: Change) -> tuple[str, str] | None:
        return replaced(*paths(change)) if paths(change)[1] else None

    for below in _buckets(moved, part):
        before, after = part(below[0]) or ("", "")
        found = [change for change in moved if change in below or paths(change) == (before, after)]
        if len(found) >= FEWEST_OF_A_CAUSE:
            yield Group(found, f"operations moved from \0{before}/…\0 to \0{after}/…\0")


def _everywhere(changes: list[Change]) -> Iterator[Group]:
    """The same parameter or field that is asked for, or gone, in operations that flows use and in others."""

    def key(change: Change) -> Hashable | None:
        if change.what.startswith("parameter"):
            return change.what, change.place, change.detail
        return (
            (change.what, *_leaf(change))
            if change.what == ChangeKind.FIELD_NEW and change.severity != "additive"
            else None
        )

    for found in _buckets(changes, key):
        first = found[0]
        named = first.place if first.what.startswith("parameter") else _leaf(first)[0]
        if len(found) >= FEWEST_OF_A_CAUSE and len({change.severity for change in found}) > 1:
            yield Group(found, f"{first.what} \0{named}\0" + (f" ({first.detail})" if first.detail else ""))


def _of_any_field(changes: list[Change]) -> Iterator[Group]:
    """The same difference in many fields, such as dates that are numbers now."""

    def key(change: Change) -> Hashable | None:
        detail = _LISTED.sub("one of some", _general(change)[1])
        return (change.what, detail) if change.what in _OF_ANY_FIELD and "." in change.place else None

    for found in _buckets(changes, key):
        first, leaves = found[0], _leaves(found)
        if len(leaves) > FEWEST_OF_A_CAUSE and _general(first)[0]:
            named = ", ".join(f"\0{leaf}\0" for leaf in leaves[:MOST_MISSED])
            more = f" and {len(leaves) - MOST_MISSED} more" if len(leaves) > MOST_MISSED else ""
            detail = f" ({_LISTED.sub('one of some', first.detail)})" if first.detail else ""
            yield Group(found, f"{first.what} in {len(leaves)} fields{detail}: {named}{more}")


def _sets(changes: list[Change]) -> Iterator[Group]:
    """The same fields of one or several owners, each owner's in one group."""
    owners: dict[tuple[str, str, ChangeKind, Severity], list[Change]] = defaultdict(list)
    for change in changes:
        owners[(change.operation, _owner(change), change.what, change.severity)].append(change)
    sets: dict[frozenset[tuple[str, str]], None] = {}
    for found in owners.values():
        sets.setdefault(frozenset(map(_leaf, found)))
    often = Counter(item for items in sets for item in items)
    alike: dict[Hashable, list[Change]] = defaultdict(list)
    for (_, _, what, severity), found in owners.items():
        rest = frozenset(item for item in map(_leaf, found) if often[item] < FEWEST_SETS)
        for change in found:
            item = _leaf(change)
            alike[(what, severity, rest if item in rest else item)].append(change)
    yield from map(Group, alike.values())


def _general(change: Change) -> tuple[str, str]:
    """Place and detail, without what would make one line of each of many alike."""
    if change.what in _LENIENT and change.severity == "additive" and change.place[:1].isdigit():
        return "", "in answers, which are read leniently in any case"
    return _ERROR.sub("error", change.place), change.detail


def _owner(change: Change) -> str:
    return _general(change)[0].rpartition(".")[0]


def _leaf(change: Change) -> tuple[str, str]:
    """The field that differs, or what else does, and how."""
    place, detail = _general(change)
    return place.rpartition(".")[2], detail


def _field(change: Change) -> str:
    """The field that differs, with a dot, or what else does."""
    place = _general(change)[0]
    return "." + place.rpartition(".")[2] if "." in place else place


def _counted(number: int, what: ChangeKind) -> str:
    """``3 fields gone``, or ``type changed in 3 fields``."""
    noun, _, rest = what.partition(" ")
    return f"{number} {noun}s {rest}" if noun in ("field", "parameter", "answer") else f"{what} in {number} places"
