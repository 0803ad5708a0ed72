"""The cost over time against estimate and limit: an inline SVG that follows the page's colours and can be read aloud.

It is drawn twice, for wide screens and for phones: one picture that shrinks would take its letters with it.
"""

from __future__ import annotations

import bisect
import collections
import itertools
import math
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows._course import CostPoint
from specstep_flows._html import Html, element, joined
from specstep_flows._text import duration, money, spaced
from specstep_flows.report.course import summary
from specstep_flows.states import stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from specstep_flows._course import Course, Span


TOP: Final = 30
BOTTOM: Final = 34
LEFT: Final = 52
RIGHT: Final = 14
#: Less than this is nothing: a plot of it would show how floats are rounded.
LEAST_USD: Final = 1e-6
#: About the width of a letter, in the plot's own units.
LETTER: Final = 6.6
#: A stay of less than this share of its name's width has no room for it.
LEAST_NAMED: Final = 0.3
#: Lines closer than this have their names on either side.
LINE_HEIGHT: Final = 15
#: A limit that is more than so many times what else is drawn would press it flat, and is only named.
FAR: Final = 2.0
#: A wait and a stretch that nobody watched take up to this share of the time that was watched, however long they were.
LONGEST: Final = {"wait": 0.3, "unwatched": 1.0}
#: Seconds between two marks of the time axis.
STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@attrs.frozen
class Frame:
    """The size of a plot, and how many marks its time axis has room for."""

    name: str
    width: int
    height: int
    most_marks: int


FRAMES: Final = (Frame("wide", 720, 300, 8), Frame("narrow", 350, 260, 4))


@attrs.frozen
class Stretch:
    """A part of the time axis: where it begins and ends in seconds, what it is, and how much room it is given."""

    began: float
    ended: float
    kind: str
    room: float


@attrs.define
class Axes:
    """From seconds and dollars to the plot's own units. Waits are drawn shorter where they would take all the room."""

    frame: Frame
    stretches: Sequence[Stretch]
    most_usd: float
    _begins: list[float] = attrs.field(init=False)
    _before: list[float] = attrs.field(init=False)
    _room: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begins = [stretch.began for stretch in self.stretches]
        self._before = [0.0]
        for stretch in self.stretches:
            self._before.append(self._before[-1] + stretch.room)
        self._room = self._before[-1] or 1.0

    @property
    def right(self) -> float:
        """The right end of the time axis."""
        return float(self.frame.width - RIGHT)

    def x(self, seconds: float) -> float:
        """Where a moment is."""
        place = max(0, bisect.bisect_right(self._begins, seconds) - 1)
        stretch = self.stretches[place]
        length = stretch.ended - stretch.began
        share = min(1.0, max(0.0, (seconds - stretch.began) / length)) if length else 0.0
        room = self._before[place] + share * stretch.room
        return round(LEFT + (self.right - LEFT) * room / self._room, 1)

    def y(self, usd: float) -> float:
        """Where an amount is."""
        height = self.frame.height - TOP - BOTTOM
        return round(self.frame.height - BOTTOM - height * min(1.0, max(0.0, usd) / self.most_usd), 1)

    def is_shortened(self, kind: str) -> bool:
        """Whether a stretch of a kind has less room than its time would have."""
        parts = [stretch for stretch in self.stretches if stretch.kind == kind]
        return any(stretch.room < stretch.ended - stretch.began for stretch in parts)


def costs(course: Course, limit_usd: float | None) -> Html:
    """The plot, and what it shows in words."""
    axes = [_axes(course, limit_usd, frame) for frame in FRAMES]
    if axes[0] is None:
        return element("p", "The cost was not read often enough for a plot.", class_="note")
    plots = [_plot(course, limit_usd, one) for one in axes if one is not None]
    return element("figure", *plots, element("figcaption", summary(course), " ", _legend(course, limit_usd, axes[0])))


