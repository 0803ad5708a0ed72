"""Any other operation, by its module in the generated client."""

from __future__ import annotations

import difflib
import inspect
import json
import pkgutil
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows.engine.effects import Flow, Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.gateway.requests import request_of, stated_operation

if TYPE_CHECKING:
    from types import ModuleType

    from specstep_flows.engine.effects import Kind, Request


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
class AnyCall:
    """A call of an operation, which can be sent more than once, and the list of what such calls made."""

    operation: str
    kind: Kind
    send: Callable[[], Flow[Parsed]]
    #: The ids that are listed, or the rows that have none.
    listed: Callable[[], Flow[frozenset[str]]] | None = None


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


def prepare(operation: Any, *args: Any, **arguments: Any) -> AnyCall:
    """A call of an operation by its name or its generated module. Raises ``UsageError``."""
    if isinstance(operation, str):
        operation = find_operation(operation)
    name = str(getattr(operation, "__name__", operation)).rpartition(".")[2]
    if not hasattr(operation, "_get_kwargs"):
        raise errors.UsageError(
            f"{name} is not an operation: give its name, such as 'get_usage', or its module in specstep_client.api. "
            "Nothing was sent."
        )
    try:
        inspect.signature(operation._get_kwargs).bind(*args, **arguments)
    except TypeError as error:
        raise errors.UsageError(f"{name}: {error}. Nothing was sent.") from None
    kwargs = operation._get_kwargs(*map(storable, args), **{key: storable(value) for key, value in arguments.items()})
    stated = stated_operation(name, kwargs["method"])
    headers = {key: value for key, value in kwargs.get("headers", {}).items() if key.lower() != "content-type"}
    if stated.catch_all:
        kwargs = {**kwargs, "url": _with_slashes(kwargs["url"])}
    request = request_of(name, kwargs, headers=headers)

    async def send() -> Parsed:
        return await Send(request, lambda reply: Parsed(_parsed(operation, name, stated.kind, reply)))

    listing = None
    tag, by = _LISTED_BY.get(name, ("", ""))
    if by in OPERATIONS:
        module = import_module(f"specstep_client.api.{tag}.{by}")
        bound = inspect.signature(operation._get_kwargs).bind(*args, **arguments).arguments
        wanted = inspect.signature(module._get_kwargs).parameters
        list_request = request_of(by, module._get_kwargs(**{key: bound[key] for key in bound if key in wanted}))
        listing = partial(_listed, list_request)
    return AnyCall(name, stated.kind, send, listing)


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


def _parsed(operation: Any, name: str, kind: Kind, reply: Reply) -> Any:
    """What the generated client parses; plain JSON or bytes if the API document has no schema."""
    if kind != "read" and "html" in reply.headers.get("content-type", ""):
        raise errors.UnexpectedResponse(
            f"The service responded to {name} with an HTML page, perhaps a sign-in page.", operation=name
        )
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
    if parsed is not None or not reply.content:
        return parsed
    return reading.document(reply, name) if "json" in reply.headers.get("content-type", "") else reply.content
