"""``specstep adopt``: a generation from elsewhere becomes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kit.api import op


def test_a_generation_from_elsewhere_becomes_a_run(specstep: Any, sandbox: Any, elsewhere: str, home: Path) -> None:
    """`adopt` writes the run's id, starts nothing, and `resume` brings the package home."""
    adopted = specstep("adopt", elsewhere, "--run-id", "mine", "--output", "tea.zip")
    again = specstep("adopt", elsewhere)
    resumed = specstep("resume", "mine")

    assert adopted.out == again.out == "mine\n"
    assert resumed.out == f"{home / 'tea.zip'}\n"
    assert sandbox.requests.count(op("start_generation")) == 1


def test_an_id_of_another_account(specstep: Any, sandbox: Any) -> None:
    """A generation that is another account's, or nowhere: one sentence that says both."""
    for verb in ("watch", "adopt", "cancel", "download"):
        agreed = ["--yes"] if verb == "cancel" else []
        result = specstep(verb, "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04", "--json", *agreed)

        assert result.code == 2, verb
        assert "not found, or it belongs to another account" in result.document["message"]
