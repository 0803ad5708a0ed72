"""The sections of the page about the run: its course, its cost, its questions, its incidents, and what was refined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from specstep_flows._facts import failure_words, track
from specstep_flows._html import EMPTY, Html, element, escaped, joined
from specstep_flows._text import counted, duration, money, spaced
from specstep_flows.report.course import summary
from specstep_flows.report.plot import cost_plot
from specstep_flows.states import stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows._course import Course
    from specstep_flows.report.collect import Collected

_MARKS = {
    "done": ("✓", "done"),
    "passed": ("\u2013", "skipped, or over before it was seen"),
    "current": ("●", "the present stage"),
    "halted": ("‖", "halted here"),
    "failed": ("✗", "ended here"),
    "ahead": ("○", "not reached"),
}


#: Text of at most so many letters counts as short.
STILL_LETTERS: Final = 24


def section(identifier: str, title: str, *children: Html | None) -> Html:
    """A section with its heading; nothing when it has nothing to say."""
    body = joined(child for child in children if child)
    if not body:
        return EMPTY
    return element(
        "section",
        element("h2", title, id=f"{identifier}-title"),
        body,
        id=identifier,
        aria_labelledby=f"{identifier}-title",
    )


def table(
    heads: Iterable[str],
    rows: Iterable[Iterable[Any]],
    caption: str,
    *,
    is_named: bool = False,
    class_: str | None = None,
) -> Html:
    """A table that scrolls sideways on a narrow screen. With ``is_named`` a heading above says already what it is."""
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not body:
        return EMPTY
    hidden = "unseen" if is_named else None
    whole = element(
        "table",
        element("caption", caption, class_=hidden),
        element("thead", head),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def still(text: str) -> str:
    """Text that is not broken into two lines if it is short: an amount, a duration."""
    return text.replace(" ", "\u00a0") if len(text) <= STILL_LETTERS else text


def course_table(collected: Collected, course: Course) -> Html:
    """The track: each stage, how it was left, how long it took and what it cost."""
    seen = [visit.state for visit in course.visits]
    stages = track(collected.state, seen)
    longest = max((course.seconds_in(stage.name) or 0.0 for stage in stages), default=0.0)
    items = []
    for stage in stages:
        sign, meaning = _MARKS[stage.mark]
        seconds, cost = course.seconds_in(stage.name), course.cost_in(stage.name)
        stays = sum(visit.state == stage.name for visit in course.visits)
        items.append(
            element(
                "li",
                element("span", sign, class_="mark", role="img", aria_label=meaning),
                element("span", stage.label, class_="stage"),
                element("span", f"{stays} times" if stays > 1 else None, class_="stays"),
                element("span", duration(seconds) if seconds is not None else None, class_="took"),
                element("span", money(cost) if cost else None, class_="spent"),
                _bar(seconds, longest),
                class_=stage.mark,
            )
        )
    beside = [
        [
            spaced(visit.state),
            still(duration(visit.began)),
            "" if visit.seconds is None else still(duration(visit.seconds)),
        ]
        for visit in course.visits
        if stage_of(visit.state) is None
    ]
    how = (
        "Times are the service's own."
        if course.is_exact
        else "Times are those of this run's polls, each up to half a minute late."
    )
    return joined(
        [
            element("ol", *items, class_="track"),
            table(("Other states", "After", "For"), beside, "Other states", is_named=True),
            element("p", how, class_="note") if course.visits else element("p", "No poll is on record.", class_="note"),
        ]
    )


def _bar(seconds: float | None, longest: float) -> Html:
    if not seconds or longest <= 0:
        return element("span", class_="bar")
    share = max(0.5, round(100 * seconds / longest, 1))
    rect = element("rect", width=share, height=6, rx=1)
    return element(
        "svg",
        rect,
        viewBox="0 0 100 6",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
        focusable="false",
    )


def costs(course: Course) -> Html:
    """The plot, and what it shows in words."""
    plot = cost_plot(course)
    parts: list[Html] = []
    if plot:
        legend = element(
            "figcaption",
            summary(course),
            " The line is what was read as spent; the dashed line is the service's forecast"
            + (", the band its middle half" if course.low_usd is not None else "")
            + "; dots are incidents.",
        )
        parts.append(
            element(
                "figure", element("div", plot, class_="scroll", tabindex="0", role="region", aria_label="Plot"), legend
            )
        )
    else:
        parts.append(element("p", "The cost was not read often enough for a plot.", class_="note"))
    return joined(parts)


def questions(collected: Collected) -> Html:
    """Each question with its answer, by which rule it was answered, and of a fan-out which generation asked."""
    answers = collected.record.answers
    if not answers:
        return EMPTY
    profiles = {str(generation.id): generation.review_profile for generation in collected.family}
    pairs = [
        element(
            "div",
            element("dt", answer.get("question")),
            element(
                "dd",
                element("p", answer.get("answer")),
                element("p", _origin(answer, profiles.get(answer.get("generation_id") or "")), class_="note"),
            ),
        )
        for answer in answers
    ]
    return element("dl", *pairs, class_="answers")


def _origin(answer: Mapping[str, Any], profile: str | None) -> str:
    rule = f"Rule: {answer.get('rule')}"
    return f"{rule} · asked by {profile}" if profile else rule


def incidents(collected: Collected, course: Course) -> Html:
    """Retries, restarts, pauses and failures, with their moments."""
    rows = [
        ["" if incident.seconds is None else still(duration(incident.seconds)), incident.text]
        for incident in course.incidents
    ]
    generation, record = collected.generation, collected.record
    parts = [table(("After", "What"), rows, "Retries and incidents", is_named=True)]
    if generation is not None and generation.is_failed:
        parts.append(element("p", failure_words(generation) or "Failed; no reason given", class_="bad"))
    if record.retries:
        parts.append(element("p", f"The generation was retried {counted(record.retries, 'time')} after a failure."))
    if record.error and not record.is_finished:
        parts.append(element("p", f"Last error: {record.error}"))
    if not any(parts):
        return element("p", "None: no retry, no restart, no pause.", class_="note")
    return joined(parts)


def refinement(collected: Collected) -> Html:
    """What the service fixed before delivery and what it left open, for each generation where there are several."""
    found = [
        (generation, _audit(generation.raw.get("refinement_audit"), "h4" if collected.family else "h3"))
        for generation in (collected.generation, *collected.family)
        if generation is not None
    ]
    if not collected.family:
        return joined(audit for _, audit in found)
    return joined(
        [element("h3", generation.review_profile or str(generation.id)), audit] for generation, audit in found if audit
    )


def _audit(audit: object, heading: str) -> Html:
    if not isinstance(audit, Mapping):
        return EMPTY
    parts = [element("p", audit.get("summary"))] if audit.get("summary") else []
    for key, title in (("escalated", "Left open: known gaps of the package"), ("auto_fixed", "Fixed before delivery")):
        entries = audit.get(key)
        rows = [
            [
                spaced(str(entry.get("pass") or "")),
                spaced(str(entry.get("action") or "")),
                _code(entry.get("target")),
                entry.get("detail"),
            ]
            for entry in (entries if isinstance(entries, list) else [])
            if isinstance(entry, Mapping)
        ]
        if rows:
            parts += [
                element(heading, title),
                table(("Pass", "What was done", "Where", "Detail"), rows, title, is_named=True),
            ]
    return joined(parts)


def _code(value: object) -> Html:
    return element("code", escaped(value)) if value else EMPTY
