"""The receiver: a delivery is handed on once, and whatever a stranger sends is refused without a 500."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows import RunStore, errors
from specstep_flows.runs.deliveries import LEASE_SECONDS
from specstep_flows.webhooks import Receiver, SignedWebhook, WebhookDelivery, sign_webhook
from specstep_flows.webhooks.listener import ListeningServer
from specstep_flows.webhooks.receiver import MOST_BYTES
from tests.kit.platforms import POSIX_ONLY

SECRET, NOW = "whsec_9f8e7d6c5b4a", 1_778_022_000.0
GENERATION = UUID(int=7)


def signed(event: str = "generation.completed", delivery_id: str = "d-1", at: float = NOW) -> SignedWebhook:
    """A delivery of the service's."""
    body = {"event": event, "generation": {"id": str(GENERATION), "state": "Complete"}}
    return sign_webhook(body, SECRET, now=at, delivery_id=delivery_id)


class Kept:
    """A callback that keeps what it gets, and raises the next of its errors."""

    def __init__(self) -> None:
        self.came: list[WebhookDelivery] = []
        self.raises: list[BaseException] = []

    def __call__(self, delivery: WebhookDelivery) -> None:
        self.came.append(delivery)
        if self.raises:
            raise self.raises.pop(0)


@pytest.fixture
def kept() -> Kept:
    """What the callback got."""
    return Kept()


@pytest.fixture
def store() -> Iterator[RunStore]:
    """A store that ends with the test."""
    with contextlib.closing(RunStore.in_memory()) as made:
        yield made


@pytest.fixture
def receiver(kept: Kept, store: RunStore) -> Receiver:
    """A receiver whose clock stands still."""
    return Receiver(kept, SECRET, store=store, now=lambda: NOW)


def asked(app: Receiver, *parts: bytes, **changed: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    """What the ASGI application answers to a request whose body comes in parts; ``leaves`` breaks off after them."""
    answer: dict[str, Any] = {"status": 0, "headers": [], "body": b""}
    leaves = changed.pop("leaves", False)
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""})

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        answer.update({name: value for name, value in message.items() if name != "type"})

    scope = {"type": "http", "method": "POST", "path": "/hook", "headers": [], **changed}
    asyncio.run(app(scope, receive, send))
    return answer["status"], dict(answer["headers"]), answer["body"]


def pairs(delivery: SignedWebhook, **more: str) -> list[tuple[bytes, bytes]]:
    """A delivery's headers as ASGI has them."""
    named = {**delivery.headers, **{name.replace("_", "-"): value for name, value in more.items()}}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()]


def test_a_delivery_is_handed_on_once(receiver: Receiver, kept: Kept) -> None:
    """By the function and by the application alike; one that is sent again is thanked for."""
    one, other = signed(), signed(delivery_id="d-2")

    assert [receiver.receive(one.body, one.headers).status for _ in range(3)] == [204] * 3
    assert [asked(receiver, other.body, headers=pairs(other)) for _ in range(2)] == [(204, {}, b"")] * 2
    assert [delivery.id for delivery in kept.came] == ["d-1", "d-2"]
    assert kept.came[0].body == one.body


def test_what_a_process_took_no_other_takes_again(kept: Kept, tmp_path: Path) -> None:
    """The store says so; a receiver of another name, to which the first may pass it on, takes it for itself."""
    one = signed()
    for name in ("app", "app", "listen"):
        with Receiver(kept, SECRET, store=tmp_path, now=lambda: NOW, name=name) as made:
            assert made.receive(one.body, one.headers).status == 204
    assert len(kept.came) == 2


@POSIX_ONLY
def test_the_log_of_deliveries_is_its_owner_s_alone(kept: Kept, tmp_path: Path) -> None:
    """It has the ids of whatever arrived."""
    one = signed()
    with Receiver(kept, SECRET, store=tmp_path, now=lambda: NOW) as made:
        made.receive(one.body, one.headers)

    assert os.stat(tmp_path / "webhooks.db").st_mode & 0o077 == 0


