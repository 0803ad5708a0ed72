"""``specstep resume``: going on with a run that is not free to be gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows.runs.store import RunStore


def test_a_run_of_another_service(specstep: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch, elsewhere: str) -> None:
    """A run is only resumed at the service it belongs to."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    monkeypatch.setenv("SPECSTEP_API_URL", "http://127.0.0.1:9")

    result = specstep("resume", "mine", "--json")

    assert result.code == 2
    assert "SPECSTEP_API_URL" in result.document["message"]


def test_a_run_that_another_process_drives(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """A second process does not drive it, and says who does."""
    import os

    specstep("adopt", elsewhere, "--run-id", "mine")
    store = RunStore(Path(os.environ["SPECSTEP_STATE"]))
    let_go = store.hold("mine")
    try:
        result = specstep("resume", "mine", "--json")
    finally:
        let_go()
        store.close()

    assert result.code == 3
    assert result.document["code"] == "run_busy"


def test_a_run_that_is_complete_is_said_to_be(specstep: Any, sandbox: Any) -> None:
    """Nothing is resumed or downloaded, and nothing says so; where the package is stands there once."""
    first = specstep("run", "A shop.", "--yes", "--profile", "Fast", "--run-id", "tea")
    again = specstep("resume", "tea")

    assert again.out == first.out
    lines = again.err.splitlines()
    assert lines[:2] == ["Run tea is already complete", f"Saved {first.out.strip()}"]
    assert [line.partition(":")[0] for line in lines[2:]] == ["Cost", "Time", "Next"]
