"""The table of operations: which handler answers what, who may call it, and which limit counts it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from .call import Answer, Call

Handler = Callable[[Call], Answer | Awaitable[Answer]]
Auth = Literal["bearer", "anonymous", "person", "cookie"]
"""bearer: anybody known. person: not an `sf_…` key. cookie: a browser session, so every bearer is refused."""
Limit = Literal["standard", "kickoff"]


@dataclass(frozen=True)
class Operation:
    """One row of the table."""

    method: str
    path: str
    handler: Handler | None
    auth: Auth = "bearer"
    limit: Limit | None = "standard"

    @property
    def name(self) -> str:
        """The operation as the pages write it, such as `GET /v1/me`."""
        return f"{self.method} {self.path}"


class Routes:
    """Collects the operations of one resource."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def add(
        self, name: str, *, auth: Auth = "bearer", limit: Limit | None = "standard"
    ) -> Callable[[Handler], Handler]:
        """Register a handler for `METHOD /path`. What is open to all, or for browsers only, is not limited."""

        def register(handler: Handler) -> Handler:
            method, path = name.split(" ")
            self.operations.append(Operation(method, path, handler, auth, _limit(auth, limit)))
            return handler

        return register

    def missing(self, *names: str, auth: Auth = "bearer") -> None:
        """Register operations that the sandbox answers with 501."""
        for name in names:
            method, path = name.split(" ")
            self.operations.append(Operation(method, path, None, auth, _limit(auth, "standard")))


def _limit(auth: Auth, limit: Limit | None) -> Limit | None:
    """Only keys and tokens are counted."""
    return None if auth in ("anonymous", "cookie") else limit
