"""A client works on whatever has everything of a store, and asks it for what all clients of that store share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import RunStore, Settings, SpecStep, errors
from specstep_flows.engine.clock import SystemClock
from specstep_flows.engine.limits import MemoryLimiter, SharedLimiter
from specstep_flows.runs.absences import Absences
from specstep_flows.runs.deliveries import DeliveryLog
from specstep_flows.runs.steps import StepStore
from specstep_flows.sandbox import Sandbox
from specstep_flows.stores import common_of
from specstep_flows.webhooks import Receiver


class Elsewhere:
    """A store that is no RunStore: everything of one, and a limiter and a clock of its own."""

    def __init__(self, inside: RunStore) -> None:
        self._inside = inside
        self.limiter = MemoryLimiter({"standard": 60, "kickoff": 5})
        self.scopes: set[str] = set()
        self.margins: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def make_limiter(self, scope: str, limits: Any, margin: float) -> MemoryLimiter:
        self.scopes.add(scope)
        self.margins.append(margin)
        return self.limiter

    def make_clock(self, speed: float) -> SystemClock:
        return SystemClock(speed)

    def make_absences(self) -> Absences:
        return Absences(None)

    def make_pages(self, scope: str) -> None:
        """None of its own."""


def test_a_client_works_on_another_store_and_counts_with_its_limiter(tmp_path: Path, specstep_sandbox: Sandbox) -> None:
    """A step that costs included; the store is its owner's, and stays open after the client."""
    store: Any = Elsewhere(RunStore(tmp_path))
    with SpecStep(specstep_sandbox.api_key, api_url=specstep_sandbox.url, store=store) as specstep:
        specstep.list_generations()
        assert id(specstep.store) == id(store)
    receiver = Receiver(print, "whsec_a2V5", store=store)
    receiver.close()

    assert store.all() == []
    assert len(store.scopes) == 1
    # Each request was counted there.
    assert store.limiter.later("standard", 59, SystemClock().now()) > 0


def test_the_faster_the_clock_the_longer_a_request_counts(tmp_path: Path) -> None:
    """No clock makes the network faster; at the service's own speed it is a second."""
    store: Any = Elsewhere(RunStore(tmp_path))
    for speed in (1.0, 60.0, 1e6):
        settings = Settings("sf_key", "http://127.0.0.1:1", clock_speed=speed)
        with SpecStep(settings=settings, store=store) as specstep:
            specstep.runs()

    assert store.margins == [1.0, 30.0, 60.0]


def test_what_is_neither_a_store_nor_a_folder_is_refused() -> None:
    """By a client and by a receiver; a value is missing somewhere."""
    wrong: Any = 5
    with pytest.raises(errors.UsageError, match="5 is not a path"):
        SpecStep("sf_key", store=wrong).runs()
    with pytest.raises(errors.UsageError, match="5 is not a path"):
        Receiver(print, "whsec_a2V5", store=wrong)


def test_what_the_clients_of_a_folder_share_is_this_machines(tmp_path: Path) -> None:
    """Limits in a file, the machine's clock; without a folder, each client has its own."""
    common, alone = common_of(RunStore(tmp_path)), common_of(RunStore.in_memory())

    assert isinstance(common.make_limiter("scope", {"standard": 60}, 1.0), SharedLimiter)
    assert type(alone.make_limiter("scope", {"standard": 60}, 1.0)) is MemoryLimiter
    assert common.make_clock(2.0).speed == 2.0
    assert common.make_pages("scope") is None


def test_a_step_whose_holder_was_replaced_is_not_paid_for(tmp_path: Path) -> None:
    """The last look of a step is at what its driver holds."""
    mine, theirs = RunStore(tmp_path), RunStore(tmp_path)
    steps = StepStore(mine, "held")
    mine.hold("held")
    steps.check_held("step")
    for lock in (tmp_path / "locks").glob("*.lock"):
        lock.unlink()
    theirs.hold("held")

    with pytest.raises(errors.RunTaken):
        steps.check_held("step")
    assert isinstance(mine.deliveries, DeliveryLog)
