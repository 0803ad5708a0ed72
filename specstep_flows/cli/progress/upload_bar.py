"""A bar for the upload of a reference document, while there is no live display on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from specstep_flows.cli.terminal import Terminal
    from specstep_flows.events import Uploading

#: Below this width the bar goes without its sizes and times.
ROOMY_COLUMNS: Final = 72


class UploadBar:
    """Drawn from the first event to ``close``, and gone then. Where nothing can be redrawn it shows nothing at all."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._bar: Any = None
        self._task: Any = None

    @property
    def is_possible(self) -> bool:
        """Whether anything is drawn."""
        return self._terminal.can_redraw and not self._terminal.is_quiet

    def show(self, event: Uploading) -> None:
        """So much is sent."""
        if not self.is_possible:
            return
        if self._bar is None:
            self._open(event)
        is_sent = event.sent_bytes == event.total_bytes
        self._bar.update(
            self._task, completed=event.sent_bytes, description="Sent, waiting for" if is_sent else "Uploading"
        )

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _open(self, event: Uploading) -> None:
        from rich import progress
        from rich.console import Console

        console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        is_roomy = console.width >= ROOMY_COLUMNS
        more = [progress.DownloadColumn(), progress.TimeRemainingColumn(compact=True)] if is_roomy else []
        name = self._terminal.line(event.name)
        room = 30 if is_roomy else 14
        self._bar = progress.Progress(
            progress.TextColumn("{task.description} {task.fields[name]}", markup=False),
            progress.BarColumn(24 if is_roomy else 8),
            progress.TaskProgressColumn(),
            *more,
            console=console,
            # Standard output is the command's result and never drawn over.
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        short = name if len(name) <= room else f"{name[: room - 3]}..."
        self._task = self._bar.add_task("Uploading", total=event.total_bytes, name=short)
        self._bar.start()
