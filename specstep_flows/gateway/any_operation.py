"""Any other operation, by its name or its module in the generated client: what it sends, and how its answer is read."""

from __future__ import annotations

import difflib
import enum
import functools
import inspect
import json
import mimetypes
import pkgutil
import typing
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from uuid import UUID

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json, storable
from specstep_flows.callbacks import as_id
from specstep_flows.engine.effects import Flow, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.gateway.requests import request_of, stated_operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from specstep_flows.engine.effects import Kind, Request

T = TypeVar("T")

_ROOT: Final = "specstep_client.api"
#: Where what a paid operation makes is listed: the tag and the name of the list's own operation.
_LISTED_BY: Final = {
    "create_addendum": ("addenda", "list_addenda"),
    "explain_package": ("explanations", "list_explanations"),
    "commit_doc_migration": ("packages", "list_packages"),
}


@attrs.frozen
class Parsed:
    """A 2xx body as the generated client parses it."""

    body: Any


@attrs.frozen
class SentFile:
    """A file in the body of a request."""

    name: str
    content: bytes = attrs.field(repr=False)


@attrs.frozen
class AnyCall(Generic[T]):
    """A call of an operation, which can be sent more than once, and the list of what such calls made."""

    request: Request
    read: Callable[[Reply], T]
    #: The ids that are listed, or the rows that have none.
    listed: Callable[[], Flow[frozenset[str]]] | None = None

    async def send(self, look: Callable[[], Flow[T | None]] | None = None) -> T:
        """Send it, as often as its kind allows; ``look`` is called before an attempt that may be its second."""
        return await Send(self.request, self.read, look=look)


@functools.cache
def operation_names() -> dict[str, str]:
    """Every operation's name, with its tag."""
    root = import_module(_ROOT)
    return {
        module.name: tag.name
        for tag in pkgutil.iter_modules(root.__path__)
        for module in pkgutil.iter_modules([f"{path}/{tag.name}" for path in root.__path__])
    }


