"""The threads in which an event loop has work done that blocks: a few of each kind, for all runs of the process.

Whatever takes long must not keep anything else waiting: a question that somebody has yet to answer no download, and
neither of them a write to the run store. The loop's own threads are left to whoever looks up the service's address.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, TypeAlias

#: ``store``: the run store and the limits; ``files``: downloads, and what is done with them; ``user``: callbacks.
Work: TypeAlias = Literal["store", "files", "user"]

#: SQLite lets one write at a time, so more threads would only wait for each other.
THREADS: Final[Mapping[Work, int]] = {"store": 2, "files": 8, "user": 16}

_wanted: dict[Work, int] = dict(THREADS)
_pools: dict[tuple[int, Work, int], ThreadPoolExecutor] = {}


def widen(work: Work, threads: int) -> None:
    """Have at least so many threads for a kind of work from now on: a store on a server does many things at a time."""
    _wanted[work] = max(threads, _wanted[work])


def pool(work: Work) -> ThreadPoolExecutor:
    """The threads for a kind of work. A process that was forked has none of its parent's, and gets its own."""
    here = (os.getpid(), work, _wanted[work])
    found = _pools.get(here)
    if found is None:
        found = _pools.setdefault(here, ThreadPoolExecutor(_wanted[work], f"specstep-{work}"))
    return found
