"""Lists that are read page by page, as far as somebody wants them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from specstep_flows import errors, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

#: The most rows that a list without pages is asked for (GET /v1/interviews: 100 is its documented limit).
MOST_ROWS: Final = 100


@attrs.define
class Listing(Generic[T]):
    """How far a list has been read, and how much of it is wanted.

    ``since`` leaves out the rows whose ``time`` is earlier; a row without one is kept. Where the list is in that order
    (``is_newest_first``), a page of earlier rows alone is the last that is read.
    """

    operation: str
    member: str
    model: type[T]
    names: Sequence[object] = ()
    query: Mapping[str, object] = attrs.field(factory=dict)
    limit: int | None = attrs.field(default=None)
    since: datetime | None = attrs.field(default=None)
    time: str = "created_at"
    is_newest_first: bool = True
    _pages: gateway.Pages[T] | None = None
    _given: int = 0

    @limit.validator
    def _check_limit(self, _: Any, limit: object) -> None:
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
            raise errors.UsageError(f"The limit must be a whole number of rows, not {limit!r}. Nothing was sent.")

    @since.validator
    def _check_since(self, _: Any, since: object) -> None:
        if since is not None and (not isinstance(since, datetime) or since.tzinfo is None):
            raise errors.UsageError(
                f"since must be a datetime with a time zone (datetime.now(UTC)), not {since!r}. Nothing was sent."
            )

    async def next_page(self) -> list[T] | None:
        """The next rows, which may be none; None after the last of them."""
        left = None if self.limit is None else self.limit - self._given
        if left == 0 or (self._pages is not None and self._pages.is_done):
            return None
        if self._pages is None:
            self._pages = self._open()
        # Where any of them may be left out, as many are read as can be had.
        is_sifted = self.since is not None and not self.is_newest_first
        most = self._pages.most if left is None or is_sifted else min(self._pages.most, left)
        rows = await self._pages.read_next(most)
        wanted = [row for row in rows if self._is_wanted(row)]
        if self.is_newest_first and rows and not wanted:
            self._pages.is_done = True
        wanted = wanted[:left]
        self._given += len(wanted)
        return wanted

    def _is_wanted(self, row: T) -> bool:
        at = None if self.since is None else getattr(row, self.time)
        return self.since is None or at is None or at >= self.since

    def _open(self) -> gateway.Pages[T]:
        is_paged = gateway.is_paged(self.operation)
        prepared = gateway.prepare_to_read(
            self.operation, gateway.as_rows(self.model, self.operation, self.member), self.names, query=self.query
        )
        return gateway.Pages(
            lambda params: attrs.evolve(prepared.request, params={**(prepared.request.params or {}), **params}),
            prepared.read,
            most=gateway.PAGE_ROWS if is_paged else MOST_ROWS,
            is_paged=is_paged,
        )
