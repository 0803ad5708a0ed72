"""``--verbose``: what a person reads is free of HTTP, unless it was asked for."""

from __future__ import annotations

import re
from typing import Any

from specstep_flows.sandbox import Fault
from tests.kit.api import op, path_of

ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
OF_HTTP = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b|/v1/")


def test_failures_speak_of_http_only_when_asked(specstep: Any, sandbox: Any) -> None:
    """Not there, refused, failed and never reached: the request is named with --verbose, and in the document."""
    sandbox.faults.add(Fault(op("get_usage"), "status", status=403, times=None))
    sandbox.faults.add(Fault(op("get_my_analytics"), "status", status=400, times=None))
    calls = {
        ("generation", "show", ID): op("get_generation", ID),
        ("generation", "pause", ID): op("pause_generation", ID),
        ("package", "show", ID): op("get_package", ID),
        ("api", "get_usage"): op("get_usage"),
        ("api", "get_my_analytics"): op("get_my_analytics"),
        ("api", "get_me", "--api-url", "http://127.0.0.1:9"): op("get_me"),
    }
    for arguments, request in calls.items():
        plain = specstep(*arguments)
        verbose = specstep(*arguments, "--verbose")

        assert plain.code != 0
        assert not OF_HTTP.search(plain.err), plain.err
        assert f"The request was: {request}\n" in verbose.err
        assert specstep(*arguments, "--json").document["request"] == request


def test_each_request_is_told(specstep: Any, sandbox: Any) -> None:
    """With its status, in the order in which they were answered, and only as long as it was asked for."""
    verbose = specstep("run", "A shop.", "--yes", "--profile", "Fast", "-v")
    plain = specstep("runs", "--verbose", typed="")

    told = re.findall(r"^([A-Z]+ /v1/\S*): (\d+)$", verbose.err, re.MULTILINE)
    answered = [
        (f"{request.method} {request.path}", str(request.status))
        for request in sandbox.requests
        if request.server == "api"
    ]
    assert [(request.partition("?")[0], status) for request, status in told] == answered
    assert sandbox.api_key not in verbose.err
    assert not OF_HTTP.search(specstep("api", "get_me").err)
    assert not OF_HTTP.search(plain.err)


def test_a_terminal_is_not_drawn_over(specstep: Any, sandbox: Any) -> None:
    """Each request has a line of its own, so the display is lines as well."""
    result = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--verbose", typed="")

    assert result.code == 0
    assert f"{path_of('start_generation')}: 202" in result.err


def test_a_key_that_was_written_into_a_path_is_not_told(specstep: Any, sandbox: Any) -> None:
    """Neither by the line of the request nor by that of its failure."""
    key = "sf_9f8e7d6c5b4a39281706"
    result = specstep("api", "get_intake_schema", f"version={key}", "-v")

    assert "9f8e7d6c5b4a" not in result.err
