"""The plot of the cost, in numbers and in words."""

from __future__ import annotations

import itertools
import re
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from specstep_flows._course import course
from specstep_flows.report.course import summary
from specstep_flows.report.plot import FRAMES, LETTER, costs
from tests.kit.polls import HISTORY, look


@attrs.frozen
class Drawn:
    """One of the two plots, read back: its words with the room they take, its curve, its waits."""

    svg: str
    width: int
    height: int

    def texts(self, kind: str) -> list[tuple[float, float, float, str]]:
        """Left, right, height and words of the texts of a class."""
        found = []
        for attributes, words in re.findall(r"<text ([^>]*)>([^<]*)</text>", self.svg):
            x, y, class_ = (re.search(rf'\b{name}="([^"]*)"', attributes) for name in ("x", "y", "class"))
            assert x is not None
            assert y is not None
            assert class_ is not None
            if kind in class_[1].split():
                at, room = float(x[1]), LETTER * len(words)
                is_centred = class_[1] == "tick"
                left = at - room / 2 if is_centred else at - room if class_[1].endswith(("-y", "-last")) else at
                found.append((left, left + room, float(y[1]), words))
        return found

    @property
    def curve(self) -> list[list[tuple[float, float]]]:
        lines = re.findall(r'<polyline points="([^"]*)"', self.svg)
        return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in lines]

    @property
    def waits(self) -> list[tuple[float, float]]:
        found = re.findall(r'<rect x="([^"]+)" y="[^"]+" width="([^"]+)" height="[^"]+" class="wait"', self.svg)
        return [(float(x), float(x) + float(width)) for x, width in found]


def drawn(history: Any, limit: float | None = None) -> list[Drawn]:
    html = str(costs(course(history, (), "g"), limit))
    svgs = re.findall(r"<svg.*?</svg>", html)
    return [Drawn(svg, frame.width, frame.height) for svg, frame in zip(svgs, FRAMES, strict=bool(svgs))]


def test_the_plot_says_in_words_what_it_shows() -> None:
    """Whoever cannot see it hears the sum, the estimate and the stages."""
    found = course(HISTORY, (), "g")
    plot = costs(found, None)

    assert (
        summary(found)
        == "The run took 2m 30s (2m of work, 30s waiting for you) and cost $1.20 against an estimate of $2.50."
    )
    assert plot.count(summary(found)) == 3
    assert plot.count('role="img"') == 2
    assert "estimate $2.50" in plot
    assert "waiting 30s" in plot
    assert "Shaded: waiting." in plot


def test_there_is_no_plot_of_a_cost_that_was_not_read() -> None:
    """One point is no line."""
    for history in ((look(1, "Queued"), look(2, "Drafting", 0.1)), ()):
        plot = costs(course(history, (), "g"), None)
        assert "<svg" not in plot
        assert "not read often enough" in plot


def test_a_night_of_waiting_leaves_the_work_to_be_seen() -> None:
    """It is drawn shorter than it was, and the legend says so; the marks of the time axis stay true."""
    night = 12 * 3600
    later = [{**one, "at": one["at"] + night} for one in HISTORY[5:]]
    history = (*HISTORY[:5], {**HISTORY[4], "at": 1090 + night}, *later)

    for plot in drawn(history):
        ((left, right),) = plot.waits
        assert 15 < right - left < 0.35 * plot.width
        assert "waiting 12h" in plot.svg
    assert "drawn shorter than it was" in costs(course(history, (), "g"), None)


def test_what_nobody_watched_is_dashed_and_still_flat_through_a_known_wait() -> None:
    """Left at a question, answered elsewhere, and come back to later: what is known is drawn, the rest is dashed."""
    events = [
        {"state": state, "at": f"2026-06-01T12:{minute:02}:00Z"}
        for minute, state in enumerate(["Queued", "Drafting", "PausedAwaitingClarification"])
    ] + [{"state": "Drafting", "at": "2026-06-01T12:20:00Z"}, {"state": "Reviewing", "at": "2026-06-01T12:25:00Z"}]
    start = 1780315200.0
    history = [
        look(start, "Queued", 0.0),
        look(start + 60, "Drafting", 0.0),
        look(start + 120, "PausedAwaitingClarification", 0.4),
        look(start + 1560, "Reviewing", 1.5, unwatched=True),
        look(start + 1590, "Reviewing", 1.6),
    ]
    html = str(costs(course(history, events, "g"), None))

    assert 'class="cost unwatched"' in html
    assert "dashed where nobody watched" in html
    for svg, frame in zip(re.findall(r"<svg.*?</svg>", html), FRAMES, strict=True):
        plot = Drawn(svg, frame.width, frame.height)
        assert len(plot.waits) == 1
        check_flat(plot)


