"""Sends one request and reads its whole response with httpx, sync or async: no retries, no redirects, no cookies.

Every failure is raised as one of our errors, which says whether the service may have carried the request out.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import os
import re
import socket
import ssl
import time
import zlib
from typing import TYPE_CHECKING, Any, Final

import attrs
import httpx

from specstep_flows import errors
from specstep_flows._http import THREAD, exchange_of_task, is_direct, is_ours
from specstep_flows._json import json_bytes
from specstep_flows._network import proxy_for
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.engine.last_byte import held_back, held_back_async
from specstep_flows.engine.secrecy import reply_of
from specstep_flows.engine.uploads import counted, counted_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from specstep_flows.events import Event

#: No response of the API is larger (packages come from the storage host, and are streamed).
LONGEST_BODY_BYTES: Final = 64 * 1024 * 1024
CONNECT_SECONDS: Final = 15.0
#: What a compressed body is unpacked by at a time.
LONGEST_PIECE_BYTES: Final = 1 << 20
_PACKINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
#: An upload that is slower than this, on the whole, is given up.
SLOWEST_UPLOAD_BYTES_PER_SECOND: Final = 1024
#: OpenSSL's numbers for a certificate of another host or address, and for one of another time.
_OTHER_HOST: Final = frozenset({62, 64})
_OUT_OF_DATE: Final = frozenset({9, 10})
#: Nothing was sent.
_NOT_CONNECTED: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
#: What httpcore says of a connection that was closed; any other breach of the protocol was sent on purpose.
_LOST: Final = re.compile("Server disconnected|peer closed", re.IGNORECASE)
#: All that httpx raises: ``RuntimeError`` for a client that is closed, ``OSError`` for one that is being closed.
_FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError, OSError)


#: No body, for a request and for a response that was read: its own refers to the response, so that both would be left
#: to the garbage collector, with all that they hold.
_EMPTY: Final = httpx.ByteStream(b"")


def _build(client: httpx.Client | httpx.AsyncClient, request: Request, timeout: float) -> httpx.Request:
    # Streams are sent in chunks; bytes would be sent at once, without any progress to report.
    form = [(field, (name, io.BytesIO(content), kind)) for field, (name, content, kind) in request.files or ()]
    # As ``client.build_request`` would, but for what is the same each time: merging headers, cookies and time-outs.
    body, headers = None, client.headers
    if request.json is not None:
        # Not httpx's own: it fails at half of a surrogate pair.
        body = json_bytes(request.json)
    if request.headers or body is not None:
        headers = httpx.Headers(headers)
        headers.update({**({} if body is None else {"Content-Type": "application/json"}), **(request.headers or {})})
    is_bare = request.method == "GET" and body is None and not form and "Host" in headers
    try:
        return httpx.Request(
            request.method,
            _url(str(client.base_url).rstrip("/") + request.path),
            params=request.params or None,
            content=body,
            headers=headers,
            files=form or None,
            # With a stream, httpx adds no headers, and looks for none of a body.
            stream=_EMPTY if is_bare else None,
            extensions={"timeout": _timeout(timeout)},
        )
    except (UnicodeError, httpx.InvalidURL):
        raise errors.UsageError(
            f"The request to {request.aim} contains text that cannot be sent. Nothing was sent."
        ) from None


@functools.lru_cache(maxsize=256)
def _url(address: str) -> httpx.URL:
    """An address, parsed once: what is polled is asked for again and again."""
    return httpx.URL(address)


@functools.lru_cache(maxsize=8)
def _timeout(seconds: float) -> dict[str, float | None]:
    """The timeouts of a request; cached, because most requests have the same."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)).as_dict()


