"""``--dry-run``: everything is checked, and nothing is sent that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_rehearsal_sends_nothing_that_costs(specstep: Any, sandbox: Any, home: Path) -> None:
    """--dry-run verifies the key and shows quota and plan, with reads alone, and leaves no run and no folder behind."""
    result = specstep("run", "A shop.", "--dry-run", "--json", "--output", "new-folder")

    assert result.code == 0
    document = result.document
    assert document["code"] == "dry_run"
    assert document["account"]["plan"] == "Pro"
    assert document["estimate"] is None
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert not (home / "new-folder").exists()
    assert specstep("runs", "--json").document["runs"] == []