@pytest.mark.parametrize(
    ("limit", "is_drawn"), [(0.8, True), (2.45, True), (2.55, True), (5.9, True), (100.0, False), (0.0001, True)]
)
def test_the_limit_is_drawn_or_named(limit: float, is_drawn: bool) -> None:
    """One far above would press everything else flat, and is only named; near the estimate neither hides the other."""
    for plot in drawn(HISTORY, limit):
        names = [*plot.texts("limit-name"), *plot.texts("estimate-name")]
        assert len(names) == 1 + is_drawn
        assert all(abs(one[2] - other[2]) >= 12 for one, other in itertools.combinations(names, 2))
        assert all(0 < name[2] < plot.height for name in names)
    assert ("above the plot" in costs(course(HISTORY, (), "g"), limit)) is not is_drawn


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0.87, ["$0.00", "$0.20", "$0.40", "$0.60", "$0.80", "$1.00"]),
        (3.1, ["$0", "$1", "$2", "$3", "$4"]),
        (11.25, ["$0", "$5", "$10", "$15"]),
        (0.0041, ["$0.000", "$0.001", "$0.002", "$0.003", "$0.004", "$0.005"]),
        (1234.0, ["$0", "$500", "$1,000", "$1,500"]),
    ],
)
def test_the_money_axis_has_round_marks(most: float, marks: list[str]) -> None:
    """As a person would draw them."""
    for plot in drawn((look(0, "Drafting", 0.0), look(100, "Drafting", most))):
        assert [words for *_, words in plot.texts("tick-y")] == marks


def check_flat(plot: Drawn) -> None:
    """No part of the curve rises within a wait."""
    for line in plot.curve:
        for (x1, y1), (x2, y2) in itertools.pairwise(line):
            for left, right in plot.waits:
                if min(right, x2) - max(left, x1) > 0.3:
                    assert y1 == y2, (plot.waits, line)


def check_nothing_collides(plot: Drawn) -> None:
    """No two words of one row touch each other, and all are within the picture."""
    rows = (plot.texts("tick"), [*plot.texts("stage-name"), *plot.texts("wait-name")])
    marks, names = ([text for text in row if not text[3].startswith("$")] for row in rows)
    for row in (sorted(marks), sorted(names)):
        assert all(left >= 0 and right <= plot.width + 1 for left, right, *_ in row)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(row)), row


#: Short work between long waits: the marks of the time axis stand close.
SPLIT = [
    (number * 40_000.0 + 20 * part, number + 0.1 * part, state, False)
    for number in range(9)
    for part, state in enumerate(["Drafting", "paused"])
]
numbers = st.floats(min_value=-1e6, max_value=1e9)
states = ["Queued", "Drafting", "PausedAwaitingClarification", "paused", "Reviewing", "Failed", "Odd"]


@given(
    st.lists(st.tuples(numbers, numbers, st.sampled_from(states), st.booleans()), max_size=12),
    st.one_of(st.none(), numbers),
    st.one_of(st.none(), st.floats(min_value=1e-9, max_value=1e9)),
)
@example([(0.0, 0.0, "Queued", False), (1.0, 5e-324, "Drafting", False)], None, None)
@example([(0.0, 0.0, "Queued", False), (1.0, 1e-300, "Drafting", False)], 1e-310, 1e-300)
@example([(0.0, 0.0, "Queued", False), (1.0, 1.0, "Drafting", False), (2.0, float("inf"), "Failed", False)], 1e99, 1.0)
@example([(0.0, 0.0, "Queued", False), (1.0, 1.0, "Drafting", False)], float("nan"), None)
@example([(0.0, 0.1, "paused", False), (900.0, 0.9, "paused", True), (990.0, 1.0, "Drafting", False)], None, None)
@example(SPLIT, 5.0, None)
def test_every_plot_stays_within_its_frame(
    points: list[tuple[float, float, str, bool]], forecast: float | None, limit: float | None
) -> None:
    """Whatever was read: nothing is drawn beside the plot, nothing rises in a wait, and no words collide."""
    history = [look(at, state, cost, unwatched=unwatched) for at, cost, state, unwatched in sorted(points)]
    if history and forecast is not None:
        history[-1] |= {
            "estimated_total_usd": forecast,
            "estimated_total_p25_usd": forecast,
            "estimated_total_p75_usd": 1,
        }
    for plot in drawn(history, limit):
        across = [float(x) for x in re.findall(r' (?:x|x1|x2|cx)="([^"]+)"', plot.svg)]
        down = [float(y) for y in re.findall(r' (?:y|y1|y2|cy)="([^"]+)"', plot.svg)]
        for x, y in itertools.chain(*plot.curve):
            across.append(x)
            down.append(y)
        assert all(-1 <= x <= plot.width + 1 for x in across)
        assert all(-1 <= y <= plot.height + 1 for y in down)
        check_flat(plot)
        check_nothing_collides(plot)
