"""A fleet's worker: it drives the runs of the keys that it has, beside any number of others.

    SPECSTEP_KEY_TEAM_A=sf_... python examples/fleet_worker.py

It ends with 0 when it is told to stop (SIGTERM, Ctrl-C, `specstep fleet drain`), and leaves its runs to the others; 70
is to be started again. `specstep fleet work` is the same without policies of your own.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from specstep_flows import Clarification, ProposedDefaults
from specstep_flows.answers import FirstOf
from specstep_flows.fleet import SyncFleet


def house_rules(questions: Sequence[Clarification]) -> dict[str, str]:
    """What is always the same; runs choose it by its name, for a function cannot travel."""
    return {one.question: "PostgreSQL 16." for one in questions if "database" in one.question.casefold()}


def main() -> int:
    logging.basicConfig(level=logging.INFO)
    with SyncFleet.from_env() as fleet:
        return fleet.work(policies={"house": FirstOf(house_rules, ProposedDefaults())}, capacity=50, name="example")


if __name__ == "__main__":
    sys.exit(main())
