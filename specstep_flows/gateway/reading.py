"""Reads responses: strictly where a flow depends on a field, leniently everywhere else.

A field that is only displayed may be missing, null, of another type or unparsable: it is read as None, and logged once
(the field's name, never its value).
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.engine.effects import Reply

_log = logging.getLogger("specstep_flows")
_warned: set[tuple[str, str]] = set()
_ABSENT: Final = object()
_NO_NAMES: Final[Mapping[str, str]] = {}
#: Values of exactly these types need no conversion. (A number could be too large, a datetime without a zone.)
_PLAIN: Final = frozenset({str, bool, UUID})
_NUMBERS: Final = frozenset({int, float})
#: A number beyond this, of whatever unit, is read as this: with larger ones arithmetic ends in infinity.
LARGEST_NUMBER: Final = 10**15


class Parsed(Protocol):
    """A class of the generated client."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Any:
        """Read the object."""
        ...


M = TypeVar("M", bound=Parsed)
T = TypeVar("T", str, int, float, bool, datetime, UUID)


def document(reply: Reply, operation: str, *, exact: bool = False) -> Any:
    """The JSON of a response, as ``read_json`` reads it.

    Raises:
        UnexpectedResponse: it is anything else, such as the front door's HTML.
    """
    if reply.status >= 300:
        raise errors.UnexpectedResponse(
            f"The service redirects {operation} (status {reply.status}). The redirect is not followed, because it "
            "would get your key.",
            operation=operation,
        )
    if exact:
        return _read(reply, operation, exact=True)
    if reply.document is None:
        reply.document = _read(reply, operation, exact=False)
    return reply.document


def _read(reply: Reply, operation: str, *, exact: bool) -> Any:
    try:
        return read_json(reply.content, exact=exact)
    except ValueError:
        kind = reply.headers.get("content-type", "").partition(";")[0].strip() or "no content type"
        what = "an empty body" if not reply.content.strip() else f"something that is not JSON ({kind})"
        raise errors.UnexpectedResponse(
            f"The service responded to {operation} with status {reply.status} and {what}.", operation=operation
        ) from None


def body(reply: Reply, model: type[M], operation: str) -> M:
    """The response as a class of the generated client, whatever its 2xx status."""
    return parse(document(reply, operation), model, operation)


def parse(value: Any, model: type[M], operation: str) -> M:
    """``value`` as a class of the generated client. Raises ``UnexpectedResponse`` if it does not fit."""
    value = _object(value, operation)
    try:
        return cast("M", model.from_dict(value))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        field = str(error.args[0]) if isinstance(error, KeyError) and error.args else None
        raise errors.UnexpectedResponse(
            f"The response to {operation} does not match the API document"
            + (f": the field {field!r} is missing." if field else "."),
            operation=operation,
            field=field,
        ) from None


