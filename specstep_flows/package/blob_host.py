"""A GET to the storage host by a signed URL: nothing of it is logged, and none of our headers are sent.

It uses ``http.client``, because httpx and httpcore always log URLs and redirects, and the query of a signed URL is a
secret. Which proxy and certificates there are is decided in one place for both, ``_network``.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, TypeVar, cast
from urllib.parse import urljoin, urlsplit

import attrs

from specstep_flows._network import proxy_for, tls_context
from specstep_flows.errors import Detached, DownloadError, PackageError
from specstep_flows.package.tunnel import connection_through, refusal
from specstep_flows.settings import is_loopback

T = TypeVar("T")

MOST_REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 15.0
#: Waits for bytes are this short, so that a stalled download can be stopped.
SLICE_SECONDS: Final = 0.25
_UNUSABLE: Final = "The service gave a URL for the package that cannot be used."


class SecretHeaders(dict[str, str]):
    """Headers that may contain a key: their values are not in the repr, and so in no traceback."""

    def __repr__(self) -> str:
        return f"SecretHeaders({', '.join(self)})"


@attrs.frozen
class Address:
    """A checked URL. Its path and query are not in the repr."""

    scheme: str
    host: str
    port: int | None
    target: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Check a URL; PackageError, which does not show it, if a package must not be fetched from there."""
        judged = _judge(url)
        del url  # A traceback that shows local variables shows none of it.
        if isinstance(judged, str):
            raise PackageError(judged)
        return judged

    def redirected(self, location: str | None) -> Address:
        """The address that a redirect leads to."""
        there = self._join(location) if location else f"{self.host} redirects the download without a location."
        del location
        if isinstance(there, str):
            raise PackageError(there)
        if there.is_local and not self.is_local:
            raise PackageError(f"{self.host} redirects the download to this machine. The redirect is not followed.")
        return there

    def _join(self, location: str) -> Address | str:
        netloc = f"[{self.host}]" if ":" in self.host else self.host
        netloc = netloc if self.port is None else f"{netloc}:{self.port}"
        try:
            return _judge(urljoin(f"{self.scheme}://{netloc}{self.target}", location))
        except ValueError:
            return _UNUSABLE

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine's loopback."""
        return is_loopback(f"{self.scheme}://[{self.host}]" if ":" in self.host else f"{self.scheme}://{self.host}")


def _judge(url: str) -> Address | str:
    """The address, or the reason why a package must not be fetched from there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _UNUSABLE
    if not host or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        return _UNUSABLE
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        return f"{host} offers the package without https. It is not downloaded from there."
    query = f"?{parts.query}" if parts.query else ""
    return Address(parts.scheme, host, port, f"{parts.path or '/'}{query}")


@contextlib.contextmanager
def get(
    address: Address,
    headers: Mapping[str, str],
    *,
    own_headers: Mapping[str, str],
    timeout: float,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[http.client.HTTPResponse, str]]:
    """Send a GET, follow its redirects, and yield the response with its body unread, and the host that sent it.

    ``headers`` go to every host, ``own_headers`` only to the first. ``timeout``: seconds without a byte.

    Raises:
        DownloadError: there was no response.
        PackageError: a redirect that must not be followed.
        Detached: ``should_stop`` returned true.
    """
    sent = SecretHeaders({**headers, **own_headers})
    for _ in range(MOST_REDIRECTS + 1):
        connection = from_network(address.host, partial(_connect, address, timeout))
        with contextlib.closing(connection):
            exchange = partial(_exchange, connection, address, sent, timeout, should_stop)
            response = from_network(address.host, exchange)
            with response:
                if response.status not in (301, 302, 303, 307, 308):
                    yield response, address.host
                    return
                address = address.redirected(response.headers.get("Location"))
        sent = SecretHeaders(headers)
    raise PackageError(f"The download was redirected more than {MOST_REDIRECTS} times.")


def from_network(host: str, call: Callable[[], T]) -> T:
    """Call something that uses the network. A failure is a DownloadError that keeps nothing of the original.

    The frames of the original contain the URL, so it is not even the context of the new error.
    """
    try:
        return call()
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = _reason(error)
    raise DownloadError(f"The download from {host} failed: {reason}. What arrived is kept.")


def _connect(address: Address, timeout: float) -> http.client.HTTPConnection:
    timeout_to_connect = min(timeout, CONNECT_SECONDS)
    connection: http.client.HTTPConnection
    proxy = None
    if address.scheme == "http":
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_to_connect)
    else:
        host, port, context = address.host, address.port or 443, tls_context()
        proxy = proxy_for(f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}")
        connection = (
            http.client.HTTPSConnection(host, port, timeout=timeout_to_connect, context=context)
            if proxy is None
            else connection_through(proxy, host, port, timeout_to_connect, context)
        )
    # Someone who debugs other connections may have set the class attribute, which would print the URL.
    connection.set_debuglevel(0)
    try:
        connection.connect()
    except BaseException as error:
        connection.close()
        if proxy is not None and isinstance(error, OSError):
            raise refusal(proxy, error, _reason(error)) from None
        raise
    return connection


def _exchange(
    connection: http.client.HTTPConnection,
    address: Address,
    headers: Mapping[str, str],
    timeout: float,
    should_stop: Callable[[], bool],
) -> http.client.HTTPResponse:
    """Send the request and read the head of the response. ``http.client`` asks for identity encoding by itself.

    It only uses the connection's own methods, so that vcrpy can record and replay it.
    """

    def answer(sock: socket.socket, *args: object, **more: object) -> http.client.HTTPResponse:
        waiting = _Waiting(sock, timeout, should_stop)
        return http.client.HTTPResponse(cast("socket.socket", waiting), *args, **more)  # type: ignore[arg-type]

    connection.response_class = answer  # type: ignore[assignment]
    connection.request("GET", address.target, headers=dict(headers))
    connection.sock.settimeout(SLICE_SECONDS)
    return connection.getresponse()


class _Waiting(io.RawIOBase):
    """The receiving side of a socket. Waits end after ``timeout`` seconds, or soon after ``should_stop``."""

    def __init__(self, sock: socket.socket, timeout: float, should_stop: Callable[[], bool]) -> None:
        self._socket = sock
        # http.client closes the socket after the head unless the connection is kept; this file keeps it open.
        self._kept = sock.makefile("rb", buffering=0)
        self._slices = max(1, round(timeout / SLICE_SECONDS))
        self._timeout = timeout
        self._should_stop = should_stop

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Called by HTTPResponse."""
        return io.BufferedReader(self)

    def close(self) -> None:
        self._kept.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        for _ in range(self._slices):
            if self._should_stop():
                raise Detached("The download was stopped. What arrived is kept, and the run can be resumed.")
            try:
                return self._socket.recv_into(cast("memoryview", buffer))
            except TimeoutError:
                continue
        raise TimeoutError(f"nothing arrived for {self._timeout:g} s")


def _reason(error: Exception) -> str:
    """What went wrong, in a few words, without anything that the other side sent and without the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "the host name is unknown"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection was lost"
    if isinstance(error, TimeoutError):
        return str(error) or "it did not respond in time"
    if isinstance(error, OSError):
        return error.strerror or "the connection failed"
    return "the response is not HTTP"
