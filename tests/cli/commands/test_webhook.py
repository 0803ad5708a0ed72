"""``specstep webhook …``: the webhooks of a key."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows import errors
from specstep_flows.cli import listening
from specstep_flows.cli.interrupts import Detach, Stop
from specstep_flows.cli.terminal import Terminal
from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import Fault, Sandbox
from specstep_flows.webhooks import listener, sign_webhook, verify_webhook
from tests.kit.api import op
from tests.kit.raw_server import raw_server, without_end


def test_webhooks(specstep: Any, sandbox: Any) -> None:
    """They are made, listed, given a new secret, tested and removed; the secret alone is on stdout."""
    (keys,) = json.loads(specstep("api", "list_api_keys").out).values()
    key = keys[0]["id"]

    made = specstep("webhook", "create", key, "https://example.com/hook", "--event", "generation.completed")
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]
    rotated = specstep("webhook", "rotate", key, hook["id"], "--yes")
    tested = specstep("webhook", "test", key, hook["id"], "--json")
    deleted = specstep("webhook", "delete", key, hook["id"], "--yes")
    plain_http = specstep("webhook", "create", key, "http://example.com/hook")

    assert len(made.out.split()) == len(rotated.out.split()) == 1
    assert made.out != rotated.out
    assert hook["url"] == "https://example.com/hook"
    assert tested.code == (0 if tested.document["delivery"]["success"] else 1)
    assert deleted.code == 0
    assert plain_http.code == 2


def test_a_table_has_no_values_as_python_writes_them(specstep: Any, sandbox: Any) -> None:
    """Events with commas between them, and yes or no."""
    key = specstep("api", "list_api_keys", "--json").document["answer"]["keys"][0]["id"]
    events = ("generation.completed", "generation.failed")
    specstep("webhook", "create", key, "https://example.com/hook", *(f"--event={name}" for name in events))
    listed = specstep("webhook", "list", key)
    hook = listed.out.splitlines()[1].split()[0]

    assert listed.out.splitlines()[1].endswith("  generation.completed, generation.failed")
    assert specstep("webhook", "test", key, hook).out.splitlines()[0].split() == ["success:", "no"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_secret_that_nobody_has_seen_can_be_had_anew(specstep: Any, sandbox: Any) -> None:
    """It is not shown again, and which webhook it is of is not known either where the disk is full."""
    key = specstep("api", "list_api_keys", "--json").document["answer"]["keys"][0]["id"]
    command = [sys.executable, "-m", "specstep_flows.cli", "webhook", "create", key, "https://example.com/hook"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]

    assert done.returncode == 1
    assert f"Nobody has seen the secret of webhook {hook['id']}" in done.stderr
    assert specstep("webhook", "rotate", key, hook["id"], "--yes").code == 0
    assert f"`specstep webhook rotate {key} {hook['id']}`" in done.stderr


def test_a_secret_that_is_shown_once_is_shown_whatever_comes_with_it(specstep: Any, sandbox: Any) -> None:
    """The rest of the answer is nobody's concern; and what is missing is not taken for a failed delivery."""
    (keys,) = json.loads(specstep("api", "list_api_keys").out).values()
    key = keys[0]["id"]
    odd = {"$.created_at": "yesterday", "$.events": None, "$.id": 7}
    sandbox.faults.add(Fault(op("create_webhook"), "edit", set=odd))
    sandbox.faults.add(Fault(op("rotate_webhook_secret"), "edit", fields=("signing_secret",)))
    sandbox.faults.add(Fault(op("test_webhook"), "edit", set={"$.success": None}))

    made = specstep("webhook", "create", key, "https://example.com/hook")
    (hook,) = specstep("webhook", "list", key, "--json").document["webhooks"]
    rotated = specstep("webhook", "rotate", key, hook["id"], "--yes")
    tested = specstep("webhook", "test", key, hook["id"])

    assert (made.code, len(made.out.split())) == (0, 1)
    assert (rotated.code, rotated.out) == (7, "")
    assert "`specstep webhook rotate` gives it another one" in rotated.err
    assert (tested.code, tested.out) == (7, "")
    assert "does not say whether the event was delivered" in tested.err


