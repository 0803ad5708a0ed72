"""A turned clock that processes share: a number in a mapped file. The sandbox reads it; whoever sleeps turns it."""

from __future__ import annotations

import asyncio
import mmap
import struct
from collections.abc import Callable
from pathlib import Path

from specstep_flows.sandbox.clock import EPOCH

_FORM = struct.Struct("d")


class SharedClock:
    """The same moment in every process that opened the same file. One process at a time may turn it."""

    speed = 1.0

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FORM.pack(EPOCH))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _FORM.size)

    def now(self) -> float:
        moment: float = _FORM.unpack_from(self._map)[0]
        return moment

    def sleep(self, seconds: float) -> None:
        _FORM.pack_into(self._map, 0, self.now() + max(0.0, seconds))

    def turn_to_round_hour(self) -> None:
        """Go on to the next full hour: the sandbox's dispatcher ticks by the clock, and so each run meets it alike."""
        self.sleep(3600.0 - self.now() % 3600.0)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        raise NotImplementedError("no fault of these tests needs it")
