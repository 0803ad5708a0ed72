"""One of several processes that drive the runs of one store: it tries all of them, in an order of its own.

It prints as JSON which runs it brought to their end, and which were busy elsewhere. Any other error ends it with a
trace.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

from specstep_flows import AsyncSpecStep, errors
from specstep_flows.settings import Settings


async def drive(order: dict[str, Any]) -> dict[str, list[str]]:
    settings = Settings(
        api_key=order["key"], api_url=order["url"], state=Path(order["state"]), clock_speed=order["speed"]
    )
    report: dict[str, list[str]] = {"done": [], "busy": []}
    runs = [f"run-{number}" for number in range(order["runs"])]
    random.Random(order["seed"]).shuffle(runs)
    async with AsyncSpecStep(settings=settings) as client:

        async def one(run_id: str) -> None:
            if any(record.run_id == run_id and record.is_finished for record in client.runs()):
                return
            try:
                await client.run(order["brief"], run_id=run_id, profile="Fast", output=order["out"])
            except errors.RunBusy:
                report["busy"].append(run_id)
            else:
                report["done"].append(run_id)

        async with asyncio.TaskGroup() as group:
            for run_id in runs:
                group.create_task(one(run_id))
    return report


if __name__ == "__main__":
    print(json.dumps(asyncio.run(drive(json.loads(sys.argv[1])))))
