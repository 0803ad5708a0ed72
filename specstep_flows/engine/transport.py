"""Sends one request and reads its whole response with httpx, sync or async: no retries, no redirects, no cookies.

Every failure is raised as one of our errors, which says whether the service may have carried the request out.
"""

from __future__ import annotations

import functools
import io
import logging
import re
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from specstep_flows import errors
from specstep_flows._json import json_bytes
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.engine.uploads import counted, counted_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from specstep_flows.events import Event

#: No response of the API is larger (packages come from the storage host, and are streamed).
LONGEST_BODY_BYTES: Final = 64 * 1024 * 1024
CONNECT_SECONDS: Final = 15.0
#: Every logger of httpcore 1. A filter works only on the logger that it is added to: children do not inherit it.
_LOGGERS: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_QUERY: Final = re.compile(r"\?[^\s'\"]+")


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "?" in message:
            record.msg, record.args = _QUERY.sub("?…", message), None
        return True


_FILTER: Final = _WithoutQueries()


def hide_queries() -> None:
    """Cut the query off every address in httpcore's log, for the whole process. Calling it again does nothing.

    httpcore logs the head of each answer, and the API's redirect to a package carries a signed address. (The download
    itself does not go through httpcore, see ``package.blob_host``.)
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _build(client: httpx.Client | httpx.AsyncClient, request: Request, timeout: float) -> httpx.Request:
    # Streams are sent in chunks; bytes would be sent at once, without any progress to report.
    form = [(field, (name, io.BytesIO(content), kind)) for field, (name, content, kind) in request.files or ()]
    body, headers = None, dict(request.headers or {})
    if request.json is not None:
        # Not httpx's own: it fails at half of a surrogate pair.
        body = json_bytes(request.json)
        headers.setdefault("Content-Type", "application/json")
    return client.build_request(
        request.method,
        # An absolute URL: httpx parses a relative one twice, which is most of the cost of building a request.
        f"{str(client.base_url).rstrip('/')}{request.path}",
        params=request.params or None,
        content=body,
        headers=headers,
        files=form or None,
        timeout=_timeout(timeout),
    )


@functools.lru_cache(maxsize=8)
def _timeout(seconds: float) -> httpx.Timeout:
    """The timeouts of a request; cached, because most requests have the same."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _wants_body(request: Request, response: httpx.Response) -> bool:
    return not (
        request.leaves_body
        and response.is_success
        and "json" not in response.headers.get("content-type", "").partition(";")[0]
    )


def attempt(
    client: httpx.Client,
    request: Request,
    timeout: float,
    wall: Callable[[], float] = time.monotonic,
    *,
    tell: Callable[[Event], Any] | None = None,
) -> Reply:
    """Send once. ``timeout`` (seconds) limits each read; the whole response may take twice as long.

    ``tell`` is called with the progress of the file in ``request``; give it only if there is one.

    Raises:
        NotConnected: nothing was sent.
        ConnectionLost: it may have been carried out.
    """
    end = wall() + 2 * timeout
    try:
        built = _build(client, request, timeout)
        if tell is not None:
            built = counted(built, request, tell)
        response = client.send(built, stream=True)
        if request.files:
            # However long the upload took, the response has its own time limit.
            end = wall() + 2 * timeout
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
    client: httpx.AsyncClient,
    request: Request,
    timeout: float,
    wall: Callable[[], float] = time.monotonic,
    *,
    tell: Callable[[Event], Awaitable[Any]] | None = None,
) -> Reply:
    """``attempt`` on an event loop."""
    end = wall() + 2 * timeout
    try:
        built = _build(client, request, timeout)
        if tell is not None:
            built = counted_async(built, request, tell)
        response = await client.send(built, stream=True)
        if request.files:
            end = wall() + 2 * timeout
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
            f"The response to {request.method} {request.path} is larger than any that the API should send.",
            operation=request.operation,
        )
    if late:
        raise errors.ConnectionLost(
            f"The response to {request.method} {request.path} took too long.", operation=request.operation
        )


def _translated(error: Exception, request: Request) -> errors.TransportError:
    """Our error for one of httpx. The original is not chained, because its request contains the key."""
    what = f"{request.method} {request.path}"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        reason = "timed out" if isinstance(error, httpx.TimeoutException) else str(error) or "refused"
        return errors.NotConnected(
            f"Could not connect to the service for {what}: {reason}.", operation=request.operation
        )
    if isinstance(error, httpx.InvalidURL | httpx.LocalProtocolError):
        return errors.NotConnected(f"{what} could not be sent: {error}.", operation=request.operation)
    if isinstance(error, httpx.TimeoutException):
        return errors.ConnectionLost(f"No response to {what} arrived in time.", operation=request.operation)
    return errors.ConnectionLost(
        f"The connection was lost before the response to {what} arrived.", operation=request.operation
    )
