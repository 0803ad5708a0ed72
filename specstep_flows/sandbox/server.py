"""The sandbox as a whole: a world, two servers on loopback in one background thread, and handles for tests."""

import asyncio
import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from .blob import BlobStore
from .clock import Clock, ScaledClock
from .http.app import Api
from .listener import Listener, bind
from .options import SandboxOptions
from .recorder import Recorder, Requests
from .world import World


class Sandbox:
    """A stateful local SpecStep.

    Use it as a context manager, or call `start` and `stop`; what it remembers outlives a stop, so that the two together
    are a restart of the server. `port` 0 takes any free port, which stays the same across restarts.
    """

    def __init__(
        self,
        port: int = 0,
        options: SandboxOptions | None = None,
        clock: Clock | None = None,
        speed: float = 1.0,
        host: str = "127.0.0.1",
        blob_port: int = 0,
    ) -> None:
        self.options = options or SandboxOptions()
        self.clock: Clock = clock or ScaledClock(speed)
        self.requests = Requests()
        self._world = World(self.options, self.clock)
        self._host = host
        self._ports = [port, blob_port]
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._api = Api(self._world, self.clock, lambda: self.blob_url)
        self._blobs = BlobStore(self._world, self.clock)

    # Addresses

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://{self._host}:{self._ports[0]}"

    @property
    def blob_url(self) -> str:
        """Where the blob server is."""
        return f"http://{self._host}:{self._ports[1]}"

    @property
    def api_key(self) -> str:
        """An `sf_…` key that is let in."""
        return self._world.api_key

    @property
    def state(self) -> World:
        """What the sandbox remembers, as of this virtual moment."""
        self._world.settle(self.clock.now())
        return self._world

    # Life

    def start(self) -> None:
        """Listen on both ports; returns once they accept connections."""
        if self._thread is not None:
            raise RuntimeError("the sandbox is running already")
        sockets: list[socket.socket] = []
        try:
            for number, port in enumerate(self._ports):
                sockets.append(bind(self._host, port))
                self._ports[number] = sockets[-1].getsockname()[1]
        except OSError:
            for one in sockets:
                one.close()
            raise
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(sockets, ready)), name="specstep-sandbox", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Cut all connections and stop listening; the memory stays."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        loop, stopping = self._loop, self._stopping
        assert loop is not None
        assert stopping is not None
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)
        thread.join()

    async def _serve(self, sockets: list[socket.socket], ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        listeners = [
            Listener(self._layers("api", self._api.app), sockets[0]),
            Listener(self._layers("blob", self._blobs.app), sockets[1]),
        ]
        for listener in listeners:
            await listener.open()
        ready.set()
        await self._stopping.wait()
        for listener in listeners:
            await listener.close()

    def _layers(self, server: str, app: ASGIApp) -> ASGIApp:
        return Recorder(app, server, self.clock, self.requests)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
