"""What keeps an event loop from looking at what has come: single steps of its tasks, and the garbage collector.

In processor time of the loop's thread, so that it does not matter what else the machine does, and in wall time.
"""

from __future__ import annotations

import asyncio
import gc
import selectors
import threading
import time
from typing import Any, Final, TypeAlias

import attrs

#: What is shorter is not kept: the measurement must not give the garbage collector more to do.
WORTH_KEEPING_SECONDS: Final = 0.005
#: Wall time, the thread's processor time, and what the garbage collector has had of that so far.
_Reading: TypeAlias = tuple[float, float, float]


@attrs.frozen
class Slice:
    """Something that the loop did without a break, in seconds."""

    cpu: float
    #: With what other threads and processes had meanwhile.
    wall: float
    #: How much of the processor time was the garbage collector's.
    collecting: float

    @property
    def own(self) -> float:
        """What would be left without the garbage collector."""
        return self.cpu - self.collecting


class Watched(selectors.DefaultSelector):
    """What an event loop waits with, which therefore knows its turns. Make it, and one only, in the loop's thread."""

    def __init__(self) -> None:
        super().__init__()
        #: From one ``await`` of a task to its next, or a callback.
        self.steps: list[Slice] = []
        #: All steps that were due at a time. The longer the process was kept from running, the more they are.
        self.turns: list[Slice] = []
        #: Each pass of the garbage collector, in whatever thread: nothing else runs meanwhile.
        self.passes: list[float] = []
        self._thread = threading.get_ident()
        self._collected = 0.0
        self._pass_began = 0.0
        self._turn_began: _Reading | None = None
        gc.callbacks.append(self._note_pass)
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            began = self._read()
            run(handle)
            self._keep(self.steps, began)

        # A debugging loop would measure the same, but in wall time, and at several times the price.
        asyncio.Handle._run = timed  # type: ignore[assignment, method-assign]

    def select(self, timeout: float | None = None) -> Any:
        if self._turn_began is not None:
            self._keep(self.turns, self._turn_began)
        found = super().select(timeout)
        self._turn_began = self._read()
        return found

    def clear(self) -> None:
        """Forget what was before."""
        for kept in (self.steps, self.turns, self.passes):
            kept.clear()
        self._turn_began = None

    def _read(self) -> _Reading:
        return time.perf_counter(), time.thread_time(), self._collected

    def _keep(self, slices: list[Slice], began: _Reading) -> None:
        wall, cpu, collecting = (now - then for now, then in zip(self._read(), began, strict=True))
        if wall > WORTH_KEEPING_SECONDS:
            slices.append(Slice(cpu, wall, collecting))

    def _note_pass(self, phase: str, info: object) -> None:
        now = time.thread_time()
        if phase == "start":
            self._pass_began = now
            return
        self.passes.append(now - self._pass_began)
        if threading.get_ident() == self._thread:
            self._collected += self.passes[-1]
