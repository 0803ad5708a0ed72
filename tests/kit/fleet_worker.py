"""A worker of a fleet in a process of its own, which can be killed. Run as a program, it reads one line of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from specstep_flows.fleet.database import Database
from specstep_flows.fleet.drive import Driver
from specstep_flows.fleet.keys import Keys
from specstep_flows.fleet.session import Session
from specstep_flows.fleet.store import PostgresStore
from specstep_flows.fleet.worker import Worker
from specstep_flows.settings import Settings


async def work(order: dict[str, Any]) -> int:
    """A worker with these keys, until it ends by itself."""
    database = Database(order["database"], order["schema"])
    session = Session(database, order["name"])
    settings = Settings(api_url=order["api_url"], clock_speed=order["speed"], request_timeout=60.0)
    driver = Driver(PostgresStore(database, session), Keys(order["keys"]), settings)
    worker = Worker(driver, session, **order.get("options", {}))
    print("ready", flush=True)
    code = await worker.run()
    print(json.dumps(worker.counts), flush=True)
    return code


def main() -> None:
    """Read the order, and work."""
    order = json.loads(sys.stdin.readline())
    code = asyncio.run(work(order))
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    if "-v" in sys.argv:
        import logging

        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    main()
