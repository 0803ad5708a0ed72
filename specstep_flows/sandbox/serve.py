"""The sandbox in the foreground, for `specstep sandbox`."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from .faults import load_faults
from .options import SandboxOptions
from .server import Sandbox


def serve(
    host: str = "127.0.0.1",
    port: int = 8787,
    speed: float = 1.0,
    faults_file: str | Path | None = None,
    options: SandboxOptions | None = None,
    announce: Callable[[str], None] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve until interrupted, or until the event `until` is set.

    One line is announced once connections are accepted (to stdout, unless `announce` takes it): where the API is and
    the key to try, in the form of shell assignments. Virtual time runs `speed` times as fast as real time.

    Raises ValueError for a faults file that holds something else, and OSError when it cannot be read or when the port
    is taken.
    """
    sandbox = Sandbox(port=port, options=options, speed=speed, host=host)
    if faults_file is not None:
        sandbox.faults.add(*load_faults(faults_file))
    with sandbox:
        line = f"SPECSTEP_API_URL={sandbox.url} SPECSTEP_API_KEY={sandbox.api_key} SPECSTEP_CLOCK_SPEED={speed:g}"
        if announce is not None:
            announce(line)
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        try:
            (until or threading.Event()).wait()
        except KeyboardInterrupt:
            return
