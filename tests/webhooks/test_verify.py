"""Webhook deliveries: believed only when signed, recent and whole; everything else is one typed refusal."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows.errors import SettingsError, UsageError, WebhookRejected
from specstep_flows.webhooks import EVENTS, verify_webhook
from specstep_flows.webhooks.verify import _document

SECRET = "whsec_9f8e7d6c5b4a"
NOW = 1_778_022_000.0  # 2026-05-05T23:00:00Z
BODY: dict[str, Any] = {
    "event": "generation.completed",
    "delivered_at": "2026-05-05T23:00:00Z",
    "generation": {"id": "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04", "state": "Complete", "project_name": "Portal"},
}
DELIVERY = "0b8ee5b4-7d6e-4f4b-9b4e-1f1f0f7a3c55"


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery(document: Any = None, *, secret: str = SECRET, **changed: str | None) -> tuple[bytes, dict[str, str]]:
    """A delivery as the service sends it, with some headers changed or (None) left out."""
    document = BODY if document is None else document
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers: dict[str, str | None] = {
        "Signature": sign(body, secret),
        "Timestamp": f"{NOW:.0f}",
        "Event": document.get("event", "") if isinstance(document, dict) else "generation.completed",
        "Delivery": DELIVERY,
        **changed,
    }
    return body, {f"X-SpecStep-Webhook-{name}": value for name, value in headers.items() if value is not None}


def test_a_delivery_of_the_services_is_read() -> None:
    """The event, the id to drop repetitions by, the times and the generation's fields."""
    body, headers = delivery()
    read = verify_webhook(body, headers, SECRET, now=NOW)

    assert (read.id, read.event, read.is_test) == (DELIVERY, "generation.completed", False)
    assert read.generation == BODY["generation"]
    assert read.raw == BODY
    assert read.sent_at == read.delivered_at
    assert read.sent_at.isoformat() == "2026-05-05T23:00:00+00:00"


@pytest.mark.parametrize("event", [*sorted(EVENTS), "generation.translated"])
def test_every_event_is_read_known_or_not(event: str) -> None:
    """The test event has no generation, and new events must not break a receiver."""
    body, headers = delivery({"event": event, "delivered_at": "2026-05-05T23:00:00Z"})
    read = verify_webhook(body, headers, SECRET, now=NOW)
    assert read.event == event
    assert read.generation is None
    assert read.is_test == (event == "webhook.test")


def test_headers_come_in_every_shape() -> None:
    """Any case, pairs, the header classes of frameworks, spaces around values, other headers beside them."""
    body, headers = delivery()
    shapes: list[Any] = [
        {name.lower(): value for name, value in headers.items()},
        {name.upper(): f" {value} " for name, value in headers.items()},
        [*headers.items(), ("Content-Type", "application/json"), ("Content-Type", "twice")],
        httpx.Headers(headers),
        iter(headers.items()),
        [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        {name: [value] for name, value in headers.items()},
    ]
    for shape in shapes:
        assert verify_webhook(body, shape, SECRET, now=NOW).id == DELIVERY


def test_several_secrets_are_accepted_during_rotation() -> None:
    """The old one and the new one, as texts or bytes, in any order; and neither of others."""
    body, headers = delivery(secret="the-new-one")
    assert verify_webhook(body, headers, [SECRET, "the-new-one"], now=NOW).id == DELIVERY
    assert verify_webhook(body, headers, (b"the-new-one", SECRET), now=NOW).id == DELIVERY
    with pytest.raises(WebhookRejected, match="does not match its body"):
        verify_webhook(body, headers, [SECRET, "another"], now=NOW)


def rejection(body: bytes, headers: Any, *, now: float = NOW, secret: Any = SECRET) -> str:
    with pytest.raises(WebhookRejected) as caught:
        verify_webhook(body, headers, secret, now=now)
    said = str(caught.value)
    assert SECRET not in said
    assert sign(body)[7:] not in said
    return said


def test_a_changed_body_is_rejected() -> None:
    """One byte is enough, a space included."""
    body, headers = delivery()
    for changed in (body.replace(b"Complete", b"Failed"), body + b" ", body[:-1], b""):
        assert "does not match its body" in rejection(changed, headers)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha1=" + "0" * 40,
        "sha256=" + "0" * 63,
        "sha256=" + "0" * 65,
        "sha256=" + "g" * 64,
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        "0" * 64,
        "sha256=" + "A" * 64,
        "sha256=" + "0" * 64 + ",sha256=" + "0" * 64,
    ],
)
def test_a_malformed_signature_is_rejected(signature: str) -> None:
    """Other algorithms, other lengths, other digits: never an exception of another kind."""
    body, headers = delivery(Signature=signature)
    assert "malformed" in rejection(body, headers)


