"""The sandbox's world without sockets: one request in, one answer out, with faults on the way."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import unquote

import httpx

from specstep_flows import errors
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.sandbox import ManualClock, SandboxOptions
from specstep_flows.sandbox.api import Api
from specstep_flows.sandbox.connections import SERVED_AT
from specstep_flows.sandbox.world import World

#: Faults of a request: (carried out, seconds later, status and body instead of the response, or None for no
#: response).
TROUBLES: Final[dict[str, tuple[bool, float, tuple[int, bytes] | None]]] = {
    "reset before": (False, 0, None),
    "reset after": (True, 0, None),
    "503 before": (False, 0, (503, b"")),
    "500 after": (True, 0, (500, b"{}")),
    "504 after": (True, 0, (504, b"<html></html>")),
    "408 after": (True, 0, (408, b"")),
    "login page": (False, 0, (200, b"<html></html>")),
    "half an answer": (True, 0, (200, b'{"id": "01')),
    "an empty answer": (True, 0, (200, b"")),
    "late by 3 s, cut": (True, 3, None),
    "late by 20 s, 504": (True, 20, (504, b"<html></html>")),
    "late by 60 s, 504": (True, 60, (504, b"<html></html>")),
    "429": (False, 0, (429, b"{}")),
    "never connected": (False, 0, (0, b"")),
}


class Service:
    """A world, its API application, and what is still to be carried out late."""

    def __init__(self, options: SandboxOptions, clock: ManualClock, key: str | None = None) -> None:
        self.clock = clock
        self.world = World(options, clock)
        self._app = Api(self.world, clock, lambda: "http://127.0.0.1:9", lambda: None).app
        self._loop = asyncio.new_event_loop()
        self._http = httpx.Client(
            base_url="http://127.0.0.1:8", headers={"Authorization": f"Bearer {key or self.world.api_key}"}
        )
        self._late: list[tuple[float, Request]] = []
        #: Each request that was carried out, in order, with the status that came of it.
        self.carried_out: list[tuple[str, int]] = []

    def close(self) -> None:
        self._http.close()
        self._loop.close()

    def turn(self, seconds: float) -> None:
        """Let time pass; late requests are carried out at their own moments."""
        end = self.clock.now() + max(0.0, seconds)
        for at, request in sorted(self._late, key=lambda late: late[0]):
            if at <= end:
                self._late.remove((at, request))
                self.clock.advance(max(0.0, at - self.clock.now()))
                self._carry_out(request, at)
        self.clock.advance(max(0.0, end - self.clock.now()))
        self.world.settle(self.clock.now())

    def send(self, request: Request, trouble: str | None = None) -> Reply:
        """What a client gets for a request: an answer, or one of its own errors."""
        if trouble is None:
            return self._carry_out(request)
        is_carried_out, delay, answer = TROUBLES[trouble]
        if is_carried_out and delay:
            self._late.append((self.clock.now() + delay, request))
        elif is_carried_out:
            self._carry_out(request)
        if answer is None:
            raise errors.ConnectionLost("The connection broke.", operation=request.operation)
        status, body = answer
        if status == 0:
            raise errors.NotConnected("Nobody is there.", operation=request.operation)
        kind = "text/html" if body.startswith(b"<") else "application/json"
        return Reply(status, httpx.Headers({"content-type": kind}), body)

    def _carry_out(self, request: Request, at: float | None = None) -> Reply:
        reply = self._loop.run_until_complete(self._ask(request, at))
        self.carried_out.append((request.operation, reply.status))
        return reply

    async def _ask(self, request: Request, at: float | None) -> Reply:
        built = self._http.build_request(
            request.method,
            request.path,
            params=request.params or None,
            json=request.json,
            headers=request.headers,
            files=request.files,
        )
        body = built.read()
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": built.method,
            "scheme": "http",
            "path": unquote(built.url.path),
            "raw_path": built.url.raw_path,
            "query_string": built.url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in built.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8),
        }
        if at is not None:
            scope[SERVED_AT] = at
        came: dict[str, Any] = {"body": b""}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                came.update(message)
            else:
                came["body"] += message.get("body", b"")

        await self._app(scope, receive, send)
        headers = httpx.Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in came["headers"]])
        return Reply(came["status"], headers, came["body"])
