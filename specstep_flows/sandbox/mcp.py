"""The MCP endpoint with its one tool that REST has no counterpart of: what a generation would cost (the MCP page).

JSON-RPC by POST, the answer in the same response. The page names the methods and the tool; the tool's arguments and its
result are not public, so those here are made up, and a client has to go by the schema that `tools/list` gives.
"""

from __future__ import annotations

import json
import statistics
from typing import Any

from specstep_flows.sandbox import kickoffs
from specstep_flows.sandbox.routing import Answer, Call, Routes
from specstep_flows.sandbox.simulation import Generation

routes = Routes("Mcp")

#: The newest revision that is spoken here, for clients that ask for another one.
REVISION = "2025-06-18"
REVISIONS = ("2025-03-26", REVISION)
#: A forecast needs this many completed generations of the last 30 days (walkthrough, step 5).
LEAST_SAMPLE = 5
SAMPLE_SECONDS = 30 * 86400
TOOL = {
    "name": "estimate_generation_cost",
    "title": "Estimate what a generation costs",
    "description": "What a generation of a review profile would cost and how long it would take, from your own past.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "review_profile": {
                "type": "string",
                "enum": list(kickoffs.PROFILES),
                "description": "The review profile of the generation.",
            }
        },
        "required": ["review_profile"],
        "additionalProperties": False,
    },
    "annotations": {"readOnlyHint": True},
}


class _Wrong(Exception):
    """A JSON-RPC error: its code and its sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message}


@routes.add("POST /mcp")
def speak_mcp(call: Call) -> Answer:
    """One JSON-RPC message; a notification is accepted without an answer."""
    message: Any = None
    try:
        message = json.loads(call.body)
        answered = {"result": _answered(call, message)}
    except ValueError:
        answered = {"error": {"code": -32700, "message": "The body is not JSON."}}
    except _Wrong as wrong:
        answered = {"error": wrong.body}
    if isinstance(message, dict) and "method" in message and "id" not in message:
        return Answer(202)
    id_ = message.get("id") if isinstance(message, dict) else None
    return _framed(call, {"jsonrpc": "2.0", "id": id_, **answered})


def _framed(call: Call, document: dict[str, Any]) -> Answer:
    """As JSON, or as one event of a stream, which streamable HTTP allows a server as well."""
    if call.options.mcp_framing == "json":
        return Answer(body=document)
    return Answer(body=f"event: message\ndata: {json.dumps(document)}\n\n".encode(), content_type="text/event-stream")


def _answered(call: Call, message: Any) -> dict[str, Any]:
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
        raise _Wrong(-32600, "This is not a JSON-RPC 2.0 request.")
    parameters = message.get("params", {})
    if not isinstance(parameters, dict):
        raise _Wrong(-32602, "params must be an object.")
    match message["method"]:
        case "initialize":
            asked = parameters.get("protocolVersion")
            return {
                "protocolVersion": asked if asked in REVISIONS else REVISION,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "specstep-sandbox", "version": "1"},
            }
        case "notifications/initialized" | "ping":
            return {}
        case "tools/list":
            return {"tools": [TOOL]}
        case "tools/call":
            return _call(call, parameters)
    raise _Wrong(-32601, f"There is no method {message['method']}.")


def _call(call: Call, parameters: dict[str, Any]) -> dict[str, Any]:
    if parameters.get("name") != TOOL["name"]:
        raise _Wrong(-32602, f"There is no tool {parameters.get('name')}.")
    given = parameters.get("arguments", {})
    profile = given.get("review_profile") if isinstance(given, dict) and len(given) == 1 else None
    if profile not in kickoffs.PROFILES:
        return {"content": [{"type": "text", "text": "review_profile must be one of the four."}], "isError": True}
    estimate = _estimate(call, profile)
    text = json.dumps(estimate, separators=(",", ":"))
    return {"content": [{"type": "text", "text": text}], "structuredContent": estimate, "isError": False}


def _estimate(call: Call, profile: str) -> dict[str, Any]:
    """The status body's forecast, before there is a generation; all null while the past says too little."""
    runs = [
        run
        for run in call.world.generations.values()
        if run.owner == call.owner and run.profile == profile and _counts(run, call.now)
    ]
    body: dict[str, Any] = dict.fromkeys(
        ("estimated_total_usd", "estimated_total_p25_usd", "estimated_total_p75_usd", "estimated_duration_seconds")
    )
    if len(runs) >= LEAST_SAMPLE:
        low, median, high = statistics.quantiles([run.running_cost(call.now) for run in runs], method="inclusive")
        seconds = statistics.median((run.ended_at or 0) - run.created_at for run in runs)
        body = dict(zip(body, (round(median, 2), round(low, 2), round(high, 2), round(seconds, 1)), strict=True))
    return {"review_profile": profile, **body, "estimated_total_sample_size": len(runs)}


def _counts(run: Generation, now: float) -> bool:
    return run.state == "Complete" and run.ended_at is not None and run.ended_at > now - SAMPLE_SECONDS