@pytest.mark.parametrize("name", ["Signature", "Timestamp", "Event", "Delivery"])
def test_a_missing_or_repeated_header_is_rejected(name: str) -> None:
    """A second header could be read by one program and the first by another."""
    body, headers = delivery(**cast(Any, {name: None}))
    assert f"no X-SpecStep-Webhook-{name}" in rejection(body, headers)
    body, headers = delivery()
    pairs = [*headers.items(), (f"x-specstep-webhook-{name}".lower(), headers[f"X-SpecStep-Webhook-{name}"])]
    assert f"more than one X-SpecStep-Webhook-{name}" in rejection(body, pairs)
    several = {**headers, f"X-SpecStep-Webhook-{name}": [headers[f"X-SpecStep-Webhook-{name}"]] * 2}
    assert f"more than one X-SpecStep-Webhook-{name}" in rejection(body, several)


def test_old_and_future_deliveries_are_rejected() -> None:
    """Five minutes either way, and not a second more."""
    body, headers = delivery({"event": "webhook.test"})
    for accepted in (NOW - 300, NOW, NOW + 300):
        assert verify_webhook(body, headers, SECRET, now=accepted).is_test
    assert "301 s old" in rejection(body, headers, now=NOW + 301)
    assert "301 s in the future" in rejection(body, headers, now=NOW - 301)
    assert verify_webhook(body, headers, SECRET, now=NOW + 301, tolerance=400).is_test


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "1778022000.5", "0x69", "١٧٧٨٠٢٢٠٠٠", "9" * 13, "nan"])
def test_a_malformed_time_is_rejected(timestamp: str) -> None:
    """Whole seconds in plain digits, nothing else."""
    body, headers = delivery(Timestamp=timestamp)
    assert "time is malformed" in rejection(body, headers)


def test_a_replay_under_a_new_time_is_rejected() -> None:
    """Headers are not signed, so the signed body's own time is checked as well; one that cannot be read is let pass."""
    body, headers = delivery(Timestamp=f"{NOW + 3600:.0f}", Delivery="another-id")
    assert "does not match its header" in rejection(body, headers, now=NOW + 3600)
    for delivered_at in (
        "2026-05-05T23:04:59.1234567Z",
        "2026-05-06T01:00:00+02:00",
        "2026-05-05T23:00:00",
        "soon",
        7,
        None,
    ):
        body, headers = delivery({**BODY, "delivered_at": delivered_at})
        read = verify_webhook(body, headers, SECRET, now=NOW)
        assert (read.delivered_at is None) == (delivered_at in ("soon", 7, None))


def test_another_event_than_signed_is_rejected() -> None:
    """The header is not signed: it cannot make a completion of a failure."""
    body, headers = delivery(Event="generation.failed")
    assert "not the one in its header" in rejection(body, headers)


@pytest.mark.parametrize("delivery_id", ["", "a b", "a\nb", "é", "x" * 129])
def test_a_malformed_id_is_rejected(delivery_id: str) -> None:
    """It will be a key in somebody's table."""
    body, headers = delivery(Delivery=delivery_id)
    assert "id is malformed" in rejection(body, headers)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000, b'{"event": 7}', b"{}"]
)
def test_a_signed_body_that_makes_no_sense_is_rejected(body: bytes) -> None:
    """A receiver answers 4xx to it, not 500."""
    rejection(*delivery(body))


def test_a_generation_of_another_type_is_none() -> None:
    """What is merely shown may be missing or odd."""
    body, headers = delivery({**BODY, "generation": "gone"})
    assert verify_webhook(body, headers, SECRET, now=NOW).generation is None


@pytest.mark.parametrize("secrets", ["", b"", [], [SECRET, ""], ()])
def test_without_a_secret_nothing_is_accepted(secrets: Any) -> None:
    """An empty secret would let everybody sign: that is the receiver's own mistake, and said as such."""
    body, headers = delivery(secret="")
    with pytest.raises(SettingsError, match="signing secret"):
        verify_webhook(body, headers, secrets, now=NOW)


def test_a_body_that_was_decoded_is_the_programmers_mistake() -> None:
    """Text was decoded from the bytes that were signed; a TypeError says so at the first try."""
    body, headers = delivery()
    with pytest.raises(TypeError, match="bytes"):
        verify_webhook(body.decode(), headers, SECRET, now=NOW)  # type: ignore[arg-type]
    assert verify_webhook(memoryview(body), headers, SECRET, now=NOW).id == DELIVERY  # type: ignore[arg-type]


def test_the_repr_shows_no_business() -> None:
    """A delivery can be logged: what was it, not what is in it."""
    body, headers = delivery()
    shown = repr(verify_webhook(body, headers, SECRET, now=NOW))
    assert "Portal" not in shown
    assert DELIVERY in shown


