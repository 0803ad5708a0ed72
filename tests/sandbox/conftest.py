"""A sandbox on a turned clock for each test, and a client of plain httpx: never our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions
from specstep_flows.sandbox.document import operation_of
from tests.kit.api import STATE, op
from tests.kit.conformance import complaints


class Caller:
    """httpx with the sandbox's key, and the few steps that most tests begin with."""

    def __init__(self, sandbox: Sandbox, key: str | None = None) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.url, headers={"Authorization": f"Bearer {key or sandbox.api_key}"}, timeout=5
        )

    def __call__(self, request: str, **members: Any) -> httpx.Response:
        """`call(op("get_me"))`."""
        method, path = request.split(" ")
        return self.http.request(method, path, **members)

    def pass_time(self, seconds: float) -> None:
        """Turn the clock."""
        clock = self.sandbox.clock
        assert isinstance(clock, ManualClock)
        clock.advance(seconds)

    def interview(self, *messages: str) -> str:
        """An interview in which these messages were said and answered."""
        interview: str = self(op("start_interview")).json()["id"]
        for message in messages:
            self(op("submit_turn", interview), json={"message": message}).raise_for_status()
            self.pass_time(self.sandbox.options.turn_seconds)
        return interview

    def artifact(self, message: str = "I want to build a customer-feedback portal.") -> str:
        """The artifact of a completed interview."""
        interview = self.interview(message)
        self(op("complete_interview", interview)).raise_for_status()
        found: str = self(op("get_interview", interview)).json()["intake_artifact_id"]
        return found

    def generation(self, profile: str = "Fast") -> str:
        """A generation that was just started."""
        order = {"intake_id": self.artifact(), "review_profile": profile}
        found: str = self(op("start_generation"), json=order).json()["id"]
        return found

    def status(self, generation: str) -> dict[str, Any]:
        """A generation's status body."""
        found: dict[str, Any] = self(op("get_generation", generation)).json()
        return found

    def package(self, profile: str = "Fast") -> str:
        """The package of a generation that has come to its end."""
        generation = self.generation(profile)
        self.pass_time(100_000)
        found: str = self.status(generation)["package_id"]
        return found


Starter = Callable[..., Caller]


@pytest.fixture
def start() -> Iterator[Starter]:
    """Start a sandbox with options, by default without questions and without limits; gives a caller."""
    with ExitStack() as stack:

        def starting(clock: ManualClock | None = None, **options: Any) -> Caller:
            settings = {"clarifications": (), "requests_per_minute": None, "kickoffs_per_minute": None, **options}
            sandbox = stack.enter_context(Sandbox(options=SandboxOptions(**settings), clock=clock or ManualClock()))
            caller = Caller(sandbox)
            stack.callback(caller.http.close)
            return caller

        yield starting


@pytest.fixture
def tour(start: Any) -> Iterator[Any]:
    """A caller whose every answer is checked against both documents."""
    found: list[str] = []
    seen: set[tuple[str | None, ...]] = set()

    def checked(answer: httpx.Response) -> None:
        """Check an answer, unless one to the same operation, of the same status and state, was checked before."""
        answer.read()
        state = re.search(rf'"{STATE}":"\w+"'.encode(), answer.content)
        kind = (
            operation_of(answer.request.method, answer.request.url.path),
            str(answer.status_code),
            str(state and state[0]),
        )
        if kind not in seen:
            seen.add(kind)
            for name in ("own", "documented"):
                found.extend(complaints(name, answer))

    def starting(**options: Any) -> Any:
        call = start(**options)
        call.http.event_hooks = {"response": [checked]}
        return call

    yield starting
    assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def caller_class() -> type[Caller]:
    """The caller's class, for fixtures that live longer than a test."""
    return Caller
