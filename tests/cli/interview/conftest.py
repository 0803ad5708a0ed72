"""Standard input as a pipe, and a driver on a sandbox whose clock is turned by waiting."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from specstep_flows import RunStore, SpecStep
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.session import Call
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions
from tests.kit.conversation import Clock, Driver


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts bytes on standard input, which is a pipe: ``typed(b"hello\\n", close=True)``."""
    reading, writing = os.pipe()
    stream = os.fdopen(reading, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    ends = [writing]

    def send(data: bytes, *, close: bool = True) -> None:
        os.write(writing, data)
        if close:
            os.close(ends.pop())

    yield send
    stream.close()
    for end in ends:
        os.close(end)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A service on loopback, on a clock that is turned by waiting."""
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None)
    with Sandbox(options=options, clock=ManualClock()) as running:
        yield running


@pytest.fixture
def driver(sandbox: Sandbox) -> Iterator[Driver]:
    """A driver on the sandbox."""
    clock = Clock(sandbox.clock)  # type: ignore[arg-type]
    options: dict[str, Any] = {"store": RunStore.in_memory(), "clock": clock, "limits": {"standard": None}}
    with SpecStep(sandbox.api_key, api_url=sandbox.url, **options) as client:
        yield Driver(Call(), client, Interrupts(), clock)
