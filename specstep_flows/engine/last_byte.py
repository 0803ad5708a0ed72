"""Holds the end of a request's body back until its sender has looked once more.

No server acts on a body that is not whole, and front doors drop it after a while; that they do is an assumption (see
docs/safety.md). JSON lacks its last byte then, and a form its last boundary, so that a server that takes what has come
for all of it finds neither. A request without a body is held back behind the first byte of its head, by ``_http``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


class _HeldBack(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, look: Callable[[], Any]) -> None:
        self._stream, self._look = stream, look

    def __iter__(self) -> Iterator[bytes]:
        before = last = b""
        for chunk in self._stream:
            if last:
                yield last
            before, last = last, chunk
        end = last if before else last[-1:]
        if len(last) > len(end):
            yield last[: -len(end)]
        self._look()
        yield end


class _HeldBackAsync(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, look: Callable[[], Awaitable[Any]]) -> None:
        self._stream, self._look = stream, look

    async def __aiter__(self) -> AsyncIterator[bytes]:
        before = last = b""
        async for chunk in self._stream:
            if last:
                yield last
            before, last = last, chunk
        end = last if before else last[-1:]
        if len(last) > len(end):
            yield last[: -len(end)]
        await self._look()
        yield end


def held_back(built: httpx.Request, look: Callable[[], Any]) -> None:
    """Make a request with a body wait for ``look`` before its last byte; what that raises, sending it raises."""
    assert isinstance(built.stream, httpx.SyncByteStream)
    built.stream = _HeldBack(built.stream, look)


def held_back_async(built: httpx.Request, look: Callable[[], Awaitable[Any]]) -> None:
    """``held_back`` on an event loop."""
    assert isinstance(built.stream, httpx.AsyncByteStream)
    built.stream = _HeldBackAsync(built.stream, look)