def _legend(course: Course, limit_usd: float | None, axes: Axes) -> str:
    parts = ["Line: reported cost"]
    if any(not point.is_watched for point in course.costs):
        parts[0] += ", dashed where nobody watched" + (" (drawn shorter)" if axes.is_shortened("unwatched") else "")
    if course.forecast_usd is not None:
        has_band = course.low_usd is not None and course.high_usd is not None
        parts.append("Dashed across: estimate" + ("; band: 25th\u201375th percentile" if has_band else ""))
    if course.pauses:
        parts.append("Shaded: waiting" + (", drawn shorter than it was" if axes.is_shortened("wait") else ""))
    if limit_usd is not None and limit_usd > axes.most_usd:
        parts.append(f"The limit of {money(limit_usd)} is above the plot")
    if _marked(course):
        parts.append("Dots: incidents")
    return ". ".join(parts) + "."


def _axes(course: Course, limit_usd: float | None, frame: Frame) -> Axes | None:
    """The axes of the plot; None where the cost was not read at two moments at least."""
    points = [point for point in course.costs if math.isfinite(point.cost_usd)]
    if course.cost_looks < 2 or len(points) < 2 or points[-1].seconds <= points[0].seconds:
        return None
    drawn = [value for value in (course.forecast_usd, course.high_usd) if value is not None and math.isfinite(value)]
    most = max([point.cost_usd for point in points] + drawn)
    if limit_usd is not None and most < limit_usd <= FAR * most:
        most = limit_usd
    most_usd = _top(most) if most >= LEAST_USD else 1.0
    return Axes(frame, _stretches(course, max(course.seconds, points[-1].seconds)), most_usd)


def _stretches(course: Course, most_seconds: float) -> list[Stretch]:
    """The time axis in parts: what was watched in its true length, the rest no longer than fits."""
    edges = {0.0, most_seconds}
    for span in (*course.pauses, *course.unwatched):
        edges |= {min(max(0.0, edge), most_seconds) for edge in (span.began, span.ended)}
    parts: list[Stretch] = []
    ordered = sorted(edges)
    for began, ended in itertools.pairwise(ordered):
        kind = "wait" if _within(began, ended, course.pauses) else "watched"
        if kind == "watched" and _within(began, ended, course.unwatched):
            kind = "unwatched"
        if parts and parts[-1].kind == kind:
            began, parts = parts[-1].began, parts[:-1]
        parts.append(Stretch(began, ended, kind, ended - began))
    watched = sum(part.room for part in parts if part.kind == "watched")
    if not watched:
        return parts
    counts = collections.Counter(part.kind for part in parts)
    most = {kind: watched * min(share, 1.0 / max(1, counts[kind])) for kind, share in LONGEST.items()}
    return [attrs.evolve(part, room=min(part.room, most.get(part.kind, part.room))) for part in parts]


def _within(began: float, ended: float, spans: Iterable[Span]) -> bool:
    return any(span.began <= began and ended <= span.ended for span in spans)


def _step(most: float, most_steps: int) -> float:
    """The least of 1, 2 and 5 times a power of ten with which so many steps are enough."""
    power = 10.0 ** math.floor(math.log10(most / most_steps))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * most_steps >= most * (1 - 1e-9))


#: As many steps as the money axis has at most.
MONEY_STEPS: Final = 5


def _top(most_usd: float) -> float:
    """The next amount above with a mark at it."""
    step = _step(most_usd * 1.04, MONEY_STEPS)
    return step * math.ceil(most_usd * 1.04 / step - 1e-9)


def _plot(course: Course, limit_usd: float | None, axes: Axes) -> Html:
    name = axes.frame.name
    return element(
        "svg",
        element("title", "Cost over time against the estimate", id=f"plot-{name}-title"),
        element("desc", summary(course), id=f"plot-{name}-words"),
        _stretches_named(course, axes),
        _grid(axes),
        _lines(course, limit_usd, axes),
        _curve(course, axes),
        _incidents(course, axes),
        viewBox=f"0 0 {axes.frame.width} {axes.frame.height}",
        role="img",
        aria_labelledby=f"plot-{name}-title plot-{name}-words",
        class_=f"plot {name}",
    )


