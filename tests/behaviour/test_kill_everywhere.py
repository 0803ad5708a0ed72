"""kill -9 of a real process at every point of a whole run; a second process goes on, and all is as if nothing had been.

Points are enumerated from a run without incident: each step of the driver (so: before a request is sent, after its
answer came and before it is recorded, before and after each durable write), each change to a file of the output
folder, and, for each request, the moment when the server has carried it out and its answer is on the way.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from specstep_flows.runs.store import RunStore
from specstep_flows.sandbox import Sandbox
from tests.kit.bench import BRIEF, DOCUMENT, QUESTIONS, Bench, options
from tests.kit.clocks import TurnedClock
from tests.kit.killed_process import Order
from tests.kit.proxy import Proxy
from tests.kit.secrets import Secrets
from tests.kit.shared_clock import SharedClock

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

FILES = {"README.md": b"# Portal\n", "docs/01-vision.md": b"Quick.\n", "docs/02-plan.md": b"Soon.\n"}


class Starter:
    """Processes to be killed, forked from one that has everything imported."""

    def __init__(self, sandbox: Sandbox, proxy: Proxy, clock: Path, folder: Path) -> None:
        self.sandbox, self.proxy, self._clock, self._folder = sandbox, proxy, clock, folder
        self._count = 0
        #: The process that lived last, and the one that stopped last.
        self.lived = 0
        self.stopped = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.killed_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def new(self, way: str) -> tuple[Order, Order]:
        """A run of a user of its own, in a folder of its own, and what goes on with it once it is recorded.

        ``command`` is ``specstep run`` with all that a user would say, and ``specstep resume``; ``async`` is the
        library's ``AsyncSpecStep.run``, twice.
        """
        self._count += 1
        SharedClock(self._clock).turn_to_round_hour()
        key = f"sf_killed_{self._count:04d}_{os.urandom(8).hex()}"
        self.sandbox.state.add_key(key, f"killed{self._count}")
        folder = self._folder / f"run{self._count:04d}"
        folder.mkdir()
        (folder / "notes.md").write_bytes(DOCUMENT)
        order = Order(str(folder), str(self._clock), self.proxy.url, key, list(BRIEF), [str(folder / "notes.md")])
        if way == "async":
            return order, order
        answers = {question.question: f"Answer to: {question.question}" for question in QUESTIONS}
        (folder / "answers.yaml").write_text(json.dumps({"answers": answers}))
        run = ["run", BRIEF[0], "--message", BRIEF[1], "--attach", *order.attachments, "--profile", "Fast"]
        run += ["--run-id", "proof", "--output", str(folder / "out"), "--unpack", "--yes"]
        run += ["--answers", str(folder / "answers.yaml"), "--progress", "plain"]
        return attrs.evolve(order, command=run), attrs.evolve(order, command=["resume", "proof"])

    def live(self, order: Order, die_at: int = 0, die_at_answer: int = 0) -> int:
        """Let a process live; its exit code, or minus the number of the signal that killed it."""
        born: list[int] = []

        def kill(number: int) -> None:
            if number == die_at_answer:
                while not born:
                    pass
                os.kill(born[0], signal.SIGKILL)

        self.proxy.start_counting()
        self.proxy.at_answer = kill
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(attrs.asdict(attrs.evolve(order, die_at=die_at))) + "\n")
        self._process.stdin.flush()
        born.append(int(self._process.stdout.readline()))
        self.lived = born[0]
        ended = self._process.stdout.readline().strip()
        if ended == "stopped":
            self.stopped = born[0]
            return -signal.SIGSTOP
        return int(ended)

    def wake(self) -> int:
        """Let the process that stopped live on; its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"wake {self.stopped}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def points(self, order: Order) -> list[str]:
        """The points that the last process of a run passed."""
        return Path(order.folder, "points").read_text(encoding="utf-8").splitlines()

    def resume(self, order: Order, resume: Order, where: str) -> None:
        """Let a second process go on where the first was killed, to the right end."""
        # Killed before it had a record, there is nothing to resume: the same command begins.
        again = resume if self._has_record(order) else order
        assert self.live(again) == 0, f"{where}: {self.said(order)}"
        try:
            self.judge(order)
            assert "Traceback" not in self.said(order)
        except AssertionError as error:
            error.add_note(where)
            raise

    def said(self, order: Order) -> str:
        """What the command wrote, from its beginning."""
        path = Path(order.folder, "said")
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _has_record(self, order: Order) -> bool:
        if not Path(order.folder, "state", "runs.db").exists():
            return False
        store = RunStore(Path(order.folder) / "state")
        try:
            return bool(store.all())
        finally:
            store.close()

    def bench(self, order: Order) -> Bench:
        """What judges a run."""
        return Bench(self.sandbox, Path(order.folder), TurnedClock(cast(Any, self.sandbox.clock)), order.key)

    def judge(self, order: Order) -> None:
        """As the bench judges; the document is there once, the package is unpacked, and no secret was written."""
        bench = self.bench(order)
        bench.judge_record()
        record = bench.record()
        interview = self.sandbox.state.interviews[str(record.interview_id)]
        assert [document.content for document in interview.documents.values()] == [DOCUMENT]
        assert record.unpacked_to is not None
        assert record.file is not None
        unpacked = Path(record.unpacked_to)
        assert {
            str(path.relative_to(unpacked)): path.read_bytes() for path in unpacked.rglob("*") if path.is_file()
        } == FILES
        assert Secrets({order.key}).found_under(Path(order.folder)) == []
        assert sorted(path.name for path in bench.output.iterdir()) == sorted([unpacked.name, Path(record.file).name])


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """The sandbox, the proxy before it, and the starter, on one clock that all their processes share."""
    folder = tmp_path_factory.mktemp("starter")
    clock = SharedClock(folder / "clock")
    told = options(package_files=FILES, requests_per_minute=None, kickoffs_per_minute=None, monthly_quota=None)
    with Sandbox(options=told, clock=clock) as sandbox, Proxy(int(sandbox.url.rpartition(":")[2])) as proxy:
        here = Starter(sandbox, proxy, folder / "clock", folder)
        yield here
        here.close()


