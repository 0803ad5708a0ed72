"""The plot of the cost, in numbers and in words."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from specstep_flows._course import course
from specstep_flows.report.course import summary
from specstep_flows.report.plot import cost_plot
from tests.kit.polls import HISTORY, look


def test_the_plot_says_in_words_what_it_shows() -> None:
    """Whoever cannot see it hears the sum, the forecast and the stages."""
    found = course(HISTORY, (), "g")
    plot = cost_plot(found)

    assert (
        summary(found)
        == "The run took 2m 30s (2m of work, 30s waiting for you) and cost $1.20 against a forecast of $2.50."
    )
    assert summary(found) in plot
    assert 'role="img"' in plot
    assert "forecast $2.50" in plot


def test_there_is_no_plot_of_a_cost_that_was_not_read() -> None:
    """One point is no line."""
    assert cost_plot(course((look(1, "Queued"), look(2, "Drafting", 0.1)), (), "g")) == ""
    assert cost_plot(course((), (), None)) == ""


numbers = st.floats(min_value=-1e6, max_value=1e9)


@given(
    st.lists(st.tuples(numbers, numbers, st.sampled_from(["Queued", "Drafting", "Failed", "Odd"])), max_size=12),
    st.one_of(st.none(), numbers),
)
@example([(0.0, 0.0, "Queued"), (1.0, 5e-324, "Drafting")], None)
@example([(0.0, 0.0, "Queued"), (1.0, 1e-300, "Drafting")], 1e-310)
@example([(0.0, 0.0, "Queued"), (1.0, 1.0, "Drafting"), (2.0, float("inf"), "Failed")], float("inf"))
@example([(0.0, 0.0, "Queued"), (1.0, 1.0, "Drafting")], float("nan"))
def test_every_plot_stays_within_its_frame(points: list[tuple[float, float, str]], forecast: float | None) -> None:
    """Whatever costs and moments were read, nothing is drawn beside the plot."""
    history = [look(at, state, cost) for at, cost, state in sorted(points)]
    if history and forecast is not None:
        history[-1] |= {
            "estimated_total_usd": forecast,
            "estimated_total_p25_usd": forecast,
            "estimated_total_p75_usd": 1,
        }
    plot = str(cost_plot(course(history, (), "g")))

    drawn = [float(x) for x in re.findall(r' (?:x|x1|x2|cx)="([^"]+)"', plot)]
    drawn_down = [float(y) for y in re.findall(r' (?:y|y1|y2|cy)="([^"]+)"', plot)]
    for pair in " ".join(re.findall(r'points="([^"]*)"', plot)).split():
        x, y = map(float, pair.split(","))
        drawn.append(x)
        drawn_down.append(y)
    assert all(-1 <= x <= 721 for x in drawn)
    assert all(-1 <= y <= 311 for y in drawn_down)
