"""A place in the rate window and an intent are good for a short while, by a clock that nobody sets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from specstep_flows import Settings, _http, errors
from specstep_flows._http import open_http, open_http_async
from specstep_flows.engine import clock as clocks
from specstep_flows.engine.drivers import drive, drive_async
from specstep_flows.engine.effects import Reply, Request, Send
from specstep_flows.engine.leaving import INTENT_SECONDS, PLACE_SHARE, Place
from specstep_flows.engine.limits import MARGIN_SECONDS, WINDOW_SECONDS, MemoryLimiter, SharedLimiter
from specstep_flows.engine.session import Session, Shared
from specstep_flows.runs.records import RunRecord
from specstep_flows.runs.store import RunStore
from tests.kit.clocks import SteppedClock
from tests.kit.raw_server import raw_server

both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class StoppedClock(SteppedClock):
    """Its steady side is turned, too; whoever waits turns both."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(clocks, "since_boot", lambda: self.time)

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch)


@pytest.fixture(params=["memory", "shared"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryLimiter]:
    made = MemoryLimiter() if request.param == "memory" else SharedLimiter(tmp_path / "limits.db", "scope")
    yield made
    made.close()


def test_a_place_that_is_too_old_is_moved_and_not_taken_twice(limiter: MemoryLimiter, clock: StoppedClock) -> None:
    """The request has not left, so there is one all the same; and it counts from when it leaves."""
    began = clock.now()
    places = [Place(limiter, "kickoff", clock) for _ in range(5)]
    assert [place.take() for place in places] == [0.0] * 5
    clock.time += PLACE_SHARE * MARGIN_SECONDS - 0.1
    assert not any(place.is_stale() for place in places)
    clock.time += 30.1

    for place in places:
        assert place.is_stale()
        assert place.renew() == 0.0
        assert not place.is_stale()

    # A window after they were taken, and not yet one after they left.
    wait = limiter.acquire("kickoff", began + WINDOW_SECONDS + MARGIN_SECONDS)
    assert wait == pytest.approx(30.0 + PLACE_SHARE * MARGIN_SECONDS)
    clock.time += WINDOW_SECONDS + MARGIN_SECONDS
    assert limiter.acquire("kickoff", clock.now()) == 0.0


def test_a_place_that_counts_no_more_is_taken_like_any_other(limiter: MemoryLimiter, clock: StoppedClock) -> None:
    """Stopped for longer than a window, a request may have to wait behind those that came meanwhile."""
    place = Place(limiter, "kickoff", clock)
    assert place.take() == 0.0
    clock.time += 100.0
    for _ in range(5):
        assert limiter.acquire("kickoff", clock.now()) == 0.0
    assert place.renew() == pytest.approx(WINDOW_SECONDS + MARGIN_SECONDS)


def test_a_hold_stops_what_has_a_place(limiter: MemoryLimiter, clock: StoppedClock) -> None:
    """The service has refused another request meanwhile."""
    place = Place(limiter, "standard", clock)
    assert place.take() == 0.0
    clock.time += 2.0
    limiter.hold("standard", clock.now() + 9.0, clock.now())
    assert place.renew() == pytest.approx(9.0)


def test_setting_the_machines_clock_makes_no_place_old(limiter: MemoryLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what has passed does."""
    clock = SteppedClock()
    monkeypatch.setattr(clocks, "since_boot", lambda: 5.0)
    place = Place(limiter, "standard", clock)
    place.take()
    clock.time += 3600.0
    assert not place.is_stale()


class Gate(contextlib.AbstractAsyncContextManager[None]):
    """Takes as long to pass as its clock is turned by."""

    def __init__(self, clock: StoppedClock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    async def __aenter__(self) -> None:
        self.clock.time += self.seconds

    async def __aexit__(self, *_: object) -> None:
        self.seconds = 0.0


class Bench:
    """One session with a run, and a service that says when it was asked; whatever is in ``late`` happens before."""

    def __init__(self, clock: StoppedClock, **more: Any) -> None:
        self.clock, self.asked, self.intents = clock, [], []  # type: ignore[var-annotated]
        self.store = RunStore.in_memory()
        self.record = RunRecord("one", "http://127.0.0.1:1", 0.0, 0.0)
        self.store.create(self.record)
        self.limiter = MemoryLimiter({"standard": 60, "kickoff": 2})
        self.shared = Shared(clock, self.limiter, observe=None, **more)  # type: ignore[arg-type]
        self.session = Session(self.shared, store=self.store, record=self.record)

    def sync(self, request: httpx.Request) -> httpx.Response:
        for _ in request.stream:  # type: ignore[union-attr]
            pass
        return self.answer()

    async def on_a_loop(self, request: httpx.Request) -> httpx.Response:
        async for _ in request.stream:  # type: ignore[union-attr]
            pass
        return self.answer()

    def answer(self) -> httpx.Response:
        self.asked.append(self.clock.now())
        intent = self.store.get("one").intent
        self.intents.append(None if intent is None else intent.sent_at)
        return httpx.Response(200, json={})

    def send(self, request: Request, *, is_async: bool) -> None:
        async def flow() -> Reply:
            return await Send(request, lambda reply: reply)

        transport = httpx.MockTransport(self.on_a_loop if is_async else self.sync)
        if is_async:

            async def go() -> None:
                async with httpx.AsyncClient(base_url="https://specstep.example", transport=transport) as client:
                    await drive_async(flow(), self.session, client)

            asyncio.run(go())
        else:
            with httpx.Client(base_url="https://specstep.example", transport=transport) as client:
                drive(flow(), self.session, client)

    def send_on_sockets(self, request: Request, *, is_async: bool) -> list[float]:
        """Send by a client of ours; when what arrived did."""
        came: list[float] = []

        def serve(peer: socket.socket, head: bytes) -> None:
            came.append(self.clock.now())
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

        async def flow() -> Reply:
            return await Send(request, lambda reply: reply)

        with raw_server(serve) as port:
            settings = Settings("sf_key", f"http://127.0.0.1:{port}")
            if is_async:

                async def go() -> None:
                    async with open_http_async(settings, is_anonymous=False) as client:
                        await drive_async(flow(), self.session, client)

                asyncio.run(go())
            else:
                with open_http(settings, is_anonymous=False) as client:
                    drive(flow(), self.session, client)
        return came


READ = Request("any", "read", "GET", "/v1/x")
PAID = Request("any", "unsafe", "POST", "/v1/x", json={}, bucket="kickoff")


def test_what_waited_at_the_gate_leaves_with_a_place_of_that_moment(clock: StoppedClock) -> None:
    """On an event loop, a request may wait for a connection behind many others."""
    bench = Bench(clock, gate=Gate(clock, 50.0))
    began = clock.now()
    bench.send(READ, is_async=True)

    assert bench.asked == [began + 50.0]
    assert [leaf - began for leaf in bench.limiter._windows["standard"].leaves] == [111.0]


def test_what_is_held_up_for_longer_than_a_window_waits_for_its_turn(clock: StoppedClock) -> None:
    """Others had the places meanwhile; it stands in line for the next one, and is sent once."""
    bench = Bench(clock)
    limiter, store = bench.limiter, bench.store

    def stop(run_id: str, changes: Any) -> Any:
        # Between the place and the request, as a process that is stopped there.
        if not bench.intents and clock.now() == 1_000.0:
            clock.time += 100.0
            assert [limiter.acquire("kickoff", clock.now()) for _ in range(2)] == [0.0, 0.0]
        return RunStore.update(store, run_id, changes)

    bench.store.update = stop  # type: ignore[method-assign]
    bench.send(PAID, is_async=False)

    assert bench.asked == [1_000.0 + 100.0 + WINDOW_SECONDS + MARGIN_SECONDS]
    assert bench.intents == bench.asked
    assert len(limiter._windows["kickoff"].leaves) == 1


class Slow(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body on whose way time passes."""

    def __init__(self, clock: StoppedClock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def __iter__(self) -> Iterator[bytes]:
        self.clock.time += self.seconds
        yield b"{}"

    async def __aiter__(self) -> Any:
        self.clock.time += self.seconds
        yield b"{}"


@both
@pytest.mark.parametrize(("seconds", "is_again"), [(0.0, False), (INTENT_SECONDS, False), (INTENT_SECONDS + 1, True)])
def test_an_old_intent_is_written_again_before_the_last_byte(
    is_async: bool, seconds: float, is_again: bool, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes the run over would wait too short a time otherwise."""
    from specstep_flows.engine import transport

    build = transport._build

    def slowly(*arguments: Any) -> httpx.Request:
        built = build(*arguments)
        built.stream = Slow(clock, seconds)
        return built

    monkeypatch.setattr(transport, "_build", slowly)
    bench = Bench(clock)
    began = clock.now()
    bench.send(PAID, is_async=is_async)

    assert bench.asked == [began + seconds]
    assert bench.intents == [began + seconds if is_again else began]
    assert bench.store.get("one").intent is None


@both
def test_a_last_look_that_takes_long_leaves_with_a_place_of_that_moment(is_async: bool, clock: StoppedClock) -> None:
    """A database under load takes longer than a place is good for; and who has the run is what is asked last."""
    bench = Bench(clock)
    began, check_held = clock.now(), bench.store.check_held
    looks: list[float] = []

    def slowly(run_id: str) -> None:
        check_held(run_id)
        looks.append(clock.now())
        clock.time += 5.0 if len(looks) == 1 else 0.0

    bench.store.check_held = slowly  # type: ignore[method-assign]
    bench.send(PAID, is_async=is_async)

    assert bench.asked == looks[1:] == [began + 5.0]
    assert [leaf - began for leaf in bench.limiter._windows["kickoff"].leaves] == [
        5.0 + WINDOW_SECONDS + MARGIN_SECONDS
    ]


@both
@pytest.mark.parametrize("seconds", [0.0, 1_000.0])
def test_whoever_lost_the_run_sends_no_last_byte(
    is_async: bool, seconds: float, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither at once nor much later; and the record of whoever has it now is left alone."""
    from specstep_flows.engine import transport

    bench = Bench(clock)
    bench.session.store = store = RunStore(tmp_path)
    store.create(bench.record)
    let_go = store.hold("one")
    other = RunStore(tmp_path)
    build = transport._build

    def meanwhile(*arguments: Any) -> httpx.Request:
        clock.time += seconds
        (tmp_path / "locks" / "one.lock").unlink()
        other.hold("one")
        return build(*arguments)

    monkeypatch.setattr(transport, "_build", meanwhile)
    with pytest.raises(errors.RunTaken):
        bench.send(PAID, is_async=is_async)

    assert bench.asked == []
    intent = other.get("one").intent
    assert intent is not None
    assert intent.sent_at == 1_000.0
    let_go()


def _connecting(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Whatever connects takes until ``meanwhile`` is over."""
    connect, connect_async = _http._Backend.connect_tcp, _http._AsyncBackend.connect_tcp

    def slowly(*arguments: Any, **more: Any) -> Any:
        meanwhile()
        return connect(*arguments, **more)

    async def slowly_async(*arguments: Any, **more: Any) -> Any:
        meanwhile()
        return await connect_async(*arguments, **more)

    monkeypatch.setattr(_http._Backend, "connect_tcp", slowly)
    monkeypatch.setattr(_http._AsyncBackend, "connect_tcp", slowly_async)


@both
def test_what_waited_for_a_connection_leaves_with_a_place_of_that_moment(
    is_async: bool, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is looked up, a handshake, a host that does not answer at once: the place is not held meanwhile."""
    bench, began = Bench(clock), clock.now()

    def pass_time() -> None:
        clock.time += 5.0

    _connecting(monkeypatch, pass_time)
    assert bench.send_on_sockets(READ, is_async=is_async) == [began + 5.0]
    assert [leaf - began for leaf in bench.limiter._windows["standard"].leaves] == [
        5.0 + WINDOW_SECONDS + MARGIN_SECONDS
    ]


@both
def test_what_finds_no_place_once_it_is_connected_stands_in_line_again(
    is_async: bool, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others had them all meanwhile. Nothing has left by then, so it is sent once, in its turn."""
    bench, began = Bench(clock), clock.now()

    def others_take_all() -> None:
        if clock.now() == began:
            clock.time += 100.0
            assert [bench.limiter.acquire("standard", clock.now()) for _ in range(60)] == [0.0] * 60

    _connecting(monkeypatch, others_take_all)
    assert bench.send_on_sockets(READ, is_async=is_async) == [began + 100.0 + WINDOW_SECONDS + MARGIN_SECONDS]
