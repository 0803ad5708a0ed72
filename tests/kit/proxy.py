"""A TCP proxy on loopback that sees bytes, not requests: it can cut, stall and throttle at any of them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

import attrs

Direction = Literal["up", "down"]


@attrs.define
class Trouble:
    """What happens to a connection once ``at`` bytes have gone in one direction, counted over all connections."""

    direction: Direction
    at: int
    kind: Literal["reset", "close", "stall", "throttle"]
    #: Bytes a second, for ``throttle``.
    rate: float = 0.0
    times: int = 1
    happened: int = 0


@attrs.define(eq=False)
class _Connection:
    client: socket.socket
    server: socket.socket
    asked: bool = False
    cut: threading.Event = attrs.field(factory=threading.Event)

    def close(self, *, hard: bool) -> None:
        """With a FIN, or ``hard`` with a RST."""
        self.cut.set()
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                if hard:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # This also wakes the thread that waits for bytes from it.
                end.shutdown(socket.SHUT_RD if hard else socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Stands between a client and ``target``. ``at_answer`` is called with the number of each answer (from 1), when its
    first bytes have arrived here and before the client sees any of them."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.troubles: list[Trouble] = []
        self.at_answer: Callable[[int], None] = lambda number: None
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}
        self._answers = 0
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_counting(self) -> None:
        """Count bytes and answers from here."""
        with self._lock:
            self.passed = {"up": 0, "down": 0}
            self._answers = 0

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._connections:
            connection.close(hard=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(client, server)
            self._connections.append(connection)
            for direction, source, sink in (("up", client, server), ("down", server, client)):
                threading.Thread(target=self._pump, args=(connection, direction, source, sink), daemon=True).start()

    def _pump(self, connection: _Connection, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._notice(connection, direction)
                if not self._pass_on(connection, direction, data, sink):
                    return
        if not connection.cut.is_set():
            connection.close(hard=False)

    def _notice(self, connection: _Connection, direction: Direction) -> None:
        """An answer begins with the first bytes down after bytes up."""
        if direction == "up":
            connection.asked = True
        elif connection.asked:
            connection.asked = False
            with self._lock:
                self._answers += 1
                number = self._answers
            self.at_answer(number)

    def _pass_on(self, connection: _Connection, direction: Direction, data: bytes, sink: socket.socket) -> bool:
        with self._lock:
            start = self.passed[direction]
            self.passed[direction] += len(data)
            trouble = next(
                (
                    one
                    for one in self.troubles
                    if one.direction == direction and one.happened < one.times and one.at < start + len(data)
                ),
                None,
            )
            if trouble is not None:
                trouble.happened += 1
        if trouble is None:
            sink.sendall(data)
            return True
        first = max(0, trouble.at - start)
        sink.sendall(data[:first])
        if trouble.kind == "throttle":
            piece = max(1, int(trouble.rate / 50))
            for start in range(first, len(data), piece):
                sink.sendall(data[start : start + piece])
                time.sleep(0.02)
            return True
        if trouble.kind == "stall":
            connection.cut.wait()
        else:
            connection.close(hard=trouble.kind == "reset")
        return False
