"""One request and its whole answer: what is never logged, how long it may take, and what each failure means."""

from __future__ import annotations

import asyncio
import http.server
import importlib.metadata
import logging
import pkgutil
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpcore
import httpx
import pytest

from specstep_flows import errors
from specstep_flows.engine import transport
from specstep_flows.engine.effects import Request
from specstep_flows.engine.transport import _LOGGERS, hide_queries
from specstep_flows.sandbox import ManualClock, Sandbox

SIGNATURE = "c2lnbmVkLXNlY3JldA"


class Redirecting(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"https://blobs.example.com/x.zip?se=2026&sig={SIGNATURE}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.001})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/packages/7/zip"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_signed_redirect_is_not_logged(url: str, is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level, sync and async, the head of the answer is logged without the signature."""
    caplog.set_level(logging.DEBUG)
    hide_queries()
    hide_queries()
    if is_async:

        async def get() -> httpx.Response:
            async with httpx.AsyncClient() as client:
                return await client.get(url)

        response = asyncio.run(get())
    else:
        with httpx.Client() as client:
            response = client.get(url)

    assert SIGNATURE in response.headers["location"]
    assert "https://blobs.example.com/x.zip?…" in caplog.text, "httpcore logged the head"
    assert SIGNATURE not in caplog.text


def test_every_logger_of_httpcore_is_covered() -> None:
    """A new version of httpcore with another logger must not pass unnoticed."""
    named = set()
    for module in pkgutil.walk_packages(httpcore.__path__, "httpcore."):
        spec = module.module_finder.find_spec(module.name, None)
        assert spec is not None
        source = spec.loader.get_source(module.name)  # type: ignore[union-attr]
        named |= set(re.findall(r"getLogger\(\"(.*?)\"\)", source or ""))
    assert named == set(_LOGGERS), f"httpcore {importlib.metadata.version('httpcore')}"


@pytest.mark.parametrize("has_file", [True, False])
def test_the_answer_has_its_own_time_however_long_the_file_took(has_file: bool) -> None:
    """An upload of minutes is not taken for an answer that comes too slowly; a request without a file still is."""
    files = [("file", ("plan.pdf", b"x" * 10, "application/pdf"))] if has_file else None
    method, path = ("POST", "/v1/interviews/1/reference-documents") if has_file else ("GET", "/v1/status/summary")
    request = Request("any", "unsafe", method, path, files=files)
    # The first look at the clock is before the request, the later ones are ten minutes after it.
    looks = iter([0.0])
    with Sandbox(clock=ManualClock()) as sandbox, httpx.Client(base_url=sandbox.url) as http:

        def send() -> Any:
            return transport.attempt(http, request, 75.0, lambda: next(looks, 600.0))

        if has_file:
            assert send().status in (401, 404)
        else:
            with pytest.raises(errors.ConnectionLost, match="took too long"):
                send()


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), errors.NotConnected),
        (httpx.ConnectTimeout("late"), errors.NotConnected),
        (httpx.PoolTimeout("full"), errors.NotConnected),
        (httpx.UnsupportedProtocol("gopher"), errors.NotConnected),
        (httpx.LocalProtocolError("header"), errors.NotConnected),
        (httpx.ReadTimeout("late"), errors.ConnectionLost),
        (httpx.WriteError("cut"), errors.ConnectionLost),
        (httpx.ReadError("cut"), errors.ConnectionLost),
        (httpx.RemoteProtocolError("cut"), errors.ConnectionLost),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_only_a_connection_that_was_never_made_means_that_nothing_was_sent(
    failure: Exception, kind: type[errors.TransportError], is_async: bool
) -> None:
    """Whatever else breaks may have been carried out. The original, whose request holds the key, is not chained."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise failure

    request, mocked = Request("any", "unsafe", "POST", "/v1/x"), httpx.MockTransport(fail)

    def send() -> None:
        with httpx.Client(base_url="https://specstep.example", transport=mocked) as http:
            transport.attempt(http, request, 75.0)

    async def send_async() -> None:
        async with httpx.AsyncClient(base_url="https://specstep.example", transport=mocked) as http:
            await transport.attempt_async(http, request, 75.0)

    with pytest.raises(errors.TransportError) as caught:
        asyncio.run(send_async()) if is_async else send()

    assert type(caught.value) is kind
    assert caught.value.ambiguous == (kind is errors.ConnectionLost)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_answer_without_end_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of the API's is that large; a package that comes without a redirect is left unread."""
    monkeypatch.setattr(transport, "LONGEST_BODY_BYTES", 1000)
    pages = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x" * 2000))
    with httpx.Client(base_url="https://specstep.example", transport=pages) as http:
        with pytest.raises(errors.UnexpectedResponse, match="larger"):
            transport.attempt(http, Request("any", "read", "GET", "/v1/x"), 75.0)
        request = Request("get_package_zip", "read", "GET", "/v1/packages/7/zip", leaves_body=True)
        assert transport.attempt(http, request, 75.0).content == b""
