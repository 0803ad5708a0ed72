"""Runs as workflows of DBOS, of whose two executors one is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.recipe import recipe

pytestmark = pytest.mark.slow


def test_the_runs_of_a_killed_executor_are_driven_on_by_the_other_and_paid_once(tmp_path: Path) -> None:
    """It does not come back, and there is no Conductor."""
    pytest.importorskip("dbos", reason="dbos is not installed: the recipe for DBOS was not run")
    with recipe("on_dbos", tmp_path) as engine:
        ids = engine.submit()
        engine.start(DBOS__VMID="one")
        engine.start(DBOS__VMID="two")
        assert engine.kill_one() > 0

        assert [run.status for run in engine.finish()] == ["done"] * len(ids)
        assert len(engine.sandbox.state.generations) == len(ids)
