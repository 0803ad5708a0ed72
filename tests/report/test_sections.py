"""The sections about the run: its course, cost, questions, incidents, and what was refined."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from specstep_flows._course import Course
from specstep_flows.models import Generation
from specstep_flows.report import Collected, page
from specstep_flows.report.sections import incidents, questions
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

    assert "HostRestart: The host went away." in reader.text
    assert "$1.50" in reader.text
    assert "retried 1 time after a failure" in reader.text


def test_each_agents_answer_says_by_which_rule_it_was_given(collected: Collected) -> None:
    """Whoever reads the report sees who decided."""
    html = questions(collected)

    assert "Forms, &lt;b&gt;no&lt;/b&gt; REST." in html
    assert "Rule: given" in html


def test_a_run_without_incident_says_so(when: datetime) -> None:
    """An empty section would leave open whether anything was looked at."""
    record = RunRecord("quiet-1", "https://api.example", 0.0, 0.0)

    assert "None: no retry, no restart, no pause." in incidents(Collected(record, when), Course())