def test_a_callback_that_raises_gets_the_delivery_again(
    receiver: Receiver, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    """503 makes the service send it again, and then it is no repetition (walkthrough: a 5xx is tried three times)."""
    one = signed()
    kept.raises = [KeyError("a bug"), OSError("the queue is down")]

    assert [asked(receiver, one.body, headers=pairs(one))[0] for _ in range(4)] == [503, 503, 204, 204]
    assert len(kept.came) == 3
    assert "The callback failed on webhook delivery d-1" in caplog.text


def test_a_callback_refuses_a_delivery_for_good(receiver: Receiver, kept: Kept) -> None:
    """A 4xx is final, so it is what a callback chooses, never what it stumbles into."""
    one = signed()
    kept.raises = [errors.WebhookRejected("Not for us.")]

    assert receiver.receive(one.body, one.headers).status == 400
    assert receiver.receive(one.body, one.headers).status == 204
    assert len(kept.came) == 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit()])
def test_what_was_interrupted_may_come_again(receiver: Receiver, kept: Kept, interrupt: BaseException) -> None:
    """The interrupt itself goes through."""
    one = signed()
    kept.raises = [interrupt]
    with pytest.raises(type(interrupt)):
        receiver.receive(one.body, one.headers)

    assert receiver.receive(one.body, one.headers).status == 204
    assert len(kept.came) == 2


def test_a_delivery_is_never_worked_on_twice_at_a_time(store: RunStore) -> None:
    """While the callback runs, the same delivery is put off, and not thanked for: the callback may still fail."""
    statuses: list[int] = []
    one, times = signed(), [NOW]

    def on_delivery(_: WebhookDelivery) -> None:
        statuses.append(receiver.receive(one.body, one.headers).status)
        statuses.append(beside.receive(one.body, one.headers).status)

    receiver, beside = (Receiver(on_delivery, SECRET, store=store, now=lambda: times[0]) for _ in range(2))
    statuses.append(receiver.receive(one.body, one.headers).status)

    assert statuses == [503, 503, 204]


def test_what_a_killed_receiver_had_taken_is_taken_again(store: RunStore, kept: Kept) -> None:
    """Not at once, since it may be at work; but before the service's last attempt, 21 s after the first."""
    one, times = signed(), [NOW]
    store.deliveries.claim("app", "d-1", "generation.completed", GENERATION, [], one.body, NOW)
    receiver = Receiver(kept, SECRET, store=store, now=lambda: times[0])
    statuses = []
    for wait in (1, 4, 16):
        times[0] += wait
        statuses.append(receiver.receive(one.body, one.headers).status)

    assert LEASE_SECONDS < 21
    assert statuses == [503, 503, 204]


def test_who_fails_late_takes_back_no_success(tmp_path: Path) -> None:
    """A callback took longer than its lease, so another process had the delivery as well, and has processed it."""
    one, times, statuses = signed(), [NOW], []

    def slow(_: WebhookDelivery) -> None:
        times[0] += LEASE_SECONDS + 1
        statuses.append(beside.receive(one.body, one.headers).status)
        raise RuntimeError("It took too long.")

    kept = Kept()
    first, beside = (Receiver(each, SECRET, store=tmp_path, now=lambda: times[0]) for each in (slow, kept))
    statuses += [each.receive(one.body, one.headers).status for each in (first, beside, first)]

    assert statuses == [204, 503, 204, 204]
    assert len(kept.came) == 1
    for each in (first, beside):
        each.close()


def test_coroutine_functions_are_called_on_the_loop_and_functions_beside_it(store: RunStore) -> None:
    """So neither blocks the application; without a loop, a coroutine function gets one of its own."""
    threads: list[threading.Thread] = []

    async def on_loop(_: WebhookDelivery) -> None:
        asyncio.get_running_loop()
        threads.append(threading.current_thread())

    def in_thread(_: WebhookDelivery) -> None:
        threads.append(threading.current_thread())

    one, two, three = (signed(delivery_id=f"d-{number}") for number in range(3))
    assert asked(Receiver(on_loop, SECRET, store=store, now=lambda: NOW), one.body, headers=pairs(one))[0] == 204
    assert asked(Receiver(in_thread, SECRET, store=store, now=lambda: NOW), two.body, headers=pairs(two))[0] == 204
    receiver = Receiver(on_loop, SECRET, store=store, now=lambda: NOW)
    assert receiver.receive(three.body, three.headers).status == 204
    assert [thread is threading.main_thread() for thread in threads] == [True, False, True]

    async def wrongly() -> None:
        receiver.receive(three.body, three.headers)

    with pytest.raises(errors.UsageError, match="receive_async"):
        asyncio.run(wrongly())


