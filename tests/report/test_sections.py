"""The sections about the run: its course, cost, questions, incidents, and what was refined."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from specstep_flows.models import Generation
from specstep_flows.report import Collected, page
from specstep_flows.report.sections import questions
from specstep_flows.runs.records import RunRecord
from tests.kit.report_page import Reader

if TYPE_CHECKING:
    from datetime import datetime


def test_a_failed_run_says_why(when: datetime) -> None:
    """Category, reason, and what earlier attempts cost."""
    generation = Generation(
        UUID(int=5),
        "Failed",
        failure_category="HostRestart",
        failure_reason="The host went away.",
        running_cost_usd=0.5,
    )
    record = RunRecord(
        "failed-1",
        "https://api.example",
        0.0,
        0.0,
        generation_id=generation.id,
        spent_before_usd=1.0,
        retries=1,
        error="Generation failed.",
    )
    reader = Reader(page(Collected(record, when, generation=generation)))
    reader.check_harmless()

    assert "The generation failed (HostRestart): The host went away." in reader.text
    assert "$1.50" in reader.text
    assert "retried 1 time after a failure" in reader.text


def test_each_agents_answer_says_by_which_rule_it_was_given(collected: Collected) -> None:
    """Whoever reads the report sees who decided."""
    html = questions(collected)
    answer = {"question": "Forms?", "answer": "Yes.", "rule": "answers.yaml, line 3"}
    by_file = attrs.evolve(collected, record=attrs.evolve(collected.record, answers=(answer,)))

    assert "Forms, &lt;b&gt;no&lt;/b&gt; REST." in html
    assert "Answered by you" in html
    assert "Answered by: answers.yaml, line 3" in questions(by_file)
