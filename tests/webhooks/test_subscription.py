"""A listener's webhook: registered, found again after a crash, and removed; nobody else's is touched."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import UUID

import attrs
import pytest

from specstep_flows import RunStore, Settings, SpecStep, errors
from specstep_flows.models import Webhook
from specstep_flows.webhooks.subscription import Subscription

API, KEY, URL = "http://127.0.0.1:1", str(UUID(int=99)), "https://hooks.example.com/a"
ID_1, ID_2 = str(UUID(int=1)), str(UUID(int=2))


class Service:
    """A client of a key's webhooks, and what is to go wrong with the next call, before or after it is done."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self.settings = Settings(api_key="sf_test", api_url=API)
        self.webhooks: dict[str, Webhook] = {}
        self.numbers = itertools.count(1)
        self.before: dict[str, BaseException] = {}
        self.after: dict[str, BaseException] = {}

    def _fail(self, errors: dict[str, BaseException], operation: str) -> None:
        if operation in errors:
            raise errors.pop(operation)

    def list_webhooks(self, key_id: str) -> list[Webhook]:
        assert key_id == KEY
        return [attrs.evolve(one, signing_secret=None) for one in self.webhooks.values()]

    def create_webhook(self, key_id: str, url: str, events: Any) -> Webhook:
        self._fail(self.before, "create_webhook")
        number = next(self.numbers)
        made = Webhook(UUID(int=number), url, tuple(events), signing_secret=f"whsec_{number}")
        self.webhooks[str(made.id)] = made
        self._fail(self.after, "create_webhook")
        return made

    def delete_webhook(self, key_id: str, webhook_id: str) -> None:
        self._fail(self.before, "delete_webhook")
        if self.webhooks.pop(webhook_id, None) is None:
            raise errors.NotFound("There is no such webhook.", operation="delete_webhook", status=404)


@pytest.fixture
def service(store: RunStore) -> Service:
    """A service without webhooks."""
    return Service(store)


@pytest.fixture
def store() -> Iterator[RunStore]:
    """What outlives a listener."""
    with contextlib.closing(RunStore.in_memory()) as made:
        yield made


@pytest.fixture
def listener(service: Service) -> Callable[..., Subscription]:
    """A listener of a new process."""

    def make(url: str = URL) -> Subscription:
        return Subscription(cast("SpecStep", service), key_id=KEY, url=url, events=["generation.completed"])

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
    assert (one.webhook_id, one.secrets, left(store)) == (ID_1, ["whsec_1"], 1)

    assert one.remove() is None
    assert (service.webhooks, left(store)) == ({}, 0)


@pytest.mark.parametrize("step", ["before create", "after create", "answered"])
def test_what_a_crash_leaves_is_removed_at_the_next_start(
    service: Service, store: RunStore, listener: Any, step: str
) -> None:
    """Wherever it came; a webhook of the same address that was there before is somebody else's."""
    foreign = str(service.create_webhook(KEY, URL, []).id)
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
    service.create_webhook(KEY, URL, [])
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
    service.webhooks[ID_1] = attrs.evolve(service.webhooks[ID_1], last_status="failed", last_http_code=502)
    assert "status 502 (failed)" in one.renew()
    service.webhooks.clear()

    assert "registered again" in one.renew()
    assert (one.webhook_id, one.secrets) == (ID_2, ["whsec_1", "whsec_2"])


def test_a_listener_that_lives_keeps_its_webhook(service: Service, store: RunStore, listener: Any) -> None:
    """And nobody else listens for its address."""
    one = listener()
    with one.held():
        one.register()
        assert list(listener("https://hooks.example.com/other").remove_left()) == []
        with pytest.raises(errors.UsageError, match=r"listens for .* already"), listener().held():
            pass
    assert list(service.webhooks) == [ID_1]
    assert left(store) == 1