@pytest.mark.filterwarnings("error")
def test_what_a_function_returns_is_awaited(store: RunStore, caplog: pytest.LogCaptureFixture) -> None:
    """A coroutine of a lambda, say. Where ``receive`` cannot, it says what can, and the delivery comes again."""
    kept = Kept()

    async def later(delivery: WebhookDelivery) -> None:
        kept(delivery)

    receiver = Receiver(lambda delivery: later(delivery), SECRET, store=store, now=lambda: NOW)
    one, two = signed(), signed(delivery_id="d-2")

    async def wrongly() -> int:
        return receiver.receive(one.body, one.headers).status

    assert asyncio.run(wrongly()) == 503
    assert "await receive_async" in caplog.text
    assert kept.came == []
    assert asked(receiver, one.body, headers=pairs(one))[0] == 204
    assert receiver.receive(two.body, two.headers).status == 204
    assert [delivery.id for delivery in kept.came] == ["d-1", "d-2"]


def test_a_callback_in_a_thread_outlives_the_request(store: RunStore) -> None:
    """Some frameworks cancel a view whose client has left. The callback goes on, and is not called beside that."""
    one, kept, go = signed(), Kept(), threading.Event()

    async def left() -> list[int]:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def works(delivery: WebhookDelivery) -> None:
            loop.call_soon_threadsafe(started.set)
            go.wait(30)
            kept(delivery)

        receiver = Receiver(works, SECRET, store=store, now=lambda: NOW)
        task = asyncio.create_task(receiver.receive_async(one.body, one.headers))
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        statuses = [(await receiver.receive_async(one.body, one.headers)).status]
        go.set()
        while receiver._running:
            await asyncio.sleep(0.001)
        return [*statuses, (await receiver.receive_async(one.body, one.headers)).status]

    assert asyncio.run(left()) == [503, 204]
    assert len(kept.came) == 1


def test_a_coroutine_that_nobody_awaits_any_more_is_no_success(store: RunStore) -> None:
    """The request was cancelled while the function that makes it was at work in its thread."""
    one, kept, go = signed(), Kept(), threading.Event()

    async def later(delivery: WebhookDelivery) -> None:
        kept(delivery)

    async def left() -> int:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def makes(delivery: WebhookDelivery) -> Any:
            loop.call_soon_threadsafe(started.set)
            go.wait(30)
            return later(delivery)

        receiver = Receiver(makes, SECRET, store=store, now=lambda: NOW)
        task = asyncio.create_task(receiver.receive_async(one.body, one.headers))
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        go.set()
        while receiver._running:
            await asyncio.sleep(0.001)
        return (await receiver.receive_async(one.body, one.headers)).status

    assert asyncio.run(left()) == 204
    assert len(kept.came) == 1


