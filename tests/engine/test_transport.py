"""One request and its whole answer: what is never logged, how long it may take, and what each failure means."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import Settings, errors
from specstep_flows._http import open_http, open_http_async
from specstep_flows.engine import transport
from specstep_flows.engine.effects import Request
from specstep_flows.sandbox import ManualClock, Sandbox
from tests.kit.platforms import POSIX_ONLY
from tests.kit.raw_server import answering, raw_server, without_end


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


@POSIX_ONLY
def test_a_refused_connection_is_told_in_the_systems_words() -> None:
    """On an event loop as without one."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    request = Request("any", "read", "GET", "/v1/x")

    async def send() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await transport.attempt_async(http, request, 5.0)

    with pytest.raises(errors.NotConnected, match=r"service: Connection refused\.$"):
        asyncio.run(send())
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
        pytest.raises(errors.NotConnected, match=r"service: Connection refused\.$"),
    ):
        transport.attempt(http, request, 5.0)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), errors.NotConnected),
        (httpx.ConnectTimeout("late"), errors.NotConnected),
        (httpx.PoolTimeout("full"), errors.NotConnected),
        (httpx.UnsupportedProtocol("gopher"), errors.NotConnected),
        (httpx.LocalProtocolError("header"), errors.NotConnected),
        (httpx.ProxyError("502 Bad Gateway"), errors.NotConnected),
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


#: Sends once, with a client of its own, sync or async: what is sent, the service's port, and the seconds for one read.
Ask = Callable[..., Any]


def ask_sync(request: Request, port: int, timeout: float = 75.0, wall: Any = time.monotonic, **more: Any) -> Any:
    settings = Settings("sf_key", f"http://127.0.0.1:{port}")
    with open_http(settings, is_anonymous=False) as http:
        return transport.attempt(http, request, timeout, wall, **more)


def ask_async(request: Request, port: int, timeout: float = 75.0, wall: Any = time.monotonic, **more: Any) -> Any:
    settings = Settings("sf_key", f"http://127.0.0.1:{port}")

    async def ask() -> Any:
        async with open_http_async(settings, is_anonymous=False) as http:
            return await transport.attempt_async(http, request, timeout, wall, **more)

    return asyncio.run(ask())


both = pytest.mark.parametrize("ask", [ask_sync, ask_async])
READ = Request("any", "read", "GET", "/v1/x")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), b"no more is read of this"),
    ],
    ids=["103 without end", "100 without end", "chunks without end", "an end, and then more"],
)
@both
def test_an_answer_ends_however_it_is_kept_going(ask: Ask, first: bytes, again: bytes) -> None:
    """Twice the time for one read is the limit for all of it, interim answers included."""
    with raw_server(without_end(first, again)) as port, pytest.raises(errors.ConnectionLost):
        ask(READ, port, 0.2)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"X-Long: " + b"x" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 66_000 + b"\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["ssh", "status", "length", "chunk", "head", "redirect", "long redirect"],
)
@both
def test_what_came_and_cannot_be_read_is_no_lost_connection(ask: Ask, answer: bytes) -> None:
    """Somebody answered: to look at the network would be wrong advice. It may have been carried out all the same."""
    with raw_server(answering(answer)) as port, pytest.raises(errors.ConnectionLost, match="is not HTTP") as caught:
        ask(READ, port)
    assert caught.value.ambiguous


@pytest.mark.parametrize("answer", [b"", OK[:20], OK + b"Content-Length: 9\r\n\r\n{}"], ids=["no", "head", "body"])
@both
def test_an_answer_that_breaks_off_is_a_lost_connection(ask: Ask, answer: bytes) -> None:
    """Before, within and after its head."""
    with raw_server(answering(answer)) as port, pytest.raises(errors.ConnectionLost, match="connection was lost"):
        ask(READ, port)


@both
def test_a_head_that_never_ends_is_given_up(ask: Ask) -> None:
    """Each byte comes in time, but the end of the head never does."""
    stopped = threading.Event()

    def drip(peer: socket.socket, head: bytes) -> None:
        peer.sendall(OK + b"X-Drip: ")
        while not stopped.wait(0.02):
            peer.sendall(b"x")

    with raw_server(drip) as port:
        with pytest.raises(errors.ConnectionLost, match=r"in time|too long"):
            ask(READ, port, 0.2)
        stopped.set()