class Application(HTTPServer):
    """What deliveries are sent on to: it keeps them, and answers with the next of its statuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Application)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers.items()), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 202)
        self.send_header("Set-Cookie", "session=1; Path=/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def application() -> Iterator[Application]:
    """An application on loopback."""
    with Application() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_delivery_is_sent_on_with_its_own_headers_and_no_others(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a front door has put into them; what the application sets does not come back with the next."""
    log = logging.getLogger("specstep_flows.webhooks")
    sent = [("X-SpecStep-Webhook-Delivery", "1"), ("CF-IPCity", "Zürich"), ("Host", "elsewhere.example")]
    with listening.failures_told_once():
        assert [asyncio.run(listening.send_on(application.url, b"{}", sent)) for _ in range(2)] == [202, 202]
        log.error("It could not be recorded.")
        log.error("The callback failed.", exc_info=ValueError("as it was shown"))

    # What only the receiver knows is still told.
    assert caplog.messages == ["It could not be recorded."]

    for headers, _ in application.came:
        names = {name.lower() for name in headers}
        assert names == {"host", "content-length", "x-specstep-webhook-delivery", "cf-ipcity"}
        assert headers["CF-IPCity"] == "Zürich"
        assert headers["Host"] == application.url.split("/")[2]


@pytest.fixture
def listen(specstep: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``specstep webhook listen`` on a free port, with ``during`` in the place of the wait for Ctrl-C."""
    # The sandbox's clock is not the machine's: deliveries have no age.
    monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "2")

    def call(*arguments: object, during: Callable[[Any], None] = lambda _: None) -> Any:
        def serve(call: Any, subscription: Any, *_: object) -> None:
            during(subscription)
            raise Detach

        monkeypatch.setattr("specstep_flows.cli.listening.serve", serve)
        port = free_port()
        url = f"http://127.0.0.1:{port}/hook"
        return specstep("webhook", "listen", "--public-url", url, "--port", port, *arguments)

    return call


def free_port() -> int:
    """A port that nobody listens on."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port


def delivered(sandbox: Sandbox, webhook_id: str) -> Any:
    """How a test delivery goes."""
    subscription = sandbox.state.subscriptions[webhook_id]
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    method, path = op("test_webhook", subscription.key_id, webhook_id).split()
    return httpx.request(method, sandbox.url + path, headers=headers, trust_env=False).json()


def test_listening(listen: Any, specstep: Any, sandbox: Sandbox, application: Application) -> None:
    """It registers, receives, sends on what came byte by byte, and removes the webhook; later it is sent again."""
    went: list[Any] = []

    def during(subscription: Any) -> None:
        assert list(sandbox.state.subscriptions) == [subscription.webhook_id]
        application.statuses = [503, 409]
        went.extend(delivered(sandbox, subscription.webhook_id)["http_status"] for _ in range(3))

    result = listen("--forward", application.url, "--print", "--show-secret", during=during)
    secret = result.err.partition("Signing secret: ")[2].split()[0]
    printed = [json.loads(line) for line in result.out.splitlines()]
    headers, body = application.came[0]

    assert result.code == 0
    assert went == [503, 400, 204]
    assert "The test delivery arrived." in result.err
    assert "127.0.0.1" in result.err
    assert "status 503" in result.err
    assert "taken (202)" in result.err
    assert "Removing the webhook." in result.err
    assert sandbox.state.subscriptions == {}
    assert [one["event"] for one in printed] == ["webhook.test"] * 4
    assert printed[0]["body"] == json.loads(body)
    at = float(headers["x-specstep-webhook-timestamp"])
    assert verify_webhook(body, headers, secret, now=at).id == printed[0]["delivery_id"]

    listed = specstep("webhook", "deliveries", "--json").document["deliveries"]
    assert [one["delivery_id"] for one in listed] == [one["delivery_id"] for one in reversed(printed)]
    assert {one["outcome"] for one in listed} == {"done", "failed"}
    assert specstep("webhook", "resend", printed[0]["delivery_id"], "--to", application.url).out == "202\n"
    again, same = application.came[-1]
    assert same == body
    assert {name: again[name] for name in again if name.startswith("x-")}.items() <= headers.items()


def test_listeners_of_two_addresses_each_take_what_happens(listen: Any, application: Application) -> None:
    """Also if the service gives an event one id for all webhooks. One that starts again takes it for a repetition."""

    def during(subscription: Any) -> None:
        signed = sign_webhook({"event": "webhook.test"}, subscription.secrets[-1], now=time.time(), delivery_id="same")
        url = subscription._row.url
        statuses.append(httpx.post(url, content=signed.body, headers=signed.headers, trust_env=False).status_code)

    statuses: list[int] = []
    for _ in range(2):
        listen("--forward", application.url, during=during)

    assert statuses == [204, 204]
    ids = [headers["x-specstep-webhook-delivery"] for headers, _ in application.came]
    assert ids.count("same") == 2


def test_a_delivery_that_is_sent_again_can_be_dated_and_signed_again(
    listen: Any, specstep: Any, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the application's own secret, so that its check of the age lets it in."""
    (line,) = listen("--print").out.splitlines()
    delivery_id = json.loads(line)["delivery_id"]
    monkeypatch.setenv("SPECSTEP_WEBHOOK_SECRET", "whsec_of_the_application")
    assert specstep("webhook", "resend", delivery_id, "--to", application.url).code == 0

    ((headers, body),) = application.came
    assert verify_webhook(body, headers, "whsec_of_the_application", now=time.time()).id == delivery_id
    application.statuses = [500]
    failed = specstep("webhook", "resend", delivery_id, "--to", application.url)
    assert (failed.code, "status 500" in failed.err) == (1, True)
    application.statuses = [404]
    for to, said in (
        (application.url, "status 404"),
        ("http://127.0.0.1:1/", "reached: Connection refused."),
    ):
        refused = specstep("webhook", "resend", delivery_id, "--to", to, "--json")
        assert (refused.code, refused.document["code"]) == (1, "not_delivered")
        assert said in refused.document["message"]
    assert specstep("webhook", "resend", "unknown", "--to", application.url).code == 2
    assert "Nothing was sent." in specstep("webhook", "resend", delivery_id, "--to", "here").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--public-url", "http://example.com/hook"), "must be https"),
        (("--public-url", "example.com"), "not an http or https address"),
        (("--public-url", "https://[x/hook"), "not an http or https address"),
        (("--public-url", "https://example.com", "--forward", "localhost:3000"), "not an http or https address"),
    ],
)
def test_an_address_that_cannot_be_delivered_to_is_refused(
    specstep: Any, untouched: None, arguments: tuple[str, ...], said: str
) -> None:
    """Before anything is sent."""
    result = specstep("webhook", "listen", *arguments)
    assert (result.code, said in result.err) == (2, True)


