"""Runs, results and generations in a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from specstep_flows.models import Generation, RunResult
from specstep_flows.runs.records import RunRecord

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("shown", "facts"),
    [
        (
            Generation(
                UUID(int=1), "SpecialistReview", project_name=HOSTILE, running_cost_usd=0.5, progress_percent=40
            ),
            ("Specialist review", "$0.50", "40%"),
        ),
        (
            Generation(
                UUID(int=1), "Failed", project_name=HOSTILE, failure_category="HostRestart", failure_reason="gone"
            ),
            ("HostRestart: gone",),
        ),
        (
            RunRecord("r-1", "https://api.example", 0.0, 0.0, project_name=HOSTILE, cost_usd=1.0, spent_before_usd=0.5),
            ("$1.50", "specstep resume r-1"),
        ),
        (
            RunResult("r-1", None, UUID(int=1), UUID(int=2), Path("p.zip"), "ab" * 32, 1650, project_name=HOSTILE),
            ("p.zip (1.6 KB)", "ab" * 32),
        ),
    ],
)
def test_it_shows_itself_as_a_table_in_which_everything_is_escaped(shown: object, facts: tuple[str, ...]) -> None:
    """A notebook trusts what it is given, so nothing of the service's may be markup."""
    html = shown._repr_html_()  # type: ignore[attr-defined]

    assert html.startswith("<table>")
    assert "<script" not in html
    for fact in facts:
        assert fact in html


def test_models_do_not_import_the_notebook() -> None:
    """Whoever never opens a notebook pays nothing for it."""
    program = (
        "import sys, specstep_flows.models, specstep_flows.runs.records; print('specstep_flows._html' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
