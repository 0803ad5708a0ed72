"""A host for one package on loopback, as the storage host behind the service's redirect is one."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import http.server
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.errors import (
    DownloadError,
)
from specstep_flows.package.download import Fetched, fetch_to_part

SIGNATURE = "c2lnbmVkLXNlY3JldA"
ETAG = '"0x8DC0FFEE"'


def make_package(seed: int = 1) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(4):
            noise = hashlib.sha512(f"{seed}/{number}".encode()).digest() * 200
            # With a date of its own, so that it is the same each time.
            archive.writestr(zipfile.ZipInfo(f"docs/{number}.md"), noise)
    return buffer.getvalue()


PACKAGE = make_package()


class BlobHost(http.server.ThreadingHTTPServer):
    """A host for one package, which keeps the rules of HTTP for ranges unless a test tells it otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = PACKAGE
        self.headers: dict[str, str] = {"ETag": ETAG, "Content-Type": "application/zip"}
        self.heeds_if_range = True
        self.heeds_range = True
        self.states_length = True
        #: Bytes after which the connection is cut, for each request to come.
        self.cuts: list[int] = []
        #: Instead of the package, for each request to come: status, headers, body.
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        #: Instead of anything: a function that writes to the connection itself.
        self.raw: Callable[[Handler], None] | None = None
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/packages/a%20b.zip?se=2026&sig={SIGNATURE}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: BlobHost
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.server
        host.seen.append((self.path, dict(self.headers.items())))
        self.close_connection = True
        if host.raw is not None:
            host.raw(self)
        elif host.answers:
            status, headers, body = host.answers.pop(0)
            self.answer(status, {"Content-Length": str(len(body)), **headers}, body)
        else:
            self.send_package()

    def send_package(self) -> None:
        host, size, start = self.server, len(self.server.content), 0
        wanted = self.headers.get("Range")
        if wanted and host.heeds_range and not (host.heeds_if_range and self.is_another()):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= size:
                self.answer(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0", **host.headers}, b"")
                return
        headers = dict(host.headers)
        if host.states_length:
            headers["Content-Length"] = str(size - start)
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        body = host.content[start:]
        self.answer(206 if start else 200, headers, body[: host.cuts.pop(0)] if host.cuts else body)

    def is_another(self) -> bool:
        return self.headers.get("If-Range") not in (
            self.server.headers.get("ETag"),
            self.server.headers.get("Last-Modified"),
        )

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at ``seen``."""


@contextlib.contextmanager
def serving(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(host: BlobHost, part: Path, **options: Any) -> Fetched:
    return fetch_to_part(host.url, part, **options)


def break_off(host: BlobHost, part: Path, after: int) -> None:
    """Have a download break off after so many bytes."""
    host.cuts = [after]
    with pytest.raises(DownloadError):
        fetch(host, part)
    assert part.read_bytes() == host.content[:after]


def raw_answer(head: str, body: bytes = b"") -> Callable[[Handler], None]:
    return lambda handler: (handler.wfile.write(head.replace("\n", "\r\n").encode() + body), None)[1]


def stalling(after: int) -> Callable[[Handler], None]:
    def serve(handler: Handler) -> None:
        host = handler.server
        handler.answer(200, {**host.headers, "Content-Length": str(len(PACKAGE))}, PACKAGE[:after])
        host.released.wait()

    return serve
