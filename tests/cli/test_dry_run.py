"""``--dry-run``: everything is checked, and nothing is sent that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


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


def test_the_profile_that_is_set_counts(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """SPECSTEP_PROFILE, for the plan as for the run; an option comes before it."""
    monkeypatch.setenv("SPECSTEP_PROFILE", "fast")

    assert specstep("run", "A shop.", "--dry-run", "--json").document["profile"] == "Fast"
    assert specstep("run", "A shop.", "--dry-run", "--json", "--profile", "Normal").document["profile"] == "Normal"
    assert specstep("run", "A shop.", "--yes", "--on-question", "defaults").code == 0
    assert [one.profile for one in sandbox.state.generations.values()] == ["Fast"]


@pytest.mark.parametrize("output", ["taken.zip", "dangling.zip", f"{'a' * 244}.zip", f"{'a' * 300}/p.zip"])
def test_an_output_that_a_run_would_refuse_is_refused(specstep: Any, sandbox: Any, home: Path, output: str) -> None:
    """A file, a link to nowhere, names that are too long: as the run would say it, and nothing is made to find out."""
    (home / "taken.zip").write_text("mine")
    (home / "dangling.zip").symlink_to(home / "nowhere")
    before = set(home.rglob("*"))
    result = specstep("run", "A shop.", "--dry-run", "--output", str(home / output))

    assert result.code == 2
    assert "Unexpected" not in result.err
    assert {path for path in set(home.rglob("*")) - before if "state" not in str(path)} == set()
