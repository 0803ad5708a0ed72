"""What other libraries would log of ours: httpcore writes every answer's headers down at DEBUG.

One of these headers is the signed address of a package, which is a secret.
"""

from __future__ import annotations

import logging
import re
from typing import Final

__all__ = ["hide_signed_addresses"]

#: A Location header in the way in which httpcore prints it, up to and with the query.
_LOCATION: Final = re.compile(r"""(\(b['"]location['"], b(['"])[^?'"]*\?).*?\2\)""", re.IGNORECASE | re.DOTALL)


def hide_signed_addresses() -> None:
    """Have httpcore log a redirect without its query. Calling it again changes nothing."""
    for name in ("httpcore.http11", "httpcore.http2"):
        logging.getLogger(name).addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if "location" in text.casefold():
        record.msg, record.args = _LOCATION.sub(r"\1...\2)", text), ()
    return True
