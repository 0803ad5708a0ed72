"""What processes that share a key know together of its generations: the newest page of the list, and how many watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.models import GenerationRow


@attrs.frozen
class Page:
    """The first page of the list of generations, and when it was read, in seconds on the runs' clock."""

    read_at: float
    rows: Mapping[UUID, GenerationRow]


class Pages(Protocol):
    """One key's pages, in a store that several processes share. Each call blocks, and may raise ``StoreError``."""

    def watch(self, count: int, now: float) -> int:
        """Say how many generations this process watches; how many all others watch with the same key."""
        ...

    def ask(self, not_before: float, now: float) -> Page | bool:
        """The page that was read since then. Without one: whether the caller is the one to read it.

        Who is, says ``put`` or ``give_up``; if it says neither, another one takes its turn after a while.
        """
        ...

    def put(self, page: Page) -> None:
        """The page was read."""
        ...

    def give_up(self) -> None:
        """It could not be read: somebody else may try."""
        ...
