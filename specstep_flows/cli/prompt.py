"""The prompt of a terminal: several lines, edited in place, of which nothing is ever lost.

prompt_toolkit draws it and reads the keys, in a thread of its own, so that a person can type while the command waits
for the service. What is typed or pasted then is a draft: it is shown, it is there at the next prompt, and nothing but
Enter at that prompt sends it. A paste is inserted as it is, whatever lines it has. Where the terminal does not mark
pastes, lines that arrive at once are one.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import attrs
from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_input
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys as Key
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.output import create_output

from specstep_flows.cli.interrupts import put_off
from specstep_flows.cli.keys import LINE_END, MARKS_OFF, MARKS_ON, SILENCE_SECONDS, Keys, set_modes, write

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from prompt_toolkit.key_binding import KeyPressEvent
    from prompt_toolkit.output import Output

#: How often whoever reads a line looks whether there was an interrupt.
LOOK_SECONDS: Final = 0.05
#: How often a wait's label is drawn.
REFRESH_SECONDS: Final = 0.25
_ENTER: Final = (Key.ControlM, Key.ControlJ)
#: Shown where Enter arrived together with text: a program that types has to send it by itself.
HELD: Final = "That arrived at once, as a paste does, and is not entered yet: press Enter."


@attrs.frozen
class Line:
    """Where Enter was pressed: the whole text, and what is known of its last line."""

    text: str
    #: The cursor is at the very end.
    is_at_end: bool
    #: The last line was typed, not pasted.
    is_typed: bool
    #: Enter arrived by itself, not together with text, as it does in a paste that the terminal did not mark.
    is_alone: bool

    @property
    def before(self) -> str:
        """The lines before the last."""
        return self.text[: -len(self.last)] if self.last else self.text

    @property
    def last(self) -> str:
        """The last line."""
        return self.text.rpartition("\n")[2]


def ends_line(line: Line) -> bool | None:
    """Enter ends what is asked for in one line, but not one that arrived with text: a paste answers nothing."""
    return True if line.is_alone else None


@attrs.frozen
class View:
    """What stands before the text, and what Enter does: True ends it, False begins a line, None does nothing."""

    label: Callable[[], str] = str
    more: str = ""
    entered: Callable[[Line], bool | None] = ends_line
    is_waiting: bool = False
    #: What may end it even where it arrived together with Enter: answers that do no harm.
    harmless: Container[str] = ()

    @property
    def is_of_one_line(self) -> bool:
        """Whether Enter ends it, wherever it is pressed."""
        return self.entered is ends_line


@attrs.define(eq=False)
class Prompt:
    """A terminal's one prompt."""

    keys: Keys
    #: What was typed and is not sent.
    draft: str = ""
    _cursor: int | None = None
    _view: View = attrs.field(factory=View)
    #: Where the line begins that is being typed; None when it was pasted.
    _typed_from: int | None = 0
    _session: Any = None
    _reader: Any = None
    _thread: threading.Thread | None = None
    _is_up: threading.Event = attrs.field(factory=threading.Event)
    _is_over: threading.Event = attrs.field(factory=threading.Event)
    _line: Line | None = None
    #: Whether something is to be entered that looked like a paste.
    _is_held: bool = False
    _failure: BaseException | None = None
    #: While it is stopped: set when it continues.
    _is_continued: threading.Event | None = None

    def __attrs_post_init__(self) -> None:
        self.keys.continued = self._continue

    def read(
        self,
        label: str,
        more: str,
        entered: Callable[[Line], bool | None] = ends_line,
        *,
        harmless: Container[str] = (),
    ) -> Line | None:
        """What is entered behind ``label``; None at the end of input.

        The draft is what there is to begin with. It is not changed by an interrupt. One of ``harmless`` may arrive
        together with Enter.
        """
        self.stop()
        with self.keys.held(), put_off() as interrupts:
            self.take_in()
            self._is_held = False
            self._view = View(lambda: f"{HELD}\n{label}" if self._is_held else label, more, entered, harmless=harmless)
            self._start()
            try:
                while not interrupts and not self._is_over.wait(LOOK_SECONDS):
                    pass
            finally:
                self.stop()
        if self._line is not None:
            self.replace("")
        return self._line

    def wait(self, label: Callable[[], str], entered: Callable[[Line], bool | None]) -> None:
        """Show ``label`` until ``stop``, and take in what is typed meanwhile. ``entered`` is told of each Enter."""
        self.stop()
        self._view = View(lambda: f"{label()}\n  ", "  ", entered, is_waiting=True)
        self._start()

    @property
    def is_waiting(self) -> bool:
        """Whether what ``wait`` shows is there."""
        return self._thread is not None and self._view.is_waiting

    def stop(self) -> None:
        """Take the prompt away. What was typed is the draft."""
        if self._thread is None:
            return
        with put_off():
            while not self._is_up.wait(0.1) and self._thread.is_alive():
                pass
            with contextlib.suppress(RuntimeError, AttributeError):
                self._session.app.loop.call_soon_threadsafe(self._finish)
            self._thread.join()
            self._thread = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """While something else is written."""
        is_shown, view = self._thread is not None, self._view
        self.stop()
        try:
            yield
        finally:
            if is_shown:
                self._view = view
                self._start()

    def replace(self, text: str) -> None:
        """Have another draft."""
        self.draft, self._cursor = text, None
        self._typed_from = text.rfind("\n") + 1

    def remember(self, text: str) -> None:
        """Have the arrow keys bring this back."""
        self._ready().history.append_string(text)

    def _ready(self) -> Any:
        if self._session is None:
            self._reader, output = _reader(), _output()
            self._session = PromptSession(
                # In a colour, if only the usual one: of what has none, a space at the end would not be written.
                message=lambda: [("fg:ansidefault", self._view.label())],
                multiline=True,
                prompt_continuation=lambda width, number, soft: "" if soft else self._view.more,
                key_bindings=self._bindings(),
                input_processors=[TabsProcessor(char1=" ", char2=" ")],
                input=self._reader,
                output=output,
                erase_when_done=True,
            )
        return self._session

    def _start(self) -> None:
        self._ready().refresh_interval = REFRESH_SECONDS if self._view.is_waiting else 0
        self._line = self._failure = None
        with put_off():
            self._is_up.clear()
            self._is_over.clear()
            thread = threading.Thread(target=self._run, name="prompt", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        session = self._session
        try:
            session.prompt(
                default=Document(self.draft, self._cursor),
                pre_run=self._is_up.set,
                handle_sigint=False,
                set_exception_handler=False,
            )
        except EOFError:
            pass
        except BaseException as error:
            self._failure = error
        finally:
            document = session.default_buffer.document
            self.draft, self._cursor = document.text, document.cursor_position
            self._is_up.set()
            self._is_over.set()

    def _finish(self) -> None:
        """Take in what has arrived, and end. Called in the prompt's own thread."""
        app = self._session.app
        if app.is_running and not app.is_done:
            app.key_processor.feed_multiple(self._reader.read_keys())
            app.key_processor.process_keys()
            if not app.is_done:
                app.exit(result="")

    def take_in(self) -> None:
        """Make a draft of what was typed before this prompt: it was not typed for it."""
        self._ready()
        for key in [*get_typeahead(self._reader), *self._reader.read_keys()]:
            if key.key == Key.ControlH:
                self.draft = self.draft[:-1]
            elif key.key in (*_ENTER, Key.BracketedPaste) or key.data.isprintable():
                self.draft += LINE_END.sub("\n", key.data)
        if not self.draft.strip():
            self.replace("")
        else:
            self._cursor = None

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add("c-j")
        @bindings.add("enter")
        def _(event: KeyPressEvent) -> None:
            self._enter(event)

        @bindings.add("escape", "enter")
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @bindings.add(Key.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            self._paste(event)

        @bindings.add("c-c")
        def _(event: KeyPressEvent) -> None:
            _interrupt(signal.SIGINT)

        @bindings.add("c-d")
        def _(event: KeyPressEvent) -> None:
            if event.current_buffer.text:
                event.current_buffer.delete()
            elif not self._view.is_waiting:
                event.app.exit(exception=EOFError)

        if hasattr(signal, "SIGTSTP"):

            @bindings.add("c-z")
            def _(event: KeyPressEvent) -> None:
                _ = event.app.create_background_task(self._suspended())

        return bindings

    def _enter(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        is_at_end = buffer.cursor_position == len(buffer.text)
        begin = buffer.text.rfind("\n") + 1
        line = Line(buffer.text, is_at_end, not begin or self._typed_from == begin, self._reader.is_alone)
        ends = self._view.entered(line)
        if ends is None and line.text.strip().casefold() in self._view.harmless:
            ends = True
        self._is_held = ends is None and self._view.is_of_one_line and bool(line.text.strip())
        if ends:
            self._line = line
            event.app.exit(result="")
        elif ends is not None:
            buffer.insert_text("\n")
            if is_at_end:
                self._typed_from = len(buffer.text)

    async def _suspended(self) -> None:
        await run_in_terminal(self._suspend)

    def _suspend(self) -> None:
        """Stop, with the shell's modes of the terminal, until the command continues."""
        write(MARKS_OFF)
        self._is_continued = threading.Event()
        os.kill(0, signal.SIGTSTP)
        # Threads run on for a moment. Where nobody could continue it, nothing stops it either.
        self._is_continued.wait(1.0)
        self._is_continued = None
        write(MARKS_ON)

    def _continue(self) -> None:
        """Draw again, where the shell's words end. Called from a signal's handler."""
        if self._is_continued is not None:
            self._is_continued.set()
        elif self._thread is not None:
            with contextlib.suppress(RuntimeError, AttributeError):
                self._session.app.loop.call_soon_threadsafe(self._draw_again)

    def _draw_again(self) -> None:
        app = self._session.app
        if app.is_running and not app.is_done:
            set_modes(with_signals=False)
            app.renderer.reset()
            app.invalidate()

    def edit(self, text: str) -> None:
        """Change what is being typed; for ``entered`` alone."""
        self._session.default_buffer.document = Document(text)
        self._typed_from = text.rfind("\n") + 1

    def _paste(self, event: KeyPressEvent) -> None:
        buffer, text = event.current_buffer, LINE_END.sub("\n", event.data)
        if "\n" in text or buffer.cursor_position == self._typed_from:
            is_at_end = buffer.cursor_position == len(buffer.text)
            end = len(buffer.text) + len(text)
            self._typed_from = end if is_at_end and text.endswith("\n") else None
        self._is_held = self._view.is_of_one_line and LINE_END.search(text) is not None
        buffer.insert_text(text)


def _interrupt(number: int) -> None:
    """What the terminal would have done, had the key not been read."""
    os.kill(os.getpid(), number) if os.name == "posix" else signal.raise_signal(number)


def joined(keys: list[KeyPress]) -> list[KeyPress]:
    """Keys that arrived at once, those of a paste made one.

    A line's end with text behind it, two ends with text before them, or a tab in a text: nobody types that at once.
    """
    made: list[KeyPress] = []
    run: list[KeyPress] = []

    def close() -> None:
        text = "".join(key.data for key in run)
        lines = LINE_END.split(text)
        is_paste = any(lines[1:]) or (len(lines) > 2 and lines[0]) or ("\t" in text and len(text) > 1)
        made.extend([KeyPress(Key.BracketedPaste, text)] if is_paste else run)
        run.clear()

    for key in keys:
        if key.key in (*_ENTER, Key.ControlI) or (len(key.data) == 1 and key.data.isprintable()):
            run.append(key)
        else:
            close()
            made.append(key)
    close()
    return made


def _reader() -> Any:
    """The keys of standard input, pastes among them as one key each."""
    if sys.platform == "win32":
        reader: Any = create_input(sys.stdin)
        # The console's own input tells pastes from typing.
        reader.is_alone = True
        return reader
    from prompt_toolkit.input.vt100 import Vt100Input

    class Reader(Vt100Input):
        is_alone = True
        _is_after_return = False

        def read_keys(self) -> list[KeyPress]:
            keys = super().read_keys()
            while keys and (len(keys) > 1 or keys[-1].key in _ENTER):
                if self.closed or not select.select([self.fileno()], [], [], SILENCE_SECONDS)[0]:
                    break
                keys += super().read_keys()
            if self._is_after_return and keys and keys[0].key == Key.ControlJ:
                # The second half of a line's end that arrived in two pieces.
                keys = keys[1:]
            if keys:
                self._is_after_return = keys[-1].key == Key.ControlM
            keys = [_decoded(key) for key in joined(keys)]
            self.is_alone = len(keys) == 1
            return keys

    return Reader(sys.stdin)


def _decoded(key: KeyPress) -> KeyPress:
    """The key with its text as text, whatever bytes arrived."""
    if key.data.isascii():
        return key
    text = key.data.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return KeyPress(key.key if len(key.key) > 1 else text, text)


def _output() -> Output:
    """Standard error. The marks around a paste are ``Keys``'s to switch."""
    if sys.platform == "win32":
        return create_output(sys.stderr)
    from prompt_toolkit.output.vt100 import Vt100_Output

    class Screen(Vt100_Output):
        def enable_bracketed_paste(self) -> None:
            """They are on already."""

        def disable_bracketed_paste(self) -> None:
            """They stay on."""

    # Its answer to where the cursor is would arrive among the keys.
    screen = Screen.from_pty(sys.stderr)
    screen.enable_cpr = False
    return screen
