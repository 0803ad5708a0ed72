"""A GET to the storage host by a signed URL: nothing of it is logged, and none of our headers are sent.

It uses ``http.client``, because httpx and httpcore always log URLs and redirects, and the query of a signed URL is a
secret. Which proxy and certificates there are is decided in one place for both, ``_network``.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit

import attrs

from specstep_flows._network import proxy_for, tls_context
from specstep_flows.errors import Detached, DownloadError, PackageError
from specstep_flows.package.part_file import STOPPED
from specstep_flows.package.tunnel import NestingContext, connect_through, named
from specstep_flows.settings import is_loopback

T = TypeVar("T")

MOST_REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 15.0
#: Waits for bytes are this short, so that a stalled download can be stopped.
SLICE_SECONDS: Final = 0.25
#: A host that sends less than this in the time that it may be silent is as good as silent.
LEAST_BYTES: Final = 1024
#: More interim answers (1xx) than this are read from no host.
MOST_INTERIM: Final = 20
#: What may stand in a URL as it is; everything else that is printable is escaped, as browsers and curl do it.
_URL_CHARACTERS: Final = "%!#$&'()*+,-./:;=?@[]_~"
#: The first 96 bits of the IPv6 addresses that stand for an IPv4 one: compatible, mapped, translated (SIIT, NAT64).
_HOLDS_IPV4: Final = frozenset({0, 0xFFFF, 0xFFFF << 16, 0x64FF9B << 64})
_UNUSABLE: Final = "The service gave a URL for the package that cannot be used."


class SecretHeaders:
    """Headers that may contain a key: no mapping, whose values an error reporter would show. ``dict`` takes it."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def keys(self) -> Iterable[str]:
        return self._headers.keys()

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __repr__(self) -> str:
        return f"SecretHeaders({', '.join(self._headers)})"


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
            raise _refuse_here(self.host)
        return there

    def _join(self, location: str) -> Address | str:
        netloc = f"[{self.host}]" if ":" in self.host else self.host
        netloc = netloc if self.port is None else f"{netloc}:{self.port}"
        try:
            # http.client reads a header's bytes as Latin-1; a host that escapes nothing sends UTF-8.
            location = location.encode("latin-1").decode("utf-8", "surrogateescape")
            return _judge(urljoin(f"{self.scheme}://{netloc}{self.target}", location))
        except ValueError:
            return _UNUSABLE

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine, as far as its name tells."""
        return is_this_machine(self.host)


def is_this_machine(host: str) -> bool:
    """Whether a name or an address, in any spelling that a system takes, is this machine or its own network link.

    (A link-local address is where clouds offer a machine its own credentials.) Names are not looked up.
    """
    name = host.rstrip(".").lower().partition("%")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(name)
    except ValueError:
        try:
            # One number, hexadecimal, octal, fewer than four parts.
            ip = ipaddress.ip_address(socket.inet_aton(name))
        except (OSError, ValueError):
            return False
    if isinstance(ip, ipaddress.IPv6Address) and int(ip) > 1 and int(ip) >> 32 in _HOLDS_IPV4:
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.is_loopback or ip.is_unspecified or ip.is_link_local


def _refuse_here(who: str) -> PackageError:
    return PackageError(f"{who} sends the download to this machine. Nothing was requested there.")


def _judge(url: str) -> Address | str:
    """The address, or the reason why a package must not be fetched from there."""
    if any(character < " " or character == "\x7f" for character in url):
        return _UNUSABLE
    try:
        url = quote(url.encode("utf-8", "surrogateescape"), safe=_URL_CHARACTERS)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _UNUSABLE
    if not host or "@" in parts.netloc or "%" in parts.netloc:
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
    own_headers: Mapping[str, str] | SecretHeaders,
    timeout: float,
    should_stop: Callable[[], bool],
    may_be_here: bool = True,
) -> Iterator[tuple[http.client.HTTPResponse, str]]:
    """Send a GET, follow its redirects, and yield the response with its body unread, and the host that sent it.

    ``headers`` go to every host, ``own_headers`` only to the first. ``timeout``: seconds without a byte. Without
    ``may_be_here``, and after a host elsewhere, nothing on this machine is asked, whatever name it goes by.

    Raises:
        DownloadError: there was no response.
        PackageError: an address or a redirect that must not be followed.
        Detached: ``should_stop`` returned true.
    """
    if address.is_local and not may_be_here:
        raise _refuse_here("The service")
    sent = SecretHeaders({**headers, **own_headers})
    for _ in range(MOST_REDIRECTS + 1):
        connection = from_network(address.host, partial(_connect, address, timeout, may_be_here))
        with contextlib.closing(connection):
            exchange = partial(_exchange, connection, address, sent, timeout, should_stop)
            response = from_network(address.host, exchange)
            with response:
                if response.status not in (301, 302, 303, 307, 308):
                    yield response, address.host
                    return
                may_be_here = may_be_here and address.is_local
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
        may_clear = not isinstance(error, ssl.SSLCertVerificationError)
    failure = DownloadError(f"The download from {host} failed: {reason}. What arrived is kept.")
    failure.may_clear = may_clear
    raise failure


def _connect(address: Address, timeout: float, may_be_here: bool) -> http.client.HTTPConnection:
    timeout_to_connect = min(timeout, CONNECT_SECONDS)
    host, port = there = (address.host, address.port or (80 if address.scheme == "http" else 443))
    connection: http.client.HTTPConnection
    proxy = None
    if address.scheme == "http":
        connection = http.client.HTTPConnection(*there, timeout=timeout_to_connect)
    else:
        context = tls_context()
        connection = http.client.HTTPSConnection(*there, timeout=timeout_to_connect, context=context)
        proxy = proxy_for(f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}")
    connect: Callable[..., socket.socket] = socket.create_connection
    # A proxy elsewhere does not reach this machine; one that runs here looks names up as we do.
    if not may_be_here and (proxy is None or is_this_machine(proxy.host)):
        connect = partial(_connected_elsewhere, there)
    own: Any = connection
    own._create_connection = connect if proxy is None else partial(connect_through, proxy, host, port, connect)
    if proxy is not None:
        own._context = NestingContext(context)
    # Someone who debugs other connections may have set the class attribute, which would print the URL.
    connection.set_debuglevel(0)
    try:
        connection.connect()
    except BaseException as error:
        connection.close()
        if proxy is not None and isinstance(error, OSError):
            raise named(proxy, error, _reason(error)) from None
        raise
    return connection


def _connected_elsewhere(wanted: tuple[str, int], there: tuple[str, int], *args: Any) -> socket.socket:
    """Connect to ``there`` (a proxy, or ``wanted`` itself), unless ``wanted`` is a name of this machine."""
    # A name that only the proxy can resolve is none of this machine's.
    with contextlib.suppress(socket.gaierror):
        for *_, where in socket.getaddrinfo(*wanted, type=socket.SOCK_STREAM):
            if is_this_machine(str(where[0])):
                raise _refuse_here(wanted[0])
    connected = socket.create_connection(there, *args)
    # A name can mean something else a moment later. Nothing was sent yet.
    if there == wanted and is_this_machine(connected.getpeername()[0]):
        connected.close()
        raise _refuse_here(wanted[0])
    return connected


def _exchange(
    connection: http.client.HTTPConnection,
    address: Address,
    headers: SecretHeaders,
    timeout: float,
    should_stop: Callable[[], bool],
) -> http.client.HTTPResponse:
    """Send the request and read the head of the response. ``http.client`` asks for identity encoding by itself.

    It only uses the connection's own methods, so that vcrpy can record and replay it.
    """

    waiting: list[_Waiting] = []

    def answer(sock: socket.socket, *args: object, **more: object) -> http.client.HTTPResponse:
        waiting.append(_Waiting(sock, timeout, should_stop))
        return _Answer(cast("socket.socket", waiting[0]), *args, **more)  # type: ignore[arg-type]

    connection.response_class = answer  # type: ignore[assignment]
    connection.request("GET", address.target, headers=dict(headers))
    connection.sock.settimeout(SLICE_SECONDS)
    response = connection.getresponse()
    for one in waiting:
        one.reads_head = False
    return response


def read_into(room: memoryview, response: http.client.HTTPResponse) -> int:
    """Put bytes of a body into ``room``: as many as are there, at least one unless it has ended; how many they are."""
    if not isinstance(response, _Answer) or response.chunked or not response.is_drained:
        chunk = response.read1(len(room))
        room[: len(chunk)] = chunk
        if isinstance(response, _Answer):
            response.is_drained = True
        return len(chunk)
    # What ``read1`` does, without a new object for every piece.
    if response.length is not None:
        room = room[: response.length]
    count = response.fp.readinto1(room) if room and not response.isclosed() else 0
    if response.length is not None:
        response.length -= count
    return count


class _Answer(http.client.HTTPResponse):
    """A response whose interim answers (1xx, such as Early Hints) are read past; ``http.client`` skips 100 alone."""

    #: Whether what came with the head has been read. ``readinto1`` would wait for more to follow it.
    is_drained = False

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM + 1):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException

    def _read_and_discard_trailer(self) -> None:
        # http.client's own reads for as long as a host sends them.
        http.client.parse_headers(self.fp)


class _Waiting(io.RawIOBase):
    """The receiving side of a socket. Waits end after ``timeout`` seconds, or soon after ``should_stop``.

    The head may take twice as long in all. A body that drips is as good as none.
    """

    def __init__(self, sock: socket.socket, timeout: float, should_stop: Callable[[], bool]) -> None:
        self._socket = sock
        # http.client closes the socket after the head unless the connection is kept; this file keeps it open.
        self._kept = sock.makefile("rb", buffering=0)
        self._slices = max(1, round(timeout / SLICE_SECONDS))
        self._timeout = timeout
        self._should_stop = should_stop
        self._waited, self._came = 0.0, 0
        self.reads_head = True
        self._end_of_head = time.monotonic() + 2 * timeout

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
                raise Detached(STOPPED)
            before = time.monotonic()
            with contextlib.suppress(TimeoutError):
                count = self._socket.recv_into(cast("memoryview", buffer))
                self._check_pace(count, time.monotonic() - before)
                return count
            self._waited += time.monotonic() - before
        raise TimeoutError(f"nothing arrived for {self._timeout:g} s")

    def _check_pace(self, count: int, waited: float) -> None:
        self._waited, self._came = self._waited + waited, self._came + count
        if self._came >= LEAST_BYTES:
            self._waited, self._came = 0.0, 0
        if count and self._waited > self._timeout:
            raise _TooSlow(f"less than {LEAST_BYTES} bytes arrived in {self._timeout:g} s")
        if self.reads_head and time.monotonic() > self._end_of_head:
            raise _TooSlow(f"the head of the response took longer than {2 * self._timeout:g} s")


class _TooSlow(OSError):
    """A host that drips. (No TimeoutError, which a wait goes on after.)"""


def _reason(error: Exception) -> str:
    """What went wrong, in a few words, without anything that the other side sent and without the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"its certificate is not trusted ({error.verify_message})"
        return f"{said}. If your network inspects connections, set SSL_CERT_FILE to a file with its certificate"
    if isinstance(error, socket.gaierror):
        return "the host name is unknown"
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return "the connection was lost"
    if isinstance(error, TimeoutError | _TooSlow):
        return str(error) or "it did not respond in time"
    if isinstance(error, OSError):
        return error.strerror or "the connection failed"
    if type(error) in (http.client.HTTPException, http.client.LineTooLong):
        return "the head of the response is too large"
    return "the response is not HTTP"