def test_a_port_that_is_taken_registers_nothing(specstep: Any, sandbox: Sandbox, application: Application) -> None:
    """The port is bound first."""
    result = specstep("webhook", "listen", "--public-url", application.url, "--port", application.server_port)

    assert (result.code, "Nothing was registered." in result.err) == (2, True)
    assert sandbox.state.subscriptions == {}


def test_an_address_that_leads_elsewhere_is_noticed(
    specstep: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test delivery says so, and the listening goes on: the tunnel may come later."""

    def serve(*_: object) -> None:
        raise Detach

    monkeypatch.setattr("specstep_flows.cli.listening.serve", serve)
    result = specstep("webhook", "listen", "--public-url", f"http://127.0.0.1:{free_port()}/", "--port", "0")

    assert result.code == 0
    assert "The test delivery did not arrive" in result.err
    assert sandbox.state.subscriptions == {}


def test_an_address_at_which_something_else_answers_is_noticed(
    specstep: Any, sandbox: Sandbox, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It thanks for every delivery, and none of them wakes a run here."""

    def serve(*_: object) -> None:
        raise Detach

    monkeypatch.setattr("specstep_flows.cli.listening.serve", serve)
    result = specstep("webhook", "listen", "--public-url", application.url, "--port", "0")

    assert result.code == 0
    assert "The test delivery did not arrive: something else has taken it. Check" in result.err
    assert "The test delivery arrived" not in result.err


def test_the_key_is_found_by_its_first_characters(listen: Any, specstep: Any, sandbox: Sandbox) -> None:
    """Of several; where it cannot be told, the ids are shown, and nothing is registered."""
    (own,) = json.loads(specstep("api", "list_api_keys").out).values()
    other = sandbox.state.add_key("sf_otherkey1234567890", "ada", name="other")
    seen: list[str] = []
    listen(during=lambda one: seen.extend(found.key_id for found in sandbox.state.subscriptions.values()))
    listen(
        "--key-id",
        other.id,
        during=lambda one: seen.extend(found.key_id for found in sandbox.state.subscriptions.values()),
    )
    assert seen == [own[0]["id"], other.id]

    other.shown = next(key for key in sandbox.state.keys.values() if key.id == own[0]["id"]).shown
    undecided = listen()
    assert undecided.code == 2
    assert "--key-id" in undecided.err
    assert other.id in undecided.err


@pytest.mark.parametrize(
    ("failure", "code", "said"), [(errors.SpecStepError("The end."), 1, "The end."), (Stop(), 130, "Stopped.")]
)
def test_a_listener_that_is_broken_off_has_written_one_document(
    listen: Any, monkeypatch: pytest.MonkeyPatch, failure: BaseException, code: int, said: str
) -> None:
    """That it served. What ended it is told on stderr and by the exit code; a second Ctrl-C comes while it removes."""

    def broken_off(*_: object) -> None:
        raise failure

    if isinstance(failure, Stop):
        monkeypatch.setattr("specstep_flows.webhooks.subscription.Subscription.remove", broken_off)
        result = listen("--json")
    else:
        result = listen("--json", during=broken_off)

    assert result.document["code"] == "serving"
    assert result.code == code
    assert said in result.err


def test_what_cannot_be_removed_is_said(listen: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is removed at the next start."""

    def during(subscription: Any) -> None:
        def fails() -> None:
            raise errors.ConnectionLost("The connection broke.", operation="delete_webhook")

        monkeypatch.setattr(subscription, "remove", fails)

    assert "The next `specstep webhook listen` does that." in listen(during=during).err
    assert len(sandbox.state.subscriptions) == 1
    assert "that an earlier listener had left" in listen().err
    assert sandbox.state.subscriptions == {}


def test_an_application_that_goes_on_and_on_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """For all of its answer, however often a piece of it comes."""
    monkeypatch.setattr(listening, "FORWARD_SECONDS", 0.2)
    with (
        raw_server(without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n")) as port,
        pytest.raises(errors.SpecStepError, match=r"did not answer within 0s"),
    ):
        asyncio.run(listening.send_on(f"http://127.0.0.1:{port}/", b"{}", []))


def test_the_end_does_not_wait_for_an_application_that_hangs(
    listen: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its delivery is broken off, upon which the service sends it again; nobody is shown how."""
    monkeypatch.setattr(listener, "GRACE_SECONDS", 0)
    asked, went = threading.Semaphore(0), []

    def handle(peer: socket.socket, _: bytes) -> None:
        if asked.acquire(blocking=False):
            hangs.set()
            while peer.recv(65536):
                pass
        else:
            peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def during(subscription: Any) -> None:
        asked.release()
        threads.append(
            threading.Thread(target=lambda: went.append(delivered(sandbox, subscription.webhook_id)["http_status"]))
        )
        threads[0].start()
        hangs.wait(30)

    threads: list[threading.Thread] = []
    hangs = threading.Event()
    with raw_server(handle) as port:
        result = listen("--forward", f"http://127.0.0.1:{port}/", during=during)
        threads[0].join()

    assert result.code == 0
    assert went == [500]
    assert "Traceback" not in result.err
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert sandbox.state.subscriptions == {}


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [(BrokenPipeError(), 0, "Nothing reads the deliveries"), (errors.SpecStepError("The disk is full."), 1, "is full")],
)
def test_what_can_no_longer_be_printed_ends_the_listening(
    specstep: Any,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    code: int,
    said: str,
) -> None:
    """A reader that has gone (``| head``), a full disk. The delivery is not thanked for, and the webhook is removed."""
    monkeypatch.setenv("SPECSTEP_CLOCK_SPEED", "2")

    def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Terminal, "document", fails)
    port = free_port()
    result = specstep("webhook", "listen", "--public-url", f"http://127.0.0.1:{port}/", "--port", port, "--print")

    assert result.code == code
    assert said in result.err
    assert "The test delivery did not arrive" in result.err
    assert sandbox.state.subscriptions == {}


