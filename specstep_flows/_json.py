"""JSON in and out: what comes from elsewhere is read here, and our own and the generated classes become JSON here.

JSON can hold what little else can: half of a surrogate pair, thousands of digits, any depth. What ``read_json`` returns
can be stored, sent and shown.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import attrs

#: Objects and arrays within each other. Each level is a level of recursion of whoever reads, stores or shows them.
DEEPEST: Final = 100
#: Digits of a whole number. Longer ones fit no float, and Python writes none of more than 4,300.
LONGEST_NUMBER: Final = 308
#: Escapes of surrogates: a pair, which is one character, or (in a group) half of one.
_SURROGATES: Final = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
#: A string without an end ends with the text: it is not looked through from each of its quotation marks.
_STRINGS_AND_BRACKETS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def read_json(content: bytes, *, exact: bool = False, is_bounded: bool = False) -> Any:
    """The value of a JSON document.

    Half of a surrogate pair and bytes that are not text become U+FFFD (with ``exact``, halves stay: for a text that has
    to be sent back as it came). Numbers that no number of Python's can hold stay strings. Objects and arrays below
    ``DEEPEST`` levels become None.

    Raises:
        ValueError: it is not JSON; or, with ``is_bounded``, it is nested more deeply than Python reads.
    """
    text = _decoded(content)
    if not exact:
        text = storable(text)
        if "\\ud" in text or "\\uD" in text:
            text = _SURROGATES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        value = _loads(text)
    except RecursionError:
        if is_bounded:
            raise ValueError("it is nested too deeply") from None
        return _loads(_without_depths(text))
    # Nothing is nested more deeply than there are brackets, and counting those is fast.
    may_be_deep = text.count("{") + text.count("[") > DEEPEST
    return _loads(_without_depths(text)) if may_be_deep and _is_deep(value) else value


def _decoded(content: bytes) -> str:
    if content.isascii() and 0 not in content[:2]:
        # As most are; UTF-16 and UTF-32 have a zero there.
        return content.decode("ascii")
    encoding = json.detect_encoding(content)
    try:
        # Some write half of a surrogate pair as if it were a character.
        return content.decode(encoding, "surrogatepass").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return content.decode(encoding, "replace").removeprefix("\ufeff")


def _loads(text: str) -> Any:
    return _DECODER.decode(text)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def _fraction(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


#: Made once: ``json.loads`` makes one with each call that is given these.
_DECODER: Final = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=str)


def _is_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(DEEPEST):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True


def _without_depths(text: str) -> str:
    """The text of a document, with null for each object and array that is nested too deeply."""
    kept: list[str] = []
    depth = start = 0
    for found in _STRINGS_AND_BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[start : found.start()])
        elif found[0] in "]}":
            depth -= 1
            if depth == DEEPEST:
                kept.append("null")
                start = found.end()
    return "".join(kept) + text[start:] if depth <= DEEPEST else ""


def read_own_json(text: str) -> Any:
    """The value of a JSON document of the user's, which is sent as it is or not at all.

    Raises:
        ValueError: it is not JSON, or it holds what cannot be sent; the message says what.
    """
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        value = _TOO_DEEP
    if value is _TOO_DEEP or _is_deep(value):
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    return value


_TOO_DEEP: Final = object()


def _finite(digits: str) -> float:
    if isinstance(number := _fraction(digits), str) or number != number:
        raise ValueError(f"{digits[:20]} is not a number that JSON can hold")
    return number


def storable(value: Any) -> Any:
    """A value whose strings UTF-8 can hold: half of a surrogate pair becomes U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def json_bytes(value: Any) -> bytes:
    """``value`` as JSON in UTF-8. Half of a surrogate pair, which UTF-8 cannot hold, is written as its escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "backslashreplace"
    )


def as_json(value: Any) -> Any:
    """``value`` as JSON has it.

    A field that is kept out of an object's ``repr`` (a secret, something personal, a raw answer) is left out here, too.
    """
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, Sequence | Set) and not isinstance(value, str | bytes):
        return [as_json(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if attrs.has(type(value)):
        return {field.name: as_json(getattr(value, field.name)) for field in attrs.fields(type(value)) if field.repr}
    return value
