"""What the methods of every resource share: the client's runtime, and how a flow is driven."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar

from specstep_flows._lazy import LazyModule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Self
    from uuid import UUID

    import httpx

    from specstep_flows import _runtime as runtimes
    from specstep_flows.engine.effects import Flow
    from specstep_flows.flows import listing
    from specstep_flows.flows.steps import ConfirmStep
    from specstep_flows.runs import records
    from specstep_flows.settings import Settings
else:
    listing = LazyModule("specstep_flows.flows.listing")
    records = LazyModule("specstep_flows.runs.records")
    runtimes = LazyModule("specstep_flows._runtime")

R = TypeVar("R")


class AsyncRows(AsyncIterator[R]):
    """The rows of a list, newest first as the service has them; a page is fetched when its first row is wanted.

    ::

        async for package in specstep.list_packages(limit=200):
            print(package.project_name)

    Once a page could not be fetched, the next row asked for fetches it again.
    """

    def __init__(self, client: Base, rows: listing.Listing[R]) -> None:
        self._client = client
        self._listing = rows
        self._ready: list[R] = []

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        while not self._ready:
            page = await self._client._drive(self._listing.next_page())
            if page is None:
                raise StopAsyncIteration
            self._ready = page[::-1]
        return self._ready.pop()

    async def to_list(self) -> list[R]:
        """All rows that are still to come, every page fetched."""
        found = []
        async for row in self:
            found.append(row)
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._listing.operation}>"


class Base:
    """The plumbing of a client."""

    settings: Settings
    _http: httpx.AsyncClient
    _made_of: tuple[Any, ...]
    _opened: runtimes.AsyncRuntime | None

    @property
    def _runtime(self) -> runtimes.AsyncRuntime:
        if self._opened is None:
            self._opened = runtimes.AsyncRuntime(self.settings, self._http, *self._made_of)
        return self._opened

    async def _drive(self, flow: Flow[R]) -> R:
        try:
            return await self._runtime.drive(flow)
        finally:
            flow.close()

    async def _take_step(
        self,
        operation: str,
        asked: Mapping[str, Any],
        flow: Flow[R],
        *,
        again: bool = False,
        confirm: ConfirmStep | None = None,
        alone: UUID | None = None,
    ) -> R:
        """Carry out what costs and is part of no run; what was ``asked`` for finds its record again."""
        wanted = records.StepRecord.wanted(operation, asked, self.settings.api_url)
        try:
            return await self._runtime.drive_step(wanted, flow, again=again, confirm=confirm, alone=alone)
        finally:
            flow.close()

    def _list(
        self,
        model: type[R],
        operation: str,
        member: str,
        *,
        limit: int | None,
        since: datetime | None = None,
        time: str = "created_at",
        is_newest_first: bool = True,
        **query: object,
    ) -> AsyncRows[R]:
        return AsyncRows(
            self,
            listing.Listing(
                operation,
                member,
                model,
                query=query,
                limit=limit,
                since=since,
                time=time,
                is_newest_first=is_newest_first,
            ),
        )

    def _settle_seconds(self, given: float | None) -> float:
        if given is None:
            return self.settings.settle_seconds
        records.check_number(given, "The settle time", "seconds", may_be_zero=True)
        return given


def given(**fields: object) -> dict[str, object]:
    """The fields of a body that were given; None is one that was not."""
    return {name: value for name, value in fields.items() if value is not None}


def words(value: Iterable[str]) -> list[str]:
    """Words as a list; one alone is not taken apart."""
    return [value] if isinstance(value, str) else list(value)
