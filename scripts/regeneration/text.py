"""Text from a document, made fit for a source file: prose, words of a name, and names of Python things.

Everything that comes from a document is untrusted. Prose loses what cannot be seen; names are built from
ASCII letters and digits alone; whatever has to keep its exact spelling (a wire name) is either writable as it is,
or refused by the caller.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from typing import Final

LONGEST_PROSE: Final = 1_500
LONGEST_WIRE_NAME: Final = 200
LONGEST_NAME: Final = 90

_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def is_writable(text: str) -> bool:
    """Whether a string can stand in a source file as it is: no control, format, surrogate or unassigned character."""
    # What can be printed has none of them; of what cannot, other spaces than the plain one are fine.
    return text.isprintable() or not any(unicodedata.category(character) in _UNSEEN for character in text)


def is_wire_name(text: str) -> bool:
    """Whether a name from a document can be used on the wire and written as a string literal."""
    return 0 < len(text) <= LONGEST_WIRE_NAME and is_writable(text)


def prose(value: object) -> str:
    """A description as one paragraph of visible characters, of a bounded length; empty when it is not a string."""
    if not isinstance(value, str):
        return ""
    visible = value[: LONGEST_PROSE * 4]
    if not visible.isprintable():
        visible = "".join(" " if unicodedata.category(character) in _UNSEEN else character for character in visible)
    line = " ".join(visible.split())
    if len(line) > LONGEST_PROSE:
        line = line[:LONGEST_PROSE].rsplit(" ", 1)[0] + " …"
    return line


def shown(value: object, longest: int = 80) -> str:
    """A string from a document for use inside a sentence: visible, short, on one line."""
    line = prose(value if isinstance(value, str) else repr(value))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def digest(text: str, length: int = 6) -> str:
    """A short fingerprint of a string, for names that would be empty, too long or ambiguous without it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def words(text: str) -> list[str]:
    """The words of a name in lower-case ASCII: ``generationId`` and ``generation-id`` both give two."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    found = [word.lower() for word in _CAMEL.findall(plain)]
    if not found and text:
        return ["x" + digest(text)] if text.strip() else []
    return found


@functools.lru_cache(8_192)
def snake(*parts: str) -> str:
    """``snake_case`` from parts of a name; never empty, never too long for a file name."""
    name = "_".join(word for part in parts for word in words(part)) or "x"
    if name[0].isdigit():
        name = "x" + name
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME - 9].rstrip("_") + "_x" + digest(name)
    return name


@functools.lru_cache(8_192)
def pascal(*parts: str) -> str:
    """``PascalCase`` from parts of a name, which the generator's own spelling of class names leaves as it is."""
    name = "".join(word.capitalize() for part in parts for word in words(part)) or "X"
    if name[0].isdigit():
        name = "X" + name
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME - 8] + "X" + digest(name).upper()
    return name
