"""A fleet's runs as workflows of DBOS: every executor (``DBOS__VMID`` is its name) starts one for what nobody drives.

So the runs of an executor that died are another's within seconds, which DBOS alone leaves to its Conductor.
"""

import asyncio
import os
from datetime import UTC, datetime

from dbos import DBOS

from specstep_flows.fleet import Fleet, FleetRun

fleet = Fleet.from_env()


@DBOS.workflow()
async def drive_run(run_id: str) -> str:
    status: str = await DBOS.run_step_async(None, fleet.drive, run_id)
    return status


def is_due(run: FleetRun) -> bool:
    is_ours = run.worker is None and run.key in fleet.keys and run.key_refusal is None
    return is_ours and (run.wake_at is None or run.wake_at < datetime.now(UTC))


async def main() -> None:
    # Without a version of ours, DBOS leaves what another text of this file has begun.
    url = os.environ["SPECSTEP_FLEET_URL"]
    DBOS(config={"name": "specstep", "system_database_url": url, "application_version": "1"})
    async with fleet:
        DBOS.launch()
        while True:
            async for run in fleet.runs(status="open"):
                if is_due(run):
                    await DBOS.start_workflow_async(drive_run, run.run_id)
            await asyncio.sleep(5)


if __name__ == "__main__":
    asyncio.run(main())
