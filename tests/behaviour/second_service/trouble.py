"""What goes wrong, once, at one request: before or after it is carried out."""

from __future__ import annotations

import os
import re
import signal
import threading
from dataclasses import dataclass, field


@dataclass
class Trouble:
    """One request, or the first few of a name, go wrong.

    ``kind``: ``reset``, ``cut`` (half a body), ``empty`` (a 200 without one), ``hang``, a status such as ``504``,
    ``late`` (504 now, carried out ``seconds`` later) or ``kill`` (the client's process).
    """

    #: The request's number, or what it is ("POST /v1/generations").
    at: int | str
    kind: str
    after: bool = False
    seconds: float = 40.0
    #: With a name: at the how many'th such request it begins, and how often it happens.
    nth: int = 1
    times: int = 1
    #: Whom ``kill`` kills, once that is known.
    pid: int | None = None
    knows_pid: threading.Event = field(default_factory=threading.Event)
    #: How long ``hang`` keeps silent, in real seconds.
    silence: float = 1.0

    def __post_init__(self) -> None:
        if isinstance(self.at, str):
            self.at = re.sub(r"\{\w+\}", "{id}", self.at)

    def strikes(self, number: int, name: str) -> bool:
        """Whether it happens now; each time counts."""
        if self.times < 1 or self.at not in (number, name):
            return False
        self.nth -= 1
        if self.nth > 0:
            return False
        self.times -= 1
        return True

    def aim(self, pid: int) -> None:
        self.pid = pid
        self.knows_pid.set()

    def kill(self) -> None:
        if self.knows_pid.wait(10.0) and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
