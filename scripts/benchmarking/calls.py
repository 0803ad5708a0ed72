"""What a status read takes beside bare httpx and requests: wall time and CPU time, sync and async, in turns."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import httpx

from benchmarking.loopback import serving
from benchmarking.measuring import line
from specstep_flows import AsyncSpecStep, SpecStep
from specstep_flows.settings import Settings

KEY: Final = "sf_benchmark_0123456789abcdef"
GENERATION_ID: Final = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
STATUS: Final = f"/v1/generations/{GENERATION_ID}"
CALLS_A_TURN: Final = 50
#: What our call may take of a bare one: with the limits off, and with the count that processes share.
FREE_BAR: Final = 1.15
COUNTED_BAR: Final = 1.30
_UNLIMITED: Final[dict[str, int | None]] = {"standard": None, "kickoff": None}

#: Makes so many calls.
Batch: TypeAlias = Callable[[int], None]


@attrs.frozen
class Took:
    """Seconds a call, each turn's."""

    wall: list[float] = attrs.field(factory=list)
    cpu: list[float] = attrs.field(factory=list)


def compare(count: int) -> None:
    """Print what ``count`` calls of each kind take."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(serving(folder))
        runner = stack.enter_context(asyncio.Runner())
        for flavour, sides in (("sync", _sync(url, folder, stack)), ("async", _async(url, folder, stack, runner))):
            took = _in_turns(sides, count // CALLS_A_TURN)
            for side in sides:
                if side == "httpx":
                    continue
                bar = {"limits off": FREE_BAR, "shared limiter": COUNTED_BAR}.get(side)
                for clock in ("wall", "cpu"):
                    ours, theirs = getattr(took[side], clock), getattr(took["httpx"], clock)
                    line(f"{flavour} get_generation, {side}, {clock}" if bar else f"{side}, {clock}",
                         ours, "httpx", theirs, bar)  # fmt: skip


def _in_turns(sides: dict[str, Batch], turns: int) -> dict[str, Took]:
    took = {side: Took() for side in sides}
    for number in range(turns + 1):
        for side, batch in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            batch(CALLS_A_TURN)
            if number:  # The first turn opens connections.
                took[side].cpu.append((time.process_time() - cpu) / CALLS_A_TURN)
                took[side].wall.append((time.perf_counter() - wall) / CALLS_A_TURN)
    return took


def _sync(url: str, folder: Path, stack: contextlib.ExitStack) -> dict[str, Batch]:
    bare = stack.enter_context(httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}))
    free, counted = (
        stack.enter_context(SpecStep(settings=settings, store=folder / f"sync {name}", limits=limits))
        for name, settings, limits in _ours(url)
    )
    sides: dict[str, Batch] = {
        "httpx": _calling(lambda: bare.get(STATUS).json()),
        "limits off": _calling(lambda: free.get_generation(GENERATION_ID)),
        "shared limiter": _calling(lambda: counted.get_generation(GENERATION_ID)),
    }
    with contextlib.suppress(ImportError):
        import requests

        session = stack.enter_context(requests.Session())
        session.headers["Authorization"] = f"Bearer {KEY}"
        sides["requests"] = _calling(lambda: session.get(url + STATUS).json())
    return sides


def _async(url: str, folder: Path, stack: contextlib.ExitStack, runner: asyncio.Runner) -> dict[str, Batch]:
    closing = contextlib.AsyncExitStack()
    stack.callback(lambda: runner.run(closing.aclose()))

    async def opened() -> tuple[httpx.AsyncClient, AsyncSpecStep, AsyncSpecStep]:
        bare = await closing.enter_async_context(
            httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"})
        )
        free, counted = [
            await closing.enter_async_context(
                AsyncSpecStep(settings=settings, store=folder / f"async {name}", limits=limits)
            )
            for name, settings, limits in _ours(url)
        ]
        return bare, free, counted

    bare, free, counted = runner.run(opened())

    async def get() -> Any:
        return (await bare.get(STATUS)).json()

    return {
        "httpx": _awaiting(get, runner),
        "limits off": _awaiting(lambda: free.get_generation(GENERATION_ID), runner),
        "shared limiter": _awaiting(lambda: counted.get_generation(GENERATION_ID), runner),
    }


def _ours(url: str) -> Iterator[tuple[str, Settings, dict[str, int | None]]]:
    """Two of our clients, each by a name, with its settings and limits."""
    yield "free", Settings(api_key=KEY, api_url=url), _UNLIMITED
    # A turned clock keeps the window of the shared count as short as it is when the limits are the service's.
    yield "counted", Settings(api_key=KEY, api_url=url, clock_speed=500.0), {"standard": 1_000_000}


def _calling(call: Callable[[], object]) -> Batch:
    def batch(count: int) -> None:
        for _ in range(count):
            call()

    return batch


def _awaiting(call: Callable[[], Awaitable[object]], runner: asyncio.Runner) -> Batch:
    async def many(count: int) -> None:
        for _ in range(count):
            await call()

    return lambda count: runner.run(many(count))
