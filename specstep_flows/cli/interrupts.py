"""Ctrl-C and termination signals: the first detaches, the second stops at once. Nothing recorded is lost.

A wait or a question to a person ends at once. A request that is in flight is given a moment, so that what came of it
can be recorded; after that it is left alone, which the run's record allows for as well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from specstep_flows.engine.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

#: Seconds that a request in flight is given after the first Ctrl-C.
GRACE_SECONDS = 3.0
#: An interrupt that arrives between Python's last check and a blocking call is noticed after this long.
WAKE_SECONDS = 0.5
#: What wakes a command up, where the system has it.
_ALARMS: Final[tuple[int, ...]] = (signal.SIGALRM,) if hasattr(signal, "SIGALRM") else ()
NOTICE: Final = "Detaching after the request in flight; press Ctrl-C again to stop at once."


def write_notice() -> None:
    """Acknowledge a signal from its handler: not through a text stream, which may be in the middle of a line."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.write(sys.stderr.fileno(), f"\n{NOTICE}\n".encode("ascii"))


class Detach(KeyboardInterrupt):
    """The first Ctrl-C (or a termination signal): stop watching; what runs at the service keeps running."""


class Stop(KeyboardInterrupt):
    """The second one."""


def _numbers() -> Iterator[int]:
    """What ends a command, on this system."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is not None:
            yield number


class _PutOff:
    """Takes signals in place of their handlers, until it is over."""

    def __init__(self) -> None:
        self.arrived: list[int] = []
        self._handlers: dict[int, Any] = {}
        self._is_alarmed = self._is_over = False

    def begin(self) -> None:
        for number in (*_numbers(), *_ALARMS):
            # What is the system's to do, or is ignored, stays so.
            if callable(handler := signal.getsignal(number)):
                self._handlers[number] = handler
                signal.signal(number, self._take)

    def end(self) -> None:
        # From here on, whatever is left of this changes nothing, wherever the next signal comes.
        self._is_over = True
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for number in (*self.arrived, *(_ALARMS if self._is_alarmed else ())):
            signal.raise_signal(number)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_over or (self.arrived and number not in _ALARMS):
            self._handlers[number](number, frame)
        elif number in _ALARMS:
            self._is_alarmed = True
        else:
            self.arrived.append(number)


_put_off: _PutOff | None = None


@contextlib.contextmanager
def put_off() -> Iterator[list[int]]:
    """No signal's handler raises in the middle of this. What has arrived is in the list, and is handled behind it.

    What two threads do in turn needs that: raised between the taking of a lock and its release, an interrupt leaves it
    taken, and the other thread waits for ever. A second signal is handled at once: whoever is stuck gets out.
    """
    global _put_off
    if _put_off is not None or threading.current_thread() is not threading.main_thread():
        yield [] if _put_off is None else _put_off.arrived
        return
    mine = _PutOff()
    try:
        _put_off = mine
        mine.begin()
        yield mine.arrived
    finally:
        _put_off = None
        mine.end()


class Interrupts:
    """Signal handling while a run is driven; a context manager for the main thread (elsewhere it does nothing)."""

    def __init__(self, grace_seconds: float | None = None) -> None:
        self._grace = GRACE_SECONDS if grace_seconds is None else grace_seconds
        self._count = 0
        self._is_idle = False
        self._before: dict[int, Any] = {}
        #: Acknowledges the first Ctrl-C, which has to wait a moment; called from the signal handler.
        self.notice: Callable[[], None] = write_notice

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _numbers():
                # A signal that our parent chose to ignore stays ignored: nohup, a background job of a script.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._handle)
            for number in _ALARMS:
                self._before[number] = signal.signal(number, self._give_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(signal, "setitimer") and self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """While nothing is in flight: a wait, or a question to a person. An interrupt then takes effect at once."""
        self.check()
        self._is_idle = True
        self._wake(WAKE_SECONDS)
        try:
            yield
        finally:
            self._wake(0)
            self._is_idle = False

    @contextlib.contextmanager
    def told_by(self, notice: Callable[[], None]) -> Iterator[None]:
        """While ``notice`` acknowledges interrupts, because a live display occupies the terminal."""
        before, self.notice = self.notice, notice
        try:
            yield
        finally:
            self.notice = before

    def _wake(self, seconds: float) -> None:
        """Have what blocks come back this often, so that Python hears a signal that came just before it blocked."""
        if hasattr(signal, "setitimer") and signal.SIGALRM in self._before:
            signal.setitimer(signal.ITIMER_REAL, seconds, seconds)

    def check(self) -> None:
        """Detach here if that was asked for in the meantime."""
        if self._count:
            raise Detach

    def clock(self, speed: float) -> InterruptibleClock:
        """The run's clock, whose waits end with an interrupt."""
        return InterruptibleClock(self, speed)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 1:
            self._wake(0)
            raise Stop
        if self._is_idle:
            # What is put in order behind this is not disturbed again.
            self._wake(0)
        if self._is_idle or not hasattr(signal, "setitimer"):
            raise Detach
        self.notice()
        signal.setitimer(signal.ITIMER_REAL, self._grace)

    def _give_up(self, number: int, frame: FrameType | None) -> None:
        if self._count:
            self._wake(0)
            raise Detach


class InterruptibleClock(SystemClock):
    """The machine's clock, ``speed`` times as fast; an interrupt ends its waits."""

    def __init__(self, interrupts: Interrupts, speed: float) -> None:
        super().__init__(speed)
        self._interrupts = interrupts
        #: Called instead of blocking, with real seconds: it may read what is typed, and return early.
        self.listen: Callable[[float], None] | None = None

    def sleep(self, seconds: float) -> None:
        """Block for so many of this clock's seconds, or until an interrupt."""
        with self._interrupts.idle():
            if self.listen is None:
                super().sleep(seconds)
            else:
                self.listen(max(0.0, seconds) / self.speed)
