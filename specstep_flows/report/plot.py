"""The cost over time against the forecast, as an inline SVG that follows the page's colours and can be read aloud."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from specstep_flows._html import EMPTY, Html, element, joined
from specstep_flows._text import duration, money, spaced
from specstep_flows.report.course import summary
from specstep_flows.states import stage_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from specstep_flows._course import Course

    Scale: TypeAlias = Callable[[float], float]

WIDTH: Final = 720
HEIGHT: Final = 310
LEFT: Final = 58
RIGHT: Final = 16
TOP: Final = 44
BOTTOM: Final = 40
#: Less than this is nothing: a plot of it would show how floats are rounded.
LEAST_USD: Final = 1e-6
#: About the width of a letter of a stage's name, in the plot's own units.
LETTER: Final = 6.4
#: Seconds between two marks of the time axis.
STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


def cost_plot(course: Course) -> Html:
    """The plot; nothing where the cost was not read at two moments at least."""
    points = [(point.seconds, point.cost_usd) for point in course.costs if math.isfinite(point.cost_usd)]
    if course.cost_looks < 2 or points[-1][0] <= points[0][0]:
        return EMPTY
    most_seconds = max(course.seconds, points[-1][0])
    most_usd = max([cost for _, cost in points] + [value for value in (course.forecast_usd, course.high_usd) if value])
    most_usd = _rounded_up(most_usd * 1.05) if most_usd >= LEAST_USD else 1.0

    def x(seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * seconds / most_seconds, 1)

    def y(usd: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(0.0, usd) / most_usd, 1)

    line = " ".join(f"{x(seconds)},{y(cost)}" for seconds, cost in points)
    area = f"M{x(points[0][0])},{y(0)} L{line.replace(' ', ' L')} L{x(points[-1][0])},{y(0)} Z"
    return element(
        "svg",
        element("title", "Cost over time against the forecast", id="plot-title"),
        element("desc", summary(course), id="plot-words"),
        _stages(course, x),
        _grid(most_usd, most_seconds, x, y),
        _forecast(course, y),
        element("path", d=area, class_="area"),
        element("polyline", points=line, class_="cost"),
        element("circle", cx=x(points[-1][0]), cy=y(points[-1][1]), r=4, class_="end"),
        _incidents(course, x, points, y),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby="plot-title plot-words",
        class_="plot",
    )


def _rounded_up(value: float) -> float:
    """The next round number above: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    raise AssertionError("unreachable")


def _stages(course: Course, x: Scale) -> Html:
    """A line where each stay in a stage began, named in one of two rows where there is room."""
    parts: list[Html] = []
    free_from = [0.0, 0.0]
    for visit in course.visits:
        if stage_of(visit.state) is None or visit.seconds is None:
            continue
        at, name = x(visit.began), spaced(visit.state)
        line = element("line", x1=at, x2=at, y1=TOP - 6, y2=HEIGHT - BOTTOM, class_="stage")
        parts.append(element("g", element("title", name), line))
        end = at + LETTER * len(name) + 10
        row = next((number for number, free in enumerate(free_from) if at >= free and end <= WIDTH), None)
        if row is not None:
            free_from[row] = end
            parts.append(element("text", name, x=at + 3, y=TOP - 10 - 15 * row, class_="stage-name"))
    return joined(parts)


def _steps(most_seconds: float) -> list[float]:
    """Round moments, four to eight of them."""
    fitting = (step for step in STEPS if most_seconds / step <= 8)
    step = next(fitting, STEPS[-1] * math.ceil(most_seconds / STEPS[-1] / 8))
    return [step * number for number in range(int(most_seconds // step) + 1)]


def _grid(most_usd: float, most_seconds: float, x: Scale, y: Scale) -> Html:
    parts: list[Html] = []
    for step in range(5):
        usd = most_usd * step / 4
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(usd), y2=y(usd), class_="grid"))
        parts.append(element("text", money(usd), x=LEFT - 8, y=y(usd) + 4, class_="tick tick-y"))
    for seconds in _steps(most_seconds):
        # The words are centred under their moment, so a mark at the very edge would be cut.
        is_last = x(seconds) > WIDTH - RIGHT - 20
        anchor = "tick tick-last" if is_last else "tick" if seconds else "tick tick-first"
        parts.append(element("text", duration(seconds), x=x(seconds), y=HEIGHT - BOTTOM + 22, class_=anchor))
    return joined(parts)


def _forecast(course: Course, y: Scale) -> Html:
    """The forecast as a dashed line, and its middle half as a band."""
    if course.forecast_usd is None:
        return EMPTY
    parts: list[Html] = []
    if course.low_usd is not None and course.high_usd is not None and course.high_usd > course.low_usd:
        top, bottom = y(course.high_usd), y(course.low_usd)
        parts.append(
            element("rect", x=LEFT, y=top, width=WIDTH - LEFT - RIGHT, height=round(bottom - top, 1), class_="range")
        )
    at = y(course.forecast_usd)
    parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="forecast"))
    parts.append(
        element("text", f"forecast {money(course.forecast_usd)}", x=LEFT + 6, y=at - 6, class_="forecast-name")
    )
    return joined(parts)


def _incidents(course: Course, x: Scale, points: list[tuple[float, float]], y: Scale) -> Html:
    marks: list[Html] = []
    for incident in course.incidents:
        if incident.seconds is None:
            continue
        seconds = incident.seconds
        cost = next((cost for at, cost in points if at >= seconds), points[-1][1])
        mark = element("circle", cx=x(seconds), cy=y(cost), r=5, class_="incident")
        marks.append(element("g", element("title", incident.text), mark))
    return joined(marks)
