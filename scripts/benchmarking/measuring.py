"""Pairs of measurements, taken in turns so that a busy machine troubles both sides alike, and how they are printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def in_turns(sides: Sequence[Callable[[], object]], rounds: int, calls: int = 1) -> list[list[float]]:
    """Seconds per call of each side: ``rounds`` times ``calls`` calls of one after the other."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for times, side in zip(taken, sides, strict=True):
            start = time.perf_counter()
            for _ in range(calls):
                side()
            times.append((time.perf_counter() - start) / calls)
    return taken


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of neighbours: what was measured at the same moment is compared."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def line(what: str, ours: Sequence[float], baseline: str, theirs: Sequence[float], bar: float | None) -> None:
    """One comparison: both medians, the paired ratio, and the most that it may be, where there is such a bar."""
    found = ratio(ours, theirs)
    verdict = "" if bar is None else f" (at most {bar:.2f}){'' if found <= bar else '   ABOVE'}"
    print(
        f"  {what:<44} {_time(statistics.median(ours)):>9}   {baseline} {_time(statistics.median(theirs)):>9}   "
        f"ratio {found:.2f}{verdict}"
    )


def _time(seconds: float) -> str:
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def memory_mb(peak: bool) -> float:
    """This process's memory in MB: the most that it ever had, or what it has."""
    status = Path("/proc/self/status")
    if status.exists():
        field = "VmHWM:" if peak else "VmRSS:"
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20) if sys.platform == "darwin" else most / 1024