@given(
    st.binary(max_size=60),
    st.dictionaries(
        st.sampled_from([f"X-SpecStep-Webhook-{name}" for name in ("Signature", "Timestamp", "Event", "Delivery")]),
        st.one_of(st.text(max_size=80), st.just(f"{NOW:.0f}"), st.just("sha256=" + "0" * 64)),
    ),
)
def test_nothing_but_a_typed_refusal_ever_comes_of_forgeries(body: bytes, headers: dict[str, str]) -> None:
    """Whatever is sent without the secret is a WebhookRejected, never a ValueError and never accepted."""
    rejection(body, headers)


#: What frameworks hand over for a header that a stranger left out, repeated, or made up.
ODD_VALUES = [None, 5, 1.5, True, [], [None], [["x"]], ("x", "y"), {"x": "y"}, ..., b"\xff", bytearray(b"\xff"), ""]


@pytest.mark.parametrize("name", ["Signature", "Timestamp", "Event", "Delivery"])
@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
@pytest.mark.parametrize("shape", [dict, lambda headers: list(headers.items()), lambda headers: [*headers.items(), ()]])
def test_a_header_that_is_no_text_is_rejected(name: str, value: Any, shape: Any) -> None:
    """And not the handler's error 500, which would have the service send it again."""
    body, headers = delivery()
    rejection(body, shape({**headers, f"X-SpecStep-Webhook-{name}": value}))


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_a_header_of_somebody_elses_does_not_matter(value: Any) -> None:
    """Whatever its value, or its name."""
    body, headers = delivery()
    odd_name: Any = {value if isinstance(value, float | int | bytes) else None: "x"}
    for odd in ({"X-Other": value}, odd_name):
        assert verify_webhook(body, {**headers, **odd}, SECRET, now=NOW).id == DELIVERY


@pytest.mark.parametrize("headers", [None, 5, "X-SpecStep", b"x", [None], [("a",)], ["ab"], {}, ...], ids=repr)
def test_what_are_no_headers_are_rejected(headers: Any) -> None:
    """There is no signature in them."""
    rejection(delivery()[0], headers)


class ItemsOnly:
    """Headers as `email.message.Message` and some frameworks have them: no Mapping, and a method for the pairs."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def items(self) -> list[tuple[str, str]]:
        return list(self._headers.items())


def test_headers_need_only_be_able_to_list_themselves() -> None:
    """They are no Mapping everywhere."""
    body, headers = delivery()
    assert verify_webhook(body, cast("Any", ItemsOnly(headers)), SECRET, now=NOW).id == DELIVERY


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -float("inf"), None, "300", True, 10**400, 1e300])
@pytest.mark.parametrize("name", ["now", "tolerance"])
def test_a_time_that_is_none_is_the_programmers_mistake(name: str, value: Any) -> None:
    """Said as such, whoever sent the delivery: with such a tolerance every old delivery would be accepted."""
    body, headers = delivery()
    with pytest.raises(UsageError, match=name):
        verify_webhook(body, headers, SECRET, **{"now": NOW, name: value})


@pytest.mark.parametrize("timestamp", ["999999999999", "253402300800"])
def test_a_time_in_no_calendar_is_rejected(timestamp: str) -> None:
    """However much is tolerated."""
    body, headers = delivery(Timestamp=timestamp)
    with pytest.raises(WebhookRejected):
        verify_webhook(body, headers, SECRET, now=NOW, tolerance=1e11 * 9)


@given(
    moment=st.one_of(
        st.text(max_size=30),
        st.datetimes().map(lambda moment: moment.isoformat()),
        st.from_regex(r"(0001|9999)-(01-01|12-31)T[0-2][0-9]:00:00[+-][0-2][0-9]:00", fullmatch=True),
        st.integers(),
    )
)
def test_whatever_time_a_signed_body_states_it_is_read_or_rejected(moment: Any) -> None:
    """At the ends of the calendar as well."""
    body, headers = delivery({**BODY, "delivered_at": moment})
    with contextlib.suppress(WebhookRejected):
        verify_webhook(body, headers, SECRET, now=NOW)


@pytest.mark.parametrize("secrets", [None, 5, [None], [5], [[]], {}, {"current": SECRET}, ["", "x"]])
def test_a_secret_that_is_no_text_is_none(secrets: Any) -> None:
    """Nothing could be checked with it, and a mapping's names can be guessed."""
    body, headers = delivery()
    with pytest.raises(SettingsError):
        verify_webhook(body, headers, secrets, now=NOW)


def test_half_an_emoji_in_a_delivery_can_be_stored() -> None:
    """A webhook's text is the service's as any other."""
    body = (
        b'{"event": "generation.completed", "data": {"project_name": "Tea \\ud83d", "deep": ' + b"[" * 500 + b"]" * 500
    )
    document = _document(body + b"}}")

    assert document["data"]["project_name"] == "Tea \ufffd"


def test_a_delivery_without_end_is_rejected() -> None:
    """Whoever signed it: nothing that the service tells is nested like that."""
    body = b'{"event": "webhook.test", "a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    with pytest.raises(WebhookRejected):
        _document(body)