def _stretches_named(course: Course, axes: Axes) -> Html:
    """Waits shaded, a line where each stay in a stage began; and above them, where there is room, what they are.

    Waits are named first, then the longest stays.
    """
    bottom = axes.frame.height - BOTTOM
    parts: list[Html] = []
    names: list[tuple[float, float, str, str]] = []
    for stretch in axes.stretches:
        if stretch.kind == "wait":
            left, right = axes.x(stretch.began), axes.x(stretch.ended)
            words = f"waiting {duration(stretch.ended - stretch.began)}"
            shade = element("rect", x=left, y=TOP, width=round(right - left, 1), height=bottom - TOP, class_="wait")
            parts.append(element("g", element("title", words), shade))
            names.append((left, right, words, "wait-name"))
    visits = [visit for visit in course.visits if stage_of(visit.state) is not None and visit.seconds]
    for visit in sorted(visits, key=lambda visit: -(visit.seconds or 0.0)):
        at, name = axes.x(visit.began), spaced(visit.state)
        line = element("line", x1=at, x2=at, y1=TOP - 4, y2=bottom, class_="stage")
        parts.append(element("g", element("title", name), line))
        names.append((at, axes.x(visit.ended), name, "stage-name"))
    taken: list[tuple[float, float]] = []
    for at, until, name, class_ in names:
        if class_ == "wait-name":
            at = max(LEFT, min(at, axes.frame.width - LETTER * len(name) - 8))
        end = at + LETTER * len(name) + 8
        # A name that stands mostly over what came next would be read as its name.
        fits = end <= axes.frame.width + 0.1 and until - at >= LEAST_NAMED * (end - at)
        if fits and all(end <= left or right <= at for left, right in taken):
            taken.append((at, end))
            parts.append(element("text", name, x=at + 2, y=TOP - 9, class_=class_))
    return joined(parts)


def _moments(axes: Axes) -> list[float]:
    """Round moments of what was watched, as many as there is room for."""
    room = sum(stretch.room for stretch in axes.stretches)
    fitting = (step for step in STEPS if room / step <= axes.frame.most_marks)
    step = next(fitting, STEPS[-1] * math.ceil(room / STEPS[-1] / axes.frame.most_marks))
    found: list[float] = []
    for stretch in axes.stretches:
        if stretch.kind == "watched" or stretch.room == stretch.ended - stretch.began:
            first, last = math.ceil(stretch.began / step - 1e-9), math.floor(stretch.ended / step + 1e-9)
            found += [number * step for number in range(first, last + 1)]
    return sorted(set(found))


def _grid(axes: Axes) -> Html:
    parts: list[Html] = []
    step = _step(axes.most_usd, MONEY_STEPS)
    for number in range(round(axes.most_usd / step) + 1):
        at = axes.y(number * step)
        parts.append(element("line", x1=LEFT, x2=axes.right, y1=at, y2=at, class_="grid"))
        parts.append(element("text", _amount(number * step, step), x=LEFT - 8, y=at + 4, class_="tick tick-y"))
    free = 0.0
    for seconds in _moments(axes):
        at, words = axes.x(seconds), duration(seconds)
        half = LETTER * len(words) / 2
        # The words are centred under their moment, so a mark at the very edge would be cut.
        is_first, is_last = at - half < LEFT, at + half > axes.frame.width
        left = at if is_first else at - 2 * half if is_last else at - half
        if left < free:
            continue
        free = left + 2 * half + LETTER
        class_ = "tick tick-first" if is_first else "tick tick-last" if is_last else "tick"
        parts.append(element("line", x1=at, x2=at, y1=axes.y(0), y2=axes.y(0) + 5, class_="grid"))
        parts.append(element("text", words, x=at, y=axes.frame.height - BOTTOM + 20, class_=class_))
    return joined(parts)


def _amount(usd: float, step: float) -> str:
    """An amount with as many decimals as its step needs: ``$5``, ``$0.50``, ``$0.002``."""
    decimals = 0 if step >= 1 else max(2, -math.floor(math.log10(step) + 1e-9))
    return f"${usd:,.{decimals}f}"


