"""Whether a module's tests are found by its name."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST_PERCENT = 60


def test_most_modules_have_a_test_file_of_their_name() -> None:
    """``specstep_flows/X/y.py`` is tested in ``tests/X/test_y.py``, ``scripts/regeneration/y.py`` in its own folder.

    The sandbox is left out: its tests are named after what it serves.
    """
    modules = [
        *((path, path.relative_to(ROOT / "specstep_flows")) for path in (ROOT / "specstep_flows").rglob("*.py")),
        *((path, path.relative_to(ROOT / "scripts")) for path in (ROOT / "scripts" / "regeneration").rglob("*.py")),
    ]
    judged = [place for _, place in modules if not place.name.startswith("__") and place.parts[0] != "sandbox"]
    lacking = [
        place.as_posix()
        for place in judged
        if not (ROOT / "tests" / place.parent / f"test_{place.name.lstrip('_')}").exists()
    ]

    assert len(lacking) <= len(judged) * (100 - LEAST_PERCENT) / 100, lacking
