"""Keeping signed addresses out of httpcore's debug log, which writes down every answer's head, Location included.

The download itself does not pass through httpcore (see ``blob_host``); the API's redirect to it does.
"""

from __future__ import annotations

import logging
import re
from typing import Final

__all__ = ["hide_queries"]

#: Every logger that httpcore 1 has. A filter sits on the logger itself, so no handler ever sees what it takes out; it
#: would not be inherited from the parent.
_LOGGERS: Final = ("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_QUERY: Final = re.compile(r"\?[^\s'\"]+")


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "?" in message:
            record.msg, record.args = _QUERY.sub("?…", message), None
        return True


_FILTER: Final = _WithoutQueries()


def hide_queries() -> None:
    """Cut the query off every address in httpcore's log, in this process and for good. Calling it again does nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
