"""A fleet's client: submit a run, and look at it until its package is there. Nothing here needs a key.

    python examples/fleet_submit.py order-4711 brief.md

A worker on any host drives it (fleet_worker.py). The id is your own: submitted again with it, the run is the same one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from specstep_flows.fleet import SyncFleet


def main(order: str, brief: Path) -> int:
    with SyncFleet.from_env() as fleet:
        run = fleet.submit(brief, key="team-a", run_id=order, policy="house", profile="Fast", max_cost_usd=5.0)
        while run.status == "open":
            time.sleep(0.5)
            run = fleet.get(order)
        print(run.run_id, run.status, *(question.question for question in run.questions))
    return 0 if run.status == "done" else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
