"""A client of each kind on a sandbox whose clock is turned by the client's own waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep
from specstep_flows.client import Rows
from specstep_flows.client_async import AsyncRows
from specstep_flows.sandbox import ManualClock, Sandbox, SandboxOptions


class Both:
    """Calls a client's methods by name, sync or async: the tests that use it hold for both."""

    def __init__(self, kind: str, sandbox: Sandbox, clock: Any, **options: Any) -> None:
        self.kind = kind
        self.sandbox = sandbox
        self.store = options.pop("store", None) or RunStore.in_memory()
        options.setdefault("limits", {"standard": None, "kickoff": None})
        self.key = options.pop("api_key", sandbox.api_key)
        self.options = {"api_url": sandbox.url, "clock": clock, "store": self.store, **options}

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.kind == "sync":
                with SpecStep(self.key, **self.options) as client:
                    result = getattr(client, name)(*args, **kwargs)
                    return result.to_list() if isinstance(result, Rows) else result

            async def go() -> Any:
                async with AsyncSpecStep(self.key, **self.options) as client:
                    result = getattr(client, name)(*args, **kwargs)
                    return await (result.to_list() if isinstance(result, AsyncRows) else result)

            return asyncio.run(go())

        return call


@pytest.fixture
def sandbox() -> Iterator[Any]:
    """A sandbox at the documented defaults, without rate limits, on a manual clock."""
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None)
    with Sandbox(port=0, options=options, clock=ManualClock()) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox, turned: Any) -> Any:
    """Both clients, one after the other."""
    return Both(request.param, sandbox, turned(sandbox))
