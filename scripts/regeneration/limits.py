"""Bounds on what a document can cost: memory of this process and of the ones it starts."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from regeneration.stops import Stop

MOST_MEMORY: Final = 1_000_000_000
"""Bytes of address space that reading, aligning and generating may take."""
LEAST_ROOM: Final = 700_000_000
"""Of these, bytes that must be free: a process that does other things too may have reserved much already."""
TIME_FOR_A_DOCUMENT: Final = 40.0
"""Seconds that reading, aligning, generating and inspecting may take together; the contract check comes after."""


class Deadline:
    """When the work on one document has to be done."""

    def __init__(self, seconds: float = TIME_FOR_A_DOCUMENT) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            Stop: none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> Stop:
        """What to say when the time is up."""
        return Stop(f"The document takes more than {self._seconds:.0f} seconds to make a client of; it is not used.")


def bound_memory(limit: int = MOST_MEMORY) -> None:
    """Make an allocation past the limit a MemoryError, where the system can do that."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = max(limit, _reserved() + LEAST_ROOM)
        bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (bounded, hard))


def _reserved() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def bounded_memory(limit: int = MOST_MEMORY) -> Iterator[None]:
    """Bound the memory of this process for a while.

    Raises:
        Stop: the work inside took more.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    bound_memory(limit)
    try:
        yield
    except MemoryError:
        raise Stop(f"The document takes more than {limit // 1_000_000:,} MB of memory; it is not used.") from None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
