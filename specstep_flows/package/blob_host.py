"""One GET to the host that keeps packages, by a signed address: nothing of it is logged, nothing of ours is sent.

``http.client`` carries it, not httpx: httpx and httpcore log addresses and redirects, whatever is asked of them, and the
query of a signed address is a secret. Certificates are those that httpx trusts, and so are the proxy variables.
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
from urllib.parse import SplitResult, urljoin, urlsplit

import attrs

from specstep_flows.errors import Detached, DownloadError, PackageError
from specstep_flows.settings import is_loopback

__all__ = ["Address", "SecretHeaders", "from_network", "get"]

T = TypeVar("T")

MOST_REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 15.0
#: A wait for bytes is cut into slices of this length, so that a download that stalls can be stopped.
SLICE_SECONDS: Final = 0.25
_UNUSABLE: Final = "The service gave an address for the package that cannot be used."


class SecretHeaders(dict[str, str]):
    """Headers that may hold a key: their values are in no repr, and so in no traceback."""

    def __repr__(self) -> str:
        return f"SecretHeaders({', '.join(self)})"


@attrs.frozen
class Address:
    """A checked address. Its path and query are in no repr."""

    scheme: str
    host: str
    port: int | None
    target: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Check an address; PackageError, which does not show it, when a package must not be fetched from there."""
        judged = _judge(url)
        del url  # A traceback that shows local variables shows none of it.
        if isinstance(judged, str):
            raise PackageError(judged)
        return judged

    def redirected(self, location: str | None) -> Address:
        """Where an answer sends us on to."""
        there = self._join(location) if location else f"{self.host} redirects the download to nowhere."
        del location
        if isinstance(there, str):
            raise PackageError(there)
        if there.is_local and not self.is_local:
            raise PackageError(f"{self.host} redirects the download to this machine itself. It is not followed.")
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
    """The address, or why a package must not be fetched from there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _UNUSABLE
    if not host or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        return _UNUSABLE
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        return f"The package is offered by {host} without https. It is not fetched from there."
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
    """Send a GET, follow its redirects, and give the answer, with its body unread, and the host that gave it.

    ``headers`` go to every host, ``own_headers`` to the first alone. ``timeout``: seconds without a byte.

    Raises:
        DownloadError: no answer came.
        PackageError: a redirect that must not be followed.
        Detached: ``should_stop`` said so.
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
    """Do something with the network. What fails is a DownloadError, which keeps nothing of the original.

    The original's frames hold the address, so it is not even the new error's context.
    """
    try:
        return call()
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = _reason(error)
    raise DownloadError(f"The download from {host} broke off: {reason}. What arrived is kept.")


def _connect(address: Address, timeout: float) -> http.client.HTTPConnection:
    timeout_to_connect = min(timeout, CONNECT_SECONDS)
    connection: http.client.HTTPConnection
    if address.scheme == "http":
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_to_connect)
    else:
        import httpx

        context = httpx.create_ssl_context()
        proxy = None if address.is_local else _proxy(address.host)
        there = (address.host, address.port) if proxy is None else (proxy.hostname or "", proxy.port or 80)
        connection = http.client.HTTPSConnection(*there, timeout=timeout_to_connect, context=context)
        if proxy is not None:
            connection.set_tunnel(address.host, address.port, _proxy_headers(proxy))
    # The class attribute may be set by who debugs other connections: it would print the address.
    connection.set_debuglevel(0)
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _proxy(host: str) -> SplitResult | None:
    """The proxy that the environment or the system names for https."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    named = proxies.get("https") or proxies.get("all")
    if not named or proxy_bypass(host):
        return None
    parts = urlsplit(named if "://" in named else f"http://{named}")
    if parts.scheme != "http" or not parts.hostname:
        raise PackageError(
            f"The proxy for https is of a kind that downloads cannot use ({parts.scheme}). Set NO_PROXY={host} to go past it."
        )
    return parts


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    import base64
    from urllib.parse import unquote

    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def _exchange(
    connection: http.client.HTTPConnection,
    address: Address,
    headers: Mapping[str, str],
    timeout: float,
    should_stop: Callable[[], bool],
) -> http.client.HTTPResponse:
    """Send the request and read the answer's head. ``http.client`` asks for identity encoding by itself.

    Everything goes by the connection's own methods, so that whoever records and replays it (vcrpy) sees this as well.
    """

    def answer(sock: socket.socket, *args: object, **more: object) -> http.client.HTTPResponse:
        waiting = _Waiting(sock, timeout, should_stop)
        return http.client.HTTPResponse(cast("socket.socket", waiting), *args, **more)  # type: ignore[arg-type]

    connection.response_class = answer  # type: ignore[assignment]
    connection.request("GET", address.target, headers=dict(headers))
    connection.sock.settimeout(SLICE_SECONDS)
    return connection.getresponse()


class _Waiting(io.RawIOBase):
    """The receiving side of a socket, whose waits end after ``timeout`` seconds, or soon after ``should_stop``."""

    def __init__(self, sock: socket.socket, timeout: float, should_stop: Callable[[], bool]) -> None:
        self._socket = sock
        # A connection that is not kept is closed when the head has come; a socket stays open while a file is made of it.
        self._kept = sock.makefile("rb", buffering=0)
        self._slices = max(1, round(timeout / SLICE_SECONDS))
        self._timeout = timeout
        self._should_stop = should_stop

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What an HTTPResponse asks its socket for."""
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
        raise TimeoutError(f"nothing came for {self._timeout:g} s")


def _reason(error: Exception) -> str:
    """What went wrong in a few words, never with anything that the other side sent, or any address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection was cut"
    if isinstance(error, TimeoutError):
        return str(error) or "it did not answer in time"
    if isinstance(error, OSError):
        return error.strerror or "the connection failed"
    return "its answer is not HTTP"