@attrs.define(eq=False)
class _Exchange:
    """One request and its response: how long they may take, and how far they came."""

    request: Request
    timeout: float
    wall: Callable[[], float]
    end: float = attrs.field(init=False)
    #: Whether nothing but the request itself is sent, see ``_http.Exchange``.
    is_direct: bool = False
    #: Whether a proxy was asked to connect us, and whether the request itself was begun.
    is_tunnelling: bool = attrs.field(default=False, init=False)
    is_sent: bool = attrs.field(default=False, init=False)
    #: What the caller's own callback or guard raised, which is no failure of the connection.
    raised: Exception | None = attrs.field(default=None, init=False)
    #: Called before anything has left, and before the head is whole where that is all; see ``_http.Exchange``.
    first_look: Callable[[], Any] | None = attrs.field(default=None, init=False)
    last_look: Callable[[], Any] | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        size = sum(len(content) for _, (_, content, _) in self.request.files or ())
        self.end = self.wall() + 2 * self.timeout + size / SLOWEST_UPLOAD_BYTES_PER_SECOND

    def seconds_left(self) -> float:
        return self.end - self.wall()

    @property
    def is_traced(self) -> bool:
        """Whether httpcore has to say how far it is, which is a tenth of what a call costs."""
        return bool(self.request.files) or not self.is_direct

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore. A request through a proxy begins with one of its own, CONNECT."""
        if event == "http11.send_request_headers.started":
            self.is_tunnelling = info["request"].method == b"CONNECT"
            self.is_sent = not self.is_tunnelling
        elif event == "http11.send_request_body.complete" and self.request.files:
            # However long the upload took, the response has its own time limit.
            self.end = self.wall() + 2 * self.timeout

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> None:
            try:
                function(*arguments)
            except Exception as error:
                self.raised = error
                raise

        return call

    def guarded_async(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any) -> None:
            try:
                await function(*arguments)
            except Exception as error:
                self.raised = error
                raise

        return call


@attrs.define(eq=False)
class _Body:
    """The body of a response, unpacked piece by piece, so that a small one cannot fill the memory."""

    exchange: _Exchange
    response: httpx.Response
    chunks: list[bytes] = attrs.field(factory=list, init=False)
    _size: int = attrs.field(default=0, init=False)
    _is_left: bool = attrs.field(default=False, init=False)
    _packing: str | None = attrs.field(default=None, init=False)
    _unpacker: Any = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        # As it came: httpx decodes every header for one of them.
        stated = [value for name, value in self.response.headers.raw if name.lower() == b"content-encoding"]
        encodings = [name.strip().decode("latin-1") for name in b",".join(stated).lower().split(b",")]
        # Others change nothing (identity), or make a body that is not JSON, which is told in its place.
        known = [name for name in encodings if name in _PACKINGS]
        if len(known) > 1:
            raise self._unreadable(f"is packed {len(known)} times over")
        self._packing = known[0] if known else None

    def add(self, chunk: bytes) -> None:
        """Take more of the body as it arrived."""
        for piece in (chunk,) if self._packing is None else self._unpacked(chunk):
            self.chunks.append(piece)
            self._size += len(piece)
            if self._size > LONGEST_BODY_BYTES:
                raise self._unreadable("is larger than any that the API should send")
        if self.exchange.seconds_left() < 0:
            request = self.exchange.request
            raise errors.ConnectionLost(
                f"The response to the request to {request.aim} took too long.", operation=request.operation
            )

    def is_enough(self, wanted: Callable[[bytes], bool]) -> bool:
        """Whether no more of it is wanted."""
        self._is_left = wanted(b"".join(self.chunks))
        return self._is_left

    def whole(self) -> bytes:
        """All of it."""
        if self._unpacker is not None and not self._unpacker.eof and not self._is_left:
            raise self._unreadable("is not packed as it says")
        return b"".join(self.chunks)

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        if self._unpacker is None and chunk:
            # "deflate" is sent with a header of zlib's, whose low half-byte is 8, or without.
            bare = self._packing == "deflate" and chunk[0] & 0x0F != 8
            self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        has_more = bool(chunk)
        while has_more and not self._unpacker.eof:
            try:
                piece = self._unpacker.decompress(chunk, LONGEST_PIECE_BYTES)
            except zlib.error:
                raise self._unreadable("is not packed as it says") from None
            yield piece
            chunk = self._unpacker.unconsumed_tail
            has_more = bool(chunk) or len(piece) == LONGEST_PIECE_BYTES

    def _unreadable(self, why: str) -> errors.UnexpectedResponse:
        request = self.exchange.request
        return errors.UnexpectedResponse(
            f"The response to the request to {request.aim} cannot be read: it {why}.", operation=request.operation
        )


def _wants_body(request: Request, response: httpx.Response) -> bool:
    return not (
        request.leaves_body
        and response.is_success
        and "json" not in response.headers.get("content-type", "").partition(";")[0]
    )


def _has_body(request: Request) -> bool:
    return request.json is not None or bool(request.files)


def attempt(
    client: httpx.Client,
    request: Request,
    timeout: float,
    wall: Callable[[], float] = time.monotonic,
    *,
    tell: Callable[[Event], Any] | None = None,
    depart: Callable[[], Any] | None = None,
    guard: Callable[[], Any] | None = None,
) -> Reply:
    """Send once. ``timeout`` (seconds) limits each read; the whole response may take twice as long, its head included.

    ``tell`` is called with the progress of the file in ``request``; give it only if there is one. ``depart`` is called
    when there is a connection and nothing has left: what it raises is raised, and nothing will. ``guard`` is called
    when the request has begun to leave and is not whole; what it raises is raised, and it never will be.

    Raises:
        NotConnected: nothing was sent.
        ConnectionLost: it may have been carried out.
        UnexpectedResponse: a response that cannot be unpacked.
        UsageError: it cannot be sent at all, by this client or by any.
    """
    exchange = _Exchange(request, timeout, wall, is_direct(client))
    built = _build(client, request, timeout)
    if exchange.is_traced:
        built.extensions["trace"] = exchange.trace
    look = None if guard is None else exchange.guarded(guard)
    if look is not None and _has_body(request):
        held_back(built, look)
    elif is_ours(client):
        exchange.last_look = look
    elif look is not None:
        look()
    if depart is not None and is_ours(client):
        exchange.first_look = exchange.guarded(depart)
    elif depart is not None:
        depart()
    if tell is not None:
        built = counted(built, request, exchange.guarded(tell))
    before, THREAD.exchange = THREAD.exchange, exchange
    try:
        response = client.send(built, stream=True)
        try:
            body = _Body(exchange, response)
            if _wants_body(request, response):
                for chunk in _sync(response):
                    body.add(chunk)
                    if request.is_enough is not None and body.is_enough(request.is_enough):
                        break
        finally:
            response.close()
            response.stream = _EMPTY
    except _FAILURES as error:
        if error is exchange.raised:
            raise
        raise _translated(error, exchange, client) from None
    finally:
        THREAD.exchange = before
    return reply_of(response, body.whole(), client.headers)


async def attempt_async(
    client: httpx.AsyncClient,
    request: Request,
    timeout: float,
    wall: Callable[[], float] = time.monotonic,
    *,
    tell: Callable[[Event], Awaitable[Any]] | None = None,
    depart: Callable[[], Awaitable[Any]] | None = None,
    guard: Callable[[], Awaitable[Any]] | None = None,
) -> Reply:
    """``attempt`` on an event loop."""
    exchange = _Exchange(request, timeout, wall, is_direct(client))
    built = _build(client, request, timeout)
    look = None if guard is None else exchange.guarded_async(guard)
    if look is not None and _has_body(request):
        held_back_async(built, look)
    elif is_ours(client):
        exchange.last_look = look
    elif look is not None:
        await look()
    if depart is not None and is_ours(client):
        exchange.first_look = exchange.guarded_async(depart)
    elif depart is not None:
        await depart()
    if tell is not None:
        built = counted_async(built, request, exchange.guarded_async(tell))
    current = exchange_of_task()
    before = current.get()
    current.set(exchange)
    try:
        async with asyncio.timeout(exchange.seconds_left()) as limit:
            if exchange.is_traced:
                built.extensions["trace"] = _tracing(exchange, limit)
            response = await client.send(built, stream=True)
            try:
                body = _Body(exchange, response)
                if _wants_body(request, response):
                    async for chunk in _async(response):
                        body.add(chunk)
                        if request.is_enough is not None and body.is_enough(request.is_enough):
                            break
            finally:
                await response.aclose()
                response.stream = _EMPTY
    except _FAILURES as error:
        if error is exchange.raised:
            raise
        raise _translated(error, exchange, client) from None
    finally:
        current.set(before)
    return reply_of(response, body.whole(), client.headers)


def _tracing(exchange: _Exchange, limit: asyncio.Timeout) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    """``exchange.trace`` on an event loop, where a new end of the exchange is a new end of the wait for it."""

    async def trace(event: str, info: dict[str, Any]) -> None:
        end = exchange.end
        exchange.trace(event, info)
        if exchange.end != end and not limit.expired():
            limit.reschedule(asyncio.get_running_loop().time() + exchange.seconds_left())

    return trace


def _sync(response: httpx.Response) -> httpx.SyncByteStream:
    """The body as it arrives, still packed; ``iter_raw`` does not read a response that httpx has read already."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    return response.stream


