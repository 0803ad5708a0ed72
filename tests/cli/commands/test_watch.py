"""``specstep watch``: looking on, wherever a generation was started."""

from __future__ import annotations

import json
from typing import Any


def test_watching_a_generation_from_elsewhere(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`watch` follows it to its end, plain lines or events, and leaves no run behind."""
    plain = specstep("watch", elsewhere)
    events = specstep("watch", elsewhere, "--events")

    assert plain.code == 0
    assert plain.out == f"{elsewhere}\n"
    assert "Complete" in plain.err
    assert json.loads(events.out.splitlines()[-1])["generation"]["state"] == "Complete"
    assert specstep("runs", "--json").document["runs"] == []


def test_a_run_that_is_watched_knows_what_was_seen(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """`runs` shows the state and the cost of the last look, whoever looked; an answer is shown with its rule."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    before = specstep("show", "mine", "--json").document
    watched = specstep("watch", "mine")
    after = specstep("show", "mine", "--json").document

    assert watched.out == "mine\n"
    assert watched.err.splitlines()[-1] == "Next: specstep download mine"
    assert (before["status"], after["status"]) == ("generating", "package")
    assert after["cost_usd"] > before["cost_usd"]


def test_watching_for_a_while(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """--timeout ends the watching with 3, not the generation."""
    result = specstep("watch", elsewhere, "--timeout", "20s", "--json")

    assert result.code == 3
    assert result.document["code"] == "timeout"
    assert specstep("watch", elsewhere).code == 0


def test_a_person_is_offered_to_adopt(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """At a terminal, a yes makes a run of what is watched."""
    specstep("watch", elsewhere, typed="y\n")

    (run,) = specstep("runs", "--json").document["runs"]
    assert run["generation_id"] == elsewhere


def test_paused_by_somebody(specstep: Any, sandbox: Any, elsewhere: str) -> None:
    """A generation that somebody paused is 3; `generation resume` says what it does not do."""
    specstep("adopt", elsewhere, "--run-id", "mine")
    specstep("generation", "pause", elsewhere)

    stopped = specstep("resume", "mine", "--json")
    again = specstep("generation", "resume", "mine")
    done = specstep("resume", "mine")

    assert stopped.code == 3
    assert stopped.document["code"] == "paused"
    assert "may take a while" in again.err
    assert done.code == 0
