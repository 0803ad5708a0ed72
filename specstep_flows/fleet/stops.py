"""How a run that is being driven is stopped: at its next wait, when everything is in its record.

Whatever waits, waits on the clock. So whoever stops a run ends its wait, and leaves what was sent to be answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.engine.clock import Clock


@attrs.define(eq=False)
class Stop:
    """Whether one run is to be stopped. For the event loop alone."""

    is_wanted: bool = False
    #: Whether the run is being cancelled already: nobody stops it for that.
    is_cancelling: bool = False
    _wait: asyncio.Task[Any] | None = None

    def stop(self) -> None:
        """Let it end with its wait, or with the next one. It is then as if its task were cancelled."""
        self.is_wanted = True
        if self._wait is not None:
            self._wait.cancel()

    async def rest(self, clock: Clock, seconds: float) -> None:
        """Wait, unless it is stopped. Raises ``CancelledError``."""
        if self.is_wanted:
            raise asyncio.CancelledError
        self._wait = asyncio.ensure_future(clock.sleep_async(seconds))
        try:
            await self._wait
        finally:
            self._wait.cancel()
            self._wait = None


_STOP: Final[ContextVar[Stop | None]] = ContextVar("stop", default=None)


@contextlib.contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """Whatever waits on a ``StoppingClock`` in here, in this task, ends with ``stop``."""
    token = _STOP.set(stop)
    try:
        yield
    finally:
        _STOP.reset(token)


class StoppingClock:
    """A clock whose waits end early for a run that is stopped."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.speed = clock.speed
        #: The start of the machine is of no use on a clock that several machines share, unless that says so itself.
        self.boot = getattr(clock, "boot", lambda: None)
        self.is_shared = getattr(clock, "is_shared", False)

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        stop = _STOP.get()
        await (self._clock.sleep_async(seconds) if stop is None else stop.rest(self._clock, seconds))
