"""Prints what specstep-flows costs beside bare httpx on this machine: imports, calls, durable writes, a
download, many runs at once; and what it takes to regenerate the client from a pulled document. It asserts nothing.

    python scripts/benchmark.py [imports] [calls] [store] [download] [runs] [pull]

Times waver with whatever else the machine does; the ratios, taken in turns, waver much less. What must not grow is held
by counting, not by timing: see tests/test_import_cost.py.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))

from benchmarking.loopback import KINDS, serving
from benchmarking.measuring import in_turns, line

KEY = "sf_benchmark"
PACKAGE_BYTES = 256 << 20


def imports(rounds: int = 15) -> None:
    """New processes: what a user waits for before anything happens."""
    environ = {**os.environ, "SPECSTEP_API_KEY": KEY}
    command = shutil.which("specstep", path=str(Path(sys.executable).parent)) or "specstep"

    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True, env=environ)

    def help_page() -> object:
        return subprocess.run([command, "--help"], check=True, env=environ, stdout=subprocess.DEVNULL)

    nothing, httpx, httpx_client, ours, ours_client, shown = in_turns(
        [
            python("pass"),
            python("import httpx"),
            python("import httpx; httpx.Client()"),
            python("import specstep_flows"),
            python("from specstep_flows import SpecStep; SpecStep()"),
            help_page,
        ],
        rounds,
    )
    print(f"Imports ({rounds} processes each; python alone takes {statistics.median(nothing) * 1000:.1f} ms)")
    line("import specstep_flows", ours, "import httpx", httpx, 1 / 3)
    line("SpecStep()", ours_client, "httpx.Client()", httpx_client, 1.25)
    line("specstep --help", shown, "import httpx", httpx, 2)


def calls(count: int = 2000) -> None:
    """Status reads with every documented field filled, store on, beside the same GET with ``httpx`` and ``json()``."""
    from benchmarking.calls import CALLS_A_TURN, compare

    print(f"Calls ({count} each, in turns of {CALLS_A_TURN})")
    compare(count)


def store(count: int = 300) -> None:
    """A durable write of the run store beside a bare synced write of a page, and a request's place in limits.db."""
    from specstep_flows.engine.limits import SharedLimiter
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.runs.store import RunStore

    # In the checkout: a folder for temporary files may lie in memory, where nothing is ever durable.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1]) as name, open(Path(name, "bare"), "wb") as file:
        runs = RunStore(Path(name, "state"))
        runs.create(RunRecord("benchmark", "http://127.0.0.1:1", 0.0, 0.0))
        limiter = SharedLimiter(Path(name, "limits.db"), "benchmark", {"standard": 60})
        page, now = bytes(4096), [0.0]

        def synced() -> None:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())

        def place() -> float:
            # Never more than a minute's worth at once, as in life.
            now[0] += 1.0
            return limiter.acquire("standard", now[0])

        ours, bare, places = in_turns([lambda: runs.update("benchmark", {"stage": "new"}), synced, place], count)
        print(f"Store ({count} each, in turns)")
        line("a durable write (at most 2 ms on a local disk)", ours, "write and fsync of 4 KB", bare, None)
        print(f"  {'a place in limits.db':<44} {statistics.median(places) * 1e6:6.0f} µs   (at most 200 µs)")
        runs.close()
        limiter.close()


def download(rounds: int = 5) -> None:
    """A package under its final name, verified and on the disk, beside others that only receive the bytes."""
    from benchmarking import downloads

    # In the checkout: a folder for temporary files may lie in memory.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1]) as name:
        for kind in KINDS:
            with serving(Path(name), PACKAGE_BYTES, kind) as url:
                # Text takes as long as it takes one processor to unpack it, which the others do not do.
                bar, times = (1.0, rounds) if kind != "text" else (None, 2)
                print(f"Download ({PACKAGE_BYTES >> 20} MB of {kind} from loopback, {times} processes each, in turns)")
                downloads.compare(url, Path(name), times, bar)


def runs(**chosen: Any) -> None:
    """Many runs of one process to their ends, against a sandbox in another."""
    from benchmarking import many

    plan = many.Plan(**chosen)
    many.report(plan, many.measure(plan))


def pull() -> None:
    """Documents that are pulled, each in a copy of the checkout, up to the checked swap or the refusal."""
    from benchmarking import pulls

    with tempfile.TemporaryDirectory() as name, pulls.checkout(Path(name)) as copied:
        large = pulls.large()
        what = f"{pulls.count_operations(large)} operations, {len(large['components']['schemas'])} schemas, to the swap"
        print("Pulls (each a process of its own; at most 1000 MB; seconds for two idle cores)")
        for said, document, most in (
            (what, large, 15),
            ("the same, with what the first one kept", large, 15),
            ("the largest that is taken", pulls.largest(), 60),
        ):
            source = Path(name, "document.json")
            source.write_text(json.dumps(document), encoding="utf-8")
            found = pulls.pull(copied, source)
            above = "" if found.seconds <= most and found.peak_mb <= 1000 else "   ABOVE"
            print(
                f"  {said:<44} {found.seconds:6.1f} s (at most {most} s)   CPU {found.cpu_seconds:5.1f} s   "
                f"{found.peak_mb:5.0f} MB{above}"
            )
            for line in found.words:
                print(f"    {line[:140]}")


def main() -> None:
    parts = {"imports": imports, "calls": calls, "store": store, "download": download, "runs": runs, "pull": pull}
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(parts)} (default: all)")
    sizes = parser.add_argument_group("runs")
    sizes.add_argument("--runs", type=int, help="how many (default: 1000)")
    sizes.add_argument("--keys", type=int, help="on how many keys (default: 20)")
    sizes.add_argument("--speed", type=float, help="how fast the clock is (default: 20)")
    sizes.add_argument("--profile", help="of which profile (default: Normal)")
    sizes.add_argument(
        "--tuned-gc", action="store_true", default=None, help="with gc.freeze() and no full passes, see docs/library.md"
    )
    given = vars(parser.parse_args())
    wanted = given.pop("parts") or list(parts)
    unknown = set(wanted) - set(parts)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    for name in wanted:
        chosen = {option: value for option, value in given.items() if value is not None} if name == "runs" else {}
        parts[name](**chosen)


if __name__ == "__main__":
    main()
