"""A recipe is short enough to be copied and understood."""

from __future__ import annotations

from pathlib import Path

import specstep_flows

FOLDER = Path(specstep_flows.__file__).parent / "fleet" / "recipes"


def test_a_recipe_has_fewer_than_forty_lines() -> None:
    """Whatever it says, counted without blank lines."""
    lengths = {path.stem: sum(map(bool, path.read_text("utf-8").split("\n"))) for path in FOLDER.glob("on_*.py")}

    assert sorted(lengths) == ["on_dbos", "on_temporal"]
    assert max(lengths.values()) < 40
