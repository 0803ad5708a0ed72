"""The section about the run's course: a table of its stages, waits and incidents whose numbers add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from specstep_flows._facts import track
from specstep_flows._html import EMPTY, Html, element, joined
from specstep_flows._text import counted, duration, money
from specstep_flows.report.sections import still, unbroken
from specstep_flows.states import fold, is_terminal, is_waiting, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from specstep_flows._course import Course, Incident, Row
    from specstep_flows._facts import Stage
    from specstep_flows.report.collect import Collected

#: The sign of a row, and what it says to those who cannot see it.
_MARKS: Final = {
    "done": ("✓", "done"),
    "passed": ("\u2013", "skipped, or over before it was seen"),
    "current": ("●", "present stage"),
    "ahead": ("○", "ahead again"),
    "halted": ("‖", "halted here"),
    "failed": ("✗", "ended here"),
    "waiting": ("‖", "waiting"),
    "other": ("·", "not a stage"),
}


def summary(found: Course) -> str:
    """How long it took, or has taken, and what it cost: for those who cannot see the plot."""
    took, cost = ("The run took", "and cost") if found.is_over else ("The run has taken", "and has cost")
    parts = [f"{took} {found.duration.words}"]
    if found.cost_usd is not None:
        parts.append(f"{cost} {money(found.cost_usd)}")
    if found.forecast_usd is not None:
        parts.append(f"against an estimate of {money(found.forecast_usd)}")
    return " ".join(parts) + "."


def course_table(collected: Collected) -> Html:
    """Each stage and each wait: how long it took, what it cost and what went wrong in it; and the sums."""
    found, rows = collected.course, collected.rows
    if not rows:
        return joined([element("p", "The generation was not watched.", class_="note"), *_notes(collected)])
    stages = track(collected.state, [visit.state for visit in found.visits])
    incidents = _placed(found)
    longest = max((row.seconds or 0.0 for row in rows), default=0.0)
    lines: list[Html] = []
    for mark, row in _in_order(rows, stages):
        lines.append(_line(mark, row, longest, is_known=not _is_unwatched(found, row)))
        lines += [_incident(incident) for incident in incidents.pop(row.state, [])]
    lines += [_incident(incident) for left in incidents.values() for incident in left]
    heads = element(
        "tr",
        element("th", "Stage", scope="col"),
        element("th", "Time", scope="col", class_="number"),
        element("th", "Cost", scope="col", class_="number"),
        element("td", "Share of the time", aria_hidden="true", class_="share"),
    )
    whole = element(
        "table",
        element("caption", "Stages with their time and cost", class_="unseen"),
        element("thead", heads),
        element("tbody", *lines, *_never_seen(stages, rows, is_over=is_terminal(collected.state))),
        element("tfoot", _total(collected)),
        class_="course",
    )
    return joined([whole, *_notes(collected)])


def _in_order(rows: Sequence[Row], stages: Sequence[Stage]) -> Iterable[tuple[str, Row]]:
    """The rows with their marks, in the order of the first stay. An end takes no time, so it is no row."""
    marks = {fold(stage.name): stage.mark for stage in stages}
    for row in rows:
        if row.state is None:
            yield "other", row
        elif is_terminal(row.state):
            continue
        elif stage_of(row.state) is None:
            yield "waiting" if is_waiting(row.state) else "other", row
        else:
            yield marks[fold(row.state)], row


def _is_unwatched(found: Course, row: Row) -> bool:
    """Whether nobody saw what was spent in a stage: it is part of what was not watched."""
    if row.cost_usd or row.state is None:
        return False
    return any(
        visit.spends and visit.state == row.state and span.began < visit.ended and visit.began < span.ended
        for visit in found.visits
        for span in found.unwatched
    )


def _line(mark: str, row: Row, longest: float, *, is_known: bool) -> Html:
    sign, meaning = _MARKS[mark]
    stays = element("span", f" \u00d7{row.stays}", class_="stays") if row.stays > 1 else EMPTY
    return element(
        "tr",
        element(
            "th", element("span", sign, class_="mark", role="img", aria_label=meaning), row.label, stays, scope="row"
        ),
        element("td", "" if row.seconds is None else still(duration(row.seconds)), class_="number"),
        element("td", "" if row.cost_usd is None or not is_known else money(row.cost_usd), class_="number"),
        element("td", _bar(row.seconds, longest), class_="share", aria_hidden="true"),
        class_=mark,
    )


def _bar(seconds: float | None, longest: float) -> Html:
    if not seconds or longest <= 0:
        return EMPTY
    share = max(0.5, round(100 * seconds / longest, 1))
    rect = element("rect", width=share, height=6, rx=1)
    return element("svg", rect, viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true", focusable="false")


def _placed(found: Course) -> dict[str | None, list[Incident]]:
    """The incidents by the state in which they were noticed."""
    placed: dict[str | None, list[Incident]] = {}
    for incident in found.incidents:
        begun = [
            visit.state for visit in found.visits if incident.seconds is not None and visit.began <= incident.seconds
        ]
        placed.setdefault(begun[-1] if begun else None, []).append(incident)
    return placed


def _incident(incident: Incident) -> Html:
    when = "" if incident.seconds is None else f"After {still(duration(incident.seconds))}: "
    return element("tr", element("td", when, incident.text, colspan=4), class_="incident")


def _never_seen(stages: Sequence[Stage], rows: Sequence[Row], *, is_over: bool) -> list[Html]:
    """One row each for the stages that were passed unseen, and for those that were not reached."""
    seen = {fold(row.state) for row in rows} | {fold("Complete")}
    unseen = [stage for stage in stages if fold(stage.name) not in seen]
    passed = [stage.label for stage in unseen if stage.mark == "passed"]
    ahead = [stage.label for stage in unseen if stage.mark == "ahead"]
    named = [("Skipped, or over before it was seen", passed), ("Not reached" if is_over else "Ahead", ahead)]
    return [
        element("tr", element("td", f"{what}: {', '.join(labels)}", colspan=4), class_="ahead")
        for what, labels in named
        if labels
    ]


def _total(collected: Collected) -> Html:
    took, cost = collected.course.duration, collected.cost_usd
    return element(
        "tr",
        element("th", "Total", scope="row"),
        element("td", still(duration(took.seconds)), class_="number"),
        element("td", "" if cost is None else money(cost), class_="number"),
        element("td", unbroken(took.parts or ""), class_="share parts"),
    )


def _notes(collected: Collected) -> list[Html]:
    """Where the times are from, and what the record alone knows."""
    course, record = collected.course, collected.record
    notes = []
    if course.visits:
        notes.append("Times reported by SpecStep." if course.is_exact else "Times observed (±30 s).")
    if _was_quiet(collected):
        notes.append("No retry, no restart, no pause.")
    if record.retries:
        notes.append(f"The generation was retried {counted(record.retries, 'time')} after a failure.")
    return [element("p", " ".join(notes), class_="note")] if notes else []


def _was_quiet(collected: Collected) -> bool:
    """Whether nothing went wrong and nobody was waited for, in the children of a fan-out neither."""
    course, record = collected.course, collected.record
    known = [one for one in (collected.generation, *collected.family) if one is not None]
    troubled = any(one.retry_count or one.host_restart_resume_count or one.is_failed for one in known)
    return not (troubled or course.incidents or course.pauses or record.answers or record.retries)