@both
def test_an_interim_answer_is_read_past(ask: Ask) -> None:
    """One or several: what counts is the answer behind it."""
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with raw_server(answering(hint, hint, OK + b"Content-Length: 2\r\n\r\n{}")) as port:
        assert ask(READ, port).content == b"{}"


def packed(content: bytes, encoding: str) -> bytes:
    return OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (gzip.compress(b'{"a": 1}', mtime=0), "gzip"),
        (gzip.compress(b'{"a": 1}', mtime=0), "GZip, identity"),
        (gzip.compress(b'{"a": 1}', mtime=0), "x-gzip"),
        (zlib.compress(b'{"a": 1}'), "deflate"),
        (zlib.compress(b'{"a": 1}', wbits=-15), "deflate"),
        (b'{"a": 1}', "identity"),
        (b'{"a": 1}', "utf-8"),
        (b'{"a": 1}', ""),
        (b"", "gzip"),
    ],
)
@both
def test_an_answer_is_unpacked(ask: Ask, content: bytes, encoding: str) -> None:
    """A label that stands for no packing changes nothing, and neither does one on an empty body."""
    with raw_server(answering(packed(content, encoding))) as port:
        assert ask(READ, port).content == (b'{"a": 1}' if content else b"")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b'{"a": 1}', "gzip"),
        (b'{"a": 1}', "deflate"),
        (gzip.compress(b'{"a": 1}', mtime=0)[:-5], "gzip"),
        (gzip.compress(gzip.compress(b"{}"), mtime=0), "gzip, gzip"),
        (gzip.compress(zlib.compress(b"{}"), mtime=0), "deflate,gzip"),
    ],
    ids=["plain", "no deflate", "cut", "twice", "two kinds"],
)
@both
def test_an_answer_that_cannot_be_unpacked_is_told_as_such(ask: Ask, content: bytes, encoding: str) -> None:
    """It arrived, so the connection is not to blame, and the request may have been carried out."""
    answer = answering(packed(content, encoding))
    with (
        raw_server(answer) as port,
        pytest.raises(errors.UnexpectedResponse, match="cannot be read") as caught,
    ):
        ask(READ, port)
    assert caught.value.ambiguous


@both
def test_a_small_answer_does_not_fill_the_memory(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unpacked a piece at a time, and no further than any answer is long."""
    monkeypatch.setattr(transport, "LONGEST_BODY_BYTES", 1 << 16)
    monkeypatch.setattr(transport, "LONGEST_PIECE_BYTES", 1 << 12)
    bomb = packed(gzip.compress(bytes(1 << 24)), "gzip")
    with raw_server(answering(bomb)) as port:
        tracemalloc.start()
        with pytest.raises(errors.UnexpectedResponse, match="larger"):
            ask(READ, port)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1 << 22


@given(content=st.binary(max_size=5000), piece=st.integers(1, 64), cut=st.integers(1, 500))
def test_whatever_the_pieces_the_whole_is_the_same(content: bytes, piece: int, cut: int) -> None:
    """Unpacked in pieces of any size out of pieces of any size."""
    stream = gzip.compress(content)
    response = httpx.Response(200, headers={"content-encoding": "gzip"})
    body = transport._Body(transport._Exchange(READ, 75.0, time.monotonic), response)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "LONGEST_PIECE_BYTES", piece)
        for begin in range(0, len(stream), cut):
            body.add(stream[begin : begin + cut])
    assert body.whole() == content


def test_an_upload_that_stalls_for_good_is_given_up() -> None:
    """It may take long, but not be slower than any line is."""
    files = [("file", ("plan.pdf", b"x" * 100, "application/pdf"))]
    request = Request("any", "unsafe", "POST", "/v1/interviews/1/reference-documents", files=files)
    exchange = transport._Exchange(request, 75.0, lambda: 0.0)
    assert 150 < exchange.seconds_left() < 151


@both
def test_what_a_callback_raises_is_its_own(ask: Ask) -> None:
    """Told of an upload's progress, it fails with what might be an error of the connection, and is not taken for it."""
    files = [("file", ("plan.pdf", b"x" * 100, "application/pdf"))]
    request = Request("any", "unsafe", "POST", "/v1/interviews/1/reference-documents", files=files)

    def fail(_: Any) -> None:
        raise OSError("the user's own disk")

    async def fail_async(_: Any) -> None:
        fail(_)

    answer = answering(OK + b"Content-Length: 2\r\n\r\n{}")
    with raw_server(answer) as port, pytest.raises(OSError, match="own disk"):
        ask(request, port, tell=fail if ask is ask_sync else fail_async)
