"""A flow that awaits an effect hands it to whoever drives the flow, and goes on with what is sent back."""

from __future__ import annotations

import warnings
from typing import Any

import httpx
import pytest

from specstep_flows import errors
from specstep_flows.engine.effects import NewKey, Now, Reply, Request, Send, Sleep


async def wait_a_minute() -> float:
    """How much time a wait of a minute takes."""
    begun = await Now()
    await Sleep(60.0)
    return await Now() - begun


def test_effects_come_out_in_order_and_results_go_in() -> None:
    """No event loop is involved: the driver sends what came of each effect."""
    flow = wait_a_minute()

    assert isinstance(flow.send(None), Now)
    sleep = flow.send(10.0)
    assert isinstance(sleep, Sleep)
    assert sleep.seconds == 60.0
    assert isinstance(flow.send(None), Now)
    with pytest.raises(StopIteration) as ended:
        flow.send(70.5)
    assert ended.value.value == 60.5


def test_a_failure_is_raised_at_the_await() -> None:
    """So a flow handles it with a plain ``try``."""

    async def flow() -> str:
        try:
            return await NewKey()
        except errors.ConnectionLost:
            return "handled"

    started = flow()
    started.send(None)
    with pytest.raises(StopIteration) as ended:
        started.throw(errors.ConnectionLost("cut"))
    assert ended.value.value == "handled"


def test_a_flow_that_nobody_awaits_is_warned_of() -> None:
    """Calling one does nothing: Python says so, where a generator would have been dropped in silence."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        wait_a_minute()  # type: ignore[unused-coroutine]

    assert [str(warning.message) for warning in warned] == ["coroutine 'wait_a_minute' was never awaited"]


def test_no_repr_shows_where_an_answer_redirects_to_or_what_it_holds() -> None:
    """A signed address is a secret."""
    answer = Reply(302, httpx.Headers({"location": "https://blobs.example/x?sig=secret"}), b"secret")
    send = Send(Request("get_package_zip", "read", "GET", "/v1/packages/7/zip"), lambda reply: None)

    assert "secret" not in f"{answer!r} {send!r}"


@pytest.mark.parametrize(
    "value", ["ключ", "café", "a\nb", "a\r\nX-Other: b", " a", "a ", "a\0", "a\tb\x7f", 5, None, b"a"]
)
def test_what_no_header_can_hold_is_never_sent(value: Any) -> None:
    """It is the caller's mistake, noticed before an intent is written or a connection made."""
    with pytest.raises(errors.UsageError, match=r"Idempotency-Key .*Nothing was sent"):
        Request("submit_turn", "keyed", "POST", "/v1/x", headers={"Idempotency-Key": value})


@pytest.mark.parametrize("value", ["", "a", "a b", "~!:-._", "x" * 5000])
def test_what_a_header_can_hold_is_sent_as_it_is(value: str) -> None:
    """Whether it makes sense, the service says."""
    assert Request("x", "keyed", "POST", "/v1/x", headers={"Idempotency-Key": value}).headers