def test_a_cancelled_request_gives_its_delivery_back(store: RunStore) -> None:
    """Whoever cancels it (a server that stops) has not processed it."""
    one = signed()

    async def cancelled(is_begun: bool) -> int:
        started = asyncio.Event()

        async def hangs(_: WebhookDelivery) -> None:
            started.set()
            await asyncio.sleep(3600)

        receiver = Receiver(hangs, SECRET, store=store, now=lambda: NOW)
        task = asyncio.create_task(receiver.receive_async(one.body, one.headers))
        if is_begun:
            await started.wait()
        else:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        while receiver._running:
            await asyncio.sleep(0.001)
        return store.deliveries.all()[0].attempts

    assert [asyncio.run(cancelled(is_begun)) for is_begun in (False, True, False)] == [1, 2, 3]
    assert store.deliveries.all()[0].state == "failed"


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"X-SpecStep-Webhook-Signature": f"sha256={'0' * 64}"}, None, "does not match"),
        ({"X-SpecStep-Webhook-Timestamp": f"{NOW - 301:.0f}"}, None, "old"),
        ({"X-SpecStep-Webhook-Timestamp": f"{NOW + 301:.0f}"}, None, "future"),
        ({"X-SpecStep-Webhook-Event": "generation.failed"}, None, "not the one in its header"),
        ({"X-SpecStep-Webhook-Delivery": "x" * 129}, None, "malformed"),
        ({}, b"[]", "not a JSON object"),
        ({}, b"", "not a JSON object"),
        ({}, b'{"event": ' * 5000, "not a JSON object"),
        ({}, b"\xff\xfe", "not a JSON object"),
    ],
)
def test_what_is_forged_late_or_malformed_is_refused(
    receiver: Receiver, kept: Kept, store: RunStore, headers: dict[str, str], body: bytes | None, reason: str
) -> None:
    """With 400, which ends it, and without a trace in the store."""
    delivery = signed() if body is None else sign_webhook(body, SECRET, now=NOW)
    status, _, text = asked(receiver, delivery.body, headers=pairs(delivery, **headers))

    assert status == 400
    assert reason in text.decode()
    assert (kept.came, store.deliveries.all()) == ([], [])


def test_an_old_delivery_under_a_new_id_and_time_is_refused(receiver: Receiver, kept: Kept) -> None:
    """The headers are not signed; the body's own time is."""
    old = signed(at=NOW - 400)
    again = {**old.headers, "X-SpecStep-Webhook-Timestamp": f"{NOW:.0f}", "X-SpecStep-Webhook-Delivery": "d-9"}

    assert receiver.receive(old.body, again).status == 400
    assert kept.came == []


