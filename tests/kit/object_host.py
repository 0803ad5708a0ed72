"""An object store on loopback, as far as a fleet's files need one: whole objects, and "put unless it is there"."""

from __future__ import annotations

import hashlib
import http.server
import threading
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

#: What the client signs with; the host believes any signature.
CREDENTIALS: Final = {
    "aws_access_key_id": "AKIAFORTESTS",
    "aws_secret_access_key": "c2VjcmV0LW9mLXRoZS1vYmplY3Qtc3RvcmU",
    "aws_region": "us-east-1",
}
SOON: Final = timedelta(milliseconds=1)


class ObjectHost(http.server.ThreadingHTTPServer):
    """Objects by their paths (``/bucket/name``)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.seen: list[str] = []
        #: As some servers do that say they speak S3.
        self.ignores_conditions = False
        #: Statuses to refuse the next requests with.
        self.refusals: list[int] = []
        #: How many of the next puts are carried out, and answered by a connection that breaks.
        self.lost_answers = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def options(self, **config: str) -> dict[str, Any]:
        """What obstore needs to find it; ``config`` for another kind of store than S3."""
        return {
            "config": config or {**CREDENTIALS, "aws_endpoint": self.url},
            "client_options": {"allow_http": True},
            "retry_config": {"max_retries": 1, "backoff": {"init_backoff": SOON, "max_backoff": SOON, "base": 2}},
        }

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what there is."""

    server: ObjectHost
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("x-goog-generation", "1")
        self.send_header("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refused(self) -> bool:
        self.server.seen.append(f"{self.command} {self.path}")
        if self.server.refusals:
            self._answer(self.server.refusals.pop(0))
            return True
        return False

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused():
            return
        host, name = self.server, unquote(urlsplit(self.path).path)
        with host.lock:
            # The second is how Google's says it.
            is_new = self.headers["If-None-Match"] == "*" or self.headers["x-goog-if-generation-match"] == "0"
            is_taken = name in host.objects and is_new and not host.ignores_conditions
            if not is_taken:
                host.objects[name] = content
            is_lost, host.lost_answers = host.lost_answers > 0, max(0, host.lost_answers - 1)
        if is_lost:
            self.close_connection = True
        else:
            self._answer(412 if is_taken else 200)

    def do_GET(self) -> None:
        if self._refused():
            return
        content = self.server.objects.get(unquote(urlsplit(self.path).path))
        self._answer(404) if content is None else self._answer(200, content)

    do_HEAD = do_GET
