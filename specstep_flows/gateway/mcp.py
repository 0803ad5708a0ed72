"""The service's MCP endpoint: JSON-RPC by POST with the key of REST, for what REST does not have.

Its page names the address, the methods and that answers come in the same response; all else is the protocol's own
(modelcontextprotocol.io, streamable HTTP), by which an answer may also come as an event of a stream.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import read_json
from specstep_flows.engine.effects import Reply, Request, Send
from specstep_flows.gateway import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATH: Final = "/mcp"
#: The revision of the protocol that is asked for; the service answers with the one that it speaks.
REVISION: Final = "2025-06-18"
#: A list of tools has no more pages.
MOST_PAGES: Final = 10
#: No answer is longer, in bytes: ten thousand tools are less.
LONGEST_ANSWER: Final = 4 << 20
#: What a header takes back to the service.
_TOKEN: Final = re.compile(r"[!-~]{1,256}", re.ASCII)


class NoAnswer(Exception):
    """The endpoint answered, and not with a result. Its sentence is for people."""


#: What counts as "no answer" for whoever only wants a hint. (That nothing was sent at all is another matter.)
REFUSALS: Final = (NoAnswer, errors.APIError, errors.ConnectionLost, errors.UnexpectedResponse)


def reason_of(error: Exception) -> str:
    """What one of ``REFUSALS`` says; with a status of 400 or above, an error of the protocol may say why."""
    if isinstance(error, errors.AuthenticationError):
        return "the service does not take this key over MCP (401), which says nothing about REST"
    said: str = getattr(error, "message", None) or str(error)
    told = getattr(error, "members", {}).get("error")
    message = told.get("message") if isinstance(told, dict) else None
    return f"{said.rstrip('.')}: {message}" if isinstance(message, str) and message else said


@attrs.frozen
class Connection:
    """What ``initialize`` settled, as the headers of what follows."""

    headers: Mapping[str, str]


async def initialize() -> Connection:
    """``initialize``, and the notification that ends it. Raises ``NoAnswer``, ``RequestError``; so do the others."""
    from specstep_flows._version import __version__

    about = {"name": "specstep-flows", "version": __version__}
    parameters = {"protocolVersion": REVISION, "capabilities": {}, "clientInfo": about}
    result, reply = await _ask(Connection({}), "initialize", parameters)
    given = {
        "Mcp-Session-Id": reply.headers.get("mcp-session-id"),
        "MCP-Protocol-Version": result.get("protocolVersion"),
    }
    connection = Connection(
        {name: value for name, value in given.items() if isinstance(value, str) and _TOKEN.fullmatch(value)}
    )
    with contextlib.suppress(*REFUSALS):  # some servers do not take it, and need none
        await Send(_request(connection, "notifications/initialized", {}, id_=None), lambda reply: None, resend=False)
    return connection


async def list_tools(connection: Connection) -> list[dict[str, Any]]:
    """``tools/list``, all pages: each tool with its ``inputSchema``."""
    found: list[dict[str, Any]] = []
    cursor: Any = None
    for _ in range(MOST_PAGES):
        result, _reply = await _ask(connection, "tools/list", {} if cursor is None else {"cursor": cursor})
        tools = result.get("tools")
        found += [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
        cursor = result.get("nextCursor")
        if cursor is None:
            break
    return found


async def call_tool(connection: Connection, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``tools/call``: the tool's result. Only for tools that read: after a lost answer the call is not repeated."""
    return (await _ask(connection, "tools/call", {"name": name, "arguments": dict(arguments)}))[0]


def _request(connection: Connection, method: str, parameters: Mapping[str, Any], id_: int | None) -> Request:
    message = {"jsonrpc": "2.0", "method": method, "params": dict(parameters)}
    return Request(
        f"mcp {method}",
        "read",
        "POST",
        PATH,
        json=message if id_ is None else {**message, "id": id_},
        headers={"Accept": "application/json, text/event-stream", **connection.headers},
        # A 401 here may only mean that this endpoint does not take the key: it says nothing about the key.
        is_anonymous=True,
        about=f"answer {method} over MCP",
        # Nothing is said to a notification, for which a stream may be kept open all the same.
        leaves_body=id_ is None,
        is_enough=None if id_ is None else _is_answered,
    )


async def _ask(connection: Connection, method: str, parameters: Mapping[str, Any]) -> tuple[dict[str, Any], Reply]:
    def parse(reply: Reply) -> tuple[dict[str, Any], Reply]:
        return _result(reply, method), reply

    # Once: nobody waits long for what is no more than a hint.
    return await Send(_request(connection, method, parameters, id_=1), parse, resend=False)


def _result(reply: Reply, method: str) -> dict[str, Any]:
    for message in _messages(reply, f"mcp {method}"):
        if not _is_answer(message):
            continue
        error = message.get("error")
        if isinstance(error, dict):
            raise NoAnswer(f"the service answered {method} with an error: {error.get('message')}")
        result: dict[str, Any] = message["result"]
        return result
    raise NoAnswer(f"the service did not answer {method}")


def _messages(reply: Reply, operation: str) -> Iterator[Any]:
    """The JSON-RPC messages of a response: one, a batch, or the events of a stream."""
    if len(reply.content) > LONGEST_ANSWER:
        raise NoAnswer("the service's answer over MCP is too long")
    if "event-stream" not in reply.headers.get("content-type", "").casefold():
        found = reading.document(reply, operation)
        yield from found if isinstance(found, list) else [found]
        return
    yield from _told(reply.content)


def _told(stream: bytes) -> Iterator[Any]:
    """The messages in the events of a stream."""
    stream = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for event in stream.split(b"\n\n"):
        if b"data:" not in event:
            continue
        lines = [line.removeprefix(b"data:").removeprefix(b" ") for line in event.splitlines() if line[:5] == b"data:"]
        try:
            found = read_json(b"\n".join(lines))
        except ValueError:
            # A comment that keeps the connection alive, or an event of another kind.
            continue
        yield from found if isinstance(found, list) else [found]


def _is_answered(content: bytes) -> bool:
    """Whether a stream has brought the answer, after which a server may keep it open. What is no stream has an end."""
    is_stream = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"[", b"")
    return len(content) > LONGEST_ANSWER or (is_stream and any(map(_is_answer, _told(content))))


def _is_answer(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    is_ours = str(message.get("id")) == "1"
    # Whoever could not read the request knows no id of it.
    is_ours_or_nobodys = is_ours or message.get("id") is None
    return (is_ours and isinstance(message.get("result"), dict)) or (
        is_ours_or_nobodys and isinstance(message.get("error"), dict)
    )
