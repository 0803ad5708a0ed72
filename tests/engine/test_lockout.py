"""A key that worked and is refused all the same: few tries, far apart, by one request for all."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from specstep_flows.engine.lockout import MOST_PAUSES, PAUSE_SECONDS, POLL_SECONDS, TRIAL_SECONDS, Lockout

#: The service's auth page: so many failures in five minutes lock an address out.
WINDOW_SECONDS = 300.0


def refused(at: float = 1000.0) -> Lockout:
    """A key that has worked and was refused."""
    lockout = Lockout()
    lockout.accept()
    lockout.refuse(at - 1.0, at)
    return lockout


def test_a_key_that_works_waits_for_nothing() -> None:
    """Before it was ever used, and after it has worked."""
    lockout = Lockout()
    assert lockout.acquire(0.0) == 0.0
    lockout.accept()
    assert lockout.acquire(1.0) == 0.0


def test_one_request_tries_it_again_and_the_others_wait_for_what_comes_of_it() -> None:
    """Once it works, all go on."""
    lockout = refused()
    assert lockout.acquire(1000.0) == PAUSE_SECONDS
    later = 1000.0 + PAUSE_SECONDS
    assert [lockout.acquire(later) for _ in range(3)] == [0.0, POLL_SECONDS, POLL_SECONDS]
    lockout.accept()
    assert [lockout.acquire(later) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_trial_that_is_given_up_or_broken_keeps_nobody_waiting() -> None:
    """Its connection broke, or its process was interrupted."""
    lockout = refused()
    later = 1000.0 + PAUSE_SECONDS
    assert lockout.acquire(later) == 0.0
    lockout.let_go()
    assert lockout.acquire(later) == 0.0
    assert lockout.acquire(later + TRIAL_SECONDS) == 0.0


def test_refusals_of_what_was_on_its_way_count_once() -> None:
    """Twenty requests at once, all refused, are one refusal."""
    lockout = Lockout()
    lockout.accept()
    for _ in range(20):
        lockout.refuse(999.0, 1000.0)
    assert lockout.refusals == 1
    assert not lockout.is_refused


def test_long_after_it_was_given_up_it_is_a_key_that_has_never_worked() -> None:
    """So the next refusal ends at once."""
    lockout = refused()
    for number in range(1, MOST_PAUSES + 1):
        lockout.refuse(1000.0 + number * PAUSE_SECONDS, 1000.0 + number * PAUSE_SECONDS + 1.0)
    assert lockout.is_refused
    assert lockout.acquire(1000.0 + (MOST_PAUSES + 3) * PAUSE_SECONDS) == 0.0
    assert (lockout.is_refused, lockout.has_worked) == (False, False)


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=200))
def test_however_many_ask_the_service_is_not_asked_twice_in_its_window(steps: list[float]) -> None:
    """Each trial is refused; no two are within five minutes."""
    lockout, now, tried = refused(), 1000.0, [1000.0]
    for step in steps:
        now += step
        if lockout.acquire(now) == 0.0:
            tried.append(now)
            lockout.refuse(now, now)
            if lockout.is_refused or not lockout.has_worked:
                break
    assert all(after - before > WINDOW_SECONDS for before, after in itertools.pairwise(tried))
