"""The page of a whole run: complete, self-contained, and with nothing of the service's that is more than text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from specstep_flows.models import Generation, Interview, Turn
from specstep_flows.report import Collected, collect, page
from specstep_flows.report.receipt import receipt
from specstep_flows.runs.records import RunRecord

if TYPE_CHECKING:
    from datetime import datetime

VOID = {"meta", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Reads a page as a browser would, roughly: elements, attributes, text, and whether every element is closed."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.broken: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def check_harmless(self) -> None:
        """Nothing runs, nothing is loaded, nothing is left open."""
        assert not self.broken
        assert not self.open
        names = {name for name, _ in self.elements}
        assert not names & {"script", "iframe", "object", "embed", "img", "form", "base", "audio", "video", "source"}
        for name, attributes in self.elements:
            assert not [key for key in attributes if key.startswith("on") or key in ("style", "src", "srcset")]
            for key in ("href", "xlink:href", "action"):
                target = attributes.get(key)
                if target is not None:
                    assert re.match(r"#|https?://|mailto:|data:,\Z", target), (name, target)
                    assert name != "link" or target == "data:,"


def test_the_page_of_a_whole_run_says_everything(collected: Collected) -> None:
    """Track, cost, questions, incidents, audit, package, interview, agents, receipt and how to do it again."""
    reader = Reader(page(collected))
    reader.check_harmless()

    sections = [attributes["id"] for attributes in reader.all("section")]
    assert sections == [
        "course",
        "cost",
        "questions",
        "incidents",
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
        "Paused until questions were answered",
        "Forms, <b>no</b> REST.",
        "Rule: given",
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
    assert [plot["role"] for plot in reader.all("svg") if "plot" in plot["class"]] == ["img"]
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


def test_links_within_the_package_lead_to_its_files_on_the_page(collected: Collected) -> None:
    """A relative link leads to the file, one that leads nowhere is no link, and one to the web says nothing of us."""
    reader = Reader(page(collected))
    files = {attributes["id"] for attributes in reader.all("details") if "id" in attributes}
    links = [attributes for attributes in reader.all("a") if attributes["href"].startswith("#file-")]
    outside = [attributes for attributes in reader.all("a") if attributes["href"].startswith("http")]

    assert len(links) == 2
    assert {link["href"].removeprefix("#") for link in links} <= files
    assert [(link["href"], link["rel"]) for link in outside] == [
        ("https://example.com/a?b=1&c=2", "noopener noreferrer nofollow")
    ]


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


def test_a_service_that_fails_leaves_gaps_and_no_error(client: Any, collected: Collected) -> None:
    """What cannot be read is named; everything else is shown."""
    gone = attrs.evolve(collected.record, interview_id=UUID(int=9), file=str(collected.record.file) + ".moved")
    again = collect(gone, client)

    assert again.interview is None
    assert again.generation is not None
    assert any(gap.startswith("The interview: no longer at the service") for gap in again.gaps)
    assert any("no longer at" in gap for gap in again.gaps)
    Reader(page(again)).check_harmless()


def test_a_changed_package_is_told(client: Any, collected: Collected) -> None:
    """The digest of what lies there is compared with the one of what was downloaded."""
    again = collect(attrs.evolve(collected.record, sha256="0" * 64), client)

    assert any("its digest differs" in gap for gap in again.gaps)


def test_a_fan_out_shows_every_generation_and_every_package(fan_out: Collected) -> None:
    """Each child has its row, its audit and its files, with ids of their own on the page; the cost is that of all."""
    text = page(fan_out)
    found = Reader(text)
    found.check_harmless()
    record = fan_out.record

    assert len(fan_out.packages) == 3
    assert len(fan_out.family) == 3
    for generation in (fan_out.generation, *fan_out.family):
        assert generation is not None
        assert str(generation.id) in found.text
    for package in fan_out.packages:
        assert Path(package.file).name in found.text
    for profile in ("Fast", "Normal", "Extensive"):
        assert f"asked by {profile}" in found.text
    identifiers = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert found.text.count("01-milestones.md") >= 3
    links = {attributes["href"] for attributes in found.all("a") if attributes.get("href", "").startswith("#")}
    assert links <= {f"#{identifier}" for identifier in identifiers}
    inner = {link.rpartition("-file-")[0] for link in links if link.startswith("#package-")}
    assert inner == {"#package-1", "#package-2", "#package-3"}
    assert fan_out.cost_usd == record.cost_usd
    assert fan_out.conversation
    made = receipt(fan_out)
    assert [one["generation_id"] for one in made["generations"]] == [str(one) for one in record.generation_ids]
    assert [one["file"] for one in made["packages"]] == [package.file for package in fan_out.packages]


def test_one_package_of_a_fan_out_that_is_gone_leaves_a_gap_and_shows_the_others(fan_out: Collected) -> None:
    """The gap says which."""
    record = attrs.evolve(
        fan_out.record,
        packages=(*fan_out.record.packages[:2], {**fan_out.record.packages[2], "file": "/nowhere/third.zip"}),
    )
    found = collect(record)

    assert [package.contents is not None for package in found.packages] == [True, True, False]
    assert any("third.zip is no longer at /nowhere/third.zip" in gap for gap in found.gaps)
    Reader(page(found)).check_harmless()
