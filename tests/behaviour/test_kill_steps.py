"""kill -9 of a command that costs and is part of no run, at the points around its request and at many others.

The same command again pays once. (Every effect is such a point in ``tests/flows/test_steps.py``.)
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from specstep_flows.sandbox import Sandbox
from tests.behaviour.test_kill_everywhere import FILES, Starter
from tests.kit.api import op
from tests.kit.bench import options
from tests.kit.killed_process import Order
from tests.kit.proxy import Proxy
from tests.kit.shared_clock import SharedClock
from tests.kit.zips import make_zip

pytestmark = pytest.mark.slow

#: What each command calls that costs.
WAYS = {
    "addendum": "create_addendum",
    "explain": "explain_package",
    "update": "update_generation",
    "regenerate": "update_generation",
    "migrate": "commit_doc_migration",
}
#: Of these, and of every so manieth of the others' points, each one is a death.
AT_EVERY_POINT = ("regenerate", "migrate")


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """The sandbox, a proxy before it, and the starter, on one clock that all their processes share."""
    folder = tmp_path_factory.mktemp("starter")
    clock = SharedClock(folder / "clock")
    told = options(package_files=FILES, requests_per_minute=None, kickoffs_per_minute=None, monthly_quota=None)
    told.clarifications = ()
    with Sandbox(options=told, clock=clock) as sandbox, Proxy(int(sandbox.url.rpartition(":")[2])) as proxy:
        here = Starter(sandbox, proxy, folder / "clock", folder)
        yield here
        here.close()


class Step:
    """One command of a user with a complete package, to be killed and given again."""

    def __init__(self, starter: Starter, way: str) -> None:
        self.starter, self.way, self._count = starter, way, 0
        self.first, _ = starter.new("command")
        assert starter.live(self.first) == 0, starter.said(self.first)
        self.generation = [*starter.sandbox.state.generations.values()][-1]

    def new(self) -> Order:
        """The same user elsewhere, who asks for what nobody has asked for before."""
        self._count += 1
        folder = Path(self.first.folder).with_name(f"{Path(self.first.folder).name}-{self._count:03d}")
        folder.mkdir()
        package, out = str(self.generation.package_id), str(folder / "out")
        match self.way:
            case "addendum":
                words = ["package", "addendum", package, f"Change number {self._count}.", "--output", out, "--unpack"]
            case "explain":
                self.starter.sandbox.state.packages[package].explanations.clear()
                words = ["package", "explain", package, "investor", "--output", f"{out}/told.pdf"]
            case "regenerate":
                words = ["generation", "update", self.generation.id, "--intake", self._newer_intake()]
            case "migrate":
                archive = folder / "docs.zip"
                archive.write_bytes(make_zip({f"notes-{self._count}.md": b"Quick.\n", "readme.md": b"# Portal\n"}))
                words = ["package", "migrate", str(archive), "--version", f"1.0.{self._count}"]
            case _:
                words = ["update", self.generation.id, f"Change number {self._count}.", "--output", out]
        return attrs.evolve(self.first, folder=str(folder), command=[*words, "--yes"])

    def _newer_intake(self) -> str:
        """What another interview has left behind."""
        world = self.starter.sandbox.state
        own = next(one for one in world.artifacts.values() if one.interview_id == self.generation.interview_id)
        newer = attrs.evolve(own, id=world.ids.uuid(world.clock.now()), interview_id=world.ids.uuid(world.clock.now()))
        world.artifacts[newer.id] = newer
        return newer.id

    def results(self, order: Order) -> list[str]:
        """The ids of what was paid for, where the id is what the command says in the end."""
        world = self.starter.sandbox.state
        if self.way == "migrate":
            return [
                one.id
                for one in world.packages.values()
                if one.generation_id is None and one.version == order.command[-2]
            ]
        return [one.id for one in world.generations.values() if one.updates and one.intake_id == order.command[-2]]

    def made(self, order: Order) -> int:
        """How often it was paid for."""
        if self.way in AT_EVERY_POINT:
            return len(self.results(order))
        package = self.starter.sandbox.state.packages[str(self.generation.package_id)]
        if self.way == "addendum":
            return sum(addendum.title == order.command[3] for addendum in package.addenda)
        if self.way == "explain":
            return self.sent
        return sum(
            order.command[2] in (one.description or "")
            for one in self.starter.sandbox.state.generations.values()
            if one.updates is not None
        )

    @property
    def sent(self) -> int:
        requests = self.starter.sandbox.requests
        return sum(request.operation == op(WAYS[self.way]) and request.reached_world for request in requests)

    def resume(self, order: Order, where: str) -> None:
        """The same command again, twice: what was paid for is there, once."""
        starter = self.starter
        assert starter.live(order) == 0, f"{where}: {starter.said(order)}"
        assert self.made(order) == 1, where
        assert self.sent == 1, where
        if self.way in AT_EVERY_POINT:
            assert self.results(order)[0] in starter.said(order).splitlines()[-2:], where
        else:
            files = sorted(path.name for path in Path(order.folder, "out").iterdir() if path.is_file())
            assert len(files) == (2 if self.way == "update" else 1), f"{where}: {files}"
        assert starter.live(order) == 0, f"{where}: {starter.said(order)}"
        assert self.sent == 1, where
        assert "Traceback" not in starter.said(order), where


@pytest.mark.parametrize("way", WAYS)
def test_a_step_survives_its_death(starter: Any, way: str) -> None:
    """And while its answer is on the way: the server has carried it out, and nobody hears of it."""
    step = Step(starter, way)
    whole = step.new()
    starter.sandbox.requests.clear()
    assert starter.live(whole) == 0, starter.said(whole)
    points = starter.points(whole)
    sending = next(number for number, point in enumerate(points, 1) if point == f"send {WAYS[way]}")
    answered = [request.operation for request in starter.sandbox.requests if request.server == "api"]
    numbers = {*range(sending - 4, sending + 5)}
    if way in AT_EVERY_POINT:
        numbers = {*range(1, len(points) + 1)}
    elif way != "update":
        # What comes before and after of an update is what every run has.
        numbers |= {*range(1, len(points) + 1, 3)}
    for number in (0, *sorted(numbers)):
        order = step.new()
        starter.sandbox.requests.clear()
        at_answer = 0 if number else answered.index(op(WAYS[way])) + 1
        where = f"{way} killed at point {number}, before {points[number - 1] if number else 'its answer'!r}"

        assert starter.live(order, die_at=number, die_at_answer=at_answer) == -signal.SIGKILL, where
        step.resume(order, where)
