"""The page of a whole run: complete, self-contained, and with nothing of the service's that is more than text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.models import Generation, Interview, Turn
from specstep_flows.report import Collected, collect, page
from specstep_flows.runs.records import RunRecord
from tests.kit.report_page import Reader

if TYPE_CHECKING:
    from datetime import datetime


def test_the_page_of_a_whole_run_says_everything(collected: Collected) -> None:
    """Track, cost, questions, incidents, audit, package, interview, agents, receipt and how to do it again."""
    reader = Reader(page(collected))
    reader.check_harmless()

    sections = [attributes["id"] for attributes in reader.all("section")]
    assert sections == [
        "course",
        "cost",
        "questions",
        "refinement",
        "package",
        "interview",
        "agents",
        "receipt",
        "again",
    ]
    for fact in (
        "Specialist review",
        "2m 42s",
        "1 retry after a provider's error (rate limit).",
        "Resumed after a host restart",
        "Paused for your answers",
        "Forms, <b>no</b> REST.",
        "Answered by you",
        "Left open: known gaps of the package",
        "docs/04-operations/02-runbook.md",
        "01-milestones.md",
        "Hush (SecurityReviewer)",
        "portal-1",
        str(collected.record.generation_id),
        str(collected.record.sha256),
        "specstep run",
        "This run used a local sandbox",
    ):
        assert fact in reader.text, fact
    # For wide screens and for phones; the other is not there for readers, either.
    assert [plot["role"] for plot in reader.all("svg") if "plot" in plot.get("class", "")] == ["img", "img"]
    assert not collected.gaps


def test_what_the_package_and_the_people_wrote_is_text(collected: Collected) -> None:
    """Scripts, tags, images and links that would run or load are shown as what they are."""
    document = page(collected)
    reader = Reader(document)

    assert "<script" not in document
    assert "onerror=alert" not in re.sub(r"&lt;img src=x onerror=alert\(2\)&gt;", "", document)
    for number in range(1, 8):
        assert f"alert({number})" in reader.text
    assert "[image: secret]" in reader.text
    assert "tracker.example" not in document
    assert "\u202e" not in document


def test_the_policy_of_the_page_forbids_everything_but_its_own_style(collected: Collected) -> None:
    """Even if something slipped through, a browser would neither run nor load it."""
    document = page(collected)
    (policy,) = [a["content"] for a in Reader(document).all("meta") if a.get("http-equiv") == "Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert document.count("<style>") == 1


def test_headings_never_skip_a_level_above_the_package(collected: Collected) -> None:
    """Whoever goes by headings finds one title, and its sections below it."""
    levels = [name for name, _ in Reader(page(collected)).elements if re.fullmatch(r"h[1-6]", name)]

    assert levels[0] == "h1"
    assert levels.count("h1") == 1
    assert levels[1] == "h2"


def test_a_run_that_has_hardly_begun_has_a_page(when: datetime) -> None:
    """Without a generation, a package or a service there is still a page, and it says what is missing."""
    record = RunRecord("new-1", "https://api.example", 0.0, 0.0, messages=("A portal",))
    collected = collect(record, now=when)
    reader = Reader(page(collected))
    reader.check_harmless()

    assert "Not started" in reader.text
    assert "The service was not asked" in reader.text
    assert "nothing was paid" not in reader.text
    assert [a["id"] for a in reader.all("section")][-1] == "gaps"


@given(text=st.text(max_size=300))
@settings(max_examples=80)
def test_no_text_of_the_services_gets_out_of_its_place(text: str) -> None:
    """Whatever stands in names, replies, questions, events or audits, the page stays whole and harmless."""
    from datetime import UTC, datetime

    audit = {"summary": text, "escalated": [{"pass": text, "action": text, "target": text, "detail": text}, text]}
    generation = Generation(
        UUID(int=5), text, project_name=text, description=text, failure_reason=text, raw={"refinement_audit": audit}
    )
    interview = Interview(UUID(int=6), text, turns=(Turn("agent", text), Turn("user", text)), detected_type=text)
    record = RunRecord(
        "r",
        "https://api.example",
        0.0,
        0.0,
        messages=(text,),
        generation_id=generation.id,
        answers=({"question": text, "answer": text, "rule": text},),
        history=({"at": 1.0, "state": text, "cost_usd": 1.0}, {"at": 3.0, "state": "Failed", "failure_category": text}),
    )
    events: tuple[dict[str, Any], ...] = ({"state": text, "occurred_at": text}, {"state": 5}, {})
    whole: dict[str, Any] = {"generation": generation, "interview": interview, "events": events}

    Reader(page(Collected(record, datetime(2026, 6, 1, tzinfo=UTC), **whole))).check_harmless()
