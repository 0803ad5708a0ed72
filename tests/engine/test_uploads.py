"""How far an upload is, counted by the bytes that the connection has taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import events
from specstep_flows.engine.effects import Request
from specstep_flows.engine.uploads import MOST_TOLD, Progress, counted, counted_async

UPLOAD = Request("upload", "keyed", "POST", "/v1/x", files=[("file", ("plan.pdf", b"x" * 300_000, "application/pdf"))])


@given(st.integers(1, 50_000_000), st.lists(st.integers(0, 5_000_000), max_size=50))
def test_an_upload_is_told_in_growing_steps_and_not_too_often(total: int, chunks: list[int]) -> None:
    """Never more than the file has, never the same twice, and its end when it has all left."""
    progress = Progress("plan.pdf", total)
    told = [event for size in [*chunks, total] if (event := progress.more(size)) is not None]

    sent = [event.sent_bytes for event in told]
    assert sent == sorted(set(sent))
    assert sent[-1] == total
    assert len(told) <= MOST_TOLD + 2


def test_the_largest_file_of_a_form_is_the_one_that_is_told_of() -> None:
    """Without a name, by the operation's."""
    request = Request("attach", "keyed", "POST", "/", files=[("a", (None, b"x", None)), ("b", (None, b"xyz", None))])

    assert (Progress.of(request).name, Progress.of(request).total) == ("attach", 3)


@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_sent_is_what_it_was(is_async: bool) -> None:
    """Counting changes no byte; each piece is told of before the next one is asked for."""
    told: list[events.Event] = []
    content = [b"x" * 100_000] * 3

    async def tell(event: events.Event) -> None:
        told.append(event)

    async def pieces() -> object:
        built = httpx.Request("POST", "https://specstep.example/v1/x", content=_async(content))
        stream = counted_async(built, UPLOAD, tell).stream
        assert isinstance(stream, httpx.AsyncByteStream)
        return [piece async for piece in stream]

    if is_async:
        assert asyncio.run(pieces()) == content
    else:
        built = httpx.Request("POST", "https://specstep.example/v1/x", content=iter(content))
        stream = counted(built, UPLOAD, told.append).stream
        assert isinstance(stream, httpx.SyncByteStream)
        assert list(stream) == content

    sent = [event.sent_bytes for event in told if isinstance(event, events.Uploading)]
    assert sent[-1] == 300_000
    assert len(sent) == 3


async def _async(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
