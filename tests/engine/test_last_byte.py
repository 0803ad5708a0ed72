"""The end of a request that costs is held back until its sender has looked once more, on real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from specstep_flows import Settings, errors
from specstep_flows._http import open_http, open_http_async
from specstep_flows.engine import transport
from specstep_flows.engine.effects import Request
from tests.kit.raw_server import certificate, raw_server, tunnelling

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PDF = [("file", ("plan.pdf", b"x" * 100_000, "application/pdf")), ("note", (None, b"last", None))]
BODIES: dict[str, dict[str, Any]] = {
    "a body": {"json": {"brief": "Zebra crossings."}},
    "a body of one byte": {"json": 7},
    "an upload": {"files": PDF},
    "no body": {},
}
bodies = pytest.mark.parametrize("body", BODIES)
both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


#: The last line of a form: its boundary, with dashes before and behind it.
BOUNDARY = 38


class Taken(Exception):
    """Somebody has taken the run."""


def end_of(body: str) -> int:
    return BOUNDARY if body == "an upload" else 1


def paid(body: str) -> Request:
    return Request("any", "unsafe", "POST", "/v1/x", **BODIES[body])


@attrs.define
class Server:
    """Reads one request after the other, notes what has come, and answers each once it is whole."""

    came: bytes = b""
    whole: list[bytes] = attrs.field(factory=list)
    is_closed: threading.Event = attrs.field(factory=threading.Event)
    #: What is answered to a head whose body has not come; the connection is closed then.
    early: bytes = b""
    #: The most bytes of a body that its sender holds back.
    end: int = 1

    def __call__(self, peer: socket.socket, head: bytes) -> None:
        try:
            while True:
                while _missing(self.came) != 0:
                    if self.early and b"\r\n\r\n" in self.came:
                        peer.sendall(self.early)
                        peer.shutdown(socket.SHUT_WR)
                        self.is_closed.set()
                        self.early = b""
                    if not (more := peer.recv(65536)):
                        return
                    self.came += more
                self.whole.append(self.came)
                peer.sendall(OK)
                self.came = b""
        finally:
            self.is_closed.set()

    def waits(self) -> bytes:
        """What has come while the sender looks: all but the end of a body, or the first byte of a head without one."""
        for _ in range(500):
            if (came := self.came) == b"P" or 0 < _missing(came) <= self.end:
                return came
            time.sleep(0.01)
        raise AssertionError(f"nothing more than {self.came!r} came")


def _missing(came: bytes) -> int:
    """How many bytes of the body have not come; -1 while the head has not."""
    head, end, body = came.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return length - len(body) if end else -1


def send(is_async: bool, address: str, *sent: tuple[Request, Callable[[], Any] | None]) -> list[Any]:
    """Send some requests by one client."""
    import asyncio

    settings = Settings("sf_key", address)
    if not is_async:
        with open_http(settings, is_anonymous=False) as http:
            return [transport.attempt(http, request, 5.0, guard=guard) for request, guard in sent]

    async def go() -> list[Any]:
        async with open_http_async(settings, is_anonymous=False) as http:
            replies = []
            for request, guard in sent:
                look = None if guard is None else (lambda guard=guard: asyncio.to_thread(guard))
                replies.append(await transport.attempt_async(http, request, 5.0, guard=look))
            return replies

    return asyncio.run(go())


@both
@bodies
def test_all_but_the_end_is_there_when_the_sender_looks(is_async: bool, body: str) -> None:
    """The server has the rest, so its time limit runs; what it gets in the end is what it would have got anyway."""
    server, seen = Server(end=end_of(body)), []
    with raw_server(server, reads_head=False) as port:
        address = f"http://127.0.0.1:{port}"
        request = paid(body)
        send(is_async, address, (request, None), (request, lambda: seen.append(server.waits())))

    plain, guarded = server.whole
    if body == "an upload":  # the boundary is made up each time
        assert len(plain) == len(guarded)
    else:
        assert plain == guarded
    # A server that takes the end of a connection for the end of a request finds neither JSON nor a form nor a path.
    end = {"no body": guarded[1:], "an upload": guarded[-BOUNDARY:]}.get(body, guarded[-1:])
    assert seen == [guarded.removesuffix(end)]
    assert body != "an upload" or end.startswith(b"--")


@both
@bodies
def test_what_the_look_raises_ends_the_connection_without_the_end(is_async: bool, body: str) -> None:
    """It is raised as it is, also where it could be taken for a failure of the network."""
    for failure in (Taken(), OSError("no disk")):
        server = Server(end=end_of(body))

        def refuse(server: Server = server, failure: Exception = failure) -> None:
            server.waits()
            raise failure

        with raw_server(server, reads_head=False) as port:
            with pytest.raises(type(failure)) as caught:
                send(is_async, f"http://127.0.0.1:{port}", (paid(body), refuse))
            assert caught.value is failure
            assert server.is_closed.wait(5)
        assert server.whole == []
        assert server.came
        assert _missing(server.came) != 0


@both
@pytest.mark.parametrize("body", ["a body", "no body"])
def test_through_a_proxy_and_encrypted(
    is_async: bool, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: tuple[Path, ssl.SSLContext]
) -> None:
    """The proxy's own request is not held back; the one inside its tunnel is."""
    made, context = tls
    server, seen = Server(), []
    asked: list[bytes] = []
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    with (
        raw_server(server, context, reads_head=False) as there,
        raw_server(tunnelling({"specstep.example": there}, asked)) as port,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        send(is_async, "https://specstep.example", (paid(body), lambda: seen.append(server.waits())))

    assert len(asked) == 1
    assert server.whole[0].startswith(seen[0])


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("tls"), "specstep.example")


