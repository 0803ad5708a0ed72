"""What a client needs of its store: the runs, and what all clients of that store share besides.

``RunStore`` (SQLite, one machine) is the store that a client has by default; another one has everything of ``Store``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import attrs

from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.limits import MemoryLimiter, SharedLimiter
from specstep_flows.runs.absences import Absences
from specstep_flows.runs.database import FILE_NAME
from specstep_flows.runs.protocol import RunKeeper

if TYPE_CHECKING:
    from pathlib import Path

    from specstep_flows.engine.clock import Clock
    from specstep_flows.engine.limits import Limiter, Limits
    from specstep_flows.runs.pages import Pages


@runtime_checkable
class Common(Protocol):
    """What all clients of a store share, in however many processes, on however many machines.

    A store that says nothing of it is one of this machine, and so is what its clients share.
    """

    def make_limiter(self, scope: str, limits: Limits, margin: float) -> Limiter:
        """The limits that everybody with this key (``scope``) shares.

        A request counts for ``margin`` seconds longer than at the service.
        """
        ...

    def make_clock(self, speed: float) -> Clock:
        """The clock on which everybody agrees, ``speed`` times as fast."""
        ...

    def make_absences(self) -> Absences:
        """What is remembered of generations that no run is about."""
        ...

    def make_pages(self, scope: str) -> Pages | None:
        """The list page that everybody with this key shares; None where each process has its own."""
        ...


class Store(RunKeeper, Common, Protocol):
    """A store with all that its clients share, whichever machines they are on."""


@attrs.frozen
class LocalCommon:
    """What the clients of one folder share on this machine; without a folder, each has its own."""

    folder: Path | None

    def make_limiter(self, scope: str, limits: Limits, margin: float) -> Limiter:
        """See ``Common.make_limiter``."""
        if self.folder is None:
            return MemoryLimiter(limits, margin=margin)
        return SharedLimiter(self.folder / "limits.db", scope, limits, margin=margin)

    def make_clock(self, speed: float) -> Clock:
        """See ``Common.make_clock``."""
        return SystemClock(speed)

    def make_absences(self) -> Absences:
        """See ``Common.make_absences``."""
        return Absences(self.folder and self.folder / FILE_NAME)

    def make_pages(self, scope: str) -> None:
        """See ``Common.make_pages``."""


def common_of(store: RunKeeper) -> Common:
    """What the clients of a store share."""
    return store if isinstance(store, Common) else LocalCommon(getattr(store, "folder", None))
