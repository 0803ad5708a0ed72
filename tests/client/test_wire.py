"""What goes over the wire with every request, and what never does."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from specstep_client.api.capabilities import get_capabilities

from specstep_flows import AsyncSpecStep, RunStore, SpecStep
from specstep_flows.errors import RequestError, SettingsError, UnexpectedResponse, UsageError
from specstep_flows.sandbox import ManualClock
from tests.kit.api import STATE
from tests.kit.platforms import POSIX_ONLY


class _Remembering(ThreadingHTTPServer):
    """Keeps what its handler was sent, or the status that it answers with."""

    seen: list[dict[str, str]]
    status: int


class _SetsCookies(BaseHTTPRequestHandler):
    """A service that sets a cookie with every answer, and remembers what it was sent."""

    protocol_version = "HTTP/1.1"

    server: _Remembering

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))
        body = b'{"plan": "Pro"}'
        self.send_response(200)
        self.send_header("Set-Cookie", "session=of-somebody; Path=/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Any]:
    with _Remembering(("127.0.0.1", 0), _SetsCookies) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def ask_twice(service: Any) -> None:
    with SpecStep("sf_key", api_url=f"http://127.0.0.1:{service.server_port}", store=RunStore.in_memory()) as specstep:
        specstep.get_account()
        specstep.get_account()


def ask_twice_async(service: Any) -> None:
    async def ask() -> None:
        url = f"http://127.0.0.1:{service.server_port}"
        async with AsyncSpecStep("sf_key", api_url=url, store=RunStore.in_memory()) as specstep:
            await specstep.get_account()
            await specstep.get_account()

    asyncio.run(ask())


@pytest.mark.parametrize("ask", [ask_twice, ask_twice_async])
def test_the_key_goes_with_every_request_and_no_cookie_ever_does(service: Any, ask: Any) -> None:
    """The actor is whoever the key belongs to: a session that the service offers is not taken up."""
    ask(service)

    assert [headers["Authorization"] for headers in service.seen] == ["Bearer sf_key"] * 2
    assert [headers.get("Cookie") for headers in service.seen] == [None, None]
    assert all(headers["User-Agent"].startswith("specstep-flows/") for headers in service.seen)


@pytest.mark.parametrize("ask", [ask_twice, ask_twice_async])
def test_no_proxy_comes_between_us_and_this_machine(service: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not reach the sandbox, and would read the key: plain http is for loopback alone."""
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        ask(service)

    assert len(service.seen) == 2


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("ALL_PROXY", "socks5://somebody:secret@127.0.0.1:9", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "gopher://somebody:secret@127.0.0.1:9", "HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem", "SSL_CERT_FILE"),
    ],
)
@pytest.mark.parametrize("kind", [SpecStep, AsyncSpecStep])
def test_an_environment_that_leads_nowhere_is_a_setting_that_does_not_fit(
    kind: Any, name: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that cannot be used, certificates that are not there: the sentence names the variable, not the
    password."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=named) as caught:
        kind("sf_key", api_url="https://specstep.example")
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None


@POSIX_ONLY
def test_a_client_does_not_survive_a_fork(service: Any) -> None:
    """Parent and child would read from one socket, and take each other's answers."""
    with SpecStep("sf_key", api_url=f"http://127.0.0.1:{service.server_port}", store=RunStore.in_memory()) as specstep:
        specstep.get_account()
        child = os.fork()
        if child == 0:
            refused = 0
            try:
                for work in (specstep.get_account, lambda: specstep.run("A shop for tea.")):
                    with pytest.raises(UsageError, match="Open one in each process"):
                        work()
                    refused += 1
            finally:
                # However it went, the child is not to go on with the tests.
                os._exit(refused)
        _, status = os.waitpid(child, 0)
        specstep.get_account()

    assert os.waitstatus_to_exitcode(status) == 2
    assert len(service.seen) == 2


class _Compresses(BaseHTTPRequestHandler):
    """A service that compresses what it sends, as one behind a front door may."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(gzip.compress(b'{"review_profiles": ["Fast"], "project_types": [], "mirror_selections": []}'))

    def log_message(self, *args: Any) -> None:
        pass


def test_a_compressed_answer_is_read_whoever_asks() -> None:
    """By a step of our own, and by an operation's module in the generated client."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Compresses) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with SpecStep("sf_key", api_url=url, store=RunStore.in_memory()) as specstep:
            assert specstep.get_capabilities().review_profiles == ("Fast",)
            assert [str(profile) for profile in specstep.call(get_capabilities).review_profiles] == ["Fast"]
        server.shutdown()


class _NestsWithoutEnd(BaseHTTPRequestHandler):
    """A service whose answer is nested more deeply than anything can read."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"a":' * 5000)

    def log_message(self, *args: Any) -> None:
        pass


def test_an_answer_that_is_nested_without_end_is_an_unexpected_one(turned: Any) -> None:
    """By an operation's module as by a step of our own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _NestsWithoutEnd) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        options = {"store": RunStore.in_memory(), "clock": turned(SimpleNamespace(clock=ManualClock()))}
        with SpecStep("sf_key", api_url=f"http://127.0.0.1:{server.server_port}", **options) as specstep:
            with pytest.raises(UnexpectedResponse):
                specstep.get_capabilities()
            with pytest.raises(UnexpectedResponse):
                specstep.call(get_capabilities)
        server.shutdown()


class _StuttersOnce(BaseHTTPRequestHandler):
    """A service that writes its first answer twice, so that the next request finds an answer before it is read."""

    protocol_version = "HTTP/1.1"
    has_stuttered = False

    def do_GET(self) -> None:
        body = json.dumps({"id": self.path.rpartition("/")[2], STATE: "Complete", "status": "Complete"}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write((head.encode() + body) * (1 if _StuttersOnce.has_stuttered else 2))
        _StuttersOnce.has_stuttered = True

    def log_message(self, *args: Any) -> None:
        pass


@pytest.mark.parametrize("method", ["get_generation", "get_interview", "get_package"])
def test_an_answer_about_something_else_is_not_taken_for_the_one_that_was_asked_for(
    method: str, turned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run would end with another one's package; it is asked for again instead."""
    monkeypatch.setattr(_StuttersOnce, "has_stuttered", False)
    with ThreadingHTTPServer(("127.0.0.1", 0), _StuttersOnce) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        options = {"store": RunStore.in_memory(), "clock": turned(SimpleNamespace(clock=ManualClock()))}
        with SpecStep("sf_key", api_url=f"http://127.0.0.1:{server.server_port}", **options) as specstep:
            for asked in (UUID(int=1), UUID(int=2), UUID(int=3)):
                assert getattr(specstep, method)(asked).id == asked
        server.shutdown()


class _IsNoService(BaseHTTPRequestHandler):
    """Somebody else's web page, at every address."""

    server: _Remembering

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><body>Welcome!</body></html>")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """A web server that is no SpecStep, with its status for every page."""
    with _Remembering(("127.0.0.1", 0), _IsNoService) as server:
        server.status = 200
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("status", [None, 200, 404])
def test_an_address_that_is_not_the_services_is_told_soon(status: int | None, elsewhere: Any, turned: Any) -> None:
    """Half a minute of trying, not the five of a job under way; the sentence says where to look."""
    clock = turned(SimpleNamespace(clock=ManualClock()))
    elsewhere.status, address = status, f"http://127.0.0.1:{elsewhere.server_port}"
    with socket.socket() as deaf:
        if status is None:
            deaf.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with (
            SpecStep("sf_key", api_url=address, store=RunStore.in_memory(), clock=clock) as specstep,
            pytest.raises(RequestError, match="SPECSTEP_API_URL"),
        ):
            specstep.run("A shop for tea.")
    assert sum(clock.slept) <= 30
