"""The service's own estimate: whatever the MCP endpoint is like, it is figures, words, or a reason for neither."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.flows.estimate import TOOL, estimate_generation
from specstep_flows.models import ServiceEstimate
from tests.kit.raw_server import raw_server, without_end
from tests.kit.stage import Stage

PROFILE_SCHEMA = {
    "type": "object",
    "properties": {"review_profile": {"type": "string"}},
    "required": ["review_profile"],
}


class Endpoint:
    """An MCP endpoint with the one tool; ``framed`` makes the response of a message."""

    def __init__(
        self,
        result: Any = None,
        schema: Any = PROFILE_SCHEMA,
        framed: Callable[[dict[str, Any]], Reply | Exception] | None = None,
        **instead: Any,
    ) -> None:
        self.result = {"structuredContent": {"cost_usd": 2.5}} if result is None else result
        self.schema = schema
        self.framed = framed or as_json
        #: By method, what is answered in place of a result.
        self.instead = instead
        self.arguments: Any = None
        self.stage = Stage(self.respond)

    def respond(self, request: Request) -> Any:
        message = request.json
        method = message["method"]
        if method.partition("/")[2] in self.instead or method in self.instead:
            given = self.instead.get(method.partition("/")[2], self.instead.get(method))
            return given if isinstance(given, Reply | tuple | Exception) else self.framed(_response(message, given))
        if "id" not in message:
            return Reply(202, httpx.Headers(), b"")
        if method == "initialize":
            return self.framed(_response(message, {"protocolVersion": "2025-03-26", "capabilities": {}}))
        if method == "tools/list":
            tools = [{"name": "other"}, {"name": TOOL, "inputSchema": self.schema}]
            return self.framed(_response(message, {"tools": tools}))
        self.arguments = message["params"]["arguments"]
        return self.framed(_response(message, self.result))

    def ask(self, profile: str = "Normal") -> ServiceEstimate:
        found = self.stage.play(estimate_generation(profile))
        assert isinstance(found, ServiceEstimate)
        return found


def _response(message: dict[str, Any], result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message.get("id"), "result": result}


def as_json(document: Any, **headers: str) -> Reply:
    """As one JSON document."""
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Reply(200, httpx.Headers(given), json.dumps(document).encode())


def as_events(document: Any) -> Reply:
    """As the last event of a stream that first says something else, over two lines of data."""
    first, second = json.dumps(document).split(" ", 1)
    note = json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
    text = f": hello\r\n\r\nevent: message\r\ndata: {note}\r\n\r\ndata:{first}\r\ndata: {second}\r\nid: 7\r\n\r\n"
    return Reply(200, httpx.Headers({"content-type": "text/event-stream"}), text.encode())


def test_the_order_of_the_protocol_and_the_headers_that_it_settles() -> None:
    """initialize, its notification, tools/list, tools/call; the session and the revision are taken along."""
    endpoint = Endpoint(framed=lambda document: as_json(document, mcp_session_id="abc-1"))

    assert endpoint.ask().cost_usd == 2.5

    sent = endpoint.stage.sent
    methods = [request.json["method"] for request in sent]
    assert methods == ["initialize", "notifications/initialized", "tools/list", "tools/call"]
    assert {request.path for request in sent} == {"/mcp"}
    assert [request.leaves_body for request in sent] == [False, True, False, False]
    for request in sent[1:]:
        assert request.headers is not None
        assert request.headers["Mcp-Session-Id"] == "abc-1"
        assert request.headers["MCP-Protocol-Version"] == "2025-03-26"
    assert all("text/event-stream" in (request.headers or {})["Accept"] for request in sent)


@pytest.mark.parametrize(
    "framed",
    [
        as_json,
        as_events,
        lambda document: as_json([{"id": 9}, document]),
        lambda document: Reply(200, httpx.Headers({"Content-Type": "Text/Event-Stream"}), as_events(document).content),
    ],
)
def test_framings(framed: Callable[[Any], Reply]) -> None:
    """One message, the events of a stream, or a batch."""
    assert Endpoint(framed=framed).ask().cost_usd == 2.5


def test_a_stream_that_is_kept_open_is_left_once_it_has_the_answer() -> None:
    """Servers may keep it open for what they have to say later, and say now and then that they are there."""
    answers = {"initialize": {}, "tools/list": {"tools": [{"name": TOOL, "inputSchema": PROFILE_SCHEMA}]}}

    def handle(peer: socket.socket, head: bytes) -> None:
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < int(length):
            body += peer.recv(65536)
        message = json.loads(body)
        if "id" not in message:
            peer.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            return
        told = _response(message, answers.get(message["method"], {"structuredContent": {"cost_usd": 2.5}}))
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        without_end(b": hello\n\ndata: %b\n\n" % json.dumps(told).encode(), b": here\n\n")(peer, head)

    async def on_a_loop(url: str) -> ServiceEstimate:
        async with AsyncSpecStep("sf_a1b2c3d4e5f6g7h8", api_url=url, store=RunStore.in_memory()) as specstep:
            return await specstep.estimate_generation("Normal")

    with raw_server(handle) as port:
        url = f"http://127.0.0.1:{port}"
        with SpecStep("sf_a1b2c3d4e5f6g7h8", api_url=url, store=RunStore.in_memory()) as specstep:
            assert specstep.estimate_generation("Normal").cost_usd == 2.5
        assert asyncio.run(on_a_loop(url)).cost_usd == 2.5


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (PROFILE_SCHEMA, {"review_profile": "Normal"}),
        ({"properties": {"profile": {"enum": ["fast", "normal"]}}}, {"profile": "normal"}),
        ({"properties": {"kind": {"enum": ["FAST", "NORMAL"]}}}, {"kind": "NORMAL"}),
        ({"properties": {"profileName": {"type": ["string", "null"]}, "max": {}}, "required": [["max"]]},
         {"profileName": "Normal"}),
        (
            {
                "properties": {
                    "request": {"$ref": "#/$defs/Request"},
                    "version": {"const": 2},
                    "ui": {"default": True},
                },
                "required": ["version", "ui", "request"],
                "$defs": {
                    "Request": {"properties": {"reviewProfile": {"anyOf": [{"type": "null"}, {"enum": ["Normal"]}]}}}
                },
            },
            {"request": {"reviewProfile": "Normal"}, "version": 2, "ui": True},
        ),
    ],
)  # fmt: skip
def test_arguments_are_those_of_the_tools_own_schema(schema: Any, arguments: Any) -> None:
    """The profile goes where the schema has a place for it, spelled as it says; nothing else is made up."""
    endpoint = Endpoint(schema=schema)

    assert endpoint.ask().cost_usd == 2.5
    assert endpoint.arguments == arguments


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"properties": {"profile": {"type": "string"}, "intake_id": {}}, "required": ["intake_id"]}, "intake_id"),
        ({"properties": {"profile": {"enum": ["Tiny"]}}}, "no argument for a review profile"),
        ({"properties": {"brief": {"type": "string"}}}, "no argument for a review profile"),
        (None, "no argument for a review profile"),
        ({"$ref": "#"}, "no argument for a review profile"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {f"p{n}": {"$ref": "#/$defs/a"} for n in range(200)}}}},
         "no argument for a review profile"),
    ],
)  # fmt: skip
def test_a_tool_that_wants_what_is_not_known_is_not_called(schema: Any, says: str) -> None:
    """It would be a guess."""
    endpoint = Endpoint(schema=schema)

    assert says in str(endpoint.ask().reason)
    assert endpoint.arguments is None


@pytest.mark.parametrize(
    ("body", "figures"),
    [
        (
            {"estimated_total_usd": 2.5, "estimated_total_p25_usd": 2.1, "estimated_total_p75_usd": 3.0,
             "estimated_duration_seconds": 720, "estimated_total_sample_size": 23},
            (2.5, 2.1, 3.0, 720, 23),
        ),
        (
            {"maxBudgetUsd": 50, "forecast": {"costUsd": {"low": "2.10", "median": "2.50", "high": "3.00"},
             "durationMinutes": {"median": 12}}, "samples": 23},
            (2.5, 2.1, 3.0, 720, 23),
        ),
        ({"spent_usd": 90, "cost_per_round_usd": 0.2, "cost_usd": 2.5}, (2.5, None, None, None, None)),
        ({"estimated_duration_seconds": 240.5}, (None, None, None, 240.5, None)),
        ({"cost_usd": -1, "cost": "NaN", "price": True, "usd": 1e300, "expected_cost": 2}, (2, None, None, None, None)),
    ],
)  # fmt: skip
def test_figures_are_found_by_what_their_names_say(body: Any, figures: Any) -> None:
    """Structured, or as JSON in a text; amounts about something else are left alone."""
    for result in ({"structuredContent": body}, {"content": [{"type": "text", "text": json.dumps(body)}]}):
        found = Endpoint(result).ask()
        assert (found.cost_usd, found.low_usd, found.high_usd, found.seconds, found.sample_size) == figures
        assert found.reason is None
        assert found.raw == body


def test_an_answer_in_words_is_shown_as_it_is_without_secrets() -> None:
    """Up to a limit, in one line, and with no address that could be signed."""
    text = "About $2.50.\nSee https://blob.example/x?sig=abc " + "x" * 900

    found = Endpoint({"content": [{"type": "text", "text": text}]}).ask()

    assert found.text is not None
    assert found.text.startswith("About $2.50. See https://blob.example/…")
    assert len(found.text) <= 500
    assert (found.cost_usd, found.reason) == (None, None)


PAGE = Reply(200, httpx.Headers({"content-type": "text/html"}), b"<html>Sign in</html>")


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        (Endpoint(initialize=(401, {})), "The service does not take this key over MCP (401), which"),
        (Endpoint(initialize=(404, {})), "404"),
        (Endpoint(initialize=(405, {})), "405"),
        (Endpoint(initialize=(503, {"type": "DOWN"})), "503"),
        (Endpoint(initialize=PAGE), "not JSON"),
        (Endpoint(initialize=errors.ConnectionLost("No response arrived in time.")), "in time"),
        (Endpoint(initialize=Reply(302, httpx.Headers({"location": "/login"}), b"")), "redirects"),
        (Endpoint(list={"tools": []}), "offers no tool"),
        (Endpoint(list={"tools": "none"}), "offers no tool"),
        (Endpoint(list=as_json({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "Not for keys"}})), "keys"),
        (Endpoint(list=as_json({"jsonrpc": "2.0", "id": 4, "result": {}})), "did not answer tools/list"),
        (Endpoint(list=as_json({"jsonrpc": "2.0", "id": None, "error": {"message": "Not read"}})), "error: Not read"),
        (Endpoint(initialize=(400, {"id": None, "error": {"code": -32600, "message": "No session"}})), "): No session"),
        (Endpoint(initialize=(400, {"error": "none"})), "400"),
        (Endpoint(call=(429, {})), "429"),
        (Endpoint({"isError": True, "content": [{"type": "text", "text": "No such profile"}]}), "No such profile"),
        (Endpoint({"isError": True}), "failed"),
        (Endpoint({"structuredContent": {"estimated_total_usd": None}}), "no figures for it yet"),
        (Endpoint({"content": []}), "empty"),
        (Endpoint(initialize=Reply(200, httpx.Headers(), b" " * (5 << 20))), "too long"),
    ],
)
def test_whatever_else_is_answered_is_no_estimate_with_its_reason(endpoint: Endpoint, says: str) -> None:
    """Never a failure: it is a hint, and the run that it is about does not need it."""
    found = endpoint.ask()

    assert says in str(found.reason)
    assert str(found.reason).endswith(".")
    assert (found.cost_usd, found.seconds, found.text) == (None, None, None)


def test_the_notification_may_be_refused() -> None:
    """Some servers answer it with an error; what was initialized is used all the same."""
    assert Endpoint(initialized=(400, {})).ask().cost_usd == 2.5


def test_a_list_of_tools_may_have_pages_without_end() -> None:
    """They are read to the tool, and not for ever."""
    endpoint = Endpoint(list={"tools": [], "nextCursor": "more"})

    assert "offers no tool" in str(endpoint.ask().reason)
    assert endpoint.stage.count("mcp tools/list") == 10


def test_nothing_reached_is_no_answer() -> None:
    """That is a failure like any other: it says nothing about the endpoint."""
    with pytest.raises(errors.NotConnected):
        Endpoint(initialize=errors.NotConnected("refused.")).ask()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tools", "name", "properties", "usd", "text", "content", "$ref", "anyOf"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(_json, _json, _json)
def test_any_json_in_any_place_is_understood_or_no_estimate(start: Any, schema: Any, result: Any) -> None:
    """A hostile or broken endpoint raises nothing."""
    Endpoint(result, schema).ask()
    Endpoint(initialize=start).ask()
    Endpoint(initialize=as_json(start)).ask()
    Endpoint(list=start).ask()
    Endpoint(list={"tools": [{"name": TOOL, "inputSchema": schema}]}, call=result).ask()
