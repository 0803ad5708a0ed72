"""The sandbox's MCP endpoint: JSON-RPC with the key, and an estimate from the account's own past."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specstep_flows.sandbox import SandboxOptions

MCP = "POST /mcp"


def ask(call: Any, method: str, **parameters: Any) -> dict[str, Any]:
    """The whole answer to one JSON-RPC request."""
    answer = call(MCP, json={"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters})
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    assert (document["jsonrpc"], document["id"]) == ("2.0", 7)
    return document


def test_initialize_list_and_call(start: Any) -> None:
    """The three methods that the MCP page names; below five generations of 30 days there is no figure."""
    call = start()
    assert ask(call, "initialize", protocolVersion="2025-03-26")["result"]["protocolVersion"] == "2025-03-26"
    assert ask(call, "initialize", protocolVersion="1999-01-01")["result"]["protocolVersion"] == "2025-06-18"
    started = call(MCP, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (started.status_code, started.content) == (202, b"")
    (tool,) = ask(call, "tools/list")["result"]["tools"]
    order = {"name": tool["name"], "arguments": {"review_profile": "Fast"}}
    for _ in range(4):
        call.package()
    assert ask(call, "tools/call", **order)["result"]["structuredContent"]["estimated_total_usd"] is None

    call.package()
    result = ask(call, "tools/call", **order)["result"]

    usual = SandboxOptions().profile_cost_usd["Fast"]
    assert result["structuredContent"]["estimated_total_usd"] == usual
    assert result["structuredContent"]["estimated_total_sample_size"] == 5
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    call.pass_time(30 * 86400)
    assert ask(call, "tools/call", **order)["result"]["structuredContent"]["estimated_total_sample_size"] == 0


def test_what_is_wrong_is_said_in_json_rpc(start: Any) -> None:
    """No answer here is a status of HTTP, but for the key and the limits."""
    call = start(requests_per_minute=9)
    tool = "estimate_generation_cost"
    for method, parameters, code in (
        ("tools/refill", {}, -32601),
        ("tools/call", {"name": "create_webhook"}, -32602),
    ):
        assert ask(call, method, **parameters)["error"]["code"] == code
    for arguments in ({}, 1, {"review_profile": "Slow"}, {"review_profile": "Fast", "more": 1}):
        assert ask(call, "tools/call", name=tool, arguments=arguments)["result"]["isError"]
    assert call(MCP, content=b"{").json()["error"]["code"] == -32700
    assert call(MCP, json=[]).json()["error"]["code"] == -32600

    assert call(MCP, json={}, headers={"Authorization": "Bearer sf_wrong"}).status_code == 401
    assert call(MCP, json={}).json()["error"]["code"] == -32600
    assert call(MCP, json={}).status_code == 429


@pytest.mark.parametrize("framing", ["json", "events"])
def test_framing(start: Any, framing: str) -> None:
    """The same answer, plain or as an event of a stream."""
    answer = start(mcp_framing=framing)(MCP, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})

    text = answer.text.removeprefix("event: message\ndata: ")
    assert json.loads(text) == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert ("text/event-stream" in answer.headers["content-type"]) == (framing == "events") == (text != answer.text)
