"""The looks at a generation that a run's record keeps, packed: a process that waits for thousands of runs has them all.

As dictionaries the 70 looks of a run of 32 minutes take 60 KB. All are much alike, so packed they take four.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A look: plain JSON. What is in it is said in ``flows.history``.
Look: TypeAlias = Mapping[str, Any]

#: What each new look is compared with stays unpacked.
_AT_HAND: Final = 2


class Looks(Sequence[Look]):
    """Looks in their order: a sequence of dictionaries, equal to a tuple or list of the same ones. It never changes."""

    __slots__ = ("_older", "_older_count", "last")

    def __init__(self, last: tuple[Look, ...] = (), older: bytes = b"", older_count: int = 0) -> None:
        #: The newest ones, two at most.
        self.last = last
        self._older = older
        self._older_count = older_count

    @staticmethod
    def read(text: str) -> Looks:
        """Those that were stored as ``text``. Raises ``ValueError``, ``TypeError``."""
        return packed(tuple(json.loads(text)))

    @property
    def text(self) -> str:
        """All of them as JSON, as a row of the store has them."""
        return f"[{', '.join(filter(None, [self._older_text, *map(json.dumps, self.last)]))}]"

    @property
    def _older_text(self) -> str:
        return zlib.decompress(self._older).decode() if self._older else ""

    def with_next(self, look: Look) -> Looks:
        """These and one more."""
        if len(self.last) < _AT_HAND:
            return Looks((*self.last, look), self._older, self._older_count)
        older = ", ".join(filter(None, [self._older_text, json.dumps(self.last[0])]))
        return Looks((*self.last[1:], look), zlib.compress(older.encode()), self._older_count + 1)

    def with_last(self, look: Look) -> Looks:
        """These, with another one in place of the last."""
        return Looks((*self.last[:-1], look), self._older, self._older_count)

    def __len__(self) -> int:
        return self._older_count + len(self.last)

    @overload
    def __getitem__(self, place: int) -> Look: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Look, ...]: ...
    def __getitem__(self, place: int | slice) -> Look | tuple[Look, ...]:
        if isinstance(place, int) and -len(self.last) <= place < 0:
            return self.last[place]
        return tuple(self)[place]

    def __iter__(self) -> Iterator[Look]:
        yield from json.loads(f"[{self._older_text}]")
        yield from self.last

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Looks):
            # What is alike was packed alike.
            mine, theirs = (self._older_count, self._older), (other._older_count, other._older)
            return self.last == other.last and (mine == theirs or list(self) == list(other))
        return isinstance(other, list | tuple) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


def packed(looks: Sequence[Look]) -> Looks:
    """The same looks, packed."""
    if isinstance(looks, Looks):
        return looks
    older = looks[:-_AT_HAND]
    text = json.dumps(list(older))[1:-1]
    return Looks(tuple(looks[-_AT_HAND:]), zlib.compress(text.encode()) if older else b"", len(older))
