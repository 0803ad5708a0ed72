"""The watchdog: a thread that ends the process when its event loop no longer turns.

A worker that hangs keeps the lock of its session, so nobody takes its runs over until it has ended. The thread counts
its own ticks, so a process that was stopped as a whole (SIGSTOP, a laptop that sleeps) has not hung.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from typing import Final

logger = logging.getLogger("specstep_flows.fleet")

TICK_SECONDS: Final = 1.0
HANG_TICKS: Final = 60
#: What the process ends with: whoever started it starts it again. (``EX_SOFTWARE`` of sysexits.)
EXIT_CODE: Final = 70


class Watchdog:
    """Watches the loop that ``turn`` runs on, in a thread that ``start`` starts."""

    def __init__(self, end: Callable[[int], object] = os._exit, ticks: int = HANG_TICKS) -> None:
        self._end = end
        self._most = ticks
        self._missed = 0
        self._over = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="specstep-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._over.set()

    @property
    def missed(self) -> int:
        """For how many ticks the loop has not turned."""
        return self._missed

    async def turn(self) -> None:
        """Turn with the loop, for ever."""
        while True:
            self._missed = 0
            await asyncio.sleep(TICK_SECONDS)

    def tick(self) -> None:
        """One tick of the thread."""
        self._missed += 1
        if self._missed > self._most:
            logger.critical("The event loop has not turned for %s s: the process ends.", self._most * TICK_SECONDS)
            self._end(EXIT_CODE)

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            self.tick()
