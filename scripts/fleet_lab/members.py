"""The processes of a fleet campaign: a worker, and the service as a sandbox; and what both sides know of each other.

python scripts/fleet_lab/members.py service|worker    (orders come as JSON on stdin)
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import logging
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

sys.path.insert(0, str(Path(__file__).parents[1]))

SCHEMA: Final = "campaign"


@attrs.frozen
class Plan:
    """What is done: so many runs, and what happens to those who drive them meanwhile."""

    runs: int = 100
    keys: int = 4
    workers: int = 4
    capacity: int = 0
    kills: int = 0
    stops: int = 0
    restart_database: int = 0
    vanish: bool = False
    #: Seconds between two of these.
    every: float = 2.0
    speed: float = 10.0
    profile: str = "Normal"
    #: Seconds by which a limit's minute is longer than the service's, on the real clock: the network is not sped up.
    margin: float = 1.0
    #: Whether what a worker loads for its first run of a key is loaded before anything is measured.
    memory: bool = False
    minutes: float = 60.0
    seed: int = 1
    #: Where to keep what the workers say.
    log: str | None = None


def _settings(where: dict[str, Any], plan: Plan) -> dict[str, Any]:
    # Waits are sped up, and not the network.
    return {"api_url": where["url"], "clock_speed": plan.speed, "request_timeout": 75.0 * plan.speed}


@contextmanager
def opened(url: str, where: dict[str, Any], plan: Plan, folder: Path, keys: dict[str, str]) -> Iterator[Any]:
    from specstep_flows.fleet import SyncFleet
    from specstep_flows.settings import Settings

    settings = Settings(**_settings(where, plan))
    with SyncFleet(url, keys=keys, files=folder / "files", settings=settings, schema=SCHEMA) as fleet:
        yield fleet


def work(order: dict[str, Any]) -> int:
    """Be a worker; its exit code."""
    from specstep_flows.engine import limits
    from specstep_flows.fleet import Fleet
    from specstep_flows.settings import Settings

    plan = Plan(**order["plan"])
    # Where it is, to its log: kill -USR1.
    faulthandler.register(signal.SIGUSR1)
    level = logging.INFO if plan.log else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(process)d %(name)s %(message)s")
    limits.REAL_MARGIN_SECONDS = plan.margin  # type: ignore[misc]
    from fleet_lab.hosts import relay

    for port, outside in order["relays"]:
        relay(("127.0.0.1", port), (outside, port))
    settings = Settings(**_settings(order["where"], plan))

    async def run() -> int:
        fleet = Fleet(
            order["url"],
            keys=order["where"]["keys"],
            files=Path(order["folder"], "files"),
            settings=settings,
            schema=SCHEMA,
        )
        async with fleet:
            return await fleet.work(capacity=plan.capacity or max(200, plan.runs + plan.keys))

    return asyncio.run(run())


def serve(plan: Plan) -> None:
    """A sandbox until stdin ends, which says what it was asked when it is told to."""
    from specstep_flows.sandbox import Sandbox, SandboxOptions

    keys = {f"sf_fleet_{number:04}_0123456789abcdef": f"user-{number}" for number in range(plan.keys)}
    told = SandboxOptions(keys=keys, monthly_quota=None)
    with Sandbox(options=told, speed=plan.speed) as sandbox:
        names = {f"key-{number}": key for number, key in enumerate(keys)}
        ports = [int(url.rpartition(":")[2]) for url in (sandbox.url, sandbox.blob_url)]
        print(json.dumps({"url": sandbox.url, "keys": names, "ports": ports}), flush=True)
        first = 0
        for line in sys.stdin:
            if json.loads(line) == "mark":
                first = len(sandbox.requests)
                continue
            print(json.dumps(_report(sandbox, first)), flush=True)


def _report(sandbox: Any, first: int) -> dict[str, Any]:
    from specstep_flows.gateway._operations import OPERATIONS

    asked = [request for request in sandbox.requests[first:] if request.server == "api"]
    world = sandbox.state
    briefs = Counter(
        world.interviews[one.interview_id].messages[0] if one.interview_id in world.interviews else "?"
        for one in world.generations.values()
    )
    kickoffs = {f"{one.method} {one.path}" for one in OPERATIONS.values() if one.bucket == "kickoff"}
    moments: dict[tuple[str | None, bool], list[float]] = defaultdict(list)
    for request in asked:
        moments[request.key_id, request.operation in kickoffs].append(request.at)

    def peak(is_kickoff: bool) -> int:
        each = (sorted(at) for (_, kind), at in moments.items() if kind is is_kickoff)
        return max(map(_most_in_a_minute, each), default=0)

    return {
        "requests": len(asked),
        "operations": dict(Counter(str(request.operation) for request in asked).most_common()),
        "refused": dict(Counter(str(request.operation) for request in asked if request.status == 429)),
        "peak": peak(False),
        "peak_of_kickoffs": peak(True),
        "briefs": dict(briefs),
    }


def _most_in_a_minute(moments: list[float]) -> int:
    most = start = 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - 60.0:
            start += 1
        most = max(most, end - start + 1)
    return most


def main() -> None:
    order = json.loads(sys.stdin.readline())
    if sys.argv[1] == "service":
        serve(Plan(**order))
    else:
        code = work(order)
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
