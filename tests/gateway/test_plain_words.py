"""What went wrong with a request is said in plain words: what it was to do and with what, and nothing of HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from specstep_flows import errors
from specstep_flows.engine.effects import Reply, Request
from specstep_flows.engine.refusals import refusal
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.gateway.requests import request_of

#: A verb before a path, or a path of the API's.
OF_HTTP = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE|HEAD)\b|/v1/")
STATUSES = (400, 403, 404, 408, 409, 410, 421, 422, 429, 500, 504)


def request_to(name: str, value: str = "0195-7") -> Request:
    """The request of an operation, with its path's parameters filled."""
    stated = OPERATIONS[name]
    return request_of(name, {"method": stated.method.lower(), "url": re.sub(r"\{[^}]+\}", value, stated.path)})


def refusals_of(request: Request) -> Iterator[errors.APIError]:
    """What each status makes of it, with the service's own problem, without a body, and with a front door's page."""
    bodies = {"application/problem+json": b'{"type": "SOME_WORD", "detail": "Because."}', "text/html": b"<html>"}
    for status in STATUSES:
        yield refusal(request, Reply(status, httpx.Headers(), b""), wall_now=0.0)
        for kind, body in bodies.items():
            yield refusal(request, Reply(status, httpx.Headers({"content-type": kind}), body), wall_now=0.0)


def test_no_refusal_speaks_of_http() -> None:
    """Whatever is refused, and however: a sentence that says what it was to do, or with what."""
    for request in map(request_to, OPERATIONS):
        for error in refusals_of(request):
            said = error.message.casefold()
            assert not OF_HTTP.search(error.message), error.message
            assert request.aim.casefold() in said or (request.thing and request.thing.casefold() in said)
            assert error.message[0].isupper()
            assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("name", "aim", "thing"),
    [
        ("get_me", "get the account", ""),
        ("get_generation", "get generation 0195-7", "generation 0195-7"),
        ("cancel_generation", "cancel generation 0195-7", "generation 0195-7"),
        ("get_clarifications", "get the clarifications (generation 0195-7)", "generation 0195-7"),
        ("rotate_webhook_secret", "rotate the secret of webhook 0195-7", "webhook 0195-7"),
        ("rotate_api_key", "rotate API key 0195-7", "API key 0195-7"),
        ("get_package_file", "get file 0195-7 of a package", "file 0195-7"),
        ("get_addendum_zip", "get the zip of addendum 0195-7", "addendum 0195-7"),
        ("set_provider_key", "set provider key 0195-7", "provider key 0195-7"),
        ("get_feedback_template", "get a feedback template", ""),
        ("get_package_schema", "get the package schema (version 0195-7)", "version 0195-7"),
    ],
)
def test_what_a_request_is_for(name: str, aim: str, thing: str) -> None:
    """Read from the contract's summary and from the path."""
    request = request_to(name)

    assert (request.aim, request.thing) == (aim, thing)


def test_a_file_is_named_by_its_whole_path() -> None:
    """As it is in the package, not as it is in the address."""
    assert request_to("get_package_file", "docs/a%20b.md").thing.endswith(" b.md")


def test_an_operation_that_the_contract_does_not_have() -> None:
    """Only a pulled document has it: its name must do."""
    request = request_of("wipe_everything", {"method": "post", "url": "/v1/everything/wipe"})

    assert request.aim == "carry out wipe_everything"
    assert not any(OF_HTTP.search(error.message) for error in refusals_of(request))
