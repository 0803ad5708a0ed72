"""A key that worked and is refused all the same: waiting until the service lets this address in again.

Five failed sign-ins in five minutes, whoever made them, lock an address out, and a locked-out address gets the same
bare 401 as a wrong key (the service's auth page). Only failures count, and it clears by itself. So a key that has never
worked is not tried again; one that has is tried a few times, so rarely that this feeds no lock-out, and by one request
at a time for all runs of a client.
"""

from __future__ import annotations

import threading
from typing import Final

import attrs

#: The service counts failures for five minutes; a little more is waited.
PAUSE_SECONDS: Final = 310.0
#: After so many pauses the key is taken for refused.
MOST_PAUSES: Final = 3
#: A request that tries the key and takes longer has given up.
TRIAL_SECONDS: Final = 180.0
#: How long the others wait between two looks at whether the trial is over.
POLL_SECONDS: Final = 1.0


@attrs.define(eq=False)
class Lockout:
    """What one client knows of its key. Threads share it; times are in seconds on the run's clock."""

    has_worked: bool = False
    #: How often it was refused since it worked last.
    refusals: int = 0
    _refused_at: float = 0.0
    _tried_at: float | None = None
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    @property
    def is_refused(self) -> bool:
        """Whether it was tried as often as makes sense."""
        return self.refusals > MOST_PAUSES

    def acquire(self, now: float) -> float:
        """Seconds to wait before the key may be used; 0.0 where it may, and then by this request alone if in doubt."""
        if not self.refusals:
            return 0.0
        with self._lock:
            left = self._refused_at + PAUSE_SECONDS - now
            if left > 0:
                return left
            if self.is_refused:
                # Long after it was given up: it is as good as one that has never worked.
                self.refusals, self.has_worked = 0, False
                return 0.0
            if self._tried_at is not None and now - self._tried_at < TRIAL_SECONDS:
                return POLL_SECONDS
            self._tried_at = now
            return 0.0

    def accept(self) -> None:
        """The key has worked."""
        if self.has_worked and not self.refusals:
            return
        with self._lock:
            self.has_worked, self.refusals, self._tried_at = True, 0, None

    def refuse(self, sent_at: float, now: float) -> None:
        """The key was refused. What was on its way with an earlier refusal says nothing new."""
        with self._lock:
            if not self.refusals or sent_at > self._refused_at:
                self.refusals += 1
                self._refused_at = now
            self._tried_at = None

    def let_go(self) -> None:
        """The request that tried the key came to nothing."""
        self._tried_at = None