def find_operation(name: str) -> ModuleType:
    """The generated module of an operation. Raises ``UsageError`` with the nearest names."""
    known = operation_names()
    chosen = name.replace("-", "_")
    if chosen not in known:
        near = difflib.get_close_matches(chosen, known, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise errors.UsageError(f"The API has no operation {name!r}.{hint} `specstep api` lists all {len(known)}.")
    return import_module(f"{_ROOT}.{known[chosen]}.{chosen}")


def prepare(operation: Any, *args: Any, **arguments: Any) -> AnyCall[Parsed]:
    """A call of an operation by its name or its generated module. Raises ``UsageError``."""
    return _prepare(operation, args, arguments, _parsed)


def prepare_as_sent(operation: Any, **arguments: Any) -> AnyCall[Parsed]:
    """The same, its answer as the JSON that came, whatever its fields: for showing, which needs none of them."""
    return _prepare(operation, (), arguments, _as_sent)


def _prepare(
    operation: Any, args: tuple[Any, ...], arguments: Mapping[str, Any], read: Callable[[Any, str, Kind, Reply], Any]
) -> AnyCall[Parsed]:
    if isinstance(operation, str):
        operation = find_operation(operation)
    name = str(getattr(operation, "__name__", operation)).rpartition(".")[2]
    if not hasattr(operation, "_get_kwargs"):
        raise errors.UsageError(
            f"{name} is not an operation: give its name, such as 'get_usage', or its module in specstep_client.api. "
            "Nothing was sent."
        )
    arguments = {key: storable(value) for key, value in arguments.items()}
    request = _request(operation, name, tuple(map(storable, args)), arguments)
    return AnyCall(
        request,
        lambda reply: Parsed(read(operation, name, request.kind, reply)),
        _listing(operation, name, args, arguments),
    )


def prepare_to_read(
    operation: str,
    read: Callable[[Reply], T],
    names: Sequence[object],
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
) -> AnyCall[T]:
    """A call of an operation by its name, its answer read by ``read``. Of the query, what is None is left out.

    ``names`` are the parameters of its path, ``body`` are the fields of its body as JSON has them.

    Raises:
        UsageError: the API has no such operation, an id is none, or the body does not fit.
    """
    module = find_operation(operation)
    name = module.__name__.rpartition(".")[2]
    taken = _parameters(module)
    in_path = [parameter for parameter in taken.values() if parameter.kind is not parameter.KEYWORD_ONLY]
    args = tuple(
        as_id(value) if parameter.annotation is UUID else value  # type: ignore[arg-type]
        for parameter, value in zip(in_path, names, strict=True)
    )
    given = {key: storable(value) for key, value in (query or {}).items() if value is not None}
    # What must be there the generated client asks for by name; the rest it may call otherwise.
    arguments = {
        key: _as_kind(taken[key].annotation, given.pop(word)) for key in taken if (word := key.rstrip("_")) in given
    }
    if body is not None:
        arguments["body"] = body_of(_unwrapped(taken["body"].annotation), body, name) if "body" in taken else body
    return AnyCall(_request(module, name, args, arguments, given), read, _listing(module, name, args, arguments))


@functools.cache
def _parameters(module: ModuleType) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(module._get_kwargs, eval_str=True).parameters


def is_paged(operation: str) -> bool:
    """Whether an operation lists page by page."""
    return "offset" in _parameters(find_operation(operation))


def _as_kind(annotation: Any, value: Any) -> Any:
    """A value as the generated client takes it: a word of a set as the set's own class, which is open."""
    kind = _unwrapped(annotation)
    return kind(value) if isinstance(kind, type) and issubclass(kind, enum.Enum) else value


def _unwrapped(annotation: Any) -> Any:
    """The class behind ``X | Unset``."""
    members = typing.get_args(annotation)
    return next((one for one in members if one.__name__ not in ("Unset", "NoneType")), annotation)


def body_of(kind: Any, document: Mapping[str, Any], operation: str) -> Any:
    """A body of the generated client from what its JSON holds, with files in their places. Raises ``UsageError``."""
    files = {key: value for key, value in document.items() if isinstance(value, SentFile)}
    plain = {key: value.content if key in files else storable(as_json(value)) for key, value in document.items()}
    try:
        made = kind.from_dict(plain)
    except KeyError as error:
        raise errors.UsageError(f"{operation} needs {error.args[0]} in its body. Nothing was sent.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise errors.UsageError(f"The body of {operation} is not valid ({error}). Nothing was sent.") from None
    for key, file in files.items():
        sent = getattr(made, key, None)
        if sent is None:
            raise errors.UsageError(f"The body of {operation} takes no file {key}. Nothing was sent.")
        sent.file_name = file.name
        sent.mime_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return made


def _request(
    module: Any,
    name: str,
    args: tuple[Any, ...],
    arguments: Mapping[str, Any],
    params: Mapping[str, Any] | None = None,
) -> Request:
    try:
        inspect.signature(module._get_kwargs).bind(*args, **arguments)
    except TypeError as error:
        raise errors.UsageError(f"{name}: {error}. Nothing was sent.") from None
    kwargs = module._get_kwargs(*args, **arguments)
    headers = {key: value for key, value in kwargs.get("headers", {}).items() if key.lower() != "content-type"}
    if stated_operation(name, kwargs["method"]).catch_all:
        kwargs = {**kwargs, "url": _with_slashes(kwargs["url"])}
    return request_of(name, kwargs, params=params, headers=headers)


def _listing(
    module: Any, name: str, args: tuple[Any, ...], arguments: Mapping[str, Any]
) -> Callable[[], Flow[frozenset[str]]] | None:
    """What reads the list of what such calls make, if there is one."""
    tag, by = _LISTED_BY.get(name, ("", ""))
    if by not in OPERATIONS:
        return None
    listing = import_module(f"specstep_client.api.{tag}.{by}")
    bound = inspect.signature(module._get_kwargs).bind(*args, **arguments).arguments
    wanted = inspect.signature(listing._get_kwargs).parameters
    return partial(_listed, request_of(by, listing._get_kwargs(**{key: bound[key] for key in bound if key in wanted})))


async def _listed(request: Request) -> frozenset[str]:
    def parse(reply: Reply) -> frozenset[str]:
        document = reading.document(reply, request.operation)
        arrays = (
            [member for member in document.values() if isinstance(member, list)] if isinstance(document, dict) else []
        )
        rows = arrays[0] if len(arrays) == 1 else document
        if not isinstance(rows, list):
            raise errors.UnexpectedResponse("A list of the service has no rows.", operation=request.operation)
        return frozenset(
            str(row.get("id") or json.dumps(row, sort_keys=True)) if isinstance(row, dict) else str(row) for row in rows
        )

    return await Send(request, parse)


def _with_slashes(url: str) -> str:
    """Undo the quoting of slashes in a parameter, with which a catch-all route would not find the file."""
    plain = url.replace("%2F", "/")
    if any(segment in (".", "..") for segment in plain.split("/")):
        raise errors.UsageError("A path inside a package must not contain '.' or '..'. Nothing was sent.")
    return plain


def _as_sent(operation: Any, name: str, kind: Kind, reply: Reply) -> Any:
    """The JSON of an answer, None if it is empty; bytes if it is a file, or if nobody says what it is."""
    from specstep_client.models.problem import Problem
    from specstep_client.types import File

    _refuse_page(name, kind, reply)
    documented = set(typing.get_args(inspect.signature(operation._parse_response).return_annotation))
    if File in documented:
        return reply.content
    if not reply.content.strip():
        return None
    try:
        return reading.document(reply, name)
    except errors.UnexpectedResponse:
        if documented - {Any, Problem, type(None)} or "json" in reply.headers.get("content-type", ""):
            raise
        return reply.content


def _refuse_page(name: str, kind: Kind, reply: Reply) -> None:
    """A redirect or a page in place of an answer is none: a change did not succeed by it."""
    stated = OPERATIONS.get(name)
    if reply.status >= 300 and not (stated is not None and stated.redirects):
        reading.document(reply, name)
    if kind != "read" and "html" in reply.headers.get("content-type", ""):
        raise errors.UnexpectedResponse(
            f"The service responded to {name} with an HTML page, perhaps a sign-in page.", operation=name
        )


def _parsed(operation: Any, name: str, kind: Kind, reply: Reply) -> Any:
    """What the generated client parses; plain JSON or bytes if the API document has no schema."""
    _refuse_page(name, kind, reply)
    import httpx
    from specstep_client.client import Client

    class Response(httpx.Response):
        def json(self, **_: Any) -> Any:
            return reading.document(reply, name)

    # The content is decoded already, whatever encoding it came in.
    headers = [(key, value) for key, value in reply.headers.multi_items() if key.lower() != "content-encoding"]
    response = Response(reply.status, headers=headers, content=reply.content)
    try:
        parsed = operation._parse_response(client=Client(base_url=""), response=response)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise errors.UnexpectedResponse(
            f"The response to {name} does not match the API document ({type(error).__name__}).", operation=name
        ) from None
    if isinstance(reply.document, list) and parsed is not None and not isinstance(parsed, list):
        # An array of pairs passes for an object.
        raise errors.UnexpectedResponse(
            f"The response to {name} does not match the API document: it is an array.", operation=name
        )
    if parsed is not None or not reply.content:
        return parsed
    return reading.document(reply, name) if "json" in reply.headers.get("content-type", "") else reply.content
