"""A real HTTP server on loopback that answers as a test says and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import define, field


@define
class Answer:
    """What the server answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    chunks: Callable[[], Iterator[bytes]] | None = None
    """Writes the body piece by piece, without a length."""


@define
class Server:
    """A running server."""

    url: str
    asked: list[tuple[str, dict[str, str]]]
    """Path and headers (names in lower case) of every request."""


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    """Serve one answer to every request."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.chunks is None and "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for chunk in answer.chunks() if answer.chunks else [answer.body]:
                    self.wfile.write(chunk)
            except OSError:
                self.close_connection = True

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join()