#: The command is killed at every point. The other driver has the same steps: it is killed at every so manieth.
STRIDES = {"command": 1, "async": 4}


@pytest.mark.parametrize("way", STRIDES)
def test_a_run_survives_its_death_at_every_point(starter: Any, way: Any) -> None:
    """Killed at any point and resumed, a run ends as if it had not been killed, at the same cost."""
    order, _ = starter.new(way)
    assert starter.live(order) == 0, starter.said(order)
    starter.judge(order)
    points = starter.points(order)
    assert len(points) > 100
    for number, point in list(enumerate(points, 1))[:: STRIDES[way]]:
        order, resume = starter.new(way)
        where = f"killed at point {number}, before {point!r}, behind {points[max(0, number - 4) : number - 1]}"

        assert starter.live(order, die_at=number) == -signal.SIGKILL, where
        assert starter.points(order)[-1] == point, where
        starter.resume(order, resume, where)


@pytest.mark.parametrize("way", ["command", "async"])
def test_a_run_survives_its_death_while_any_answer_is_on_the_way(starter: Any, way: str) -> None:
    """The server has carried the request out, and the process that sent it never hears of it."""
    starter.sandbox.requests.clear()
    order, _ = starter.new(way)
    assert starter.live(order) == 0, starter.said(order)
    sent = [request.operation for request in starter.sandbox.requests if request.server == "api"]
    for number, operation in enumerate(sent, 1):
        order, resume = starter.new(way)
        starter.sandbox.requests.clear()
        where = f"killed while the answer to {operation} (number {number}) was on the way"

        assert starter.live(order, die_at_answer=number) == -signal.SIGKILL, where
        last = starter.sandbox.requests[-1]
        assert (last.operation, last.reached_world) == (operation, True)
        starter.resume(order, resume, where)
