"""One request and its whole answer: what is never logged, how long it may take, and what each failure means."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from specstep_flows import errors
from specstep_flows.engine import transport
from specstep_flows.engine.effects import Request
from specstep_flows.sandbox import ManualClock, Sandbox


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
