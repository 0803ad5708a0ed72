"""What was asked of the sandbox, in order: for tests to count and to look through. It holds no key and no signature."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import overload

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .clock import Clock
from .scope import KEY_ID, RECORD

_SIGNATURE = re.compile(r"\bsig=[^&]*")
KEPT_BODY = 64 * 1024
"""Request bodies up to this size are kept; of larger ones only the digest."""


@dataclass
class RecordedRequest:
    """One request and what came of it."""

    server: str
    """`api` or `blob`."""
    method: str
    path: str
    query: str
    header_names: tuple[str, ...]
    at: float
    """The virtual moment of arrival."""
    status: int | None = None
    """None while it is unanswered, or for good if the connection was cut."""
    operation: str | None = None
    """The operation in the pages' writing, such as `GET /v1/generations/{id}`."""
    key_id: str | None = None
    idempotency_key: str | None = None
    range: str | None = None
    body: bytes | None = None
    body_sha256: str = hashlib.sha256(b"").hexdigest()
    fault: str | None = None
    """The kind of the fault that befell it."""
    reached_world: bool = False
    """Whether the world saw it; the difference between reset before and reset after."""
    content_type: str | None = None


@dataclass
class Requests:
    """The list of all requests; safe to read while the server runs."""

    _rows: list[RecordedRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, row: RecordedRequest) -> None:
        """Append a request."""
        with self._lock:
            self._rows.append(row)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._rows.clear()

    def matching(self, operation: str) -> list[RecordedRequest]:
        """The requests of one operation, named as the pages do, or of a method and path."""
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
        row.body_sha256 = hashlib.sha256(body).hexdigest()
        row.body = body if len(body) <= KEPT_BODY else None

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                row.status = message["status"]
            await send(message)

        await self._app(scope, replay(body, receive), sending)
        row.key_id = scope.get(KEY_ID)


async def read_body(receive: Receive) -> bytes:
    """The whole request body."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
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
