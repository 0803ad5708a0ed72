"""Bounds on what a document can cost: memory of this process and of the ones it starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from regeneration.stops import Stop

MOST_MEMORY: Final = 1_000_000_000
"""Bytes of address space that reading, aligning and generating may take."""


def bound_memory(limit: int = MOST_MEMORY) -> None:
    """Make an allocation past the limit a MemoryError, where the system can do that."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (bounded, hard))


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
