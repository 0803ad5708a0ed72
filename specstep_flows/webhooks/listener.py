"""Serves an ASGI application on a port of this machine in a thread, by uvicorn (the extra ``webhooks``).

uvicorn and not the standard library's server: it reads chunked bodies, which front doors send, and runs the
application that users mount in their own.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from asyncio import TimerHandle, Transport
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

#: How long the head of a request may take, in seconds. uvicorn waits for ever for whoever has not sent one yet.
HEAD_SECONDS: Final = 10.0

#: How long deliveries under way may go on after the end, in seconds.
GRACE_SECONDS: Final = 5


class _Protocol(H11Protocol):
    """uvicorn's own, which keeps no connection open for a stranger who does not say what is wanted."""

    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        # Bytes that come one by one put nothing off.
        self._wait_for_head()
        super().data_received(data)
        if not self._has_no_head():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        if self._head_timer is None and self._has_no_head():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _has_no_head(self) -> bool:
        """Whether the head of the first or the next request has not come yet."""
        return self.cycle is None or self.cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Server(uvicorn.Server):
    """uvicorn's own, which says when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


class ListeningServer:
    """An application that is served while the ``with`` block runs; port 0 takes any free one.

    Raises:
        OSError: the port is taken, or there is no such address.
    """

    def __init__(self, app: Any, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            # On Windows that would let another process have the same port.
            if sys.platform != "win32":
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                # Its warnings are about what strangers send, its errors about deliveries that end with it.
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="specstep-webhooks", daemon=True)

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        with contextlib.suppress(OSError):
            self._socket.close()
