"""What kinds of values stand at each place of an answer. The values themselves are dropped here, first of all."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs

from specstep_flows.states import fold

if TYPE_CHECKING:
    from specstep_flows.contact.contract import Node

#: A name that somebody gave to a field: what people type, mail addresses and ids look different.
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_]{0,39}|[A-Za-z_][A-Za-z_]{0,30}[0-9]{1,2}")
#: A word of a fixed set, such as a state.
_WORD: Final = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+){0,6}")
_LONGEST_WORD: Final = 40
#: Fields of one object, and words at one place, that are kept.
MOST_FIELDS: Final = 120
MOST_WORDS: Final = 40
#: How deep answers are looked at.
DEEPEST: Final = 30


@attrs.define
class Shape:
    """All values that were seen at one place."""

    #: How many values: at a field, as many as there were objects that have it.
    times: int = 0
    #: JSON's names of their types, ``null`` and ``integer`` among them.
    types: set[str] = attrs.field(factory=set)
    #: Of strings: ``uuid``, ``date-time``, ``date``, ``uri``, or ``text`` for all others.
    formats: set[str] = attrs.field(factory=set)
    #: Of strings where the contract has a fixed set: the words, or ``…`` for what is no word.
    words: set[str] = attrs.field(factory=set)
    fields: dict[str, Shape] = attrs.field(factory=dict)
    items: Shape | None = None
    #: How many objects.
    objects: int = 0
    #: Of what came otherwise wrapped than the contract says: ``array``, or the member that has it (``data.items``).
    envelope: str | None = None


def add(shape: Shape, value: Any, expected: Node, depth: int = 0) -> None:
    """Look at one value, and at what is in it.

    Names are kept where they are fields: of an object that the contract describes, or the contract's own anywhere. All
    others may be names that somebody gave to something of the account.
    """
    shape.times += 1
    shape.types.add(kind_of(value))
    if isinstance(value, str):
        shape.formats.add(format_of(value))
        if expected.words and len(shape.words) < MOST_WORDS:
            is_word = len(value) <= _LONGEST_WORD and _WORD.fullmatch(value)
            shape.words.add(value if is_word or value in expected.words else "…")
    elif depth < DEEPEST and isinstance(value, dict):
        shape.objects += 1
        here = expected.alternative(value)
        is_described = any(here.called(name) is not None for name in value)
        for name, inner in value.items():
            documented = here.called(name)
            if documented is None and not _is_field(name, inner, here, is_described=is_described):
                continue
            if documented is not None or name in shape.fields or len(shape.fields) < MOST_FIELDS:
                add(shape.fields.setdefault(name, Shape()), inner, here.field(documented or name), depth + 1)
    elif depth < DEEPEST and isinstance(value, list):
        shape.items = shape.items or Shape()
        for inner in value:
            add(shape.items, inner, expected.item(), depth + 1)


def _is_field(name: str, value: Any, expected: Node, *, is_described: bool) -> bool:
    """Whether a name that is not documented here is a field's, and not one that somebody gave."""
    if expected.is_map or not NAME.fullmatch(name):
        return False
    if fold(name) in expected.contract.vocabulary:
        return True
    # An object without any documented field whose members are objects may be a map of what is the account's.
    return bool(expected.names) and (is_described or not isinstance(value, dict))


def kind_of(value: Any) -> str:
    """JSON's name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def format_of(text: str) -> str:
    """The format of a string, by how it looks."""
    if len(text) == 36 and _is_uuid(text):
        return "uuid"
    if re.match(r"https?://", text):
        return "uri"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "date"
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text) and _is_time(text):
        return "date-time"
    return "text"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return False
    return True
