"""Any operation of the API by its name: found in the generated client, given its arguments as text, answered as JSON.

The generated modules are only looked up and inspected here. Answers are shown as they came, whatever their fields.
"""

from __future__ import annotations

import enum
import inspect
import secrets
import types
import typing
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import attrs

from specstep_flows import errors, gateway
from specstep_flows._json import read_own_json
from specstep_flows._text import plain_line
from specstep_flows.cli.arguments import Upload
from specstep_flows.cli.session import open_client_for
from specstep_flows.flows import calling
from specstep_flows.gateway._operations import OPERATIONS, Operation
from specstep_flows.gateway.any_operation import find_operation
from specstep_flows.gateway.requests import stated_operation
from specstep_flows.states import fold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep


@attrs.frozen
class Parameter:
    """An argument of an operation. ``place`` is ``path or query`` or ``body``."""

    name: str
    kind: str
    place: str
    is_required: bool


def marked(name: str, mark: Literal["costs", "destroys", "cookie_only", "redirects"]) -> bool:
    """Whether the contract says something of an operation; it says nothing of one that only a pulled document has."""
    known = OPERATIONS.get(name)
    return known is not None and bool(getattr(known, mark))


def find(name: str) -> ModuleType:
    """The generated module of an operation.

    Raises:
        UsageError: there is none, or a key cannot use it.
    """
    module = find_operation(name)
    chosen = module.__name__.rpartition(".")[2]
    if marked(chosen, "cookie_only"):
        raise errors.UsageError(
            f"{chosen} works only in a signed-in browser: the service refuses it to API keys. Nothing was sent."
        )
    return module


def parameters(module: ModuleType) -> list[Parameter]:
    """What an operation takes, the fields of its body among it."""
    found = []
    for name, parameter in _signature(module).items():
        kind, is_optional = _unwrapped(parameter.annotation)
        if name == "body":
            found += [
                Parameter(
                    field.name,
                    str(field.type).replace(" | Unset", "").replace("UUID", "id"),
                    "body",
                    field.default is attrs.NOTHING and not is_optional,
                )
                for field in attrs.fields(kind)
                if field.init
            ]
        else:
            required = parameter.default is inspect.Parameter.empty
            found.append(Parameter(name.rstrip("_"), getattr(kind, "__name__", str(kind)), "path or query", required))
    return found


@attrs.frozen
class BoundCall:
    """An operation with its arguments, ready to be sent."""

    module: ModuleType
    arguments: dict[str, Any]

    def send(self, client: SpecStep) -> Any:
        """Its answer as the JSON that came, bytes of one that is a file, None of one that is empty."""
        return client._drive(calling.call_as_sent(self.module, **self.arguments))

    @property
    def stated(self) -> Operation:
        """What the contract says of it, or what can be told from its method."""
        name = self.module.__name__.rpartition(".")[2]
        return OPERATIONS.get(name) or stated_operation(name, self.module._get_kwargs(**self.arguments)["method"])

    @property
    def ids(self) -> str:
        """The arguments that its path or its query names, for a question: ``webhook_id 0195...``."""
        found = {name: value for name, value in self.arguments.items() if name not in ("body", "idempotency_key")}
        return ", ".join(f"{name.rstrip('_')} {plain_line(value)}" for name, value in found.items())


def perform(
    client: SpecStep, name: str, given: Mapping[str, Any] | None = None, *, body: Mapping[str, Any] | None = None
) -> Any:
    """Carry an operation out (``bind``); its answer as ``BoundCall.send`` has it."""
    return bind(name, given, body=body).send(client)


def bind(name: str, given: Mapping[str, Any] | None = None, *, body: Mapping[str, Any] | None = None) -> BoundCall:
    """An operation with its arguments.

    ``given`` are arguments for the path, the query and the body, as text or as values; ``body`` is a whole body.

    Raises:
        UsageError: an argument is missing, unknown or invalid; nothing was sent.
    """
    module = find(name)
    rest = dict(given or {})
    arguments: dict[str, Any] = {}
    missing = []
    signature = _signature(module)
    for parameter in signature.values():
        if parameter.name == "body":
            continue
        key = _matching(rest, parameter.name)
        if key is not None:
            kind, _ = _unwrapped(parameter.annotation)
            arguments[parameter.name] = _value(kind, rest.pop(key), key)
        elif parameter.default is inspect.Parameter.empty:
            missing.append(parameter.name.rstrip("_"))
    if "idempotency_key" in signature and "idempotency_key" not in arguments:
        # What is sent again after a broken connection must be known for the same.
        arguments["idempotency_key"] = f"ssf-{secrets.token_hex(16)}"
    if missing:
        raise errors.UsageError(f"{name} needs {', '.join(missing)}. Nothing was sent.")
    if "body" in signature:
        kind, is_optional = _unwrapped(signature["body"].annotation)
        if body is not None or rest or not is_optional:
            arguments["body"] = _body(kind, body, rest, name)
            rest = {}
    if rest or (body is not None and "body" not in signature):
        unknown = ", ".join(rest) or "body"
        known = ", ".join(parameter.name for parameter in parameters(module)) or "nothing"
        raise errors.UsageError(f"{name} has no parameter {unknown}; it takes {known}. Nothing was sent.")
    return BoundCall(module, arguments)