@pytest.mark.slow
def test_listening_in_a_process_that_is_killed_and_in_one_that_is_ended(
    home: Path, start: Any, specstep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of another process is woken. SIGTERM removes the webhook; what SIGKILL leaves, the next start removes."""
    with Sandbox(speed=120.0) as sandbox:
        for name, value in (("API_URL", sandbox.url), ("API_KEY", sandbox.api_key), ("CLOCK_SPEED", "120")):
            monkeypatch.setenv(f"SPECSTEP_{name}", value)
        left = None
        for end in (signal.SIGKILL, signal.SIGTERM):
            port = free_port()
            url = f"http://127.0.0.1:{port}/hook"
            process = start(["webhook", "listen", "--public-url", url, "--port", str(port)])
            for line in process.stderr:
                if "The test delivery arrived" in line:
                    break
            assert [one.url for one in sandbox.state.subscriptions.values()] == [url]
            assert list(sandbox.state.subscriptions) != [left]
            (left,) = sandbox.state.subscriptions
            if end is signal.SIGKILL:
                sandbox.requests.clear()
                assert specstep("run", "A shop.", "--yes", "--run-id", "r", "--on-question", "defaults").code == 0
                assert sandbox.requests.count(op("get_generation")) <= 20
            process.send_signal(end)
            process.wait(30)
        assert process.returncode == 0
        assert sandbox.state.subscriptions == {}
    store = RunStore(home.parent / "state")
    assert store.deliveries.subscriptions(sandbox.url) == []
    store.close()
