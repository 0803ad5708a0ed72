"""What may be sent again, and when."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specstep_flows import errors
from specstep_flows.engine.effects import Kind
from specstep_flows.engine.retry import (
    CAP_SECONDS,
    FIRST_PATIENCE_SECONDS,
    PAGE_ATTEMPTS,
    RULES,
    backoff,
    next_attempt,
    refusal_wait,
    retry_after_seconds,
)

AMBIGUOUS = [errors.ConnectionLost("cut"), errors.ServerError("504", status=504), errors.UnexpectedResponse("html")]
DEFINITE = [
    errors.BadRequest("400", status=400),
    errors.NotFound("404", status=404),
    errors.Conflict("409", status=409),
]


def wait_for(
    error: errors.RequestError, kind: Kind, *, resend: bool = True, attempt: int = 1, waited: float = 0.0
) -> float | None:
    """What the table says for a failure."""
    return next_attempt(error, kind, resend=resend, attempt=attempt, waited=waited, source=random.Random(0))


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", RULES)
def test_what_may_have_been_carried_out_is_sent_again_only_if_its_kind_allows(
    error: errors.RequestError, kind: Kind
) -> None:
    """An unsafe request whose fate is unknown is never sent again by the engine; all others are."""
    assert (wait_for(error, kind) is None) == (kind == "unsafe")


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
def test_what_the_flow_settles_by_reading_is_not_sent_again(error: errors.RequestError) -> None:
    """With resend=False an ambiguous failure reaches the flow, whatever the kind."""
    assert all(wait_for(error, kind, resend=False) is None for kind in RULES)


@pytest.mark.parametrize("error", DEFINITE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", RULES)
def test_a_definite_refusal_is_not_sent_again(error: errors.RequestError, kind: Kind) -> None:
    """400, 404 and a plain 409 will be refused the next time, too."""
    assert wait_for(error, kind) is None


PAGES = [
    errors.RefusedOnTheWay("403", status=403, is_foreign=True),
    errors.RefusedOnTheWay("421", status=421),
    errors.BadRequest("400", status=400, is_foreign=True),
    errors.Conflict("409", status=409, is_foreign=True),
    errors.NotFound("404", status=404, is_foreign=True),
]


@pytest.mark.parametrize("error", PAGES, ids=str)
def test_a_page_of_a_front_door_is_passing_among_reads(error: errors.APIError) -> None:
    """It is tried again within the usual limits; more briefly where the service may just not have it."""
    enough = 2.0 if error.is_not_offered else 250.0
    assert wait_for(error, "read", attempt=PAGE_ATTEMPTS, waited=enough) is not None
    assert wait_for(error, "read", attempt=PAGE_ATTEMPTS, waited=301.0) is None
    assert wait_for(error, "unsafe") is None
    # A slow network must not use the time up before it was asked for again.
    assert all(wait_for(error, "read", attempt=attempt, waited=301.0) for attempt in range(1, PAGE_ATTEMPTS))


@pytest.mark.parametrize("kind", ["keyed", "idempotent", "harmless"])
def test_a_firewall_is_not_asked_for_long_about_a_text(kind: Kind) -> None:
    """What it takes for an attack, it takes for one each time."""
    error = errors.RefusedOnTheWay("403", status=403, is_foreign=True)
    assert wait_for(error, kind) is not None
    assert wait_for(error, kind, attempt=PAGE_ATTEMPTS, waited=FIRST_PATIENCE_SECONDS) is None
    assert wait_for(errors.RefusedOnTheWay("413", status=413, is_foreign=True), kind) is None


@pytest.mark.parametrize(
    "error", [errors.QuotaExceeded("402", status=402, is_foreign=True), errors.AuthenticationError("401", status=401)]
)
def test_a_refused_key_and_a_used_up_quota_do_not_pass(error: errors.APIError) -> None:
    """Whatever the body looks like."""
    assert wait_for(error, "read") is None


@pytest.mark.parametrize("kind", RULES)
def test_a_refused_key_is_never_tried_again(kind: Kind) -> None:
    """Five refused authentications in five minutes lock the address out."""
    assert wait_for(errors.AuthenticationError("401", status=401), kind) is None


@pytest.mark.parametrize("kind", RULES)
def test_a_connection_that_was_never_made_may_always_be_tried_again(kind: Kind) -> None:
    """Nothing was sent, so even a kickoff may go again; but not for ever."""
    assert wait_for(errors.NotConnected("refused"), kind) is not None
    assert wait_for(errors.NotConnected("refused"), kind, waited=10_000.0) is None


@pytest.mark.parametrize("kind", RULES)
def test_a_429_was_not_carried_out_and_its_wait_is_kept(kind: Kind) -> None:
    """Whatever the kind: at least as long as Retry-After says."""
    error = errors.RateLimited("429", status=429, retry_after=17.0)
    # Of what costs, only the flow can look whether that is true.
    wait = refusal_wait(error) if kind == "unsafe" else wait_for(error, kind)
    if kind == "unsafe":
        assert wait_for(error, kind) is None

    assert wait is not None
    assert wait >= 17.0


@pytest.mark.parametrize("kind", RULES)
def test_what_a_service_does_not_have_is_not_asked_for_again(kind: Kind) -> None:
    """501 stays 501; waiting minutes for it would help nobody."""
    assert wait_for(errors.ServerError("501", status=501), kind) is None


def test_a_turn_in_flight_is_asked_for_again_after_the_services_own_wait() -> None:
    """409 with retryable: true waits as long as Retry-After says."""
    error = errors.Conflict("409", status=409, members={"retryable": True}, retry_after=5.0)

    assert wait_for(error, "keyed") == 5.0


def test_a_conflict_that_says_when_to_come_back_is_waited_out_for_a_turn_alone() -> None:
    """A 409 without a problem document, but with a Retry-After: a turn is asked for again, a kickoff is not."""
    error = errors.Conflict("409", status=409, retry_after=5.0)

    assert wait_for(error, "keyed") == 5.0
    assert wait_for(error, "unsafe") is None


def test_the_concurrency_cap_is_not_waited_out_by_the_engine() -> None:
    """As many generations as allowed are running: the user hears of it, even if the problem says retryable."""
    error = errors.ConcurrencyCapReached("409", status=409, members={"retryable": True}, retry_after=5.0)

    assert wait_for(error, "unsafe") is None


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_backoff_is_bounded(attempt: int, seed: int) -> None:
    """Full jitter: between nothing and the cap, at any attempt."""
    assert 0.0 <= backoff(attempt, random.Random(seed)) <= CAP_SECONDS


@given(st.lists(st.integers(0, 2**32), min_size=8, max_size=8))
def test_each_wait_is_at_least_as_long_as_the_longest_before(seeds: list[int]) -> None:
    """Whoever watches sees that it backs off, whatever chance adds; and it never comes back at once."""
    waits = [backoff(attempt, random.Random(seed)) for attempt, seed in enumerate(seeds, 1)]

    assert waits[0] >= 0.5
    assert all(later >= earlier for earlier, later in itertools.pairwise(waits[:6]))
    assert min(waits[5:]) >= CAP_SECONDS / 2


@pytest.mark.parametrize("error", [errors.NotConnected("refused"), errors.UnexpectedResponse("html")])
def test_before_the_first_answer_patience_is_short_but_a_wait_that_was_asked_for_is_kept(
    error: errors.RequestError,
) -> None:
    """A wrong address is told within half a minute; who says when to come back is no wrong address."""

    def wait(error: errors.RequestError, waited: float) -> float | None:
        source = random.Random(0)
        return next_attempt(
            error, "read", resend=True, attempt=4, waited=waited, source=source, patience=FIRST_PATIENCE_SECONDS
        )

    assert wait(error, 10.0) is not None
    assert wait(error, FIRST_PATIENCE_SECONDS) is None
    assert wait(errors.ServerError("503", status=503, retry_after=60.0), 60.0) == 60.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Fri, 21 Nov 2025 10:00:30 GMT", "date": "Fri, 21 Nov 2025 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 50.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, fractions and HTTP-dates are read; what cannot be read is no wait at all."""
    assert retry_after_seconds(headers, wall_now=10.0) == seconds


@given(st.text())
def test_retry_after_never_fails(text: str) -> None:
    """Whatever a server sends there."""
    seconds = retry_after_seconds({"retry-after": text}, wall_now=10.0)

    assert seconds is None or seconds >= 0.0
