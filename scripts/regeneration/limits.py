"""Bounds on what a document can cost: memory of this process and of the ones it starts."""

from __future__ import annotations

import sys
from typing import Final

MOST_MEMORY: Final = 1_000_000_000
"""Bytes of address space that reading, aligning and generating may take."""


def bound_memory(limit: int = MOST_MEMORY) -> None:
    """Make an allocation past the limit a MemoryError, where the system can do that."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        bounded = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (bounded, hard))
