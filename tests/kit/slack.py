"""A channel that takes one message, as Slack's incoming webhooks do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def channel() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its address, and what is posted there."""
    posted: list[dict[str, Any]] = []

    class Channel(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Channel) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", posted
