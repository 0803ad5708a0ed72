"""The HTTP side: requests in, answers out, and the troubles that a test orders in between."""

from __future__ import annotations

import contextlib
import email
import json
import os
import re
import socket
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.wording import Answer
from tests.behaviour.second_service.world import Refused

if TYPE_CHECKING:
    from tests.behaviour.second_service.server import SecondService

ID: Final = r"([0-9A-Fa-f-]{36})"
#: What every signed address holds: searched for wherever it must not be.
SIGNATURE: Final = "sig=c2lnbmVkLWJ5LWEtc3RyYW5nZXI"
_HTML: Final = b"<!DOCTYPE html><html><head><title>Our services aren't available right now</title></head></html>"


class Call:
    """A request as the routes see it."""

    def __init__(self, method: str, target: str, headers: Any, body: bytes) -> None:
        parts = urlsplit(target)
        self.method, self.path = method, parts.path
        self.query, self.has_signature = dict(parse_qsl(parts.query)), SIGNATURE in parts.query
        self.headers, self.body = headers, body

    def upload(self) -> tuple[str, bytes]:
        """The name and the bytes of the one file of a form, whatever its field is called."""
        head = f"Content-Type: {self.headers.get('Content-Type')}\r\n\r\n".encode()
        form: Any = email.message_from_bytes(head + self.body)
        for part in form.get_payload() if form.is_multipart() else []:
            if part.get_filename():
                return part.get_filename(), part.get_payload(decode=True)
        raise Refused(400, "VALIDATION_ERROR", "A file is needed.")

    def document(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Refused(400, "VALIDATION_ERROR", "A JSON object is needed.")
        return value


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    service: SecondService
    is_storage: bool

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to print; our own mistakes are in the books."""


def listen(service: SecondService, *, is_storage: bool) -> Listener:
    listener = Listener(("127.0.0.1", 0), Handler)
    listener.service, listener.is_storage = service, is_storage
    return listener


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener
    #: An answer goes out in one piece: no waiting for acknowledgements.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """The books are enough."""

    def do_GET(self) -> None:
        service = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(self.command, self.path, self.headers, body)
        with service.world.lock:
            name = f"{call.method} {'storage' if self.server.is_storage else re.sub(ID, '{id}', call.path)}"
            service.log.append(name)
            number = len(service.log)
        carry_out = service.storage if self.server.is_storage else service.api
        trouble = service.trouble
        if trouble is None or not trouble.strikes(number, name):
            self._answer(carry_out(call))
            return
        if trouble.kind == "late":
            with service.world.lock:
                service.world.later(trouble.seconds, lambda: carry_out(call))
            self._answer(_broken("504"))
        elif trouble.kind.startswith(("4", "5")):
            if trouble.after:
                carry_out(call)
            self._answer(_broken(trouble.kind))
        else:
            self._break(trouble, carry_out(call) if trouble.after else Answer(200, _HTML))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def _break(self, trouble: Trouble, answer: Answer) -> None:
        if trouble.kind == "kill":
            trouble.kill()
        elif trouble.kind == "hang":
            self.server.service.pause(trouble.silence)
        elif trouble.kind == "empty":
            self._answer(Answer(200))
            return
        elif trouble.kind == "cut":
            self._cut(answer)
            return
        self._reset()

    def _cut(self, answer: Answer) -> None:
        """The head, and half of the body."""
        self.close_connection = True
        half = answer.body[: len(answer.body) // 2]
        headers = {**answer.headers, "Content-Length": str(len(answer.body) + 1)}
        if self._is_chunked(answer):
            half = b"%x\r\n%s" % (len(answer.body), half)
            headers = {**answer.headers, "Transfer-Encoding": "chunked"}
        with contextlib.suppress(OSError):
            self._head(answer.status, headers)
            self.wfile.write(half)
            self.wfile.flush()

    def _is_chunked(self, answer: Answer) -> bool:
        return answer.headers.get("Content-Type") == "application/zip" and not self.server.service.variant.says_length

    def _reset(self) -> None:
        """End the connection without a word."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, answer: Answer) -> None:
        variant = self.server.service.variant
        headers = dict(answer.headers)
        if variant.location == "absolute" and re.match(r"/v\d/", headers.get("Location", "")):
            headers["Location"] = f"{self.server.service.url}{headers['Location']}"
        if not self.server.is_storage and variant.rate_headers is not None:
            headers |= {
                f"{variant.rate_headers}{name}": value
                for name, value in (("Limit", "60"), ("Remaining", "41"), ("Reset", "37"))
            }
        if variant.hangs_up:
            headers["Connection"] = "close"
            self.close_connection = True
        is_chunked = self._is_chunked(answer)
        if is_chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif answer.status != 204:
            headers["Content-Length"] = str(len(answer.body))
        self._head(answer.status, headers)
        for piece in _chunks(answer.body) if is_chunked else [answer.body]:
            self.wfile.write(piece)
        self.wfile.flush()


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        piece = body[start : start + 50_000]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _broken(kind: str) -> Answer:
    """A response of the front door, or of nobody."""
    if kind == "429":
        return Answer(429, b"slow down", {"Retry-After": "7", "Content-Type": "text/plain"})
    if kind == "403":
        return Answer(403, b"<Error><Code>AuthenticationFailed</Code></Error>", {"Content-Type": "application/xml"})
    return Answer(int(kind), _HTML, {"Content-Type": "text/html"})
