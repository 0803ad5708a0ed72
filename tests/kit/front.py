"""A server before the sandbox that answers in another manner: names, envelopes, statuses, headers, values."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import attrs
import httpx


@attrs.define
class Seen:
    """An answer on its way: it may be changed."""

    path: str
    status: int
    headers: dict[str, str]
    #: The JSON, or None where it is none.
    document: Any


Change = Callable[[Seen], None]


class Front:
    """Stands before an API, and passes each answer through ``changes`` first.

    A request that is not whole ``ceiling`` seconds after it began, by the clock ``now``, is dropped.
    """

    def __init__(
        self, target: str, *changes: Change, ceiling: float = math.inf, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.requests: list[tuple[str, str]] = []
        self.ceiling = ceiling
        front = self
        self._http = http = httpx.Client(verify=False, trust_env=False, timeout=30)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.rfile.peek(1)  # type: ignore[attr-defined]
                self.began = now()
                super().handle_one_request()

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(length)
                if len(sent) < length or now() > self.began + front.ceiling:
                    self.close_connection = True
                    return
                front.requests.append((self.command, self.path))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                reply = http.request(self.command, target + self.path, headers=headers, content=sent)
                seen = Seen(self.path.partition("?")[0], reply.status_code, dict(reply.headers), _json(reply))
                for change in changes:
                    change(seen)
                body = reply.content if seen.document is None else json.dumps(seen.document).encode()
                self.send_response(seen.status)
                for name, value in seen.headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "content-encoding", "connection"):
                        self.send_header(name, value)
                if seen.status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if seen.status != 204:
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._http.close()


def _json(reply: httpx.Response) -> Any:
    try:
        return reply.json() if "json" in reply.headers.get("content-type", "") else None
    except ValueError:
        return None


def everywhere(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """A change of each object in every success."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: walk(inner) for name, inner in value.items()})
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    def changed(seen: Seen) -> None:
        if seen.status < 300:
            seen.document = walk(seen.document)

    return changed


def camel(name: str) -> str:
    """A name in camelCase."""
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), name)


def in_camel_case(seen: Seen) -> None:
    """Every field in camelCase."""
    everywhere(lambda one: {camel(name): value for name, value in one.items()})(seen)
