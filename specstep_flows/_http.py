"""Opening a client's HTTP connection: the key on it, no cookies, no redirects, and an end to every wait."""

from __future__ import annotations

import ssl
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from specstep_flows._network import proxy_for, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from specstep_flows.settings import Settings


class _Limit(threading.local):
    """How many seconds are left for the response that this thread waits for.

    Without it, one byte of the head a minute, or interim responses without end, keep a reader for ever: the time-outs
    of httpcore are each about one read.
    """

    seconds_left: Callable[[], float] | None = None


LIMIT: Final = _Limit()


def open_http(settings: Settings, *, is_anonymous: bool) -> httpx.Client:
    """A client whose every read and write ends in time. Raises ``SettingsError``, as does ``open_http_async``."""
    arguments, way = _arguments(settings, is_anonymous=is_anonymous), _way(settings)
    client = httpx.Client(**arguments, transport=_Transport(**way))
    _refuse_cookies(client.cookies)
    return client


def open_http_async(settings: Settings, *, is_anonymous: bool) -> httpx.AsyncClient:
    """``open_http`` on an event loop, where whoever sends limits the whole exchange."""
    client = httpx.AsyncClient(**_arguments(settings, is_anonymous=is_anonymous), **_way(settings))
    _refuse_cookies(client.cookies)
    return client


def _arguments(settings: Settings, *, is_anonymous: bool) -> dict[str, Any]:
    from specstep_flows._version import __version__

    credentials = {} if is_anonymous else {"Authorization": f"Bearer {settings.require_key()}"}
    return {
        "base_url": settings.api_url,
        "headers": {
            **credentials,
            "Accept": "application/json",
            # The ones that are unpacked piece by piece, see ``engine.transport``.
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"specstep-flows/{__version__}",
        },
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


def _refuse_cookies(cookies: httpx.Cookies) -> None:
    """Keep no cookie: the key says who acts, and a session that a cookie names must not take its place."""
    cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))


class _Transport(httpx.HTTPTransport):
    def __init__(self, **way: Any) -> None:
        super().__init__(**way)
        # httpx has no argument for this.
        self._pool._network_backend = _Backend(self._pool._network_backend)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _at_most(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _at_most(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _at_most(timeout: float | None, failure: type[httpcore.TimeoutException]) -> float | None:
    if LIMIT.seconds_left is None:
        return timeout
    left = LIMIT.seconds_left()
    if left <= 0:
        raise failure
    return left if timeout is None else min(timeout, left)
