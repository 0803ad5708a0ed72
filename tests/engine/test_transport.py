"""The redirect to a signed address passes through httpx; httpcore's debug log must not keep it."""

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

from specstep_flows.engine.transport import _LOGGERS, hide_queries

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
