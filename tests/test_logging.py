"""Logs: the table of docs/operators.md is whole, and nothing secret is in them at any level."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep
from specstep_flows.sandbox import Fault, ManualClock, Sandbox, SandboxOptions
from tests.kit.api import op

ROOT = Path(__file__).parents[1]


def documented() -> set[str]:
    """The loggers of the table."""
    section = (ROOT / "docs" / "operators.md").read_text("utf-8").partition("## Logs")[2]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def test_every_logger_of_ours_is_in_the_table() -> None:
    """And the table has no logger of ours that there is not."""
    found: set[str] = set()
    for path in (ROOT / "specstep_flows").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names = re.findall(r"getLogger\(\s*([^)]*?)\s*\)", text)
        found |= {name.strip("\"'") for name in names if name[:1] in "\"'"}
        # By a variable: only the ones that are made quiet.
        assert all(name[:1] in "\"'" or path.name == "secrecy.py" for name in names), f"{path}: {names}"
        assert "logging." not in text or "getLogger" in text or "logging.Handler" in text, path

    assert {name for name in found if name.startswith("specstep_flows")} == {
        name for name in documented() if name.startswith("specstep_flows")
    }
    assert found <= documented()


@pytest.mark.slow
def test_whatever_a_run_logs_is_in_the_table_and_holds_no_secret(
    turned: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that is logged at the lowest level, by both clients, with a lost connection on the way."""
    caplog.set_level(logging.DEBUG)
    for name in documented():
        caplog.set_level(logging.DEBUG, logger=name)
    unlimited: Any = {"requests_per_minute": None, "kickoffs_per_minute": None}
    with Sandbox(options=SandboxOptions(clarifications=(), **unlimited), clock=ManualClock()) as sandbox:
        sandbox.faults.add(Fault(op("get_generation"), "reset"))
        options: Any = {"api_url": sandbox.url, "clock": turned(sandbox), "limits": {"standard": None, "kickoff": None}}
        with SpecStep(sandbox.api_key, store=tmp_path / "store", **options) as client:
            client.run("A brief about tea.", output=tmp_path)

        async def go() -> None:
            async with AsyncSpecStep(sandbox.api_key, store=RunStore.in_memory(), **options) as client:
                await client.get_account()

        asyncio.run(go())
        key = sandbox.api_key

    logged = {record.name for record in caplog.records if not record.name.startswith(("uvicorn", "python_multipart"))}
    assert {"httpx", "httpcore.http11"} <= logged <= documented()
    text = caplog.text
    assert key not in text
    assert "sig=" not in text
    assert "about tea" not in text
