"""The sandbox's connections: uvicorn held so that tests can cut them, and a record of what was asked over them.

The record holds no key and no signature. The constants at the top are the names under which the layers of the sandbox
leave word for each other in an ASGI scope.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, overload

import attrs
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from specstep_flows.sandbox.clock import Clock

#: The `RecordedRequest` of this request.
RECORD = "specstep.record"
#: The connection's asyncio transport, so that a fault can cut it.
TRANSPORT = "specstep.transport"
#: The id of the key that was let in.
KEY_ID = "specstep.key"
#: Another virtual moment than the present: a late commit happens when it is due.
SERVED_AT = "specstep.at"
#: A function that puts another blob in the place of the real one.
BLOB_SWAP = "specstep.blob"

_SIGNATURE = re.compile(r"\bsig=[^&]*")
#: Request bodies up to this size are kept; of larger ones only the digest.
KEPT_BODY = 64 * 1024


@attrs.define
class RecordedRequest:
    """One request and what came of it."""

    #: `api` or `blob`.
    server: str
    method: str
    path: str
    query: str
    header_names: tuple[str, ...]
    #: The virtual moment of arrival.
    at: float
    #: None while it is unanswered, or for good if the connection was cut.
    status: int | None = None
    #: The operation in the pages' writing, such as `GET /v1/generations/{id}`.
    operation: str | None = None
    key_id: str | None = None
    idempotency_key: str | None = None
    range: str | None = None
    body: bytes | None = None
    body_sha256: str = hashlib.sha256(b"").hexdigest()
    #: The kind of the fault that befell it.
    fault: str | None = None
    #: Whether the world saw it; the difference between reset before and reset after.
    reached_world: bool = False
    content_type: str | None = None


@attrs.define
class Requests:
    """The list of all requests; safe to read while the server runs."""

    _rows: list[RecordedRequest] = attrs.field(factory=list)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)
    #: Refuses the name of an operation that there is not.
    check: Callable[[str], object] = attrs.field(default=str, kw_only=True)

    def add(self, row: RecordedRequest) -> None:
        """Append a request."""
        with self._lock:
            self._rows.append(row)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._rows.clear()

    def matching(self, operation: str) -> list[RecordedRequest]:
        """The requests of one operation, named as the pages do, or of a method and path.

        Raises ``ValueError`` for one that there is not, of which nothing could ever be counted.
        """
        self.check(operation)
        return [row for row in self if operation in (row.operation, f"{row.method} {row.path}")]

    def count(self, operation: str | None = None) -> int:
        """How many there were, of one operation or of all."""
        return len(self) if operation is None else len(self.matching(operation))

    def __iter__(self) -> Iterator[RecordedRequest]:
        with self._lock:
            return iter(list(self._rows))

    def __len__(self) -> int:
        with self._lock:
            return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> RecordedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> list[RecordedRequest]: ...
    def __getitem__(self, index: int | slice) -> RecordedRequest | list[RecordedRequest]:
        with self._lock:
            return self._rows[index]


class Recorder:
    """An ASGI layer that writes each request down and then passes it on."""

    def __init__(
        self,
        app: ASGIApp,
        server: str,
        clock: Clock,
        requests: Requests,
        operation_of: Callable[[str, str], str | None],
    ) -> None:
        self._app = app
        self._operation_of = operation_of
        self._server = server
        self._clock = clock
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record, then let the layers below answer."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        row = RecordedRequest(
            self._server,
            scope["method"],
            scope["path"],
            _SIGNATURE.sub("sig=*", scope["query_string"].decode("latin-1")),
            tuple(sorted(headers)),
            self._clock.now(),
            operation=self._operation_of(scope["method"], scope["path"]),
            idempotency_key=headers.get("idempotency-key"),
            range=headers.get("range"),
            content_type=headers.get("content-type"),
        )
        self._requests.add(row)
        scope[RECORD] = row
        body = await read_body(receive)
        if body is None:
            return
        row.body_sha256 = hashlib.sha256(body).hexdigest()
        row.body = body if len(body) <= KEPT_BODY else None

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                row.status = message["status"]
            await send(message)

        await self._app(scope, replay(body, receive), sending)
        row.key_id = scope.get(KEY_ID)


async def read_body(receive: Receive) -> bytes | None:
    """The whole request body; None if the client went away before it was whole: no server acts on such a request."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive | None = None) -> Receive:
    """A receive that hands out a body that has been read already, and then what the connection says."""
    left: list[Callable[[], Message]] = [lambda: {"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        if left:
            return left.pop()()
        if receive is None:
            return {"type": "http.disconnect"}
        return await receive()

    return again


class _Protocol(H11Protocol):
    """uvicorn's own, with the connection within reach of the application."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = self.transport
            try:
                await inner(scope, receive, send)
            except asyncio.CancelledError:
                if not self.transport.is_closing():
                    raise

        self.app = app


class Listener:
    """One listening socket and everything that is connected to it."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
        )
        self._socket = listening
        self._server = uvicorn.Server(config)

    async def open(self) -> None:
        """Accept connections."""
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[self._socket])

    async def close(self) -> None:
        """Stop listening and cut what is connected."""
        for server in self._server.servers:
            server.close()
        self._socket.close()
        for connection in list(self._server.server_state.connections):
            reset(connection.transport)
        await asyncio.sleep(0)  # lets uvicorn hear that the connections are lost, so that it does not complain
        tasks = list(self._server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound and not listening yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows that would let another process have the same port.
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def reset(transport: asyncio.Transport) -> None:
    """Close a connection with a TCP RST in place of a FIN."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
    transport.abort()
