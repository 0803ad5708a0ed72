"""Carries faults out, between the connection and the world: the ASGI layer, edited bodies, replaced archives."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import attrs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from specstep_flows.sandbox.blobs import signed_url
from specstep_flows.sandbox.clock import Clock, http_date
from specstep_flows.sandbox.connections import (
    BLOB_SWAP,
    RECORD,
    SERVED_AT,
    TRANSPORT,
    RecordedRequest,
    read_body,
    replay,
    reset,
)
from specstep_flows.sandbox.faults import ZIP_KINDS, Fault, Faults
from specstep_flows.sandbox.zips import Blob, ZipWriter, deflate

GATEWAY_PAGE = b"<!DOCTYPE html><html><head><title>Gateway Timeout</title></head><body>Gave up.</body></html>"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Please sign in.</form></body></html>"


@attrs.define
class _Captured:
    """An answer held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = attrs.field(factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def send_on(self, send: Send) -> None:
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@attrs.define
class _Late:
    """A request that was answered with an error and is still to be carried out."""

    at: float
    scope: Scope
    body: bytes


class FaultLayer:
    """Wraps an application; `restart` is how the whole server is brought down for a while."""

    def __init__(self, app: ASGIApp, faults: Faults, clock: Clock, restart: Callable[[float], None]) -> None:
        self._app = app
        self._faults = faults
        self._clock = clock
        self._restart = restart
        self._late: list[_Late] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out what is due from earlier, then let the request through or do to it what its rule says."""
        await self.catch_up(self._clock.now())
        record: RecordedRequest = scope[RECORD]
        fault = self._faults.pick(record.operation, f"{scope['method']} {scope['path']}")
        if fault is None:
            record.reached_world = True
            await self._app(scope, receive, send)
            return
        record.fault = fault.kind
        await self._carry_out(fault, scope, receive, send, record)

    async def catch_up(self, now: float) -> None:
        """Carry out, each at its own moment, the late commits that are due."""
        while due := [late for late in self._late if late.at <= now]:
            first = min(due, key=lambda late: late.at)
            self._late.remove(first)
            first.scope[RECORD].reached_world = True
            await self._app({**first.scope, SERVED_AT: first.at}, replay(first.body), _Captured().collect)

    async def _carry_out(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send, record: RecordedRequest
    ) -> None:
        if fault.kind in ZIP_KINDS:
            scope[BLOB_SWAP] = lambda real: replaced(fault.kind, real)
        if fault.kind in ("slow", "truncated", *ZIP_KINDS):
            record.reached_world = True
            await self._app(scope, receive, self._sending(fault, scope, send))
            return
        body = await read_body(receive) or b""
        captured = _Captured()
        if fault.kind == "late_commit":
            self._late.append(_Late(self._clock.now() + fault.seconds, dict(scope), body))
        elif fault.commit or fault.kind not in ("reset", "status", "html", "stall", "restart"):
            record.reached_world = True
            await self._app(scope, replay(body, receive), captured.collect)
        if fault.kind == "reset":
            reset(scope[TRANSPORT])
        elif fault.kind == "restart":
            self._restart(fault.seconds)
        if fault.kind in ("reset", "restart", "stall"):
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await self._altered(fault, captured).send_on(send)

    def _altered(self, fault: Fault, captured: _Captured) -> _Captured:
        kind = fault.kind
        if kind == "status":
            return self._error(fault)
        if kind in ("html", "late_commit"):
            if kind == "late_commit" and fault.status not in (None, 504):
                return self._error(fault)
            status = fault.status or 504
            page = LOGIN_PAGE if status < 300 else GATEWAY_PAGE
            headers = [(b"content-type", b"text/html; charset=utf-8"), *_encoded(fault.headers)]
            return _Captured(status, headers + self._retry_after(fault), page)
        captured.status = fault.status or captured.status
        captured.headers += _encoded(fault.headers)
        if kind == "empty":
            captured.body = b""
        elif kind == "malformed":
            captured.body = captured.body[: int(len(captured.body) * fault.keep)]
        elif kind == "expired_url":
            captured.headers = [
                (name, self._expired(value) if name.lower() == b"location" else value)
                for name, value in captured.headers
            ]
        else:
            captured.body = edited(fault, captured.body)
        return captured

    def _error(self, fault: Fault) -> _Captured:
        status = fault.status or 503
        problem: dict[str, Any] = {
            "type": fault.problem_type,
            "title": "A fault of the sandbox",
            "status": status,
            "detail": "This error was asked for.",
            **fault.set,
        }
        headers = [(b"content-type", b"application/problem+json"), *_encoded(fault.headers)]
        if status == 401:
            return _Captured(401, [(b"www-authenticate", b"Bearer"), *_encoded(fault.headers)])
        return _Captured(status, headers + self._retry_after(fault), json.dumps(problem).encode())

    def _retry_after(self, fault: Fault) -> list[tuple[bytes, bytes]]:
        wait = fault.retry_after
        if wait is None:
            return []
        if isinstance(wait, str) and wait.startswith("date+"):
            wait = http_date(self._clock.now() + float(wait.removeprefix("date+")))
        return [(b"retry-after", str(wait).encode()), (b"date", http_date(self._clock.now()).encode())]

    def _expired(self, location: bytes) -> bytes:
        origin, _, rest = location.decode().partition("/blob/")
        return signed_url(origin, rest.partition("?")[0], self._clock.now() - 60).encode()

    def _sending(self, fault: Fault, scope: Scope, send: Send) -> Send:
        """A send that dawdles, or stops in the middle of the body."""
        length, sent, cut = 0, 0, False

        async def dawdling(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or not body:
                await send(message)
                return
            more = message.get("more_body", False)
            for start in range(0, len(body), fault.chunk):
                piece = body[start : start + fault.chunk]
                last = start + fault.chunk >= len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": more or not last})
                await asyncio.sleep(fault.pause)

        async def stopping(message: Message) -> None:
            nonlocal length, sent, cut
            if cut:
                return
            if message["type"] == "http.response.start":
                length = int(dict(message["headers"]).get(b"content-length", 0))
                await send(message)
                return
            body = message.get("body", b"")[: max(0, int(length * fault.keep) - sent)]
            sent += len(body)
            await send({"type": "http.response.body", "body": body, "more_body": True})
            if sent >= int(length * fault.keep):
                cut = True
                transport = scope[TRANSPORT]
                if fault.hard:
                    await asyncio.sleep(0.01)  # let the bytes out first; what follows is a reset
                    reset(transport)
                else:
                    transport.close()

        return {"slow": dawdling, "truncated": stopping}.get(fault.kind, send)


def _encoded(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]


UNKNOWN_FIELD = "zz_never_seen_before"
UNKNOWN_ENUM = "NeverSeenBefore"
RETYPED = {"unexpected": ["shape", 1]}
_GONE = object()


def edited(fault: Fault, body: bytes) -> bytes:
    """The body after the fault's changes; one that is not JSON stays as it is."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if fault.kind == "unknown_fields":
        _everywhere(document, lambda node: node.__setitem__(UNKNOWN_FIELD, {"value": 1, "more": [None, "text"]}))
    value: Any = {"unknown_enum": UNKNOWN_ENUM, "nulls": None, "retype": RETYPED}.get(fault.kind, _GONE)
    for name in fault.fields:
        _put(document, name, value)
    for path, wanted in fault.set.items():
        _put(document, path, wanted)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _everywhere(node: Any, change: Callable[[dict[str, Any]], None]) -> None:
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    for child in children:
        _everywhere(child, change)
    if isinstance(node, dict):
        change(node)


def _put(document: Any, path: str, value: Any) -> None:
    if "." not in path:
        _everywhere(document, lambda node: _replace(node, path, value) if path in node else None)
        return
    _walk(document, path.removeprefix("$.").split("."), value)


def _walk(node: Any, path: list[str], value: Any) -> None:
    head, *rest = path
    if head == "*":
        for child in node if isinstance(node, list) else []:
            _walk(child, rest, value)
    elif isinstance(node, list) and head.isdigit() and int(head) < len(node):
        _walk(node[int(head)], rest, value)
    elif isinstance(node, dict):
        if rest:
            _walk(node.get(head), rest, value)
        else:
            _replace(node, head, value)


def _replace(node: dict[str, Any], name: str, value: Any) -> None:
    if value is _GONE:
        node.pop(name, None)
    else:
        node[name] = value


BOMB_ENTRY = 64 << 20
#: One gigabyte when unpacked, about 1,000 times its packed size.
BOMB_ENTRIES = 16


def replaced(kind: str, real: Blob) -> Blob:
    """What is served in place of `real` under a fault of this kind."""
    if kind == "zip_truncated":
        return Blob([real.content()[: real.length * 2 // 3]])
    if kind == "zip_flipped":
        return Blob([_flipped(real.content())])
    if kind == "zip_not":
        return Blob([b"<!DOCTYPE html><html><body>This is not the file you were looking for.</body></html>"])
    if kind == "zip_bomb":
        return _bomb()
    writer = ZipWriter()
    writer.add("README.md", b"# An honest file\n")
    if kind == "zip_absolute":
        writer.add("/tmp/specstep-escaped.txt", b"outside\n")  # noqa: S108 - the point of it
    elif kind == "zip_dotdot":
        writer.add("docs/../../../specstep-escaped.txt", b"outside\n")
    elif kind == "zip_symlink":
        writer.add("docs", b"/tmp", mode=0o120777)
        writer.add("docs/specstep-escaped.txt", b"through the link\n")
    elif kind == "zip_duplicate":
        writer.add("README.md", b"# Another of the same name\n")
    else:
        writer.add("readme.MD", b"# The same name where case does not count\n")
    return writer.finish()


def _flipped(content: bytes) -> bytes:
    """One bit changed in the data of the first entry, so that only its checksum tells."""
    name_length = int.from_bytes(content[26:28], "little")
    extra_length = int.from_bytes(content[28:30], "little")
    packed = int.from_bytes(content[18:22], "little")
    at = 30 + name_length + extra_length + packed // 2
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


@lru_cache(maxsize=1)
def _bomb() -> Blob:
    zeros = bytes(BOMB_ENTRY)
    packed = (deflate(zeros, 9), zlib.crc32(zeros), BOMB_ENTRY)
    writer = ZipWriter()
    writer.add("README.md", b"# An honest file\n")
    for number in range(BOMB_ENTRIES):
        writer.add(f"docs/{number:02d}.md", b"", deflated=packed)
    return writer.finish()
