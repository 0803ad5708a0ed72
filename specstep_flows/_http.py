"""Opening a client's HTTP connection: the key on it, no cookies, no redirects, and an end to every wait."""

from __future__ import annotations

import functools
import ssl
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import httpx

from specstep_flows._network import proxy_for, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar

    from specstep_flows.settings import Settings

#: So many connections of a client stay open on an event loop, and so many requests that cost nothing use them at once.
KEPT_CONNECTIONS: Final = 12


class Exchange(Protocol):
    """A request and its response, as the connection has to know them."""

    #: Whether the first that is written is the request itself: a proxy is sent one of its own before.
    is_direct: bool
    #: Whether the request itself was begun.
    is_sent: bool
    #: Called, once, when there is a connection and nothing of the request has left; on an event loop it is awaited, as
    #: the next is.
    first_look: Callable[[], Any] | None
    #: Called, once, behind the first byte of a head without a body. (Not before the last byte: some servers take the
    #: end of a connection for the end of a head.)
    last_look: Callable[[], Any] | None

    def seconds_left(self) -> float:
        """How long the response may still take, its head included.

        Without it, one byte of the head a minute, or interim responses without end, keep a reader for ever: the
        time-outs of httpcore are each about one read.
        """
        ...


_Look: TypeAlias = "Callable[[], Any] | None"
_NOBODY: Final[tuple[_Look, _Look]] = (None, None)


class _PerThread(threading.local):
    exchange: Exchange | None = None


#: What this thread sends and waits for.
THREAD: Final = _PerThread()


@functools.cache
def exchange_of_task() -> ContextVar[Exchange | None]:
    """What this task sends and waits for, on an event loop."""
    from contextvars import ContextVar

    return ContextVar("exchange_of_task", default=None)


def open_http(settings: Settings, *, is_anonymous: bool) -> httpx.Client:
    """A client whose every read and write ends in time. Raises ``SettingsError``, as does ``open_http_async``."""
    arguments, way = _arguments(settings, is_anonymous=is_anonymous), _way(settings)
    client = httpx.Client(**arguments, transport=_Transport(**way))
    refuse_cookies(client.cookies)
    return client


def open_http_async(settings: Settings, *, is_anonymous: bool) -> httpx.AsyncClient:
    """``open_http`` on an event loop, where whoever sends limits the whole exchange."""
    arguments, way = _arguments(settings, is_anonymous=is_anonymous), _way(settings)
    # Whatever is sent or answered, httpcore looks at each connection once for every other one.
    kept = httpx.Limits(max_connections=100, max_keepalive_connections=KEPT_CONNECTIONS)
    client = httpx.AsyncClient(**arguments, transport=_AsyncTransport(**way, limits=kept))
    refuse_cookies(client.cookies)
    return client


def _arguments(settings: Settings, *, is_anonymous: bool) -> dict[str, Any]:
    from specstep_flows._version import __version__

    credentials = {} if is_anonymous else {"Authorization": f"Bearer {settings.require_key()}"}
    return {
        "base_url": settings.api_url,
        "headers": {
            # Always the same, so that nobody looks for it in the address of each request.
            "Host": httpx.URL(settings.api_url).netloc.decode("ascii"),
            **credentials,
            "Accept": "application/json",
            # The ones that are unpacked piece by piece, see ``engine.transport``.
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"specstep-flows/{__version__}",
        },
        # No address has a name and a password in it, and without this they are looked for each time.
        "auth": httpx.Auth(),
        "follow_redirects": False,
        "timeout": settings.request_timeout,
    }


def _way(settings: Settings) -> dict[str, Any]:
    """How to reach the service. httpx reads nothing of the environment by itself."""
    if settings.api_url.startswith("http:"):
        # On loopback no certificate is needed. Reading the usual ones is most of what opening a client takes; this
        # context trusts none.
        return {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "trust_env": False}
    proxy, context = proxy_for(settings.api_url), tls_context()
    if proxy is None:
        return {"verify": context, "trust_env": False}
    url = httpx.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port)
    # A proxy that is spoken to by TLS has a context of its own: httpcore sets the protocols of the other one.
    own = tls_context() if proxy.scheme == "https" else None
    return {
        "verify": context,
        "trust_env": False,
        "proxy": httpx.Proxy(url, auth=proxy.credentials, ssl_context=own),
    }