def _lines(course: Course, limit_usd: float | None, axes: Axes) -> Html:
    """The estimate as a dashed line with its middle half as a band, and the limit."""
    parts: list[Html] = []
    wide = round(axes.right - LEFT, 1)
    low, high = course.low_usd, course.high_usd
    if course.forecast_usd is not None and low is not None and high is not None and high > low:
        top, bottom = axes.y(high), axes.y(low)
        parts.append(element("rect", x=LEFT, y=top, width=wide, height=round(bottom - top, 1), class_="range"))
    lines = [("estimate", course.forecast_usd), ("limit", limit_usd)]
    drawn = [(kind, usd) for kind, usd in lines if usd is not None and usd <= axes.most_usd]
    heights = [axes.y(usd) for _, usd in drawn]
    are_close = len(heights) == 2 and abs(heights[0] - heights[1]) < LINE_HEIGHT
    for (kind, usd), at in zip(drawn, heights, strict=True):
        parts.append(element("line", x1=LEFT, x2=axes.right, y1=at, y2=at, class_=kind))
        is_under = are_close and at == max(heights)
        below = at + 13 if is_under else at - 6
        parts.append(element("text", f"{kind} {money(usd)}", x=LEFT + 6, y=round(below, 1), class_=f"{kind}-name"))
    return joined(parts)


def _curve(course: Course, axes: Axes) -> Html:
    """What was spent, with the stretches dashed of which nobody saw how it came to that."""
    points = _points(course)
    places = [(axes.x(point.seconds), axes.y(point.cost_usd)) for point in points]
    words = [f"{x},{y}" for x, y in places]
    area = f"M{places[0][0]},{axes.y(0)} L{' L'.join(words)} L{places[-1][0]},{axes.y(0)} Z"
    parts = [element("path", d=area, class_="area")]
    begin = 0
    for number in range(1, len(points)):
        if number + 1 == len(points) or points[number + 1].is_watched != points[number].is_watched:
            class_ = "cost" if points[number].is_watched else "cost unwatched"
            parts.append(element("polyline", points=" ".join(words[begin : number + 1]), class_=class_))
            begin = number
    parts.append(element("circle", cx=places[-1][0], cy=places[-1][1], r=4, class_="end"))
    return joined(parts)


def _marked(course: Course) -> list[tuple[float, str]]:
    """The incidents that the plot marks, with their moments. Waits are shaded already."""
    return [
        (incident.seconds, incident.text)
        for incident in course.incidents
        if incident.seconds is not None and not _within(incident.seconds, incident.seconds, course.pauses)
    ]


def _incidents(course: Course, axes: Axes) -> Html:
    marks: list[Html] = []
    for seconds, text in _marked(course):
        mark = element("circle", cx=axes.x(seconds), cy=axes.y(_cost_at(course, seconds)), r=5, class_="incident")
        marks.append(element("g", element("title", text), mark))
    return joined(marks)


def _points(course: Course) -> list[CostPoint]:
    """The cost as it grew, flat through waits also where nobody watched."""
    points: list[CostPoint] = []
    for point in course.costs:
        if not math.isfinite(point.cost_usd):
            continue
        if points and not point.is_watched:
            points += _through_waits(course, points[-1], point)
        points.append(point)
    return points


def _through_waits(course: Course, before: CostPoint, after: CostPoint) -> list[CostPoint]:
    """The edges of the waits between two points, with what had been spent by then at an even pace of work."""
    waits = [
        (max(span.began, before.seconds), min(span.ended, after.seconds))
        for span in course.pauses
        if span.began < after.seconds and span.ended > before.seconds
    ]
    worked = after.seconds - before.seconds - sum(ended - began for began, ended in waits)
    if worked <= 0:
        # It was all waiting, and cost something all the same: nobody knows when.
        return [CostPoint(after.seconds, before.cost_usd)]
    pace = (after.cost_usd - before.cost_usd) / worked
    found: list[CostPoint] = []
    at, cost = before.seconds, before.cost_usd
    for began, ended in waits:
        cost += pace * (began - at)
        found += [CostPoint(began, cost, is_watched=False), CostPoint(ended, cost)]
        at = ended
    return found


def _cost_at(course: Course, seconds: float) -> float:
    """The cost at a moment, on the line."""
    points = _points(course)
    before = points[0]
    for point in points:
        if point.seconds >= seconds:
            length = point.seconds - before.seconds
            share = (seconds - before.seconds) / length if length > 0 else 1.0
            return before.cost_usd + min(1.0, max(0.0, share)) * (point.cost_usd - before.cost_usd)
        before = point
    return before.cost_usd
