"""The whole page: one HTML file without network or scripts, for light and dark, phones and paper."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from importlib import resources
from typing import TYPE_CHECKING, Final

from specstep_flows._html import EMPTY, Html, element, joined
from specstep_flows.report import course, hero, outcome, people, plot, refinement, sections

if TYPE_CHECKING:
    from specstep_flows.report.collect import Collected

#: The name of the ``meta`` element that says which run a page is about.
RUN_MARK: Final = "specstep-run"


def page(collected: Collected) -> str:
    """The report as one HTML document."""
    found = collected.course
    parts = [
        sections.section("course", "Course", course.course_table(collected)),
        sections.section("generations", "Generations", outcome.generations(collected)),
        sections.section("cost", "Cost", plot.costs(found, collected.record.options.max_cost_usd)),
        sections.section("questions", "Questions and answers", sections.questions(collected)),
        sections.section("refinement", "Refinement audit", refinement.refinement(collected)),
        sections.section(
            "package", "Packages" if len(collected.packages) > 1 else "Package", outcome.package(collected)
        ),
        sections.section("interview", "Interview", people.transcript(collected)),
        sections.section("agents", "Agents", people.agents(collected)),
        sections.section("receipt", "Receipt", outcome.receipt_document(collected)),
        sections.section("again", "Run it again", outcome.reproduction(collected)),
        sections.section("gaps", "Not in this report", _gaps(collected)),
    ]
    body = element(
        "body",
        hero.header(collected, found),
        _contents_list(parts),
        element("main", *parts),
        _footer(collected),
    )
    return f'<!doctype html>\n<html lang="en">\n{_head(collected)}\n{body}\n</html>\n'


def _head(collected: Collected) -> Html:
    style = resources.files("specstep_flows.report").joinpath("report.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("meta", name=RUN_MARK, content=collected.record.run_id),
        element("title", f"{hero.title_of(collected)} \u2013 SpecStep run {collected.record.run_id}"),
        element("link", rel="icon", href="data:,"),
        # Our own style sheet; it contains nothing from the service.
        Html(f"<style>{style}</style>"),
    )


def _contents_list(parts: list[Html]) -> Html:
    """Links to the sections that the page has, next to them where the screen is wide enough."""
    links = []
    for part in parts:
        if part:
            identifier = part.split(' id="', 1)[1].split('"', 1)[0]
            title = part.split("<h2", 1)[1].split(">", 1)[1].split("</h2>", 1)[0]
            links.append(element("li", element("a", Html(title), href=f"#{identifier}")))
    return element("nav", element("ul", *links), aria_label="Sections")


def _gaps(collected: Collected) -> Html:
    if not collected.gaps:
        return EMPTY
    return element("ul", *(element("li", gap) for gap in collected.gaps))


def _footer(collected: Collected) -> Html:
    from specstep_flows._version import __version__

    written = collected.written_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return element(
        "footer",
        element("p", f"Written by specstep-flows {__version__} on {written}, from {collected.record.api_url}."),
        element("p", joined(["Run ", element("code", collected.record.run_id)])),
    )
