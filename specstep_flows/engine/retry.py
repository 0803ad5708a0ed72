"""What may be sent again, and when: one table by kind of request, and the waits between attempts.

The polling policy (how often to look at a running generation) is separate, in ``flows.pace``.
"""

from __future__ import annotations

import email.utils
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors

if TYPE_CHECKING:
    import random

    from specstep_flows.engine.effects import Kind


@attrs.frozen
class Rule:
    """``resends_ambiguous``: a request that may have been carried out may be sent again unchanged.

    ``records_intent``: its intent is stored before it is sent.
    """

    resends_ambiguous: bool
    records_intent: bool


RULES: Final[Mapping[Kind, Rule]] = {
    "read": Rule(resends_ambiguous=True, records_intent=False),
    "harmless": Rule(resends_ambiguous=True, records_intent=False),
    "idempotent": Rule(resends_ambiguous=True, records_intent=False),
    "keyed": Rule(resends_ambiguous=True, records_intent=True),
    "unsafe": Rule(resends_ambiguous=False, records_intent=True),
}

#: First and longest wait between attempts, in seconds. It doubles each time; up to half of it is left to chance.
BASE_SECONDS: Final = 1.0
CAP_SECONDS: Final = 30.0
#: How long one request is retried before its failure is raised: about as long as a service takes to restart.
PATIENCE_SECONDS: Final = 300.0
#: The same before the service has ever responded: the address is probably wrong, and somebody is waiting.
FIRST_PATIENCE_SECONDS: Final = 30.0
#: The same for a page in place of the service's answer that may be all there is: at the first request of a session, or
#: where the status says that the service does not have this.
PAGE_PATIENCE_SECONDS: Final = 10.0
#: So often it is asked for at least.
PAGE_ATTEMPTS: Final = 4
#: A turn that is still in flight gets 409 for as long as the agent thinks.
IN_FLIGHT_PATIENCE_SECONDS: Final = 1800.0
#: Not implemented, HTTP version not supported, too large: retrying does not help.
NEVER_BETTER: Final = frozenset({413, 414, 431, 501, 505})
#: The longest wait between two attempts, whatever Retry-After says.
LONGEST_WAIT_SECONDS: Final = 900.0


def backoff(attempt: int, source: random.Random) -> float:
    """Seconds after attempt number ``attempt`` (from 1): longer each time, so that whoever watches sees it back off.

    Half of it is left to chance, so that many clients do not come back at once.
    """
    longest = min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(attempt - 1, 16))
    # The longest that the attempt before could wait, until both are the cap.
    before = BASE_SECONDS * 2.0 ** (min(attempt - 1, 16) - 1)
    return source.uniform(before if before < CAP_SECONDS else CAP_SECONDS / 2.0, longest)


def next_attempt(
    error: errors.RequestError,
    kind: Kind,
    *,
    resend: bool,
    attempt: int,
    waited: float,
    source: random.Random,
    patience: float = PATIENCE_SECONDS,
) -> float | None:
    """Seconds to wait before the request is sent again, or None if ``error`` must be raised.

    ``attempt`` is the number of attempts made, ``waited`` the seconds spent on them. ``patience`` is the limit for
    ``waited`` if the service does not say when to try again.
    """
    asked = error.retry_after if isinstance(error, errors.APIError) else None
    if asked is not None:
        patience = PATIENCE_SECONDS
    if kind == "unsafe" and not isinstance(error, errors.NotConnected):
        # Whatever the answer was, the flow looks at the service first (``flows.payment``).
        return None
    if isinstance(error, errors.RateLimited):
        # The key, or the kind, makes it safe to send again.
        return _bounded(
            max(asked if asked is not None else 5.0, backoff(attempt, source)), waited, 10 * PATIENCE_SECONDS
        )
    if (
        isinstance(error, errors.Conflict)
        # Even without a problem document, the service may say when to try again.
        and (error.is_retryable or (kind == "keyed" and asked is not None))
        and not isinstance(error, errors.ConcurrencyCapReached)
    ):
        return _bounded(max(asked if asked is not None else 5.0, 0.5), waited, IN_FLIGHT_PATIENCE_SECONDS)
    if isinstance(error, errors.APIError) and error.status in NEVER_BETTER:
        return None
    if isinstance(error, errors.NotConnected):
        return _bounded(backoff(attempt, source), waited, patience)
    if page := _page(error):
        patience = _page_patience(page, kind, patience)
        if attempt < PAGE_ATTEMPTS:
            # However long the answers themselves took.
            waited = 0.0
    if (error.ambiguous or (page and kind == "read")) and resend and RULES[kind].resends_ambiguous:
        return _bounded(max(asked or 0.0, backoff(attempt, source)), waited, patience)
    return None


def _page(error: errors.RequestError) -> errors.APIError | None:
    """The error, if something on the way refused it, perhaps for a moment; a refused key and a used-up quota stay."""
    if isinstance(error, errors.ServerError | errors.AuthenticationError | errors.QuotaExceeded | errors.PlanRequired):
        return None
    if isinstance(error, errors.APIError) and (error.is_foreign or isinstance(error, errors.RefusedOnTheWay)):
        return error
    return None


def _page_patience(error: errors.APIError, kind: Kind, patience: float) -> float:
    """How long a page in place of the service's answer is taken for passing."""
    if patience <= FIRST_PATIENCE_SECONDS or error.is_not_offered:
        return min(patience, PAGE_PATIENCE_SECONDS)
    # What a firewall dislikes in a text, it dislikes each time.
    return patience if kind == "read" else FIRST_PATIENCE_SECONDS


def may_clear(error: BaseException) -> bool:
    """Whether what failed may work later as it is. Whatever was refused has to be changed first."""
    if isinstance(error, errors.NotConnected):
        return error.patience is None
    weather = (errors.RateLimited, errors.WaitTimeout, errors.StoreError)
    return isinstance(error, weather) or (isinstance(error, errors.RequestError) and error.ambiguous)


def refusal_wait(error: errors.RequestError) -> float | None:
    """Seconds until a refused unsafe request may be sent again, once it was looked for; None if never."""
    clears = (
        isinstance(error, errors.RateLimited)
        # Most failures of the service are ambiguous.
        or (isinstance(error, errors.ServerError) and not error.ambiguous)
        or (isinstance(error, errors.AuthenticationError) and error.may_clear)
        or (
            isinstance(error, errors.Conflict)
            and error.is_retryable
            and not isinstance(error, errors.ConcurrencyCapReached)
        )
    )
    if not clears or not isinstance(error, errors.APIError):
        return None
    wait = max(error.retry_after if error.retry_after is not None else 5.0, BASE_SECONDS)
    return wait if wait <= LONGEST_WAIT_SECONDS else None


def _bounded(wait: float, waited: float, patience: float) -> float | None:
    return None if waited + wait > patience or wait > LONGEST_WAIT_SECONDS else wait


def retry_after_seconds(headers: Mapping[str, str], wall_now: float) -> float | None:
    """``Retry-After`` in seconds, from whole or fractional seconds or an HTTP-date; None if it cannot be read.

    A date is compared with the response's own ``Date``, so that a wrong local clock does no harm; without one, with
    ``wall_now`` (seconds since the epoch).
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = email.utils.parsedate_to_datetime(value)
            date = headers.get("date")
            start = email.utils.parsedate_to_datetime(date).timestamp() if date else wall_now
            seconds = then.timestamp() - start
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
