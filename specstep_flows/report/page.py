"""The whole page: one HTML file without network or scripts, for light and dark, phones and paper."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from importlib import resources
from typing import TYPE_CHECKING, Final

from specstep_flows._facts import Fact
from specstep_flows._html import EMPTY, Html, element, joined
from specstep_flows._text import counted, size
from specstep_flows.report import outcome, people, sections
from specstep_flows.states import is_one_of, is_terminal

if TYPE_CHECKING:
    from specstep_flows._course import Course
    from specstep_flows.report.collect import Collected

#: The name of the ``meta`` element that says which run a page is about.
RUN_MARK: Final = "specstep-run"


def page(collected: Collected) -> str:
    """The report as one HTML document."""
    found = collected.course
    parts = [
        sections.section("course", "Course", sections.course_table(collected, found)),
        sections.section("generations", "Generations", outcome.generations(collected)),
        sections.section("cost", "Cost", sections.costs(found)),
        sections.section("questions", "Questions and answers", sections.questions(collected)),
        sections.section("incidents", "Retries and incidents", sections.incidents(collected, found)),
        sections.section("refinement", "Refinement audit", sections.refinement(collected)),
        sections.section(
            "package", "Packages" if len(collected.packages) > 1 else "Package", outcome.package(collected)
        ),
        sections.section("interview", "Interview", people.transcript(collected)),
        sections.section("agents", "Agents", people.agents(collected)),
        sections.section("receipt", "Receipt", outcome.receipt_table(collected)),
        sections.section("again", "Run it again", outcome.reproduction(collected)),
        sections.section("gaps", "What is missing here", _gaps(collected)),
    ]
    body = element(
        "body",
        _header(collected, found),
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
        element("title", f"{collected.title} \u2013 SpecStep run {collected.record.run_id}"),
        element("link", rel="icon", href="data:,"),
        # Our own style sheet; it contains nothing from the service.
        Html(f"<style>{style}</style>"),
    )


def _header(collected: Collected, found: Course) -> Html:
    first, *facts = collected.facts(found)
    description = collected.generation.description if collected.generation is not None else None
    named = [fact for fact in facts if fact.share is None and not fact.is_code]
    cards = [fact for fact in named if len(fact.text) <= sections.STILL_LETTERS]
    cards.append(_package_fact(collected))
    lines = [fact for fact in named if len(fact.text) > sections.STILL_LETTERS]
    return element(
        "header",
        element("p", "SpecStep run", class_="kicker"),
        element("h1", collected.title, " ", element("span", first.text, class_=f"badge {_tone(collected.state)}")),
        element("p", description, class_="description") if description else EMPTY,
        element("p", "This run used a local sandbox: nothing was paid.", class_="banner")
        if collected.is_sandbox
        else EMPTY,
        element("dl", *map(_card, cards), class_="facts"),
        element("dl", *map(_line, lines), class_="more-facts") if lines else EMPTY,
    )


def _tone(state: str | None) -> str:
    if not is_terminal(state):
        return "open"
    return "good" if is_one_of(state, "complete") else "bad"


def _card(fact: Fact) -> Html:
    note = element("dd", fact.note, class_="note") if fact.note else EMPTY
    return element("div", element("dt", fact.title), element("dd", sections.still(fact.text)), note)


def _line(fact: Fact) -> Html:
    return element("div", element("dt", fact.title), element("dd", fact.whole))


def _package_fact(collected: Collected) -> Fact:
    """The size of all packages, and how many files are in those that could be read."""
    packages = collected.packages
    known = [package.contents for package in packages if package.contents is not None]
    note = counted(sum(len(contents.files) + contents.more_files for contents in known), "file") if known else None
    if note is not None and len(packages) > 1:
        note += f" in {len(packages)}"
    text = size(sum(package.size_bytes or 0 for package in packages)) if packages else "none yet"
    return Fact("packages" if len(packages) > 1 else "package", text, 1, note)


def _contents_list(parts: list[Html]) -> Html:
    """Links to the sections that the page has."""
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