def refuse_cookies(cookies: httpx.Cookies) -> None:
    """Keep no cookie: the key says who acts, and a session that a cookie names must not take its place.

    They are not even looked for, which is a fifth of what a call costs.
    """
    cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    cookies.extract_cookies = _keep_none  # type: ignore[method-assign]


def _keep_none(response: httpx.Response) -> None:
    """Look for no cookies."""


def is_direct(client: httpx.Client | httpx.AsyncClient) -> bool:
    """Whether the connections of a client lead to the service itself, and note on the exchange that they send."""
    return getattr(client._transport, "is_direct", False)


def is_ours(client: httpx.Client | httpx.AsyncClient) -> bool:
    """Whether a client writes by the streams of this module."""
    return isinstance(client._transport, _Transport | _AsyncTransport)


class _Transport(httpx.HTTPTransport):
    def __init__(self, **way: Any) -> None:
        super().__init__(**way)
        self.is_direct = "proxy" not in way
        # httpx has no argument for this.
        pool: Any = self._pool
        pool._network_backend = _Backend(pool._network_backend)


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, **way: Any) -> None:
        super().__init__(**way)
        self.is_direct = "proxy" not in way
        pool: Any = self._pool
        pool._network_backend = _AsyncBackend(pool._network_backend)


class _Backend:
    """What httpcore connects with: its own, but for the streams."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, *arguments: Any, **more: Any) -> _Stream:
        return _Stream(self._backend.connect_tcp(*arguments, **more))


class _Stream:
    """A connection of httpcore's on which each read and write ends in time."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.close, self.get_extra_info = stream.close, stream.get_extra_info

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return self._stream.read(max_bytes, timeout=_at_most(timeout, httpx.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return  # h11 has nothing to send for the end of most requests, and httpcore writes that, too
        first, last = _note_sending(THREAD.exchange)
        if first is not None:
            first()
        if last is not None:
            self._stream.write(buffer[:1], timeout=_at_most(timeout, httpx.WriteTimeout))
            last()
            buffer = buffer[1:]
        self._stream.write(buffer, timeout=_at_most(timeout, httpx.WriteTimeout))

    def start_tls(self, *arguments: Any, **more: Any) -> _Stream:
        return _Stream(self._stream.start_tls(*arguments, **more))


class _AsyncBackend(_Backend):
    async def connect_tcp(self, *arguments: Any, **more: Any) -> _AsyncStream:  # type: ignore[override]
        return _AsyncStream(await self._backend.connect_tcp(*arguments, **more))


class _AsyncStream:
    """A connection of httpcore's on an event loop, where whoever sends limits each wait."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.read, self.aclose = stream.read, stream.aclose
        self._socket: Any = None

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return self._stream.get_extra_info(info)
        from httpcore._utils import is_socket_readable

        # Asked of every idle connection at every request; finding the socket is most of what that takes.
        self._socket = self._socket or self._stream.get_extra_info("socket")
        return is_socket_readable(self._socket)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        first, last = _note_sending(exchange_of_task().get())
        if first is not None:
            await first()
        if last is not None:
            await self._stream.write(buffer[:1], timeout)
            await last()
            buffer = buffer[1:]
        await self._stream.write(buffer, timeout)

    async def start_tls(self, *arguments: Any, **more: Any) -> _AsyncStream:
        return _AsyncStream(await self._stream.start_tls(*arguments, **more))


def _note_sending(exchange: Exchange | None) -> tuple[_Look, _Look]:
    """Note that something is written; who wants to look before it, and behind its first byte."""
    if exchange is None:
        return _NOBODY
    if exchange.is_direct:
        exchange.is_sent = True
    if not exchange.is_sent:
        return _NOBODY
    looks = (exchange.first_look, exchange.last_look)
    exchange.first_look = exchange.last_look = None
    return looks


def _at_most(timeout: float | None, failure: type[httpx.TimeoutException]) -> float | None:
    if (exchange := THREAD.exchange) is None:
        return timeout
    left = exchange.seconds_left()
    if left <= 0:
        raise failure("the whole response took too long")
    return left if timeout is None else min(timeout, left)