HUGE = b"x" * (MOST_BYTES // 4)


@pytest.mark.parametrize(
    ("parts", "changed", "status"),
    [
        ([HUGE] * 5, {}, 413),
        ([], {"headers": [(b"content-length", b"%d" % (MOST_BYTES + 1))]}, 413),
        ([b"{}"], {"headers": [(b"content-length", b"9" * 18)]}, 413),
        ([b"{}"], {"headers": [(b"Content-Length", b"9" * 400)]}, 400),
        ([b"{}"], {"headers": [(b"content-length", b"-1")]}, 400),
        ([b"{}"], {"headers": [(b"content-length", b"2, 3")]}, 400),
        ([b"{}"], {"headers": [(b"content-length", b"2"), (b"content-length", b"3")]}, 400),
        ([b"{}"], {"headers": [(b"content-length", "٣".encode())]}, 400),
        ([b"{}"], {"method": "GET"}, 405),
        ([b"{}"], {"method": "HEAD"}, 405),
        ([b"{}"], {"method": "OPTIONS"}, 405),
        ([b"{"], {"leaves": True}, 0),
        ([b"{}"], {}, 400),
    ],
)
def test_requests_that_are_no_deliveries(
    receiver: Receiver, kept: Kept, parts: list[bytes], changed: dict[str, Any], status: int
) -> None:
    """A large body is refused by its length, or once it has grown too large; nobody answers who has left."""
    got, headers, _ = asked(receiver, *parts, **changed)

    assert got == status
    assert (headers.get(b"allow") == b"POST") == (status == 405)
    assert kept.came == []


def test_a_body_that_does_not_come_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger cannot hold connections open by sending nothing."""
    monkeypatch.setattr("specstep_flows.webhooks.receiver.BODY_SECONDS", 0.0)
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(receiver({"type": "http", "method": "POST", "path": "/", "headers": []}, never, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ({"path": "/hook"}, 204),
        ({"path": "/hook/"}, 404),
        ({"path": "/"}, 404),
        ({"path": "/api/hook", "root_path": "/api"}, 204),
        ({"path": "/apihook", "root_path": "/api"}, 404),
    ],
)
def test_only_its_own_path_is_answered_if_it_has_one(
    kept: Kept, store: RunStore, scope: dict[str, str], status: int
) -> None:
    """Below where it is mounted."""
    one = signed()
    made = Receiver(kept, SECRET, store=store, path="/hook", now=lambda: NOW)
    assert asked(made, one.body, headers=pairs(one), **scope)[0] == status


def test_other_scopes(receiver: Receiver, store: RunStore) -> None:
    """A web socket is refused; a server that starts and stops the application tells when it is there."""

    def served() -> bool:
        return store.deliveries.since([], None)[1]

    async def played(kind: str, *came: str) -> list[tuple[str, bool]]:
        messages, sent = [{"type": message} for message in came], []

        async def receive() -> Any:
            await asyncio.sleep(0.001)
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append((message["type"], served()))

        await receiver({"type": kind}, receive, send)
        return sent

    assert asyncio.run(played("websocket", "websocket.connect")) == [("websocket.close", True)]
    assert asyncio.run(played("lifespan", "lifespan.startup", "lifespan.shutdown")) == [
        ("lifespan.startup.complete", True),
        ("lifespan.shutdown.complete", False),
    ]
    with pytest.raises(ValueError, match="not supported"):
        asyncio.run(played("carrier pigeon"))


def test_a_store_that_fails_is_this_sides_trouble(
    receiver: Receiver, kept: Kept, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is asked to send it again. A delivery that was processed is not, whatever was recorded of it."""
    one = signed()

    def fails(*_: Any, **__: Any) -> Any:
        raise errors.StoreError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(store.deliveries, "claim", fails)
        assert receiver.receive(one.body, one.headers).status == 503
        assert kept.came == []
    with monkeypatch.context() as broken:
        broken.setattr(store.deliveries, "settle", fails)
        assert receiver.receive(one.body, one.headers).status == 204
        # Also once the store believes that whoever took it is gone.
        monkeypatch.setattr(receiver, "_now", lambda: NOW + LEASE_SECONDS + 1)
        assert receiver.receive(one.body, one.headers).status == 204
    assert receiver.receive(one.body, one.headers).status == 204
    assert [each.state for each in store.deliveries.all()] == ["done"]
    assert len(kept.came) == 1


def test_secrets_can_be_looked_up_at_each_delivery(kept: Kept, store: RunStore) -> None:
    """So a rotation needs no restart; one that is missing is this side's trouble."""
    secrets: list[str] = []
    receiver = Receiver(kept, lambda: secrets, store=store, now=lambda: NOW)
    one = signed()

    assert receiver.receive(one.body, one.headers).status == 503
    secrets += ["whsec_new", SECRET]
    assert receiver.receive(one.body, one.headers).status == 204


@pytest.mark.parametrize("body", [None, "text", {}])
def test_a_body_that_is_no_bytes_is_this_sides_trouble(receiver: Receiver, kept: Kept, body: Any) -> None:
    """The application has decoded it. It is told so, and what a stranger sends is no error 500 for all that."""
    assert receiver.receive(body, signed().headers).status == 503
    assert kept.came == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"secrets": ""},
        {"secrets": []},
        {"secrets": {"current": SECRET}},
        {"secrets": asyncio.sleep},
        {"on_delivery": None.__class__},
        {"tolerance": "x"},
        {"tolerance": -1},
        {"path": "specstep-hook"},
        {"most_bytes": "1"},
        {"most_bytes": 0},
        {"name": None},
    ],
)
def test_a_receiver_that_cannot_work_is_refused_at_once(store: RunStore, wrong: dict[str, Any]) -> None:
    """And not with the first delivery."""
    arguments: dict[str, Any] = {"on_delivery": print, "secrets": SECRET, "store": store, **wrong}
    with pytest.raises((errors.SettingsError, errors.UsageError)):
        Receiver(**arguments)


HEADERS = st.dictionaries(
    st.sampled_from(["Signature", "Timestamp", "Event", "Delivery", "content-length", "x"]),
    st.binary(max_size=12),
    max_size=4,
)


