"""``scripts/fleet-demo``, as a stranger runs it first: a real PostgreSQL, real workers, one of them killed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_loses_no_run_and_pays_for_none_twice(server: Any, tmp_path: Path) -> None:
    """What it says at its end is counted at the service and on the disk, and its exit code is the verdict.

    Whichever worker has the runs is killed: with few of them, one alone may have them all.
    """
    command = [
        sys.executable,
        str(ROOT / "scripts" / "fleet_demo.py"),
        "--runs",
        "6",
        "--output",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^worker-[12] is killed \(kill -9\) with [1-6] runs in hand\.$", done.stdout, re.MULTILINE)
    counts = [tuple(map(int, pair)) for pair in re.findall(r"│ +(\d+) +│ +(\d+) +│", done.stdout)]
    assert counts == [(6, 6), (6, 6), (6, 6), (0, 0)]
    assert len(list((tmp_path / "out").glob("*.zip"))) == 6
