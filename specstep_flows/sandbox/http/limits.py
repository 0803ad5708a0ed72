"""The two rolling rate limits, and the throttle on failed authentications; all on virtual time."""

import math
from collections import deque

from ..options import SandboxOptions
from ..world.errors import Refusal

WINDOW = 60.0
AUTH_WINDOW = 300.0


class Limits:
    """Counts requests by key (programs) or user (people), and failures by address."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._taken: dict[tuple[str, str], deque[float]] = {}
        self._failures: dict[str, deque[float]] = {}

    def cap(self, limit: str) -> int | None:
        """How many requests a minute the limit allows."""
        return self._options.kickoffs_per_minute if limit == "kickoff" else self._options.requests_per_minute

    def take(self, limit: str, who: str, now: float) -> dict[str, str]:
        """Count a request and return the headers to send; a kickoff takes nothing from the standard limit."""
        cap = self.cap(limit)
        if cap is None:
            return {}
        taken = self._taken.setdefault((limit, who), deque())
        _forget(taken, now - WINDOW)
        refused = len(taken) >= cap
        if not refused:
            taken.append(now)
        reset = math.ceil(taken[0] + WINDOW - now) if taken else 0
        headers = {
            "RateLimit-Limit": str(cap),
            "RateLimit-Remaining": str(max(0, cap - len(taken))),
            "RateLimit-Reset": str(reset),
        }
        if refused:
            raise Refusal(
                429,
                "RATE_LIMITED",
                f"At most {cap} such requests a minute.",
                headers={**headers, "Retry-After": str(max(1, reset))},
            )
        return headers

    def check_address(self, address: str, now: float) -> None:
        """Refuse an address that failed too often, before its key is even looked at."""
        most = self._options.auth_failures
        failures = self._failures.get(address)
        if most is None or failures is None:
            return
        _forget(failures, now - AUTH_WINDOW)
        if len(failures) >= most:
            wait = math.ceil(failures[0] + AUTH_WINDOW - now)
            raise Refusal(
                429,
                "AUTHENTICATION_THROTTLED",
                "Too many failed authentications from this address.",
                headers={"Retry-After": str(max(1, wait))},
            )

    def failed(self, address: str, now: float) -> None:
        """Count a failed authentication."""
        self._failures.setdefault(address, deque()).append(now)


def _forget(moments: deque[float], until: float) -> None:
    while moments and moments[0] <= until:
        moments.popleft()