def _async(response: httpx.Response) -> httpx.AsyncByteStream:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return response.stream


def _translated(
    error: Exception, exchange: _Exchange, client: httpx.Client | httpx.AsyncClient
) -> errors.SpecStepError:
    """Our error for one of httpx. The original is not chained, because its request contains the key."""
    request = exchange.request
    what = f"the request to {request.aim}"
    if client.is_closed and not exchange.is_sent:
        return errors.UsageError(f"This client is closed, so {what} was not sent. Open another one.")
    if exchange.is_tunnelling or isinstance(error, _NOT_CONNECTED) or _is_before_sending(error, exchange):
        return _not_connected(error, exchange, client)
    if isinstance(error, httpx.InvalidURL | httpx.LocalProtocolError):
        return errors.NotConnected(
            f"The request to {request.aim} could not be sent: {error}.", operation=request.operation
        )
    if isinstance(error, httpx.DecodingError):
        return errors.UnexpectedResponse(f"The response to {what} cannot be read.", operation=request.operation)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return errors.ConnectionLost(f"No response to {what} arrived in time.", operation=request.operation)
    if isinstance(error, httpx.RemoteProtocolError) and not _LOST.match(str(error)):
        # httpx reads the address of a redirect that it is told not to follow, too.
        return errors.ConnectionLost(
            f"The response to {what} is not HTTP, has too large a head, or redirects to what is not a URL.",
            operation=request.operation,
        )
    return errors.ConnectionLost(
        f"The connection was lost before the response to {what} arrived.", operation=request.operation
    )


