"""A fleet's runs as workflows of Temporal: ``client.start_workflow("DriveRun", id, id=id, task_queue="specstep")``.

The workflow's result is the run's status. Start it again with the same id once a question is answered.
"""

import asyncio
import os
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from specstep_flows.fleet import Fleet


@workflow.defn(sandboxed=False)
class DriveRun:
    @workflow.run
    async def run(self, run_id: str) -> str:
        dead_after, longest = timedelta(seconds=10), timedelta(days=30)
        status: str = await workflow.execute_activity(
            "drive", run_id, heartbeat_timeout=dead_after, start_to_close_timeout=longest
        )
        if status in ("open", "busy", "stopped"):
            await workflow.sleep(15)
            workflow.continue_as_new(run_id)
        return status


async def main() -> None:
    @activity.defn
    async def drive(run_id: str) -> str:
        driving = asyncio.create_task(fleet.drive(run_id))
        try:
            while not (await asyncio.wait([driving], timeout=2))[0]:
                activity.heartbeat()
            return driving.result()
        finally:
            driving.cancel()

    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))
    async with Fleet.from_env() as fleet:
        await Worker(client, task_queue="specstep", workflows=[DriveRun], activities=[drive]).run()


if __name__ == "__main__":
    asyncio.run(main())
