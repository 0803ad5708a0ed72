"""Reports the progress of an upload, by counting the bytes that the connection has taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import httpx

from specstep_flows import events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from specstep_flows.engine.effects import Request

#: About how many events an upload produces, and the fewest bytes between two of them.
MOST_TOLD: Final = 20
SMALLEST_STEP_BYTES: Final = 1 << 16


@attrs.define(eq=False)
class Progress:
    """How much of a file has been sent, and when to report it."""

    name: str
    total: int
    _sent: int = 0
    _told: int = -1

    @classmethod
    def of(cls, request: Request) -> Progress:
        """Of the largest file in a request's form."""
        name, content, _ = max((part for _, part in request.files or ()), key=lambda part: len(part[1]))
        return cls(name or request.operation, len(content))

    def more(self, amount: int) -> events.Uploading | None:
        """Count more bytes. The form's own, about 200, are counted with the file's: nobody notices."""
        self._sent = min(self._sent + amount, self.total)
        step = max(self.total // MOST_TOLD, SMALLEST_STEP_BYTES)
        place = self._sent if self._sent == self.total else self._sent // step * step
        if place == self._told:
            return None
        self._told = place
        return events.Uploading(self.name, self._sent, self.total)


class _Counted(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, progress: Progress, tell: Callable[[events.Event], Any]) -> None:
        self._stream, self._progress, self._tell = stream, progress, tell

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield chunk
            # The next chunk is asked for, so the connection has taken this one.
            if (event := self._progress.more(len(chunk))) is not None:
                self._tell(event)


class _CountedAsync(httpx.AsyncByteStream):
    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        progress: Progress,
        tell: Callable[[events.Event], Awaitable[Any]],
    ) -> None:
        self._stream, self._progress, self._tell = stream, progress, tell

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
            if (event := self._progress.more(len(chunk))) is not None:
                await self._tell(event)


def counted(built: httpx.Request, request: Request, tell: Callable[[events.Event], Any]) -> httpx.Request:
    """Make a request report its progress while it is sent."""
    assert isinstance(built.stream, httpx.SyncByteStream)
    built.stream = _Counted(built.stream, Progress.of(request), tell)
    return built


def counted_async(
    built: httpx.Request, request: Request, tell: Callable[[events.Event], Awaitable[Any]]
) -> httpx.Request:
    """``counted`` on an event loop."""
    assert isinstance(built.stream, httpx.AsyncByteStream)
    built.stream = _CountedAsync(built.stream, Progress.of(request), tell)
    return built
