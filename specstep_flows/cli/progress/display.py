"""The one live display of a run on a terminal: it takes the run's events and redraws itself until it is closed."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from specstep_flows import errors, events
from specstep_flows.cli.keys import HIDE_CURSOR, SHOW_CURSOR, write
from specstep_flows.cli.progress.lines import Glyphs, frame
from specstep_flows.cli.progress.state import PARTS, Watched
from specstep_flows.engine.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType, TracebackType
    from typing import Any
    from uuid import UUID

    from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult

    from specstep_flows.engine.clock import Clock
    from specstep_flows.models import ConversationItem

#: The agents' conversation is read again when the state changes, and at most this often otherwise: it costs a request.
CONVERSATION_SECONDS: Final = 60.0


class LiveDisplay:
    """A run's live display: a context manager, called with each event of the run.

    ::

        with LiveDisplay(console, conversation=lambda id: specstep.get_conversation(id, take=3)) as display:
            specstep.run(brief, on_event=display)

    ``console`` should write to standard error. ``clock`` is the run's clock. ``conversation`` reads the newest steps of
    a generation's agents; it is called at a change of state and once a minute, and its failures are ignored. At the end
    the frame is taken off the screen; where the run is not complete, a line stays that says how far it was.
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
        self._is_away = False
        #: How many columns each line of the frame takes that is on the screen.
        self._drawn: list[int] = []
        self._refresh_per_second = refresh_per_second
        self._live = self._new_live()

    def _new_live(self) -> _Live:
        # A new frame begins where the cursor is, whatever an earlier one was.
        self._drawn = []
        # Standard output is the command's result and never drawn over.
        return _Live(
            self,
            console=self.console,
            refresh_per_second=self._refresh_per_second,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
            vertical_overflow="crop",
            drawn=lambda: self._drawn,
        )

    def __enter__(self) -> LiveDisplay:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if kind is not None and not self._is_away:
            self.say(self._watched.brief_words(self._clock.now()))

    def take_over(self, opened: events.RunOpened) -> None:
        """Know the run, of which somebody else has told."""
        self._watched.take(opened, self._clock.now())

    def __call__(self, event: events.Event) -> None:
        """Take an event of the run."""
        with self._lock:
            stays = self._watched.take(event, self._clock.now())
        for line in stays:
            self.say(line)
        if isinstance(event, events.GenerationProgress):
            self._refresh_conversation(event)

    def say(self, message: str) -> None:
        """Write a line that stays above the display."""
        if message:
            line = PARTS.join(map(Glyphs.of(self.console).line, message.split(PARTS)))
            self.console.print(Text(line), soft_wrap=False, highlight=False)

    @contextlib.contextmanager
    def paused(self) -> Iterator[Console]:
        """Take the display away while a person is asked something on the same terminal.

        It does not come back after an interrupt, which ends the run: the question is then the last thing on the screen.
        """
        self._live.stop()
        self._is_away = True
        yield self.console
        self._is_away = False
        self._live = self._new_live()
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

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            # One line is left to the cursor, so that a frame as high as the window does not scroll it.
            lines = frame(self._watched, console, options.max_width, console.height - 1, self._clock.now())
            self._drawn = [cell_len(line.plain) for line in lines]
        yield from lines


#: Set by terminals that wrap the lines on their screen again when their width changes.
_REWRAP: Final = (
    *("VTE_VERSION", "TMUX", "WT_SESSION", "KITTY_WINDOW_ID", "ALACRITTY_WINDOW_ID", "KONSOLE_VERSION"),
    *("ITERM_SESSION_ID", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR"),
)
#: Set by terminals that do not, inside one of the others.
_KEEP: Final = ("XTERM_VERSION", "STY")


def _rewraps(environ: Mapping[str, str]) -> bool:
    return any(name in environ for name in _REWRAP) and not any(name in environ for name in _KEEP)


class _Live(Live):
    """A live display that takes its old frame away, and nothing else, also after the window's width has changed.

    Most terminals have wrapped the old frame again by then, so that it takes more rows. Of a terminal that is not known
    to do so, no row above the frame is touched: at worst, parts of the old frame stay.
    """

    def __init__(self, renderable: Any, *, drawn: Callable[[], list[int]], **options: Any) -> None:
        super().__init__(renderable, **options)
        self._drawn = drawn
        self._handler: Any = None
        #: Nothing of an earlier frame is to be drawn over.
        self._is_new_frame = False

    def start(self, refresh: bool = False) -> None:
        super().start(refresh)
        if not hasattr(signal, "SIGTSTP") or threading.current_thread() is not threading.main_thread():
            return
        # A parent that chose to ignore it is obeyed.
        if self.console.is_terminal and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            self._handler = signal.signal(signal.SIGTSTP, self._suspend)

    def stop(self) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGTSTP, self._handler)
            self._handler = None
        super().stop()

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell has a cursor, and what it writes stays, as the next frame begins below it."""
        write(SHOW_CURSOR)
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_kill(threading.get_ident(), number)
        # Here it continues.
        signal.signal(number, self._suspend)
        write(HIDE_CURSOR)
        self._is_new_frame = True

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        drawn = self._drawn()
        processed = super().process_renderables(renderables)
        if self._is_new_frame:
            self._is_new_frame = False
            processed[0] = Control()
            return processed
        rows = sum(max(1, -(-columns // max(self.console.width, 1))) for columns in drawn)
        if rows > len(drawn) and self.console.is_interactive and _rewraps(os.environ):
            up = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))
            processed[0] = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), *up * (rows - 1))
        return processed


def _utc_now() -> datetime:
    return datetime.now(UTC)
