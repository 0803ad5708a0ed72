"""Reads our models out of JSON, each field as its class declares it: leniently, but for fields without a default."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors, models
from specstep_flows.gateway import reading
from specstep_flows.gateway.reading import displayed, steering_text, steering_uuid

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Reply

M = TypeVar("M")
#: Reads one field of an object, given the whole object and the operation that it came with.
_Reader = Callable[[Mapping[str, Any], str], Any]

#: What the annotations of our models name, which their modules import for type checkers alone.
_NAMES: Final = {"Mapping": Mapping, "UUID": UUID, "datetime": datetime}
_SCALARS: Final = (str, int, float, bool, datetime, UUID)
_UNFIT: Final = object()


def read_model(model: type[M], value: object, operation: str) -> M:
    """An object of JSON as one of our models. A field that is called ``raw`` holds the whole object.

    Raises:
        UnexpectedResponse: it is no object, or a field without a default is missing or cannot be read.
    """
    if not isinstance(value, dict):
        raise errors.UnexpectedResponse(
            f"The service responded to {operation} with something that is not an object.", operation=operation
        )
    kind: Any = model
    made: M = kind(**{name: found for name, read in _readers(kind) if (found := read(value, operation)) is not _UNFIT})
    return made


def as_model(model: type[M], operation: str, known: Mapping[str, object] | None = None) -> Callable[[Reply], M]:
    """Reads an answer as one of our models.

    ``known`` is what an answer need not say: an id that was asked for, beside a secret that is shown once, or a setting
    that was made. An answer without a body is a success that says nothing, unless a field must be there.
    """
    kind: Any = model
    needed, asked = _needed(kind), known or {}

    def read(reply: Reply) -> M:
        is_empty = reply.status < 300 and not reply.content.strip() and not needed - set(asked)
        found = {} if is_empty else reading.document(reply, operation)
        if not asked or not isinstance(found, dict):
            return read_model(model, found, operation)
        # A setting that is null is one that was not made.
        unsaid = {
            name: value
            for name, value in asked.items()
            if name not in found or (name in needed and found[name] is None)
        }
        made: Any = read_model(kind, {**found, **unsaid}, operation)
        whole: M = attrs.evolve(made, raw=found) if hasattr(made, "raw") else made
        return whole

    return read


def _needed(model: Any) -> set[str]:
    """The fields that an answer must have."""
    return {field.name for field in attrs.fields(model) if field.default is attrs.NOTHING}


def as_rows(model: type[M], operation: str, member: str) -> Callable[[Reply], list[M]]:
    """Reads a list, each row as one of our models; ``member`` is its name in the object that it comes in."""
    return lambda reply: [read_model(model, row, operation) for row in reading.row_values(reply, operation, member)]


def as_object(operation: str) -> Callable[[Reply], dict[str, Any]]:
    """Reads an object of JSON as it is."""

    def read(reply: Reply) -> dict[str, Any]:
        found = reading.document(reply, operation)
        if not isinstance(found, dict):
            raise errors.UnexpectedResponse(f"The answer to {operation} is not a JSON object.", operation=operation)
        return found

    return read


def as_file(operation: str, path: str) -> Callable[[Reply], models.PackageFileContent]:
    """Reads a file of a package as it came; a redirect, or a page in its place, is refused."""

    def read(reply: Reply) -> models.PackageFileContent:
        kind = reply.headers.get("content-type", "").partition(";")[0].strip()
        if reply.status >= 300 or ("html" in kind and not path.lower().endswith((".html", ".htm", ".xhtml"))):
            raise errors.UnexpectedResponse(
                f"The service responded to {operation} with status {reply.status} and {kind or 'no content'}, perhaps "
                "a sign-in page.",
                operation=operation,
            )
        return models.PackageFileContent(path, reply.content, kind or None)

    return read


@functools.cache
def _readers(model: Any) -> tuple[tuple[str, _Reader], ...]:
    """How each field of a model is read."""
    hints = typing.get_type_hints(model, localns=_NAMES)
    return tuple(
        (field.name, _reader(model, field.name, hints[field.name], is_needed=field.default is attrs.NOTHING))
        for field in attrs.fields(model)
    )


def _reader(model: Any, name: str, hint: Any, *, is_needed: bool) -> _Reader:
    if name == "raw":
        return lambda value, _: value
    if is_needed:
        needed = steering_uuid if hint is UUID else steering_text
        return lambda value, operation: needed(value.get(name), operation, name)
    if isinstance(hint, types.UnionType):
        (hint,) = (member for member in typing.get_args(hint) if member is not type(None))
    convert = _converter(model, name, hint)
    return lambda value, operation: _UNFIT if (found := value.get(name)) is None else convert(found, operation)


def _converter(model: Any, name: str, hint: Any) -> Callable[[Any, str], Any]:
    """Reads a value as what a field, or an item of it, is declared as. What cannot be read gives ``_UNFIT``."""
    if hint is Any:
        return lambda found, _: found
    if hint in _SCALARS:

        def read_scalar(found: Any, _: str) -> Any:
            if type(found) is hint and hint in (str, bool):
                return found
            read = displayed(found, hint, model, name)
            return _UNFIT if read is None else read

        return read_scalar
    if attrs.has(hint):

        def read_object(found: Any, operation: str) -> Any:
            try:
                return read_model(hint, found, operation)
            except errors.UnexpectedResponse:
                # The rest of the answer is of use without it.
                return _UNFIT

        return read_object
    *_, item_hint = (one for one in typing.get_args(hint) if one is not Ellipsis)
    item = _converter(model, name, item_hint)
    if typing.get_origin(hint) is tuple:

        def read_items(found: Any, operation: str) -> Any:
            if not isinstance(found, list):
                return _UNFIT
            return tuple(one for value in found if (one := item(value, operation)) is not _UNFIT)

        return read_items

    def read_members(found: Any, operation: str) -> Any:
        if not isinstance(found, dict):
            return _UNFIT
        return {key: one for key, value in found.items() if (one := item(value, operation)) is not _UNFIT}

    return read_members
