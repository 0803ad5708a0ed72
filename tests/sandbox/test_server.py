"""The sandbox as an object: life, records, clocks, serving in the foreground."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows.sandbox import Fault, ManualClock, Sandbox, SandboxOptions, ScaledClock, serve
from specstep_flows.sandbox.connections import bind
from specstep_flows.webhooks.listener import ListeningServer
from tests.kit.api import op, path_of


def test_requests_are_recorded_without_secrets(start: Any) -> None:
    """Each request with what came of it and when; never a key, never a signature."""
    call = start()
    package = call.package()
    httpx.get(call(op("get_package_zip", package)).headers["location"])

    rows = list(call.sandbox.requests)
    last, blob = rows[-2:]
    assert (last.method, last.status, last.operation) == ("GET", 302, op("get_package_zip"))
    assert (blob.server, blob.status, "sig=*" in blob.query) == ("blob", 200, True)
    assert last.key_id in {key.id for key in call.sandbox.state.keys.values()}
    assert call.sandbox.requests.count(op("start_generation")) == 1
    (turn,) = call.sandbox.requests.matching(op("submit_turn"))
    assert b"customer-feedback portal" in (turn.body or b"")
    assert turn.at < last.at
    written = repr(rows)
    assert call.sandbox.api_key not in written
    call.sandbox.requests.clear()
    assert len(call.sandbox.requests) == 0


def test_two_sandboxes_told_the_same_say_the_same(start: Any) -> None:
    """Ids follow from the seed and the virtual time alone, so that recordings can be compared."""
    first, second, other = start(), start(), start(seed=2)

    assert first.generation() == second.generation() != other.generation()


def test_clock_of_a_test() -> None:
    """A manual clock moves when told to, and only forward; what was arranged happens on the way."""
    clock = ManualClock(start=100)
    happened = []
    clock.call_at(110, lambda: happened.append(clock.now()))
    clock.advance(9)
    assert happened == []
    clock.advance(5)

    assert (happened, clock.now()) == ([114], 114)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(-1)


def test_clock_that_runs_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scaled clock multiplies what really passes."""
    real = [50.0]
    monkeypatch.setattr("specstep_flows.sandbox.clock.time.monotonic", lambda: real[0])
    clock = ScaledClock(speed=60, start=1000)
    real[0] += 2

    assert clock.now() == 1120
    with pytest.raises(ValueError, match="above zero"):
        ScaledClock(0)


def test_answers_are_dated_by_the_virtual_clock(start: Any) -> None:
    """The Date header is the sandbox's time, so that dates in Retry-After can be understood."""
    call = start()
    call.pass_time(3600)

    assert parsedate_to_datetime(call(op("get_me")).headers["date"]).timestamp() == call.sandbox.clock.now()


def test_ports_are_given_back() -> None:
    """After a stop the port is free, and a sandbox cannot be started twice."""
    with Sandbox() as sandbox:
        with pytest.raises(RuntimeError, match="running already"):
            sandbox.start()
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=port).start()
    with Sandbox(port=port) as again:
        assert again.url == sandbox.url
    again.stop()


def test_stop_does_not_wait_for_a_stalled_request(start: Any) -> None:
    """Requests that hang are cut when the sandbox stops."""
    call = start()
    call.sandbox.faults.add(Fault(op("get_me"), "stall"))
    failed = threading.Event()

    def ask() -> None:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            call(op("get_me"))
        failed.set()

    thread = threading.Thread(target=ask)
    thread.start()
    while not call.sandbox.requests.count(op("get_me")):
        failed.wait(0.002)
    call.sandbox.stop()
    thread.join()

    assert failed.is_set()


def test_serve_announces_itself_and_reads_faults(tmp_path: Path) -> None:
    """In the foreground: one line with the address and the key, faults from a file, until told to end."""
    file = tmp_path / "faults.yaml"
    file.write_text(f"- match: {op('get_me')}\n  kind: status\n  status: 418\n  times: null\n")
    lines, until, ready = [], threading.Event(), threading.Event()

    def announce(line: Any) -> None:
        lines.append(line)
        ready.set()

    thread = threading.Thread(
        target=serve,
        kwargs={"port": 0, "speed": 60, "faults_file": file, "announce": announce, "until": until},
    )
    thread.start()
    ready.wait()
    (line,) = lines
    words = dict(word.split("=", 1) for word in line.split())
    answer = httpx.get(
        words["SPECSTEP_API_URL"] + path_of("get_me"), headers={"Authorization": f"Bearer {words['SPECSTEP_API_KEY']}"}
    )
    until.set()
    thread.join()

    assert answer.status_code == 418
    assert words["SPECSTEP_CLOCK_SPEED"] == "60"


class Watched(threading.Event):
    """An event that notes how long each wait for it might have lasted, and comes with the second."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return len(self.waits) > 1


def test_no_wait_of_a_server_is_without_an_end() -> None:
    """On Windows, Ctrl-C does not end a wait for an event: it is heard between two of them."""
    over = Watched()
    serve(port=0, announce=lambda _: None, until=over)
    assert None not in over.waits


def test_a_port_that_is_taken_is_refused_where_sharing_an_address_means_sharing_a_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Windows, two sockets that may reuse an address listen on the same port, and either is called."""
    monkeypatch.setattr(sys, "platform", "win32")
    with contextlib.closing(bind("127.0.0.1", 0)) as first:
        assert first.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0
        with pytest.raises(OSError, match="in use"):
            ListeningServer(None, port=first.getsockname()[1])


def test_more_keys(start: Any) -> None:
    """Options name further keys and whose they are."""
    call = start(keys={"sf_team": "bob"})

    me = httpx.get(call.sandbox.url + path_of("get_me"), headers={"Authorization": "Bearer sf_team"}).json()

    assert me["email"] == "bob@example.com"


def test_options_can_change_while_it_runs() -> None:
    """From the next kickoff on, the options as they then are hold."""
    options = SandboxOptions()
    with Sandbox(options=options, clock=ManualClock()) as sandbox:
        options.plan = "Free"
        sandbox.options.require_project_type = True

        assert sandbox.state.options.require_project_type
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        for operation, member in (("get_me", "plan"), ("get_usage", "tier")):
            assert httpx.get(sandbox.url + path_of(operation), headers=headers).json()[member] == "Free"