def _signature(module: ModuleType) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(module._get_kwargs, eval_str=True).parameters)


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type behind ``X | Unset`` or ``X | None``, and whether it may be left out."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [one for one in typing.get_args(annotation) if one is not type(None) and one.__name__ != "Unset"]
        return members[0], True
    return annotation, False


def _matching(given: Mapping[str, Any], name: str) -> str | None:
    """The key that means ``name``, however its words are joined."""
    return next((key for key in given if fold(key) == fold(name)), None)


def _value(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if kind is UUID:
            return UUID(value)
        if kind in (int, float):
            return kind(value)
        if kind is bool:
            return {"true": True, "false": False}[value.casefold()]
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return kind(value)
    except (ValueError, KeyError):
        wanted = "an id (a UUID)" if kind is UUID else kind.__name__
        raise errors.UsageError(f"{name}={value} is not {wanted}. Nothing was sent.") from None
    return value


def _body(kind: Any, whole: Mapping[str, Any] | None, fields: Mapping[str, Any], operation: str) -> Any:
    declared = {fold(field.name): field for field in attrs.fields(kind) if field.init}
    document = dict(whole or {})
    uploads: dict[str, Upload] = {}
    for name, value in fields.items():
        field = declared.get(fold(name))
        if isinstance(value, Upload):
            is_file = field is not None and "File" in str(field.type)
            uploads |= {field.name: value} if is_file and field is not None else {}
            document[name] = value.content if is_file else value.text()
        else:
            document[name] = _field_value(str(field.type) if field is not None else "str", value)
    try:
        made = kind.from_dict(document)
    except KeyError as error:
        raise errors.UsageError(f"{operation} needs {error.args[0]} in its body. Nothing was sent.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise errors.UsageError(f"The body of {operation} is not valid ({error}). Nothing was sent.") from None
    unknown = sorted(set(made.additional_properties) - set(whole or {}))
    if unknown:
        known = ", ".join(field.name for field in attrs.fields(kind) if field.init)
        raise errors.UsageError(
            f"The body of {operation} has no field {', '.join(unknown)}; it has {known}. Nothing was sent."
        )
    for name, upload in uploads.items():
        upload.describe(getattr(made, name))
    return made


def _field_value(kind: str, value: Any) -> Any:
    """Text for a field that is not text, as JSON reads it."""
    words = {word.strip() for word in kind.split("|")}
    if not isinstance(value, str) or ("str" in words and not (value == "null" and "None" in words)):
        return value
    if words & {"int", "float", "bool", "None"}:
        try:
            return read_own_json(value)
        except ValueError:
            return value
    return value


def read_json_body(text: str, path: Path | None) -> dict[str, Any]:
    """A whole body from JSON text. Raises ``UsageError`` with line and column."""
    try:
        document = read_own_json(text)
    except ValueError as error:
        raise errors.UsageError(
            f"The body{f' ({path})' if path else ''} is not JSON: {error}. Nothing was sent."
        ) from None
    if not isinstance(document, dict):
        raise errors.UsageError("The body must be a JSON object. Nothing was sent.")
    return document


def ask_service(call: Call, operation: str, **arguments: Any) -> Any:
    """Carry one operation out; its answer as JSON has it. Arguments that are None are left out."""
    with open_client_for(call, operation) as client:
        return perform(client, operation, {name: value for name, value in arguments.items() if value is not None})


def ask_rows(call: Call, operation: str, member: str, **arguments: Any) -> list[dict[str, Any]]:
    """The rows of a list, which an object may have as ``member``. Raises ``UnexpectedResponse`` if there is no list."""
    return rows_in(ask_service(call, operation, **arguments), operation, member)


def rows_in(answer: Any, operation: str, member: str) -> list[dict[str, Any]]:
    """The rows of a list in an answer, see ``ask_rows``."""
    return [row for row in gateway.list_in(answer, operation, member) if isinstance(row, dict)]


def ask_object(call: Call, operation: str, needed: str, advice: str, **arguments: Any) -> dict[str, Any]:
    """The same where the answer is an object that names ``needed``.

    Raises:
        UnexpectedResponse: it does not; its message ends with ``advice``.
    """
    answer = ask_service(call, operation, **arguments)
    if isinstance(answer, dict) and answer.get(needed):
        return answer
    del answer  # It may hold a signed address, which a traceback with local variables would show.
    raise errors.UnexpectedResponse(
        f"The service accepted {operation}, but its answer has no {needed}. {advice}", operation=operation, field=needed
    )
