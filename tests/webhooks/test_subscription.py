"""A listener's webhook: registered, found again after a crash, and removed; nobody else's is touched."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from specstep_flows import RunStore, errors
from specstep_flows.webhooks.subscription import Subscription

API, KEY, URL = "http://127.0.0.1:1", "key-1", "https://hooks.example.com/a"


class Service:
    """A key's webhooks, and what is to go wrong with the next request of an operation, before or after it is done."""

    def __init__(self) -> None:
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.numbers = itertools.count(1)
        self.before: dict[str, BaseException] = {}
        self.after: dict[str, BaseException] = {}

    def __call__(self, operation: str, **arguments: Any) -> Any:
        assert arguments.pop("api_key_id") == KEY
        if operation in self.before:
            raise self.before.pop(operation)
        answer = getattr(self, operation)(**arguments)
        if operation in self.after:
            raise self.after.pop(operation)
        return answer

    def list_webhooks(self) -> Any:
        return {"webhooks": list(self.webhooks.values())}

    def create_webhook(self, url: str, events: list[str]) -> Any:
        number = next(self.numbers)
        self.webhooks[f"w-{number}"] = {"id": f"w-{number}", "url": url, "events": events}
        return {**self.webhooks[f"w-{number}"], "signing_secret": f"whsec_{number}"}

    def delete_webhook(self, webhook_id: str) -> None:
        if self.webhooks.pop(webhook_id, None) is None:
            raise errors.NotFound("There is no such webhook.", operation="delete_webhook", status=404)


@pytest.fixture
def service() -> Service:
    """A service without webhooks."""
    return Service()


@pytest.fixture
def store() -> Iterator[RunStore]:
    """What outlives a listener."""
    with contextlib.closing(RunStore.in_memory()) as made:
        yield made


@pytest.fixture
def listener(service: Service, store: RunStore) -> Callable[..., Subscription]:
    """A listener of a new process."""

    def make(url: str = URL) -> Subscription:
        return Subscription(service, store, api_url=API, key_id=KEY, url=url, events=["generation.completed"])

    return make


def left(store: RunStore) -> int:
    """How many webhooks are written down."""
    return len(store.deliveries.subscriptions(API))


def lost(operation: str) -> errors.ConnectionLost:
    """An answer that was lost."""
    return errors.ConnectionLost("The connection broke.", operation=operation)


def test_registered_and_removed(service: Service, store: RunStore, listener: Any) -> None:
    """Its secret is in no file."""
    one = listener()
    one.register()
    assert (one.webhook_id, one.secrets, left(store)) == ("w-1", ["whsec_1"], 1)

    assert one.remove() is None
    assert (service.webhooks, left(store)) == ({}, 0)


@pytest.mark.parametrize("step", ["before create", "after create", "answered"])
def test_what_a_crash_leaves_is_removed_at_the_next_start(
    service: Service, store: RunStore, listener: Any, step: str
) -> None:
    """Wherever it came; a webhook of the same address that was there before is somebody else's."""
    foreign = service.create_webhook(URL, [])["id"]
    if step != "answered":
        (service.before if "before" in step else service.after)["create_webhook"] = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            listener().register()
    else:
        listener().register()
    said = list(listener("https://hooks.example.com/other").remove_left())

    assert list(service.webhooks) == [foreign]
    assert left(store) == 0
    assert "that an earlier listener had left" in said[0]


def test_what_may_be_somebody_elses_is_left_alone(service: Service, store: RunStore, listener: Any) -> None:
    """Two new webhooks of the address: one of them is not this command's."""
    service.after["create_webhook"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        listener().register()
    service.create_webhook(URL, [])
    (said,) = listener().remove_left()

    assert "not known which of them" in said
    assert (len(service.webhooks), left(store)) == (2, 1)


@pytest.mark.parametrize(
    ("error", "is_made", "rows"),
    [
        (errors.BadRequest("No.", operation="create_webhook", status=400), False, 0),
        (lost("create_webhook"), True, 0),
        # It may be carried out yet.
        (lost("create_webhook"), False, 1),
    ],
)
def test_a_failure_to_register_leaves_no_webhook(
    service: Service, store: RunStore, listener: Any, error: errors.RequestError, is_made: bool, rows: int
) -> None:
    """Also if the service had made it and the answer, with the secret, was lost."""
    (service.after if is_made else service.before)["create_webhook"] = error
    with pytest.raises(type(error)):
        listener().register()

    assert (service.webhooks, left(store)) == ({}, rows)


def test_what_cannot_be_removed_is_removed_at_the_next_start(service: Service, store: RunStore, listener: Any) -> None:
    """The network was down; a webhook that is gone already is as good as removed."""
    one = listener()
    one.register()
    for attempt in ("remove", "start"):
        service.before["delete_webhook"] = lost("delete_webhook")
        if attempt == "remove":
            with pytest.raises(errors.ConnectionLost):
                one.remove()
        else:
            assert "is still there" in next(iter(listener().remove_left()))
        assert left(store) == 1
    service.webhooks.clear()
    assert len(list(listener().remove_left())) == 1
    assert left(store) == 0


def test_a_webhook_that_is_gone_is_registered_again(service: Service, listener: Any) -> None:
    """Deliveries under way may still be signed with the secret before; trouble with the last delivery is passed on."""
    one = listener()
    one.register()
    assert one.renew() is None
    service.webhooks["w-1"] |= {"last_status": "failed", "last_http_code": 502}
    assert "status 502 (failed)" in one.renew()
    service.webhooks.clear()

    assert "registered again" in one.renew()
    assert (one.webhook_id, one.secrets) == ("w-2", ["whsec_1", "whsec_2"])


def test_a_listener_that_lives_keeps_its_webhook(service: Service, store: RunStore, listener: Any) -> None:
    """And nobody else listens for its address."""
    one = listener()
    with one.held():
        one.register()
        assert list(listener("https://hooks.example.com/other").remove_left()) == []
        with pytest.raises(errors.UsageError, match=r"listens for .* already"), listener().held():
            pass
    assert list(service.webhooks) == ["w-1"]
    assert left(store) == 1
