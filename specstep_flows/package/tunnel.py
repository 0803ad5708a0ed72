"""A way to the storage host through a proxy, which sees the host's name and nothing else."""

from __future__ import annotations

import base64
import errno
import math
import re
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from specstep_flows._network import Proxy, tls_context

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_RECORD_BYTES: Final = 16384
#: A proxy that says more before it connects us is none.
MOST_HEAD_BYTES: Final = 1 << 16


class ProxyRefused(OSError):
    """The proxy is there, and does not connect us."""


def connect_through(
    proxy: Proxy, host: str, port: int, connect: Callable[..., socket.socket], _: object, timeout: float, *rest: Any
) -> socket.socket:
    """A connection to ``host``, not yet encrypted, made with ``connect``; called as ``socket.create_connection`` is.

    ``timeout`` is for each step; the proxy's whole answer may take twice as long.
    """
    connected = connect((proxy.host, proxy.port), timeout, *rest)
    try:
        if proxy.scheme == "https":
            connected = tls_context().wrap_socket(connected, server_hostname=proxy.host)
        there = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        connected.sendall(f"CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n{_credentials(proxy)}\r\n".encode())
        end = time.monotonic() + 2 * timeout
        status = 100
        while 100 <= status < 200:
            status = _status(connected, end)
        if not 200 <= status < 300:
            raise ProxyRefused(errno.ECONNREFUSED, f"the proxy {proxy} answered {status}")
        connected.settimeout(timeout)
    except BaseException:
        connected.close()
        raise
    return connected


def named(proxy: Proxy, error: OSError, reason: str) -> OSError:
    """A failure to connect that names the proxy, which may be what failed."""
    if isinstance(error, ProxyRefused):
        return error
    return ProxyRefused(errno.ECONNREFUSED, f"{reason}, through the proxy {proxy}")


def _status(connected: socket.socket, end: float) -> int:
    head = bytearray()
    # Byte by byte, so that nothing is read of what comes after it.
    while not head.endswith(b"\r\n\r\n"):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connected.settimeout(left)
        byte = connected.recv(1)
        if not byte or len(head) > MOST_HEAD_BYTES:
            raise ConnectionResetError(errno.ECONNRESET, "the connection was lost")
        head += byte
    said = _STATUS.match(head)
    return int(said[1]) if said else 0


def _credentials(proxy: Proxy) -> str:
    if proxy.credentials is None:
        return ""
    return f"Proxy-Authorization: Basic {base64.b64encode(':'.join(proxy.credentials).encode()).decode()}\r\n"


class NestingContext:
    """An ``SSLContext`` that can also encrypt what is encrypted already, as it is to a proxy spoken to by TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, connected: socket.socket, *, server_hostname: str) -> socket.socket:
        if isinstance(connected, ssl.SSLSocket):
            return cast("socket.socket", _NestedTls(connected, self._context, server_hostname))
        return self._context.wrap_socket(connected, server_hostname=server_hostname)


class _NestedTls:
    """TLS inside of TLS, which ``ssl`` has for bytes in memory only; what ``http.client`` uses of a socket."""

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, host: str) -> None:
        self._outer = outer
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._inner = context.wrap_bio(self._arrived, self._leaving, server_hostname=host)
        self._carry_out(self._inner.do_handshake)
        self.settimeout, self.makefile, self.close = outer.settimeout, outer.makefile, outer.close

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[self._carry_out(partial(self._inner.write, data)) :]

    def recv_into(self, buffer: memoryview) -> int:
        try:
            return int(self._carry_out(partial(self._inner.read, len(buffer), cast("bytearray", buffer))))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return 0

    def _carry_out(self, work: Callable[[], Any]) -> Any:
        """A time-out may be raised at the outer socket; the same work can then be carried out again."""
        end = time.monotonic() + (self._outer.gettimeout() or math.inf)
        while True:
            try:
                done = work()
            except ssl.SSLWantReadError:
                self._flush()
                if time.monotonic() > end:
                    # The proxy sends a little of a record at a time.
                    raise TimeoutError from None
                if data := self._outer.recv(_RECORD_BYTES):
                    self._arrived.write(data)
                else:
                    self._arrived.write_eof()
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if data := self._leaving.read():
            self._outer.sendall(data)
