"""Answers of the service, and flows that are played with them, without a driver and without a network."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import attrs
import httpx

from specstep_flows.engine.effects import Flow, Reply, Request, Send
from tests.kit.api import as_sent

R = TypeVar("R")


def reply(body: object = b"", status: int = 200, **headers: str) -> Reply:
    """An answer; ``body`` is bytes or what its JSON holds. ``_`` in a header's name stands for ``-``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, httpx.Headers({"content-type": "application/json", **given}), content)


def play(flow: Flow[R], *answers: Reply | Exception) -> tuple[R, list[Request]]:
    """Run a flow that awaits nothing but ``Send``; gives back its result and the requests, in order."""
    sent: list[Request] = []
    rest = list(answers)
    value: Any = None
    failure: Exception | None = None
    while True:
        try:
            effect = flow.send(value) if failure is None else flow.throw(failure)
        except StopIteration as stop:
            assert not rest, "fewer requests than answers"
            result: R = stop.value
            return result, sent
        assert isinstance(effect, Send)
        sent.append(effect.request)
        value, failure = None, None
        answer = rest.pop(0)
        try:
            if isinstance(answer, Exception):
                raise answer
            content = as_sent(effect.request.operation, answer.content)
            value = effect.parse(attrs.evolve(answer, content=content))
        except Exception as error:
            failure = error
