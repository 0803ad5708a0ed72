"""Any other operation, by its module in the generated client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows import errors
from specstep_flows._json import storable
from specstep_flows.engine.effects import Reply, Send
from specstep_flows.gateway import reading
from specstep_flows.gateway.requests import request_of, stated_operation

if TYPE_CHECKING:
    from specstep_flows.engine.effects import Kind


async def call(operation: Any, *args: Any, **arguments: Any) -> Any:
    """Call an operation by its generated module; returns its 2xx body as the generated client parses it."""
    name = operation.__name__.rpartition(".")[2]
    kwargs = operation._get_kwargs(*map(storable, args), **{key: storable(value) for key, value in arguments.items()})
    stated = stated_operation(name, kwargs["method"])
    headers = {key: value for key, value in kwargs.get("headers", {}).items() if key.lower() != "content-type"}
    if stated.catch_all:
        kwargs = {**kwargs, "url": _with_slashes(kwargs["url"])}
    request = request_of(name, kwargs, headers=headers)
    try:
        return await Send(request, lambda reply: _parsed(operation, name, stated.kind, reply))
    except errors.RequestError as error:
        if error.ambiguous and stated.kind == "unsafe":
            error.add("It may have been carried out, so it is not sent again. Check before you repeat it.")
        raise


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
