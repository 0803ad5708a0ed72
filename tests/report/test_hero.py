"""The head of the page: how the run ended or where it is, why, and the command to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from specstep_flows.models import Generation, RunOptions
from specstep_flows.report import Collected, page
from specstep_flows.report.hero import situation
from specstep_flows.runs.records import Intent, RunRecord
from tests.kit.report_page import Reader

if TYPE_CHECKING:
    from datetime import datetime

ID = UUID(int=5)


def told(when: datetime, state: str | None, **known: Any) -> Collected:
    """A run whose generation is in ``state`` by the service, or by the record alone with ``is_offline``."""
    fields = known.pop("generation", {})
    is_offline = known.pop("is_offline", False)
    record = RunRecord(
        "tea shop",
        "https://api.example",
        0.0,
        0.0,
        generation_id=ID if state else None,
        generation_state=state,
        **known,
    )
    generation = None if state is None or is_offline else Generation(ID, state, **fields)
    return Collected(record, when, generation=generation)


LIKELY = {"failure_category": "HostRestart", "failure_reason": "The host went away."}
HOPELESS = {"failure_category": "ReviewLoopStalled"}
LIMITED = {"options": RunOptions(max_cost_usd=0.5), "cost_usd": 0.53}
DONE = {"stage": "done", "file": "/home/portal.zip", "sha256": "a"}


@pytest.mark.parametrize(
    ("state", "known", "tone", "words", "command"),
    [
        (
            "Failed",
            {"generation": LIKELY},
            "bad",
            "failed (HostRestart): The host went away.",
            "resume {} --retry-failed 1",
        ),
        ("Failed", {"generation": LIKELY, "retries": 2}, "bad", "failed (HostRestart)", "resume {} --retry-failed 3"),
        ("Failed", {"generation": LIKELY, "options": RunOptions(profile="Researcher")}, "bad", "went away.", None),
        ("Failed", {"generation": HOPELESS}, "bad", "failed (ReviewLoopStalled): no reason was given.", None),
        ("failed", {"is_offline": True}, "bad", "The generation failed: no reason was given.", None),
        ("Cancelled", LIMITED, "bad", "Cancelled: the cost of $0.53 exceeded your limit of $0.50.", None),
        ("Cancelled", {"cost_usd": 0.4}, "bad", "The generation was cancelled.", None),
        ("Complete", DONE, "good", "The package is complete and on disk.", None),
        ("Complete", {"stage": "package"}, "open", "The package is ready at SpecStep.", "resume {}"),
        ("PausedAwaitingClarification", {}, "open", "Waiting for your answers.", "answer {}"),
        ("paused", {}, "open", "The generation was paused.", f"generation resume {ID}"),
        ("FreshEyes", {}, "open", "The generation was running on SpecStep (fresh eyes).", "resume {}"),
        ("FreshEyes", {"is_offline": True}, "open", "on SpecStep when it was last read (fresh eyes).", "resume {}"),
        (None, {}, "open", "No generation was started.", "resume {}"),
        (None, {"intent": Intent("start_generation", 0.0)}, "open", "not known whether it started", "resume {}"),
    ],
)
def test_the_head_says_where_the_run_is_and_what_to_type(
    when: datetime, state: str | None, known: dict[str, Any], tone: str, words: str, command: str | None
) -> None:
    """With the run's own name, quoted for a shell: what is shown can be copied."""
    collected = told(when, state, **known)
    found = situation(collected)

    assert (found.tone, found.command) == (tone, command and f"specstep {command}".format("'tea shop'"))
    assert words in found.words
    head = page(collected).split("<main>")[0]
    assert words.replace("'", "&#x27;") in head
    assert f"badge {tone}" in head


def test_what_will_never_come_is_not_expected(when: datetime) -> None:
    """A failed or cancelled run has no package, one under way has none yet."""
    for state, words in (("Failed", "none"), ("Cancelled", "none"), ("Drafting", "not yet")):
        assert f"Package {words}" in Reader(page(told(when, state))).text


def test_a_title_from_a_heading_is_a_title(when: datetime) -> None:
    """The service takes the brief's first line for the project's name, with its mark of a heading."""
    text = page(told(when, "Drafting", generation={"project_name": "# A portal", "description": "## For shops"}))

    assert "<h1>A portal " in text
    assert '<p class="description">For shops</p>' in text
