"""Probes and counters of a worker over HTTP, for whoever watches it: ``/live``, ``/ready`` and ``/metrics``.

It is served by a thread of its own, so that it answers when the event loop hangs; it says nothing of a run, and no key.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import attrs

from specstep_flows import errors

#: The loop turns once a second; one that has not for so many seconds is not well.
LATE_SECONDS: Final = 15
_OPEN_METRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_PLAIN: Final = "text/plain; charset=utf-8"


@attrs.frozen
class Health:
    """How a worker is, as it is asked."""

    #: For how many seconds the loop has not turned.
    late_seconds: int
    is_ready: bool
    in_hand: int
    capacity: int
    #: What became of runs, by outcome, since the worker has started.
    outcomes: dict[str, int]
    taken_over: int
    deferred: int

    @property
    def is_live(self) -> bool:
        """Whether the loop turns."""
        return self.late_seconds <= LATE_SECONDS

    def metrics(self) -> str:
        """The counters, as OpenMetrics has them."""
        lines = [
            "# TYPE specstep_runs_in_hand gauge",
            f"specstep_runs_in_hand {self.in_hand}",
            "# TYPE specstep_capacity gauge",
            f"specstep_capacity {self.capacity}",
            "# TYPE specstep_ready gauge",
            f"specstep_ready {int(self.is_ready)}",
            "# TYPE specstep_loop_late_seconds gauge",
            f"specstep_loop_late_seconds {self.late_seconds}",
            "# TYPE specstep_drives counter",
            *(f'specstep_drives_total{{outcome="{name}"}} {count}' for name, count in sorted(self.outcomes.items())),
            "# TYPE specstep_taken_over counter",
            f"specstep_taken_over_total {self.taken_over}",
            "# TYPE specstep_deferred counter",
            f"specstep_deferred_total {self.deferred}",
            "# EOF",
        ]
        return "\n".join(lines) + "\n"


class _Handler(BaseHTTPRequestHandler):
    """Answers the three addresses; everything else is not found."""

    server_version = "specstep"
    sys_version = ""
    timeout = 10

    def __init__(self, ask: Callable[[], Health], *arguments: object) -> None:
        self._ask = ask
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        health = self._ask()
        path = self.path.partition("?")[0]
        if path == "/live":
            text = "live" if health.is_live else f"the event loop has not turned for {health.late_seconds} s"
            self._answer(200 if health.is_live else 503, text)
        elif path == "/ready":
            self._answer(200 if health.is_ready else 503, "ready" if health.is_ready else "takes no runs")
        elif path == "/metrics":
            self._answer(200, health.metrics(), _OPEN_METRICS)
        else:
            self._answer(404, "There is /live, /ready and /metrics.")

    def _answer(self, status: int, text: str, kind: str = _PLAIN) -> None:
        body = text.encode() if text.endswith("\n") else f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name in the base
        """Probes come every few seconds: nobody wants to read of them."""


@contextlib.contextmanager
def served(port: int, ask: Callable[[], Health], host: str = "") -> Iterator[int]:
    """Serve as long as the context lasts; the port, which is a free one for 0. Raises ``SettingsError``."""
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, ask))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise errors.SettingsError(f"Probes cannot be served on port {port} ({reason}).") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="specstep-health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
