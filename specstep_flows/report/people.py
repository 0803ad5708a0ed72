"""The sections of the page about who said and did what: the interview, and the agents' steps."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from specstep_flows._facts import agent_name
from specstep_flows._html import EMPTY, Html, element, joined
from specstep_flows._text import duration, money, percent, size, spaced
from specstep_flows.report.markdown import rendered
from specstep_flows.report.sections import still, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from specstep_flows.report.collect import Collected


def transcript(collected: Collected) -> Html:
    """The interview, from the service where it still has it, else from the run's record."""
    entries = [_entry(is_users, text) for is_users, text in _said(collected) if text]
    interview = collected.interview
    parts = [element("div", *entries, class_="transcript")] if entries else []
    if collected.documents:
        names = [f"{document.name or document.id} ({size(document.size_bytes)})" for document in collected.documents]
        parts += [element("h3", "Reference documents"), element("ul", *(element("li", name) for name in names))]
    facts = []
    if interview is not None and interview.detected_type:
        facts.append(f"Detected type: {spaced(interview.detected_type)}.")
    if interview is not None and interview.transcript_size is not None:
        full = interview.transcript_size.percent_used
        if full is not None:
            facts.append(f"The transcript is {percent(full)} full.")
    if facts:
        parts.append(element("p", " ".join(facts), class_="note"))
    return joined(parts)


def _said(collected: Collected) -> Iterable[tuple[bool, str | None]]:
    if collected.interview is not None and collected.interview.turns:
        for turn in collected.interview.turns:
            yield turn.is_users, turn.content
        return
    for submitted in collected.record.turns:
        yield True, submitted.message
        yield False, submitted.reply


def _entry(is_users: bool, text: str | None) -> Html:
    who = "You" if is_users else "SpecStep"
    # Briefs are Markdown as often as the agent's replies; "Run it again" has them as they were typed.
    return element(
        "article",
        element("h3", who),
        element("div", rendered(text or ""), class_="md"),
        class_="user" if is_users else "agent",
    )


def agents(collected: Collected) -> Html:
    """What each agent did, how long it took and what it cost; first the sums."""
    items = collected.conversation
    if not items:
        return EMPTY
    sums: dict[str, tuple[int, float, float]] = {}
    for item in items:
        count, milliseconds, usd = sums.get(agent_name(item), (0, 0.0, 0.0))
        sums[agent_name(item)] = (count + 1, milliseconds + (item.duration_ms or 0.0), usd + (item.cost_usd or 0.0))
    by_cost = sorted(sums.items(), key=lambda pair: -pair[1][2])
    # Where the service gives no costs of single steps, a column of nothings would mislead.
    has_costs = any(usd for _, _, usd in sums.values())
    cost_head = ("Cost",) if has_costs else ()
    rows = [
        [name, count, still(duration(milliseconds / 1000)), *([money(usd)] if has_costs else [])]
        for name, (count, milliseconds, usd) in by_cost
    ]
    steps = [
        [
            item.started_at.astimezone(UTC).strftime("%H:%M:%S") if item.started_at else "",
            agent_name(item),
            item.narration or item.action or item.status,
            "" if item.duration_ms is None else still(duration(item.duration_ms / 1000)),
            *(["" if item.cost_usd is None else money(item.cost_usd)] if has_costs else []),
        ]
        for item in items
    ]
    return joined(
        [
            table(("Agent", "Steps", "Time", *cost_head), rows, "Each agent's share"),
            element(
                "details",
                element("summary", f"All {len(items)} steps" if len(items) > 1 else "The step"),
                table(("UTC", "Agent", "What", "Time", *cost_head), steps, "The agents' steps", is_named=True),
            ),
        ]
    )
