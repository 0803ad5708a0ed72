"""uvicorn, held so that a test can cut its connections: started in a running loop, stopped at once."""

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .scope import TRANSPORT


class _Protocol(H11Protocol):
    """uvicorn's own, with the connection within reach of the application."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = self.transport
            try:
                await inner(scope, receive, send)
            except asyncio.CancelledError:
                if not self.transport.is_closing():
                    raise

        self.app = app


class Listener:
    """One listening socket and everything that is connected to it."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=600,
        )
        self._socket = listening
        self._server = uvicorn.Server(config)

    async def open(self) -> None:
        """Accept connections."""
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[self._socket])

    async def close(self) -> None:
        """Stop listening and cut what is connected."""
        for server in self._server.servers:
            server.close()
        self._socket.close()
        for connection in list(self._server.server_state.connections):
            reset(connection.transport)
        await asyncio.sleep(0)  # lets uvicorn hear that the connections are lost, so that it does not complain
        tasks = list(self._server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound and not listening yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer would wait 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def reset(transport: asyncio.Transport) -> None:
    """Close a connection with a TCP RST in place of a FIN."""
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