@both
@pytest.mark.parametrize("body", ["a body", "an upload"])
def test_an_answer_before_the_body_is_whole_counts(is_async: bool, body: str) -> None:
    """A server may refuse a request by its head, and close; the answer is read as it always was."""
    early = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    server = Server(early=early)
    with raw_server(server, reads_head=False) as port:
        [reply] = send(is_async, f"http://127.0.0.1:{port}", (paid(body), server.is_closed.wait))
    assert reply.status == 413


@both
def test_a_connection_that_closed_meanwhile_is_lost_and_not_made_again(is_async: bool) -> None:
    """Nobody knows what became of the request, as with any that was begun: it is sent by no second connection."""
    heads = []

    def hang_up(peer: socket.socket, head: bytes) -> None:
        heads.append(head)

    with raw_server(hang_up) as port, pytest.raises(errors.ConnectionLost) as caught:
        send(is_async, f"http://127.0.0.1:{port}", (paid("a body"), lambda: None))
    assert caught.value.ambiguous
    assert len(heads) == 1


@both
def test_small_packets_wait_for_nobody(is_async: bool) -> None:
    """Otherwise the last byte would wait until the server's delayed acknowledgement of the rest."""
    import asyncio

    settings = None
    with raw_server(Server(), reads_head=False) as port:
        settings = Settings("sf_key", f"http://127.0.0.1:{port}")

        def no_delay(response: httpx.Response) -> int:
            inner: Any = response.extensions["network_stream"]
            found: int = inner.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            return found

        async def ask() -> int:
            async with open_http_async(settings, is_anonymous=False) as http:
                return no_delay(await http.get("/v1/x"))

        if is_async:
            assert asyncio.run(ask())
        else:
            with open_http(settings, is_anonymous=False) as http:
                assert no_delay(http.get("/v1/x"))


@both
def test_somebody_elses_transport_is_looked_after_as_far_as_it_goes(is_async: bool) -> None:
    """What has no body is not sent at all before the look: nobody could hold its head back."""
    import asyncio

    order: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        order.append("sent")
        return httpx.Response(200, json={})

    mocked = httpx.MockTransport(answer)
    guard: Any = lambda: order.append("look")  # noqa: E731
    if is_async:

        async def go() -> None:
            async with httpx.AsyncClient(base_url="https://specstep.example", transport=mocked) as http:
                await transport.attempt_async(http, paid("no body"), 5.0, guard=lambda: asyncio.to_thread(guard))

        asyncio.run(go())
    else:
        with httpx.Client(base_url="https://specstep.example", transport=mocked) as http:
            transport.attempt(http, paid("no body"), 5.0, guard=guard)
    assert order == ["look", "sent"]
