"""The sandbox as a whole: a world, two servers on loopback in one background thread, and handles for tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from specstep_flows.sandbox.api import Api
from specstep_flows.sandbox.blobs import BlobStore, blob_operation
from specstep_flows.sandbox.clock import Clock, ScaledClock
from specstep_flows.sandbox.connections import Listener, Recorder, Requests, bind
from specstep_flows.sandbox.document import operation_of
from specstep_flows.sandbox.fault_layer import FaultLayer
from specstep_flows.sandbox.faults import Faults, load_faults
from specstep_flows.sandbox.operations import befallen
from specstep_flows.sandbox.options import SandboxOptions
from specstep_flows.sandbox.webhook_sender import WebhookSender
from specstep_flows.sandbox.world import World

#: How often a server that waits for its end looks whether it was interrupted.
_SLICE_SECONDS: Final = 0.5


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
        self.requests = Requests(check=befallen)
        self._world = World(self.options, self.clock)
        self._host = host
        self._ports = [port, blob_port]
        self.faults = Faults()
        sender = WebhookSender(self._world, self.clock, self._run)
        self._api = Api(self._world, self.clock, lambda: self.blob_url, sender.called)
        self._blobs = BlobStore(self._world, self.clock)
        self._fault_layers = [
            FaultLayer(self._api.app, self.faults, self.clock, self._go_down),
            FaultLayer(self._blobs.app, self.faults, self.clock, self._go_down),
        ]
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._going_down: set[asyncio.Task[None]] = set()

    # Addresses

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return self._url(self._ports[0])

    @property
    def blob_url(self) -> str:
        """Where the blob server is."""
        return self._url(self._ports[1])

    def _url(self, port: int) -> str:
        return f"http://[{self._host}]:{port}" if ":" in self._host else f"http://{self._host}:{port}"

    @property
    def api_key(self) -> str:
        """An `sf_…` key that is let in."""
        return self._world.api_key

    @property
    def state(self) -> World:
        """What the sandbox remembers, as of this virtual moment."""
        now = self.clock.now()
        self._run(lambda: self._fault_layers[0].catch_up(now))
        self._world.settle(now)
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
        await self._open(sockets)
        ready.set()
        await self._stopping.wait()
        await self._close()
        self._loop = None

    async def _open(self, sockets: list[socket.socket]) -> None:
        names = (("api", operation_of), ("blob", blob_operation))
        for (name, naming), layer, listening in zip(names, self._fault_layers, sockets, strict=True):
            listener = Listener(Recorder(layer, name, self.clock, self.requests, naming), listening)
            self._listeners.append(listener)
            await listener.open()

    async def _close(self) -> None:
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            await listener.close()

    def _go_down(self, seconds: float) -> None:
        """Be gone at once, and back after `seconds` of virtual time. Called by a fault, within the loop."""

        back = self.clock.now() + seconds
        turn = asyncio.Lock()

        async def down() -> None:
            async with turn:
                await self._close()
            if seconds <= 0:
                await up()

        async def up() -> None:
            async with turn:
                if self._loop is not None and not self._listeners:
                    await self._open([bind(self._host, port) for port in self._ports])

        if seconds > 0:  # arranged before anybody can notice that the server is gone
            self.clock.call_at(back, lambda: self._run(up))
        task = asyncio.get_running_loop().create_task(down())
        self._going_down.add(task)
        task.add_done_callback(self._going_down.discard)

    def _run(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something in the server's loop from any other thread, or right here while it is stopped."""
        loop = self._loop
        if loop is None or not loop.is_running():
            asyncio.run(job())
        else:
            asyncio.run_coroutine_threadsafe(job(), loop).result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    host: str = "127.0.0.1",
    port: int = 8787,
    speed: float = 1.0,
    faults_file: str | Path | None = None,
    options: SandboxOptions | None = None,
    announce: Callable[[str], None] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve until interrupted, or until the event `until` is set.

    One line is announced once connections are accepted (to stdout, unless `announce` takes it): where the API is and
    the key to try, in the form of shell assignments. Virtual time runs `speed` times as fast as real time.

    Raises ValueError for a faults file that holds something else, and OSError when it cannot be read or when the port
    is taken.
    """
    sandbox = Sandbox(port=port, options=options, speed=speed, host=host)
    if faults_file is not None:
        sandbox.faults.add(*load_faults(faults_file))
    with sandbox:
        line = f"SPECSTEP_API_URL={sandbox.url} SPECSTEP_API_KEY={sandbox.api_key} SPECSTEP_CLOCK_SPEED={speed:g}"
        if announce is not None:
            announce(line)
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        try:
            # Not in one piece: on Windows, Ctrl-C does not end it.
            while until is not None and not until.wait(_SLICE_SECONDS):
                pass
            # Not an event: a wait for one, interrupted at the wrong moment, ends with an error of its lock.
            while until is None:
                time.sleep(_SLICE_SECONDS)
        except KeyboardInterrupt:
            return
