"""Connections to the storage host through a proxy, which sees the host's name and nothing else."""

from __future__ import annotations

import base64
import errno
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from specstep_flows._network import Proxy, tls_context

_REFUSED: Final = re.compile(r"Tunnel connection failed: ([0-9]{3})")
_RECORD_BYTES: Final = 16384


def connection_through(
    proxy: Proxy, host: str, port: int, timeout: float, context: ssl.SSLContext
) -> http.client.HTTPConnection:
    """A connection to ``host``, not yet made; ``context`` has the certificates that are trusted there."""
    connection: http.client.HTTPConnection
    if proxy.scheme == "https":
        connection = _ThroughSecureProxy(proxy.host, proxy.port, timeout, context)
    else:
        connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=timeout, context=context)
    connection.set_tunnel(host, port, _credentials(proxy))
    return connection


def refusal(proxy: Proxy, error: OSError, reason: str) -> OSError:
    """A failure to connect that names the proxy, which may be what failed."""
    refused = _REFUSED.match(str(error))
    said = f"answered {refused[1]}" if refused else f"is in between: {reason}"
    return OSError(errno.ECONNREFUSED, f"the proxy {proxy} {said}")


def _credentials(proxy: Proxy) -> dict[str, str]:
    if proxy.credentials is None:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(':'.join(proxy.credentials).encode()).decode()}"}


class _ThroughSecureProxy(http.client.HTTPConnection):
    """Through a proxy that itself is spoken to by TLS."""

    default_port = 443

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout)
        self._context = context

    def connect(self) -> None:
        own: Any = self
        plain = own._create_connection((self.host, self.port), self.timeout)
        try:
            self.sock = tls_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        own._tunnel()
        self.sock = cast("socket.socket", _NestedTls(self.sock, self._context, own._tunnel_host))


class _NestedTls:
    """TLS inside of TLS, which ``ssl`` has for bytes in memory only; what ``http.client`` uses of a socket."""

    def __init__(self, outer: socket.socket, context: ssl.SSLContext, host: str) -> None:
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
        while True:
            try:
                done = work()
            except ssl.SSLWantReadError:
                self._flush()
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
