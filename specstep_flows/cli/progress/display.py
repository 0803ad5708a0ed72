"""The one live display of a run on a terminal: it takes the run's events and redraws itself until it is closed."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.control import Control
from rich.live import Live
from rich.text import Text

from specstep_flows import errors, events
from specstep_flows.cli.progress.lines import Glyphs, frame
from specstep_flows.cli.progress.state import Watched
from specstep_flows.engine.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Any
    from uuid import UUID

    from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult

    from specstep_flows.engine.clock import Clock
    from specstep_flows.models import ConversationItem

#: The agents' conversation is read again when the state changes, and at most this often otherwise: it costs a request.
CONVERSATION_SECONDS: Final = 60.0
#: So many of the lines that stay are written again after the window was resized.
LINES_KEPT: Final = 12


class LiveDisplay:
    """A run's live display: a context manager, called with each event of the run.

    ::

        with LiveDisplay(console, conversation=lambda id: specstep.get_conversation(id, take=3)) as display:
            specstep.run(brief, on_event=display)

    ``console`` should write to standard error. ``clock`` is the run's clock. ``conversation`` reads the newest steps of
    a generation's agents; it is called at a change of state and once a minute, and its failures are ignored.
    """

    def __init__(
        self,
        console: Console,
        *,
        clock: Clock | None = None,
        conversation: Callable[[UUID], Sequence[ConversationItem]] | None = None,
        refresh_per_second: float = 2.0,
    ) -> None:
        self.console = console
        self._clock = clock or SystemClock()
        is_real = self._clock.speed == 1.0
        self._watched = Watched(self._clock.now(), server_time=_utc_now if is_real else None)
        self._read_conversation = conversation
        self._conversation_of: tuple[UUID, str] | None = None
        self._conversation_at = 0.0
        self._lock = threading.RLock()
        self._lines: list[Text] = []
        self._live = self._new_live(refresh_per_second)
        self._refresh_per_second = refresh_per_second

    def _new_live(self, refresh_per_second: float) -> _Live:
        # Standard output is the command's result and never drawn over.
        return _Live(
            self,
            console=self.console,
            refresh_per_second=refresh_per_second,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
            last_lines=self._last_lines,
        )

    def __enter__(self) -> LiveDisplay:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._watched.next_look_at = self._watched.waiting = self._watched.waiting_until = None
            self._watched.is_detaching = False
        self._live.stop()

    def __call__(self, event: events.Event) -> None:
        """Take an event of the run."""
        with self._lock:
            stays = self._watched.take(event, self._clock.now())
        if stays is not None:
            self.say(stays)
        if isinstance(event, events.GenerationProgress):
            self._refresh_conversation(event)

    def say(self, message: str, style: str = "") -> None:
        """Write a line that stays above the display."""
        line = Text(Glyphs.of(self.console).line(message), style=style)
        self.console.print(line, soft_wrap=False, highlight=False)
        with self._lock:
            self._lines = [*self._lines[1 - LINES_KEPT :], line]

    @contextlib.contextmanager
    def paused(self) -> Iterator[Console]:
        """Take the display away while a person is asked something on the same terminal."""
        self._live.transient = True
        self._live.stop()
        try:
            yield self.console
        finally:
            self._live = self._new_live(self._refresh_per_second)
            self._live.start(refresh=True)

    def detaching(self) -> None:
        """Have the next frame say so: nothing may be written from a signal's handler while a frame is being drawn."""
        self._watched.is_detaching = True

    def _refresh_conversation(self, event: events.GenerationProgress) -> None:
        if self._read_conversation is None:
            return
        generation, now = event.generation, self._clock.now()
        place = (generation.id, generation.state)
        if place == self._conversation_of and now - self._conversation_at < CONVERSATION_SECONDS:
            return
        self._conversation_of, self._conversation_at = place, now
        # The feed is for show: a run is not stopped because it cannot be read.
        with contextlib.suppress(errors.SpecStepError):
            items = self._read_conversation(generation.id)
            with self._lock:
                self._watched.converse(items)

    def _last_lines(self) -> list[Text]:
        with self._lock:
            return list(self._lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            # One line is left to the cursor, so that a frame as high as the window does not scroll it.
            yield from frame(self._watched, console, options.max_width, console.height - 1, self._clock.now())


class _Live(Live):
    """A live display that clears the screen when the window's width changed.

    The terminal has rewrapped the old frame by then, so the number of its lines is unknown.
    """

    def __init__(self, renderable: Any, *, last_lines: Callable[[], list[Text]], **options: Any) -> None:
        super().__init__(renderable, **options)
        self._last_lines = last_lines
        self._width = self.console.width

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        width = self.console.width
        processed = super().process_renderables(renderables)
        if width != self._width and self.console.is_interactive:
            self._width = width
            # The frame's own way back to its first line comes first; from the top of the screen it leads nowhere.
            way_back, *rest = processed
            return [Control.home(), Control.clear(), way_back, *self._last_lines(), *rest]
        return processed


def _utc_now() -> datetime:
    return datetime.now(UTC)
