"""Webhooks that the sandbox sends: signed, in order, again after a failure, without anybody asking."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.kit.api import STATE, op

EVENTS = [
    "generation.state_changed",
    "generation.paused_awaiting_clarification",
    "generation.completed",
    "generation.failed",
]


class Receiver(ThreadingHTTPServer):
    """A local receiver that notes what it gets and answers with the next of its statuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []


class Handler(BaseHTTPRequestHandler):
    """Takes a delivery."""

    def do_POST(self) -> None:
        """Note it."""
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on loopback."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def subscribe(call: Any, receiver: Receiver, events: Any = EVENTS) -> Any:
    """Subscribe the receiver; gives the key's id and the subscription."""
    (key,) = call(op("list_api_keys")).json()["keys"]
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    return key["id"], call(op("create_webhook", key["id"]), json={"url": url, "events": events}).json()


def test_every_change_of_state_is_told(start: Any, receiver: Receiver) -> None:
    """Turning the clock is enough: each change arrives in order, signed, with the generation as it then was."""
    call = start()
    key, hook = subscribe(call, receiver)
    run = call.generation()
    for _ in range(30):
        call.pass_time(10)

    told = [json.loads(body) for _, body in receiver.received]
    changes = [event["generation"][STATE] for event in told if event["event"] == "generation.state_changed"]
    assert changes == [event.to_state for event in call.sandbox.state.generations[run].events]
    assert told[-1]["event"] == "generation.completed"
    for headers, body in receiver.received:
        signature = hmac.new(hook["signing_secret"].encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-specstep-webhook-signature"] == f"sha256={signature}"
        assert headers["x-specstep-webhook-event"] == json.loads(body)["event"]
        assert headers["x-specstep-webhook-timestamp"].isdigit()
    assert len({headers["x-specstep-webhook-delivery"] for headers, _ in receiver.received}) == len(told)
    (row,) = call(op("list_webhooks", key)).json()["webhooks"]
    assert (row["last_status"], row["last_http_code"], row["signing_secret"]) == ("delivered", 200, None)


@pytest.mark.parametrize(("statuses", "tries"), [([500, 503, 500], 4), ([500] * 9, 4), ([404], 1)])
def test_failed_deliveries_are_tried_again(start: Any, receiver: Receiver, statuses: Any, tries: Any) -> None:
    """After a 5xx three more times, 1, 4 and 16 seconds apart, under one delivery id; after a 4xx not again."""
    call = start()
    subscribe(call, receiver, ["generation.failed", "generation.completed"])
    call.generation()
    receiver.statuses = statuses
    call.pass_time(1000)
    for wait in (1, 4, 16, 64):
        call.pass_time(wait)

    assert len(receiver.received) == tries
    assert len({headers["x-specstep-webhook-delivery"] for headers, _ in receiver.received}) == 1


def test_test_event(start: Any, receiver: Receiver) -> None:
    """A synthetic event goes the same way, and its outcome comes back."""
    call = start()
    key, hook = subscribe(call, receiver)

    outcome = call(op("test_webhook", key, hook["id"])).json()

    (headers, body) = receiver.received[0]
    assert (outcome["success"], outcome["http_status"]) == (True, 200)
    assert json.loads(body)["event"] == "webhook.test"
    assert headers["x-specstep-webhook-delivery"] == outcome["delivery_id"]
