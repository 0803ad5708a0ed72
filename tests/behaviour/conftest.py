"""A bench for each test, and a trap under all of them: whatever is logged or raised must hold no secret."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from specstep_flows.sandbox import ManualClock, Sandbox
from tests.kit.bench import Bench, make_bench, options
from tests.kit.secrets import LogTrap, Secrets, texts_of

MakeBench = Callable[..., Bench]


@pytest.fixture
def secrets() -> Secrets:
    """The keys of this test."""
    return Secrets()


@pytest.fixture(autouse=True)
def log_trap(secrets: Secrets) -> Iterator[LogTrap]:
    """Every logger at DEBUG; at the test's end neither a key nor a signed address is in what was logged."""
    trap, root = LogTrap(), logging.getLogger()
    level, others = root.level, {handler: handler.level for handler in root.handlers}
    for handler in others:  # pytest's own: a failure's report is not to hold a thousand lines
        handler.setLevel(logging.WARNING)
    # The sandbox's own server is not what is proved here; pytest lends it handlers, and it would use them.
    logging.getLogger("uvicorn.access").disabled = True
    root.addHandler(trap)
    root.setLevel(logging.DEBUG)
    yield trap
    root.removeHandler(trap)
    root.setLevel(level)
    for handler, own in others.items():
        handler.setLevel(own)
    assert secrets.found_in(trap.lines) == []


@pytest.fixture
def new_bench(tmp_path: Path, secrets: Secrets) -> Iterator[MakeBench]:
    """Make benches, each with a sandbox of its own; their errors and files are searched for secrets in the end."""
    benches: list[Bench] = []
    with ExitStack() as stack:

        def make(*, is_async: bool = False, request_timeout: float = 5.0, **chosen: Any) -> Bench:
            sandbox = stack.enter_context(Sandbox(options=options(**chosen), clock=ManualClock()))
            folder = tmp_path / f"bench{len(benches)}"
            bench = make_bench(sandbox, folder, is_async=is_async, request_timeout=request_timeout)
            secrets.keys.add(bench.key)
            benches.append(bench)
            return bench

        yield make
    for bench in benches:
        assert secrets.found_in(text for error in bench.errors for text in texts_of(error)) == []
        assert secrets.found_in(map(repr, bench.events)) == []
        assert secrets.found_under(bench.folder) == []


@pytest.fixture(params=["sync", "async"])
def bench(request: pytest.FixtureRequest, new_bench: MakeBench) -> Bench:
    """A bench, driven once by each of the two drivers."""
    return new_bench(is_async=request.param == "async")
