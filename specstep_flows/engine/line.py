"""The line in front of a rate limit: however many wait, each wakes when its own place is free, and not before."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import threading
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@attrs.define(eq=False)
class Line:
    """Those of one client that wait for one limit, in the order in which they came. Threads share it."""

    _numbers: Iterator[int] = attrs.field(factory=itertools.count)
    _waiting: list[int] = attrs.field(factory=list)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    @contextlib.contextmanager
    def stand(self) -> Iterator[Callable[[], int]]:
        """Stand in the line; how many stand before one can be asked at any time."""
        with self._lock:
            number = next(self._numbers)
            self._waiting.append(number)
        try:
            yield lambda: bisect.bisect_left(self._waiting, number)
        finally:
            with self._lock:
                del self._waiting[bisect.bisect_left(self._waiting, number)]
