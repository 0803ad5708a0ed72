"""What all tests share: a turned clock that moves with the sandbox's, so that no test waits for real."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import Counter
from typing import Any

import hypothesis
import pytest

from specstep_flows.sandbox import ManualClock
from tests.kit import postgres
from tests.kit.tiers import alternate, scheduler

#: What the machine of whoever runs the tests may have set. (`SPECSTEP_DOCS` and the like are for the tests.)
_SETTINGS = ("API_KEY", "API_URL", "API_BASE", "PROFILE", "SETTLE_SECONDS", "REQUEST_TIMEOUT", "CLOCK_SPEED")


def pytest_configure() -> None:
    """Time nothing, and let signals through to which ``scripts/test &`` or ``nohup`` makes us and the command deaf."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # A busy machine fails no test: hypothesis would time its examples.
    untimed = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("untimed", hypothesis.settings(), **untimed)
    hypothesis.settings.load_profile("untimed")


def pytest_unconfigure() -> None:
    """The PostgreSQL of the session, if a test wanted one, ends with it."""
    postgres.stop_server()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share something dear stay with one worker: see ``tests/kit/tiers.py``."""
    return scheduler(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two tests of one id, as pytest-xdist would run one of them; the fast tests take one of the two clients."""
    alternate(items)
    twice = sorted(name for name, count in Counter(item.nodeid for item in items).items() if count > 1)
    if twice:
        raise pytest.UsageError(
            "these tests share their ids with others, of which only one would run: " + ", ".join(twice)
        )


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads the user's settings or writes to the user's run store."""
    for name in _SETTINGS:
        monkeypatch.delenv(f"SPECSTEP_{name}", raising=False)
    # The same terminal wherever the tests run; those about another one say so.
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    # Tests talk to this machine, whatever proxy leads out of it.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SPECSTEP_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("SPECSTEP_STATE", str(home / "state"))


class TurnedClock:
    """A clock whose sleeps take no time: they advance the sandbox's manual clock instead."""

    speed = 1.0

    def __init__(self, manual: ManualClock) -> None:
        self.manual = manual
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.manual.now()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.manual.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def turned() -> Any:
    """Makes a client's clock from a sandbox with a manual clock: ``turned(sandbox)``."""
    return lambda sandbox: TurnedClock(sandbox.clock)
