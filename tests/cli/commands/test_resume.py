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


def test_a_refused_change_is_not_kept(specstep: Any, sandbox: Any, home: Path) -> None:
    """What was refused before anything was done with it is not met again by the next resume."""
    (home / "taken.zip").write_text("mine")
    assert specstep("run", "A shop.", "--run-id", "tea", typed="n\n").code == 2
    before = specstep("show", "tea", "--json").document["options"]
    for change in (["--profile", "Fsat"], ["--mirror", "claude"], ["-o", "taken.zip"]):
        refused = specstep("resume", "tea", "--yes", *change)
        assert refused.code == 2, change
        assert specstep("show", "tea", "--json").document["options"] == before

    assert specstep("resume", "tea", "--yes", "--profile", "FAST", "--mirror", "claudemd").code == 0
    (generation,) = sandbox.state.generations.values()
    assert generation.profile == "Fast"

    done = specstep("show", "tea", "--json").document
    assert specstep("resume", "tea", "-o", "taken.zip").code == 2
    assert specstep("download", "tea", "-o", "taken.zip").code == 2
    after = specstep("show", "tea", "--json").document
    assert [after[name] for name in ("status", "file", "options")] == [
        done[name] for name in ("status", "file", "options")
    ]


@pytest.mark.parametrize("option", [["--profile", "Fsat"], ["--mirror", "claude"], ["--project-type", "Web"]])
def test_an_interview_is_not_held_for_what_is_refused(specstep: Any, sandbox: Any, option: list[str]) -> None:
    """The first prompt comes after the checks, and nobody types for nothing; there is no run then."""
    result = specstep("interview", *option, typed="A shop.\n\n/done\ny\n")

    assert result.code == 2
    assert "The service accepts" in result.err
    assert "Otto" not in result.err
    assert not sandbox.state.interviews
    assert specstep("runs", "--json").document["runs"] == []
