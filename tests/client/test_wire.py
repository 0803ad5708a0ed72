"""What goes over the wire with every request, and what never does."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep


class _SetsCookies(BaseHTTPRequestHandler):
    """A service that sets a cookie with every answer, and remembers what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))
        body = b'{"plan": "Pro"}'
        self.send_response(200)
        self.send_header("Set-Cookie", "session=of-somebody; Path=/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def service():
    with ThreadingHTTPServer(("127.0.0.1", 0), _SetsCookies) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def ask_twice(service) -> None:
    with SpecStep("sf_key", api_url=f"http://127.0.0.1:{service.server_port}", store=RunStore.in_memory()) as specstep:
        specstep.get_account()
        specstep.get_account()


def ask_twice_async(service) -> None:
    async def ask() -> None:
        url = f"http://127.0.0.1:{service.server_port}"
        async with AsyncSpecStep("sf_key", api_url=url, store=RunStore.in_memory()) as specstep:
            await specstep.get_account()
            await specstep.get_account()

    asyncio.run(ask())


@pytest.mark.parametrize("ask", [ask_twice, ask_twice_async])
def test_the_key_goes_with_every_request_and_no_cookie_ever_does(service, ask):
    """The actor is whoever the key belongs to: a session that the service offers is not taken up."""
    ask(service)

    assert [headers["Authorization"] for headers in service.seen] == ["Bearer sf_key"] * 2
    assert [headers.get("Cookie") for headers in service.seen] == [None, None]
    assert all(headers["User-Agent"].startswith("specstep-flows/") for headers in service.seen)