def _object(value: Any, operation: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise errors.UnexpectedResponse(
            f"The service responded to {operation} with {_kind(value)} instead of an object.", operation=operation
        )
    return value


def unparsed(value: Any, model: type[M], operation: str) -> M:
    """``value`` with the attributes of a generated class, each as it came: nothing is parsed that nobody reads.

    For large bodies of which a model of ours keeps a part. Raises ``UnexpectedResponse`` for what is no object.
    """
    return cast("M", Unparsed(_object(value, operation), model))


class Unparsed:
    """An object of the API that reads like one of a generated class; a field that is missing reads as None."""

    __slots__ = ("document", "model", "names")

    def __init__(self, document: Mapping[str, Any], model: type[Parsed]) -> None:
        self.document = document
        self.model = model
        self.names = _names_in_json(model)

    def __getattr__(self, attribute: str) -> Any:
        return self.document.get(self.names.get(attribute, attribute))


@functools.lru_cache(maxsize=64)
def _names_in_json(model: type[Any]) -> dict[str, str]:
    """The JSON's name of each attribute of a generated class, which writes what it does not know as it is."""
    marks = {field.name: object() for field in attrs.fields(model) if field.init}
    names = {id(mark): name for name, mark in marks.items()}
    return {names[id(mark)]: name for name, mark in model(**marks).to_dict().items()}


def rows(
    reply: Reply,
    model: type[M],
    operation: str,
    name: str,
    *,
    exact: bool = False,
    read: Callable[[Any, type[M], str], M] = parse,
) -> list[M]:
    """The rows of a list, each as a class of the generated client, or only read like one (``read=unparsed``)."""
    return [read(row, model, operation) for row in row_values(reply, operation, name, exact=exact)]


def row_values(reply: Reply, operation: str, name: str, *, exact: bool = False) -> list[Any]:
    """The rows of a list: an array, or in an object the member called ``name``, or else its only array.

    Most envelopes are undocumented. A response without a list is an error, and never an empty list.
    """
    return list_in(document(reply, operation, exact=exact), operation, name)


def list_in(value: Any, operation: str, name: str) -> list[Any]:
    """The list in a document, see ``row_values``. Raises ``UnexpectedResponse`` if there is none."""
    if isinstance(value, dict) and name in value:
        value = value[name]
    elif isinstance(value, dict):
        arrays = [member for member in value.values() if isinstance(member, list)]
        value = arrays[0] if len(arrays) == 1 else None
    if not isinstance(value, list):
        raise errors.UnexpectedResponse(f"The response to {operation} contains no list.", operation=operation)
    return value


def steering_uuid(value: object, operation: str, field: str) -> UUID:
    """An id that a flow needs."""
    found = optional_uuid(value)
    if found is None:
        raise _unfit(value, operation, field)
    return found


def asked_uuid(value: object, operation: str, field: str, asked: UUID) -> UUID:
    """The id of what was asked for. An answer about another one, that a cache or a connection mixed up, is none."""
    found = steering_uuid(value, operation, field)
    if found != asked:
        raise errors.UnexpectedResponse(
            f"The response to {operation} is about {found}, and {asked} was asked for.",
            operation=operation,
            field=field,
        )
    return found


def optional_uuid(value: object) -> UUID | None:
    """An id that may be missing; None for anything that is not an id."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        try:
            return _uuid_of(value) if len(value) <= _LONGEST_UUID else UUID(value)
        except ValueError:
            return None
    return None


#: What is polled names the same things again and again.
_uuid_of: Final = functools.lru_cache(maxsize=1024)(UUID)
#: Longer forms (there may be any number of hyphens) are not kept.
_LONGEST_UUID: Final = 45


def steering_text(value: object, operation: str, field: str) -> str:
    """A state, a status or a question that a flow needs."""
    if not isinstance(value, str) or not value.strip():
        raise _unfit(value, operation, field)
    # The value of an (open) enumeration.
    return str(value.value) if hasattr(value, "value") else str(value)


def _unfit(value: object, operation: str, field: str) -> errors.UnexpectedResponse:
    return errors.UnexpectedResponse(
        f"The response to {operation} has {_kind(value)} as {field!r}, which the run needs.",
        operation=operation,
        field=field,
    )


def _kind(value: object) -> str:
    if value is None or type(value).__name__ == "Unset":
        return "nothing"
    return {"dict": "an object", "list": "an array", "str": "a string", "bool": "a boolean"}.get(
        type(value).__name__, f"a {type(value).__name__}"
    )


def optional(source: object, field: str, kind: type[T]) -> T | None:
    """A field that is only displayed: as ``kind``, or None if it is missing or cannot be read as that.

    ``field`` is its name in the JSON; fields that the API document does not have are found, too.
    """
    return displayed(raw(source, field), kind, source.model if isinstance(source, Unparsed) else type(source), field)


def displayed(value: object, kind: type[T], owner: type[Any], field: str) -> T | None:
    """A value that is only displayed, as ``kind``; None if it is null or cannot be read as that, which is logged once.

    ``owner`` is the class that has the field.
    """
    if value is None:
        return None
    try:
        return cast("T", _READERS[kind](value))
    except (TypeError, ValueError, OverflowError):
        key = (owner.__name__, field)
        if key not in _warned:
            _warned.add(key)
            _log.warning("%s.%s does not match the API document and is ignored", *key)
        return None


def optional_fields(source: object, fields: Mapping[str, type]) -> dict[str, Any]:
    """Several fields that are only displayed, each by the generated class's name for it."""
    found: dict[str, Any] = {}
    document, names = (source.document, source.names) if isinstance(source, Unparsed) else (None, _NO_NAMES)
    for name, kind in fields.items():
        value = getattr(source, name, _ABSENT) if document is None else document.get(names.get(name, name))
        if value is None or (type(value) is kind and kind in _PLAIN):
            # Most are null or of the right type already.
            found[name] = value
            continue
        try:
            found[name] = _READERS[kind](value)
        except (TypeError, ValueError, OverflowError):
            # Missing or invalid, which is logged once.
            found[name] = optional(source, name, kind)
    return found


def raw(source: object, field: str) -> Any:
    """An unchanged field, None if it is missing. ``field`` is its name in the JSON."""
    value = getattr(source, _attribute_of(field), _ABSENT)
    if value is _ABSENT or type(value).__name__ == "Unset":
        more = getattr(source, "additional_properties", None)
        return more.get(field) if isinstance(more, dict) else None
    return value


@functools.lru_cache(maxsize=1024)
def _attribute_of(field: str) -> str:
    """The generated client's name for a field. A status body has some forty of them, so it is cached."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value.value) if hasattr(value, "value") else value


def _number(value: Any) -> float:
    if type(value) in _NUMBERS and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return max(-float(LARGEST_NUMBER), min(number, float(LARGEST_NUMBER)))


def _whole(value: Any) -> int:
    if type(value) is int and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return value
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _time(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            from dateutil.parser import isoparse

            value = isoparse(value)
    if not isinstance(value, datetime):
        raise TypeError
    if value.tzinfo is UTC:
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _uuid(value: Any) -> UUID:
    found = optional_uuid(value)
    if found is None:
        raise TypeError
    return found


_READERS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    float: _number,
    int: _whole,
    bool: _truth,
    datetime: _time,
    UUID: _uuid,
}
