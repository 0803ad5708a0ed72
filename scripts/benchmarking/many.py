"""Many runs in one process against a sandbox in a process of its own: memory, transactions, threads, the event loop.

python scripts/benchmarking/many.py sandbox|runs OPTIONS    (as JSON; each a process of its own)
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarking.blocking import Slice, Watched
from benchmarking.measuring import memory_mb

BRIEF = ("A portal for customer feedback, with zebra crossings.", "It talks to our CRM and keeps no card numbers.")
#: How often the heartbeat looks at the loop, the threads and the memory.
BEAT_SECONDS = 0.005
#: A step of the loop may take so long.
LONGEST_MS = 50


@attrs.frozen
class Plan:
    """What is measured: so many runs on so many keys, with a clock that is so fast."""

    runs: int = 1000
    keys: int = 20
    speed: float = 20.0
    profile: str = "Normal"
    #: Whether the garbage collector is set as docs/library.md advises where the loop must not stop for it.
    tuned_gc: bool = False


@attrs.define
class Beat:
    """A task that only sleeps: what it comes late, whatever else the machine does, is what anybody waits for."""

    threads: int = 0
    #: While all wait, and at its most; and whether a package has come.
    waiting_mb: float = 0.0
    peak_mb: float = 0.0
    is_over: bool = False
    #: Seconds that it came late.
    late: list[float] = attrs.field(factory=list)

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(BEAT_SECONDS)
            self.late.append(time.perf_counter() - began - BEAT_SECONDS)
            self.threads = max(self.threads, threading.active_count())
            if len(self.late) % 50 == 0:
                self.peak_mb = max(self.peak_mb, memory_mb(peak=False))
                self.waiting_mb = self.waiting_mb if self.is_over else self.peak_mb


def count_transactions() -> Counter[str]:
    """What is committed from now on, by file."""
    counted: Counter[str] = Counter()
    connect = sqlite3.connect

    def counting(name: Any, *arguments: Any, **more: Any) -> sqlite3.Connection:
        class Counting(sqlite3.Connection):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                if sql == "COMMIT" or (sql.startswith(("INSERT", "UPDATE", "DELETE")) and not self.in_transaction):
                    counted[Path(str(name)).name] += 1
                return super().execute(sql, parameters)

        return connect(name, *arguments, factory=Counting, **more)

    sqlite3.connect = counting  # type: ignore[assignment]
    return counted


async def drive(plan: Plan, url: str, keys: list[str], folder: Path, watched: Watched) -> dict[str, Any]:
    """All of the runs at once; what was seen meanwhile."""
    from specstep_flows import AsyncSpecStep
    from specstep_flows.events import Downloading, GenerationProgress
    from specstep_flows.settings import Settings

    counted = count_transactions()
    beat, looks = Beat(), 0

    def seen(event: Any) -> None:
        nonlocal looks
        looks += isinstance(event, GenerationProgress)
        beat.is_over = beat.is_over or isinstance(event, Downloading)

    def policy(questions: Any) -> dict[str, str]:
        return {question.question: "The simpler one." for question in questions}

    clients = [
        AsyncSpecStep(
            settings=Settings(
                api_key=key,
                api_url=url,
                state=folder / "state",
                clock_speed=plan.speed,
                # Waits are sped up, and not the network.
                request_timeout=75.0 * plan.speed,
            ),
            on_event=seen,
        )
        for key in keys
    ]

    def run(number: int, profile: str = plan.profile) -> Any:
        return clients[number % len(clients)].run(
            list(BRIEF), run_id=f"run-{number}", profile=profile, output=folder / "out", on_question=policy
        )

    # One with each client: what they load and open is none of a run's.
    for number in range(len(clients)):
        await run(-1 - number, "Fast") if number == 0 else await clients[number].get_account()
    if plan.tuned_gc:
        gc.freeze()
        gc.set_threshold(700, 10, 1_000_000)
    counted.clear()
    watched.clear()
    looks, idle_mb, beat.is_over = 0, memory_mb(peak=False), False
    heart = asyncio.create_task(beat.run())
    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[run(number) for number in range(plan.runs)])
    found = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "idle_mb": idle_mb,
        "waiting_mb": beat.waiting_mb,
        "peak_mb": max(beat.peak_mb, memory_mb(peak=False)),
        "threads": beat.threads,
        "late": max(beat.late),
        "steps": [attrs.astuple(step) for step in watched.steps],
        "turns": [attrs.astuple(turn) for turn in watched.turns],
        "passes": watched.passes,
        "transactions": dict(counted),
        "looks": looks,
    }
    heart.cancel()
    for client in clients:
        await client.aclose()
    return found


def serve(plan: Plan) -> None:
    """A sandbox until stdin ends; then what it was asked."""
    from specstep_flows.sandbox import Sandbox, SandboxOptions

    keys = {f"sf_many_{number:04}_0123456789abcdef": f"user-{number}" for number in range(plan.keys)}
    with Sandbox(options=SandboxOptions(keys=keys), speed=plan.speed) as sandbox:
        print(json.dumps({"url": sandbox.url, "keys": list(keys)}), flush=True)
        sys.stdin.read()
        asked = Counter(request.operation for request in sandbox.requests)
        refused = sum(request.status == 429 for request in sandbox.requests)
        started = len(sandbox.state.generations)
    print(json.dumps({"requests": dict(asked.most_common()), "refused": refused, "started": started}), flush=True)


def measure(plan: Plan) -> dict[str, Any]:
    """Both processes, side by side."""
    chosen = json.dumps(attrs.asdict(plan))
    # In the checkout: a folder for temporary files may lie in memory, where nothing is ever durable.
    with tempfile.TemporaryDirectory(prefix=".benchmark-", dir=Path(__file__).parents[2]) as name:
        with subprocess.Popen(
            [sys.executable, __file__, "sandbox", chosen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as sandbox:
            assert sandbox.stdout is not None
            where = sandbox.stdout.readline()
            done = subprocess.run(
                [sys.executable, __file__, "runs", chosen, where, name], stdout=subprocess.PIPE, text=True, check=False
            )
            asked = sandbox.communicate("")[0]
        done.check_returncode()
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**found, **json.loads(asked)}


def report(plan: Plan, found: dict[str, Any]) -> None:
    """The figures, each beside the most that it may be."""
    runs = plan.runs
    # The first run and the accounts of the other clients were asked for before.
    requests = sum(found["requests"].values())
    stored = sum(count for name, count in found["transactions"].items() if name.startswith("runs.db"))
    counted = sum(count for name, count in found["transactions"].items() if name.startswith("limits.db"))
    steps, turns = ([Slice(*each) for each in found[name]] for name in ("steps", "turns"))
    step, turn = (max(each, key=lambda one: one.cpu, default=Slice(0.0, 0.0, 0.0)) for each in (steps, turns))
    passes = found["passes"] or [0.0]
    too_long = [each for each in steps if each.cpu * 1000 > LONGEST_MS]
    waiting, peak = ((found[name] - found["idle_mb"]) * 1024 / runs for name in ("waiting_mb", "peak_mb"))
    tuned = ", no full garbage collection" if plan.tuned_gc else ""
    print(f"Runs ({runs} at once on {plan.keys} keys, {plan.profile}, a clock {plan.speed:g} times as fast{tuned})")
    for what, value, bar in (
        ("all of them", f"{found['seconds']:.0f} s, {found['cpu'] / runs * 1000:.0f} ms of CPU a run", ""),
        ("memory a run that waits", f"{waiting:.0f} KB", "at most 60 KB"),
        ("memory a run, while packages come", f"{peak:.0f} KB", ""),
        ("transactions in runs.db a run", f"{stored / runs:.1f}", "at most 60"),
        ("transactions in limits.db a run", f"{counted / runs:.1f}", ""),
        ("requests a run", f"{requests / runs:.1f}, {found['refused']} refused (429)", ""),
        ("looks a run", f"{found['looks'] / runs:.1f}", ""),
        ("threads", f"{found['threads']}", ""),
        ("the longest step of the loop", _took(step), f"at most {LONGEST_MS} ms of CPU"),
        (f"  above {LONGEST_MS} ms", f"{len(too_long)} of {len(steps)} that took 5 ms", ""),
        (
            "  without the garbage collector",
            f"{max((each.own for each in steps), default=0.0) * 1000:.0f} ms of CPU",
            "",
        ),
        ("  the garbage collector's longest pass", f"{max(passes) * 1000:.0f} ms, {sum(passes):.1f} s in all", ""),
        ("all steps that were due at a time", _took(turn), ""),
        (
            "  without the garbage collector",
            f"{max((each.own for each in turns), default=0.0) * 1000:.0f} ms of CPU",
            "",
        ),
        ("another task came late by at most", f"{found['late'] * 1000:.0f} ms of wall time", ""),
    ):
        print(f"  {what:<44} {value}{f'   ({bar})' if bar else ''}")


def _took(one: Slice) -> str:
    return f"{one.cpu * 1000:.0f} ms of CPU, {one.wall * 1000:.0f} ms of wall time"


def main() -> None:
    side, plan = sys.argv[1], Plan(**json.loads(sys.argv[2]))
    if side == "sandbox":
        serve(plan)
    else:
        where = json.loads(sys.argv[3])
        watched = Watched()
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watched)) as runner:
            found = runner.run(drive(plan, where["url"], where["keys"], Path(sys.argv[4]), watched))
        print(json.dumps(found), flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
