"""The server of ``specstep webhook listen``, towards strangers who keep a connection and do not say what they want."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import Mock

import h11
import pytest
import uvicorn
from uvicorn.server import ServerState

from specstep_flows.webhooks.listener import HEAD_SECONDS, ListeningServer

HEAD = b"POST /hook HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\n\r\n"


class Loop:
    """Keeps what is to happen later; a task that is made is not carried out."""

    def __init__(self) -> None:
        self.timers: list[Mock] = []

    def call_later(self, seconds: float, work: Any) -> Any:
        self.timers.append(Mock(seconds=seconds, work=work, is_over=False))
        self.timers[-1].cancel = lambda timer=self.timers[-1]: setattr(timer, "is_over", True)
        return self.timers[-1]

    def create_task(self, work: Any, **_: Any) -> Mock:
        work.close()
        return Mock()

    @property
    def pending(self) -> list[Mock]:
        return [timer for timer in self.timers if not timer.is_over]


@pytest.fixture
def connection() -> tuple[Any, Loop, Mock]:
    """A connection that was just made to the server that listens."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Nothing gets here."""

    server = ListeningServer(app)
    server._socket.close()
    config: uvicorn.Config = server._server.config
    config.load()
    loop, transport = Loop(), Mock()
    transport.get_extra_info.return_value = None
    protocol = cast(Any, config.http_protocol_class)(config, ServerState(), {}, _loop=loop)
    protocol.connection_made(transport)
    return protocol, loop, transport


@pytest.mark.parametrize("sent", [b"", b"POST /hook HT", HEAD[:-1]])
def test_whoever_sends_no_head_is_let_go(connection: tuple[Any, Loop, Mock], sent: bytes) -> None:
    """However slowly the bytes of it come."""
    protocol, loop, transport = connection
    for byte in sent:
        protocol.data_received(bytes([byte]))
    (timer,) = loop.pending
    assert (timer.seconds, len(loop.timers)) == (HEAD_SECONDS, 1)
    timer.work()

    transport.abort.assert_called_once_with()


def test_whoever_sends_one_is_not(connection: tuple[Any, Loop, Mock]) -> None:
    """Not either while the body comes and is worked on; the head of the next request has a time of its own."""
    protocol, loop, _ = connection
    protocol.data_received(HEAD)
    protocol.data_received(b"{")
    assert loop.pending == []
    protocol.data_received(b"}")
    protocol.conn.send(h11.Response(status_code=204, headers=[]))
    protocol.conn.send(h11.EndOfMessage())
    protocol.conn.start_next_cycle()
    protocol.cycle.response_complete = True
    assert loop.pending == []
    protocol.data_received(b"P")
    assert [timer.seconds for timer in loop.pending] == [HEAD_SECONDS]
    protocol.connection_lost(None)
    assert loop.pending == []
