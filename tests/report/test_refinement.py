"""The refinement audit on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from specstep_flows.models import Generation
from specstep_flows.report import Collected
from specstep_flows.report.refinement import refinement
from specstep_flows.runs.records import RunRecord
from tests.kit.report_page import Reader

if TYPE_CHECKING:
    from datetime import datetime

RECORD = RunRecord("old-1", "https://api.example", 0.0, 0.0)
GAP = {"pass": "stub_fill", "action": "residual_gap", "target": "runbook.md", "detail": "Nothing about operations."}


def audited(number: int, profile: str, **audit: Any) -> Generation:
    return Generation(UUID(int=number), "Complete", review_profile=profile, raw={"refinement_audit": audit})


def test_what_several_generations_have_in_common_is_one_row(when: datetime) -> None:
    """Three children of a Researcher run that left the same gap open are one row, which names the three."""
    other = {**GAP, "target": "glossary.md"}
    family = (audited(2, "Fast", summary="1 left open.", escalated=[GAP]), audited(3, "Normal", escalated=[GAP, other]))
    html = refinement(
        Collected(RECORD, when, generation=audited(1, "Researcher", summary="1 left open."), family=family)
    )
    reader = Reader(html)

    assert html.count("runbook.md") == html.count("Nothing about operations.</td><td>Fast, Normal") == 1
    assert "Researcher, Fast: 1 left open." in reader.text
    assert html.count("<table>") == 1
    assert reader.text.endswith("glossary.md Nothing about operations. Normal")


def test_of_one_generation_nobody_asks_which(when: datetime) -> None:
    """There is no column of profiles, and the summary stands alone."""
    html = refinement(Collected(RECORD, when, generation=audited(1, "Fast", summary="1 left open.", escalated=[GAP])))

    assert "Profiles" not in html
    assert "<p>1 left open.</p>" in html


def test_an_audit_of_another_shape_is_left_out(when: datetime) -> None:
    """Its fields are undocumented."""
    shapes: tuple[Any, ...] = (None, [], "words", {"escalated": "x"}, {"auto_fixed": [5, None]})
    for audit in shapes:
        generation = Generation(UUID(int=1), "Complete", raw={"refinement_audit": audit})
        assert refinement(Collected(RECORD, when, generation=generation)) == ""