class TestStrangers:
    """Requests of any shape, a delivery with something changed among them."""

    made: ClassVar[list[Receiver]] = []

    @settings(max_examples=40, deadline=None)
    @given(
        method=st.sampled_from(["POST", "POST", "POST", "GET", "PUT", ""]),
        headers=HEADERS,
        parts=st.lists(st.binary(max_size=40), max_size=3) | st.just([signed().body[:9], signed().body[9:]]),
        is_signed=st.booleans(),
        leaves=st.booleans(),
    )
    def test_no_request_is_a_500(
        self, method: str, headers: dict[str, bytes], parts: list[bytes], is_signed: bool, leaves: bool
    ) -> None:
        """It is refused with a 4xx, or it is a delivery that was not changed."""
        came: list[WebhookDelivery] = []
        if not self.made:
            self.made.append(Receiver(lambda delivery: came.append(delivery), SECRET, store=RunStore.in_memory()))
        receiver = self.made[0]
        receiver._now, receiver._on_delivery = (lambda: NOW), came.append
        delivery = sign_webhook(b"".join(parts), SECRET, now=NOW)
        own = dict(pairs(delivery)) if is_signed else {}
        changed = {
            (f"x-specstep-webhook-{name.lower()}" if name[0].isupper() else name).encode(): value
            for name, value in headers.items()
        }
        status, _, _ = asked(receiver, *parts, method=method, headers=list((own | changed).items()), leaves=leaves)

        assert status in (0, 204, 400, 405, 413)
        assert (status == 204) == bool(came)

    @classmethod
    def teardown_class(cls) -> None:
        """Close the store."""
        for one in cls.made:
            one._deliveries.close()


@POSIX_ONLY
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_worker_that_ends_leaves_alone(kept: Kept, tmp_path: Path) -> None:
    """A server that forks its workers has made the receiver before; runs still count on the other workers."""
    with contextlib.closing(RunStore(tmp_path)) as store, Receiver(kept, SECRET, store=store) as receiver:
        worker = os.fork()
        if worker == 0:
            receiver.close()
            os._exit(0)
        os.waitpid(worker, 0)
        assert store.deliveries.since([], None)[1]
    with contextlib.closing(RunStore(tmp_path)) as store:
        assert not store.deliveries.since([], None)[1]


@pytest.fixture
def served(receiver: Receiver) -> Iterator[str]:
    """The receiver behind a real ASGI server."""
    with ListeningServer(receiver) as server:
        yield f"http://127.0.0.1:{server.port}/hook"


def test_over_a_real_server(served: str, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    """Whole, in chunks, doubled, too large; a client that breaks off leaves the server at work.

    Nothing that strangers send is told: there may be any amount of it.
    """
    one, other = signed(), signed(delivery_id="d-2")
    with httpx.Client(trust_env=False) as client:
        assert client.post(served, content=one.body, headers=one.headers).status_code == 204
        chunked = client.post(served, content=iter([other.body[:5], other.body[5:]]), headers=other.headers)
        assert chunked.status_code == 204
        assert client.post(served, content=one.body, headers=one.headers).status_code == 204
        assert client.post(served, content=one.body).status_code == 400
        assert client.get(served).status_code == 405
        address = httpx.URL(served)
        with socket.create_connection((address.host, address.port or 0)) as stranger:
            stranger.sendall(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        with socket.create_connection((address.host, address.port or 0)) as stranger:
            stranger.sendall(b"POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            stranger.sendall(b"40000\r\n" + b"x" * 0x40000 + b"\r\n")
            with contextlib.suppress(OSError):
                for _ in range(4):
                    stranger.sendall(b"40000\r\n" + b"x" * 0x40000 + b"\r\n")
            assert stranger.recv(20).startswith(b"HTTP/1.1 413")
        for noise in (
            b"\x16\x03\x01\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        ):
            with socket.create_connection((address.host, address.port or 0)) as stranger:
                stranger.sendall(noise)
                assert stranger.recv(20).startswith(b"HTTP/1.1 40")
        third = signed(delivery_id="d-3")
        assert client.post(served, content=third.body, headers=third.headers).status_code == 204
    assert [delivery.id for delivery in kept.came] == ["d-1", "d-2", "d-3"]
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []
