"""Downloads of one package by this library and by others, each in a process of its own: time, CPU time and memory.

Ours ends with the package under its final name, verified and on the disk. The others stop when they have written the
last byte, verify nothing and leave the bytes to the system: it is what a user would write instead.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarking.loopback import PACKAGE_ID
from benchmarking.measuring import line, memory_mb

KEY: Final = "sf_benchmark"
#: The usual recipe's.
CHUNK: Final = 1 << 20


def compare(url: str, folder: Path, rounds: int, bar: float | None) -> None:
    """Let every side download the package, in turns, and print what each took; ``bar``: the most of requests' time."""
    sides = [side for side in SIDES if side != "curl" or shutil.which("curl")]
    taken: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    # All start from compiled modules, as pip leaves them. The first round, which does not count, makes them.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    for number in range(rounds + 1):
        for side in sides:
            target = folder / f"{side}.zip"
            # What the side before left to the system is none of this one's.
            os.sync()
            child = [sys.executable, __file__, side, url, str(target)]
            found: dict[str, float] = json.loads(
                subprocess.run(child, check=True, stdout=subprocess.PIPE, env=environ).stdout
            )
            target.unlink()
            if number:
                taken[side].append(found)
    walls = {side: [one["wall"] for one in taken[side]] for side in sides}
    for ours in sides[:2]:
        for other in sides[2:]:
            line(ours, walls[ours], other, walls[other], bar if other == "requests" else None)
    for side in sides:
        cpu = statistics.median(one["cpu"] for one in taken[side])
        above = max(one["peak_mb"] - one["idle_mb"] for one in taken[side])
        memory = f"   {above:5.1f} MB above the idle process" if side != "curl" else ""
        print(f"  {side:<44} {cpu:7.2f} s of CPU{memory}{' (at most 20)' if side in sides[:2] else ''}")


def _ours(url: str, target: Path) -> Callable[[], object]:
    from specstep_flows import SpecStep

    client = SpecStep(KEY, api_url=url)
    client.get_account()
    return lambda: client.download_package(PACKAGE_ID, output=target)


def _ours_async(url: str, target: Path) -> Callable[[], object]:
    from specstep_flows import AsyncSpecStep

    async def opened() -> AsyncSpecStep:
        client = AsyncSpecStep(KEY, api_url=url)
        await client.get_account()
        return client

    runner = asyncio.Runner()
    client = runner.run(opened())
    return lambda: runner.run(client.download_package(PACKAGE_ID, output=target))


def _httpx(url: str, target: Path) -> Callable[[], object]:
    import httpx

    def fetch() -> None:
        with (
            httpx.Client() as client,
            client.stream("GET", f"{url}/package.zip") as response,
            target.open("wb") as file,
        ):
            for chunk in response.iter_bytes():
                file.write(chunk)

    return fetch


def _requests(url: str, target: Path) -> Callable[[], object]:
    import requests

    def fetch() -> None:
        with requests.get(f"{url}/package.zip", stream=True, timeout=60) as response, target.open("wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)

    return fetch


def _curl(url: str, target: Path) -> Callable[[], object]:
    return lambda: subprocess.run(["curl", "-sfo", target, f"{url}/package.zip"], check=True)


#: What downloads the package, ours first.
SIDES: Final[dict[str, Callable[[str, Path], Callable[[], object]]]] = {
    "SpecStep": _ours,
    "AsyncSpecStep": _ours_async,
    "httpx": _httpx,
    "requests": _requests,
    "curl": _curl,
}


def main(side: str, url: str, target: str) -> None:
    """In a process of its own: one download."""
    fetch = SIDES[side](url, Path(target))
    idle, cpu, start = memory_mb(peak=False), _cpu(), time.perf_counter()
    fetch()
    wall = time.perf_counter() - start
    print(json.dumps({"wall": wall, "cpu": _cpu() - cpu, "idle_mb": idle, "peak_mb": memory_mb(peak=True)}))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main(*sys.argv[1:])
