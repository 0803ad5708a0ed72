"""``--verbose``: every request and its answer on stderr, as httpx logs them and ``engine.secrecy`` cleans them."""

from __future__ import annotations

import contextlib
import logging
import re
from typing import TYPE_CHECKING, Final

from specstep_flows._text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specstep_flows.cli.terminal import Terminal

_REQUEST: Final = re.compile(r'HTTP Request: (\S+) (?:https?://[^/\s]*)?(\S*) "HTTP/[0-9.]+ (\d+)"')


class _OnTerminal(logging.Handler):
    """Tells each request in a line: ``GET /v1/me: 200``."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        self._terminal.tell(without_secrets(_REQUEST.sub(r"\1 \2: \3", record.getMessage())))


@contextlib.contextmanager
def told_requests(terminal: Terminal) -> Iterator[None]:
    """Tell each request that is answered from here on."""
    log, handler = logging.getLogger("httpx"), _OnTerminal(terminal)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
