"""Sending one request and reading its whole answer with httpx, sync and async: no retries, no redirects, no cookies.

Every failure comes out as one of our errors, which say whether the service may have carried the request out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import httpx

from specstep_flows import errors
from specstep_flows.engine.effects import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["attempt", "attempt_async"]

#: No answer of the API is larger (packages come from the storage host, and are streamed).
LONGEST_BODY_BYTES: Final = 64 * 1024 * 1024
CONNECT_SECONDS: Final = 15.0


def _build(client: httpx.Client | httpx.AsyncClient, request: Request, timeout: float) -> httpx.Request:
    return client.build_request(
        request.method,
        # A whole address: httpx would parse a relative one twice, which is most of what it takes to build a request.
        f"{str(client.base_url).rstrip('/')}{request.path}",
        params=request.params or None,
        json=request.json,
        headers=request.headers,
        files=request.files,
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
    )


def _wants_body(request: Request, response: httpx.Response) -> bool:
    return not (
        request.leaves_body
        and response.is_success
        and "json" not in response.headers.get("content-type", "").partition(";")[0]
    )


def attempt(
    client: httpx.Client, request: Request, timeout: float, wall: Callable[[], float] = time.monotonic
) -> Reply:
    """Send once. ``timeout`` (seconds) bounds each read; twice that bounds the whole answer.

    Raises:
        NotConnected: nothing was sent.
        ConnectionLost: it may have been carried out.
    """
    end = wall() + 2 * timeout
    try:
        response = client.send(_build(client, request, timeout), stream=True)
        try:
            chunks: list[bytes] = []
            if _wants_body(request, response):
                size = 0
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    _check(request, size, wall() > end)
        finally:
            response.close()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _translated(error, request) from None
    return Reply(response.status_code, response.headers, b"".join(chunks))


async def attempt_async(
    client: httpx.AsyncClient, request: Request, timeout: float, wall: Callable[[], float] = time.monotonic
) -> Reply:
    """Like ``attempt``, on an event loop."""
    end = wall() + 2 * timeout
    try:
        response = await client.send(_build(client, request, timeout), stream=True)
        try:
            chunks: list[bytes] = []
            if _wants_body(request, response):
                size = 0
                async for chunk in response.aiter_bytes():
                    chunks.append(chunk)
                    size += len(chunk)
                    _check(request, size, wall() > end)
        finally:
            await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _translated(error, request) from None
    return Reply(response.status_code, response.headers, b"".join(chunks))


def _check(request: Request, size: int, late: bool) -> None:
    if size > LONGEST_BODY_BYTES:
        raise errors.UnexpectedResponse(
            f"The answer to {request.method} {request.path} is larger than any that the API gives.",
            operation=request.operation,
        )
    if late:
        raise errors.ConnectionLost(
            f"The answer to {request.method} {request.path} came too slowly.", operation=request.operation
        )


def _translated(error: Exception, request: Request) -> errors.TransportError:
    """Our error for httpx's. The original is not chained: its request carries the key."""
    what = f"{request.method} {request.path}"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        reason = "timed out" if isinstance(error, httpx.TimeoutException) else str(error) or "refused"
        return errors.NotConnected(f"Could not connect for {what}: {reason}.", operation=request.operation)
    if isinstance(error, httpx.InvalidURL | httpx.LocalProtocolError):
        return errors.NotConnected(f"{what} could not be sent: {error}.", operation=request.operation)
    if isinstance(error, httpx.TimeoutException):
        return errors.ConnectionLost(f"No answer to {what} came in time.", operation=request.operation)
    return errors.ConnectionLost(
        f"The connection broke before the answer to {what} had arrived.", operation=request.operation
    )
