"""The user's own editor, for a message."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from specstep_flows import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.cli.terminal import Terminal


def edited(terminal: Terminal, draft: str = "") -> tuple[str, str | None]:
    """What ``draft`` became in ``$VISUAL`` or ``$EDITOR``, and why it is not to be sent, if it is not.

    Raises:
        UsageError: there is no terminal, or the editor cannot be started.
    """
    if not terminal.is_interactive:
        raise errors.UsageError("/edit needs a terminal.")
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    with tempfile.TemporaryDirectory(prefix="specstep-") as folder:
        path = Path(folder, "message.md")
        path.touch(mode=0o600)
        path.write_text(f"{draft}\n" if draft else "", "utf-8")
        try:
            with _own_interrupts(), terminal.lent():
                done = subprocess.run(_line(command, path), check=False)  # noqa: S603 - the user's editor
            text = path.read_text("utf-8-sig", "replace").rstrip("\n")
        except (OSError, ValueError) as error:
            raise errors.UsageError(f"The editor {command!r} could not be used ({error}); set EDITOR.") from None
    if not text.strip():
        return "", "Nothing was written, so nothing is sent."
    if done.returncode:
        return text, f"The editor {command!r} exited with {done.returncode}; nothing was sent, and the text is kept."
    return text, None


def _line(command: str, path: Path) -> str | list[str]:
    """The editor's command with the file. On Windows that is one text, in which a backslash is one."""
    return f'{command} "{path}"' if sys.platform == "win32" else [*shlex.split(command), str(path)]


@contextlib.contextmanager
def _own_interrupts() -> Iterator[None]:
    """Ctrl-C in the editor is the editor's own. A handler, not SIG_IGN, which the editor would inherit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
