"""The course on the page: a table whose numbers add up, with what went wrong where it happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from specstep_flows.models import Generation
from specstep_flows.report import Collected
from specstep_flows.report.course import course_table
from specstep_flows.runs.records import RunRecord
from specstep_flows.states import STAGES
from tests.kit.polls import HISTORY, look
from tests.kit.report_page import Reader

ID = UUID(int=5)


def watched(when: datetime, history: tuple[dict[str, Any], ...], **known: Any) -> Collected:
    """A run with these looks at its one generation."""
    looks = tuple({**one, "generation_id": str(ID)} for one in history)
    fields = {"cost_usd": looks[-1].get("cost_usd"), "generation_state": looks[-1]["state"], **known}
    return Collected(RunRecord("tea", "https://api.example", 0.0, 0.0, generation_id=ID, history=looks, **fields), when)


def rows(html: str) -> list[list[str]]:
    """The cells of each row of the table, as text."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", html)
    return [[Reader(cell).text for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in found]


def test_each_stage_and_each_wait_has_its_row_and_the_costs_add_up(when: datetime) -> None:
    """Heads, what happened under the stage in which it did, and a total that says what was work."""
    assert rows(course_table(watched(when, HISTORY))) == [
        ["Stage", "Time", "Cost", "Share of the time"],
        ["✓ Queued", "10s", "$0.00", ""],
        ["✓ Drafting", "1m", "$0.70", ""],
        ["After 40s: 1 retry after a provider's error (rate limit)."],
        ["✓ Reviewing \u00d72", "50s", "$0.50", ""],
        ["After 1m 10s: Resumed after a host restart; repeated work raises the cost."],
        ["‖ Paused awaiting clarification", "30s", "$0.00", ""],
        ["After 1m 30s: Paused for your answers; nothing was spent meanwhile."],
        [
            "Skipped, or over before it was seen: Specialist review, Fresh eyes, Risk review, Security review, "
            "Assembling, Refining, Delivering"
        ],
        ["Total", "2m 30s", "$1.20", "2m of work, 30s waiting for you"],
    ]


def test_what_nobody_watched_and_what_went_before_are_rows(when: datetime) -> None:
    """The rows add up to the total that the card above shows."""
    history = (
        look(0, "Queued", 0.0),
        look(10, "Drafting", 0.1),
        look(2000, "FreshEyes", 1.5, unwatched=True),
        look(2030, "FreshEyes", 1.6),
    )
    collected = watched(when, history, spent_before_usd=1.0, retries=1)
    html = course_table(collected)
    cells = {row[0]: row[1:] for row in rows(html) if len(row) == 4}

    assert cells["· Not watched"][1] == "$1.40"
    assert cells["· Earlier attempts"][1] == "$1.00"
    assert cells["Total"][1] == "$2.60"
    spent = [float(row[1].strip("$")) for name, row in cells.items() if row[1].startswith("$") and name != "Total"]
    assert sum(spent) == pytest.approx(2.6)
    assert "retried 1 time after a failure" in html
    assert "Ahead: Risk review, Security review" in Reader(html).text


def test_what_a_stage_cost_that_nobody_watched_is_not_said_to_be_nothing(when: datetime) -> None:
    """The service's events tell how long it took; what it cost is part of what was not watched."""
    start = 1780315200.0
    stages = ("Queued", "Drafting", "SpecialistReview", "Reviewing", "FreshEyes")
    events = tuple({"state": name, "at": f"2026-06-01T12:{5 * place:02}:00Z"} for place, name in enumerate(stages))
    history = (
        look(start, "Queued", 0.0),
        look(start + 300, "Drafting", 0.0),
        look(start + 330, "Drafting", 0.3),
        look(start + 1200, "FreshEyes", 1.5, unwatched=True),
        look(start + 1230, "FreshEyes", 1.6),
    )
    cells = {row[0]: row[1:3] for row in rows(course_table(attrs.evolve(watched(when, history), events=events)))}

    assert cells["✓ Queued"] == ["5m", "$0.00"]
    assert cells["✓ Reviewing"] == ["5m", ""]
    assert cells["· Not watched"] == ["", "$1.20"]


def test_the_end_of_a_failed_run_is_marked_where_it_was(when: datetime) -> None:
    """The stage in which it ended, why, and what it did not reach; never what is still to come."""
    history = (*HISTORY[:4], look(1080, "Failed", 0.8, failure_category="HostRestart"))
    text = Reader(course_table(watched(when, history))).text

    assert "✗ Reviewing" in text
    assert "After 1m 20s: Failed (HostRestart)." in text
    assert "Not reached: Fresh eyes" in text
    assert "Ahead" not in text


def test_only_a_run_without_incident_is_said_to_have_had_none(when: datetime) -> None:
    """Whoever reads it sees that somebody looked. The children of a fan-out are looked at, too."""
    quiet = watched(when, (look(0, "Queued"), look(5, "Drafting", 0.1), look(60, "Complete", 0.3)))
    words = "No retry, no restart, no pause."
    child = Generation(UUID(int=6), "Complete", retry_count=1)
    answer = {"question": "Forms?", "answer": "Yes.", "rule": "given"}

    assert words in course_table(quiet)
    assert words not in course_table(attrs.evolve(quiet, family=(child,)))
    assert words not in course_table(attrs.evolve(quiet, record=attrs.evolve(quiet.record, answers=(answer,))))
    assert words not in course_table(watched(when, HISTORY))


def test_a_stage_that_a_restart_went_back_before_is_ahead_again(when: datetime) -> None:
    """What was done in it stays on the page, and it is not listed a second time."""
    history = (look(0, "Queued", 0.0), look(10, "Drafting", 0.1), look(60, "Reviewing", 0.5), look(90, "Drafting", 0.8))
    text = Reader(course_table(watched(when, history))).text

    assert "○ Reviewing 30s" in text
    assert "● Drafting \u00d72" in text
    assert text.count("Reviewing") == 1
    assert "Ahead: Specialist review, Fresh eyes" in text


def thousandths(most: int) -> st.SearchStrategy[float]:
    """Moments and costs as finely as a record has them."""
    return st.integers(0, 1000 * most).map(lambda number: number / 1000)


@given(
    st.lists(
        st.tuples(
            thousandths(350),
            thousandths(5),
            st.sampled_from([*STAGES, "PausedAwaitingClarification", "Paused", "Failed", "Cancelled", "Odd"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=10,
    ),
    thousandths(3),
)
@example([(seconds, 0.0, "Queued", False) for seconds in (0.002, 0.094, 2.423, 21.983)], 0.0)
def test_whatever_happened_the_rows_add_up_to_the_total(
    points: list[tuple[float, float, str, bool]], before: float
) -> None:
    """In cents and seconds as they are shown (from an hour on, minutes are): adding up the page gives its sums."""
    history = []
    at = cost = 0.0
    for seconds, more, state, unwatched in points:
        at, cost = at + seconds, cost + more
        history.append(look(at, state, cost, unwatched=unwatched))
    collected = watched(datetime(2026, 6, 1, tzinfo=UTC), tuple(history), spent_before_usd=before)
    cells = [row for row in rows(course_table(collected)) if len(row) == 4][1:]

    *parts, total = [(seconds_of(row[1]), float(row[2].strip("$") or 0)) for row in cells]
    assert sum(cost for _, cost in parts) == pytest.approx(total[1])
    assert sum(seconds for seconds, _ in parts) == total[0]


def seconds_of(text: str) -> float:
    """A duration as it is shown, in seconds."""
    return sum(int(amount) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for amount, unit in UNITS.findall(text))


UNITS = re.compile(r"(\d+)([smhd])")


def test_a_run_that_nobody_watched_says_so(when: datetime) -> None:
    """Without a look there is no table."""
    assert "The generation was not watched." in course_table(Collected(RunRecord("t", "https://a.example", 0, 0), when))