def _is_before_sending(error: Exception, exchange: _Exchange) -> bool:
    """Whether no socket could be had, or none in time: such errors are not httpx's."""
    return isinstance(error, OSError) and not exchange.is_sent


def _not_connected(
    error: Exception, exchange: _Exchange, client: httpx.Client | httpx.AsyncClient
) -> errors.NotConnected:
    """No connection to the service, to the proxy, or from there. The request was not sent."""
    proxy = None
    with contextlib.suppress(errors.SettingsError):
        proxy = proxy_for(str(client.base_url))
    address = "SPECSTEP_API_URL" if proxy is None else proxy.variable
    if isinstance(error, httpx.ProxyError):
        reason = f"the proxy answered {error}".rstrip()
        # What a proxy refuses, it refuses again; what fails there may work in a moment.
        patience = 0.0 if re.match("[1-3]|4(?!08|25|29)", str(error)) else None
        if str(error).startswith("407") and proxy is not None:
            reason += f". Put the name and password for it into {proxy.variable} (http://name:password@host:port)"
        elif patience is not None:
            reason += f". Check {address}, or exclude the service with NO_PROXY"
    else:
        host = client.base_url.host if proxy is None else proxy.host
        reason, patience = reason_of(error, host, address)
    to = "the service" if proxy is None else f"the service through the proxy {proxy}"
    return errors.NotConnected(
        f"Could not connect to {to}: {reason}.", operation=exchange.request.operation, patience=patience
    )


def reason_of(error: Exception, host: str, address: str) -> tuple[str, float | None]:
    """Why no connection was made, and how long trying again makes sense at first (None: as long as usual).

    What will not change by itself comes with the setting to look at; ``address`` is the variable that names ``host``.
    """
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "timed out", None
    cause = _root(error)
    if isinstance(cause, socket.gaierror):
        said = f"the name {host} cannot be resolved ({cause.strerror})"
        return f"{said}. Check {address}, and whether this machine is online", 0.0
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = f"the certificate of {host} is not trusted ({cause.verify_message.rstrip('.')})"
        return f"{said}. {_certificate_advice(cause.verify_code, address)}", 0.0
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        said = f"no encrypted connection could be agreed on ({cause.reason or 'TLS'})"
        return f"{said}. Check {address}: {host} may not expect https there", 0.0
    if isinstance(error, httpx.RemoteProtocolError) and not _LOST.match(str(error)):
        return f"what answers there does not speak HTTP. Check {address}", 0.0
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError) or isinstance(cause, ssl.SSLError):
        return "the connection was lost", None
    if isinstance(cause, OSError) and cause.strerror:
        # asyncio has words of its own, with the address, in the place of the system's.
        is_asyncios = cause.errno is not None and cause.strerror.startswith("Connect call failed")
        return os.strerror(cause.errno or 0) if is_asyncios else cause.strerror, None
    return str(error) or "refused", None


def _certificate_advice(code: int, address: str) -> str:
    """What to look at, by OpenSSL's number for what is wrong with a certificate."""
    if code in _OTHER_HOST:
        return f"Check {address}"
    if code in _OUT_OF_DATE:
        return "Check this machine's clock"
    return "If your network inspects connections, set SSL_CERT_FILE to a file with its certificate"


def _root(error: BaseException) -> BaseException:
    """The exception of the standard library at the bottom of httpx's and httpcore's."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error
