"""A fleet on one machine, as ``scripts/fleet-demo`` shows it: who drives what, and what a kill changes.

scripts/fleet-demo                          20 runs on 2 keys, 2 workers, one of which is killed
scripts/fleet-demo --runs 40 --workers 3    more of it
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent))

from fleet_lab.postgres import Postgres, Unavailable
from rich.console import Console
from rich.table import Table

from specstep_flows import Settings
from specstep_flows.fleet import Fleet
from specstep_flows.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from specstep_flows.fleet import FleetRun

FOLDER: Final = Path(__file__).resolve().parents[1] / ".specstep" / "fleet"
#: Another person's key, beside the sandbox's own.
SECOND_KEY: Final = "sf_second_key_of_the_demo"
KEYS: Final = ("team-a", "team-b")
SPEED: Final = 60.0
#: A worker is killed when so many of its runs are paid for.
WORTH_A_KILL: Final = 0.5
LOOK_SECONDS: Final = 0.5


def main() -> int:
    """Show it; the exit code says whether everything came out as it must."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog="See the head of this file for more."
    )
    parser.add_argument("--runs", type=int, default=20, help="how many runs are submitted (20)")
    parser.add_argument("--workers", type=int, default=2, help="how many processes drive them (2)")
    parser.add_argument("--speed", type=float, default=SPEED, help="how many times faster than real time (60)")
    parser.add_argument("--output", type=Path, default=FOLDER, help="where the packages go (.specstep/fleet)")
    given = parser.parse_args()
    if given.runs < 1 or given.workers < 1:
        parser.error("there is nothing to show without runs and workers")
    try:
        postgres = Postgres()
    except Unavailable as error:
        print(f"This needs a PostgreSQL of its own: {error}. Use another Python, or install it.", file=sys.stderr)
        return 1
    console = Console(highlight=False)
    try:
        console.print("Starting a PostgreSQL and a local SpecStep …")
        postgres.make()
        options = SandboxOptions(keys={SECOND_KEY: "bob"})
        with Sandbox(options=options, speed=given.speed) as sandbox:
            return asyncio.run(_shown(postgres.url, sandbox, given, console))
    finally:
        postgres.close()


async def _shown(url: str, sandbox: Sandbox, given: argparse.Namespace, console: Console) -> int:
    settings = Settings(api_url=sandbox.url, clock_speed=given.speed)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "SPECSTEP_API_URL": sandbox.url,
        "SPECSTEP_CLOCK_SPEED": f"{given.speed:g}",
        "SPECSTEP_FLEET_URL": url,
        "SPECSTEP_FLEET_FILES": str(given.output.absolute()),
        "SPECSTEP_KEY_TEAM_A": sandbox.api_key,
        "SPECSTEP_KEY_TEAM_B": SECOND_KEY,
        # Where a user's settings would be looked for.
        "HOME": str(given.output.absolute()),
    }
    async with Fleet(url, files=given.output, settings=settings) as fleet:
        await fleet.init()
        names = [f"run-{number:02}" for number in range(1, given.runs + 1)]
        for number, name in enumerate(names):
            # Two kinds of users: one has answers ready, the other takes what the agents propose.
            await fleet.submit(
                f"A portal for the shop of number {number}.",
                key=KEYS[number % len(KEYS)],
                run_id=name,
                profile="Fast",
                policy="defaults",
            )
        console.print(f"{given.runs} runs are submitted. Nothing drives them yet, and nothing was sent.")
        workers = {name: await _worker(name, environment) for name in map(_name, range(given.workers))}
        console.print(f"{len(workers)} workers start.")
        try:
            await _watched(fleet, workers, console)
        finally:
            for worker in workers.values():
                if worker.returncode is None:
                    worker.send_signal(signal.SIGTERM)
            await asyncio.gather(*(worker.wait() for worker in workers.values()))
        runs = [run async for run in fleet.runs()]
    return _told(runs, sandbox, given, console)


def _name(number: int) -> str:
    return f"worker-{number + 1}"


async def _worker(name: str, environment: dict[str, str]) -> Process:
    program = [sys.executable, "-m", "specstep_flows.cli", "fleet", "work", "--name", name, "--quiet"]
    return await asyncio.create_subprocess_exec(*program, env=environment, stdin=asyncio.subprocess.DEVNULL)


async def _watched(fleet: Fleet, workers: dict[str, Process], console: Console) -> None:
    """Say what changes until all runs are over; kill the first worker that has paid work in hand."""
    shown: object = None
    is_killed = len(workers) < 2
    while True:
        runs = [run async for run in fleet.runs()]
        statuses = Counter(run.status for run in runs)
        drivers = Counter(run.worker for run in runs if run.worker is not None)
        if (statuses, drivers) != shown:
            shown = (statuses, drivers)
            done = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
            held = ", ".join(f"{name} has {count}" for name, count in sorted(drivers.items())) or "nobody has any"
            console.print(f"  {done}; {held}")
        if all(run.is_over for run in runs):
            return
        if not is_killed and (name := _worth_a_kill(runs, drivers)) is not None:
            is_killed = True
            workers[name].kill()
            await workers[name].wait()
            console.print(f"[bold]{name} is killed[/bold] (kill -9) with {drivers[name]} runs in hand.")
        for name, worker in workers.items():
            if worker.returncode not in (None, 0, -signal.SIGKILL):
                raise SystemExit(f"{name} ended with {worker.returncode}")
        await asyncio.sleep(LOOK_SECONDS)


def _worth_a_kill(runs: list[FleetRun], drivers: Counter[str]) -> str | None:
    """The worker with the most runs that are paid for, once they are most of its own: whichever that is."""
    paid = Counter(run.worker for run in runs if run.worker is not None and run.generation_id is not None)
    for name, count in paid.most_common(1):
        if count >= WORTH_A_KILL * drivers[name]:
            return name
    return None


def _told(runs: list[FleetRun], sandbox: Sandbox, given: argparse.Namespace, console: Console) -> int:
    """What came of it, counted at the service and on the disk."""
    packages = sorted(given.output.glob("*.zip"))
    mine = [run for run in runs if run.file is not None and Path(run.file).is_file()]
    generations = len(sandbox.state.generations)
    refused = sum(1 for request in sandbox.requests if request.status == 429)
    table = Table("what", "wanted", "seen", title="What came of it")
    rows = [
        ("runs that are done", given.runs, sum(run.status == "done" for run in runs)),
        ("packages of theirs on the disk", given.runs, len(mine)),
        ("generations that were paid for", given.runs, generations),
        ("requests refused by a rate limit (429)", 0, refused),
    ]
    for what, wanted, seen in rows:
        table.add_row(what, str(wanted), str(seen))
    console.print(table)
    console.print(f"{len(sandbox.requests) / given.runs:.1f} requests a run. The packages are in {given.output}:")
    for path in packages[:3]:
        console.print(f"  {path.name}")
    if len(packages) > 3:
        console.print("  …")
    return 0 if all(wanted == seen for _, wanted, seen in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
