"""Text from the service, made safe to show: no control characters, no escape sequences, no reordering of what stands there.

Used by whatever draws on a terminal or writes a page. Escaping for markup is the drawer's own business.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["plain_line", "plain_text"]

#: Whole terminal sequences: CSI, OSC (to BEL or ST), DCS and the like, and two-character escapes.
_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_LINE_ENDS: Final = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
#: Joiners are invisible, but words of some scripts and many emoji need them.
_KEPT: Final = frozenset("\n\t\u200c\u200d")
#: Controls, invisible formatting (bidi overrides, tags, zero-width spaces) and halves of surrogate pairs.
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co"})


def plain_text(text: object, encoding: str = "utf-8") -> str:
    """``text`` in several lines; what ``encoding`` (the terminal's) does not have becomes ``?``."""
    whole = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", "" if text is None else str(text)))
    kept = "".join(
        character for character in whole if character in _KEPT or unicodedata.category(character) not in _DROPPED
    )
    return kept.encode(encoding, "replace").decode(encoding)


def plain_line(text: object, encoding: str = "utf-8") -> str:
    """``text`` in one line, runs of white space being one space."""
    return " ".join(plain_text(text, encoding).split())
