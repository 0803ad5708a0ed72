"""A pooler in transaction mode before PostgreSQL, as PgBouncer is one: each transaction gets any server connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Final, Self

#: What a client asks before its startup message; "N" is the answer to both.
_ENCRYPTION: Final = (80877103, 80877104)


class Pooler:
    """Listens on a port of this machine while the ``with`` block runs, and passes on to the server at ``port``."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        #: Server connections that no transaction has, the last one first, and what the server said to a startup.
        self._free: list[socket.socket] = []
        self._greeting = b""
        self._sockets: list[socket.socket] = [self._listener]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            startup = self._startup(client)
            with self._lock:
                if not self._free:
                    self._free.append(self._connect(startup))
            client.sendall(self._greeting)
            server: socket.socket | None = None
            while True:
                kind, message = _message(client)
                if kind == b"X":
                    return
                with self._lock:
                    if server is None:
                        server = self._free.pop() if self._free else self._connect(startup)
                server.sendall(message)
                if kind in b"QS" and self._answer(server, client) == b"I":
                    with self._lock:
                        self._free.append(server)
                    server = None

    @staticmethod
    def _startup(client: socket.socket) -> bytes:
        while True:
            length = _exactly(client, 4)
            body = _exactly(client, struct.unpack("!I", length)[0] - 4)
            if struct.unpack("!I", body[:4])[0] not in _ENCRYPTION:
                return length + body
            client.sendall(b"N")

    def _connect(self, startup: bytes) -> socket.socket:
        server = socket.create_connection(("127.0.0.1", self._server_port))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.append(server)
        server.sendall(startup)
        greeting = b""
        kind = b""
        while kind != b"Z":
            kind, message = _message(server)
            greeting += message
        self._greeting = greeting
        return server

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket) -> bytes:
        """Pass the server's answer on; whether a transaction is open after it."""
        while True:
            kind, message = _message(server)
            client.sendall(message)
            if kind == b"Z":
                return message[-1:]


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(source, 5)
    return head[:1], head + _exactly(source, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(source: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = source.recv(count - len(found))
        if not more:
            raise EOFError
        found += more
    return found
