"""A generation's course in time, of which the display, ``show``, the report and the receipt all speak: one duration,
split into work and waiting for somebody, and costs that add up.

It is made of what the run's record has: the looks at the generation (``flows.history``), and the moments that the
service's events told. The events (whose fields are undocumented) are exact; a look is up to half a minute late, and
where nobody looked, nobody knows. ``models`` and records hand their objects over from below, so their types are not
named here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from specstep_flows._text import duration, plain_line, spaced, whole_seconds
from specstep_flows.states import is_one_of, is_terminal, is_waiting, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A look is due every two minutes at the latest. After a longer silence, what happened meanwhile was not watched.
UNWATCHED_SECONDS: Final = 180.0
#: Moments of two clocks that agree differ by no more than this, in seconds.
CLOCKS_AGREE: Final = 2.0
#: A generation that is older than this when it is first seen is not: the two clocks have nothing to do with each other.
OLDEST_SECONDS: Final = 400 * 86400.0
#: Less than this, in US dollars, is how floats are rounded.
LEAST_USD: Final = 1e-9

_STATE_NAMES: Final = ("to_state", "new_state", "state", "stage")
_TIME_NAMES: Final = ("occurred_at", "created_at", "timestamp", "at", "time")


@attrs.frozen
class Duration:
    """How long a generation took, or has taken until it was last read; seconds.

    ``waiting_seconds`` of them passed while it waited for somebody: for answers, or because somebody paused it.
    ``unwatched_seconds`` passed in states that nobody saw. The rest was work, the queue included.
    """

    seconds: float = 0.0
    waiting_seconds: float = 0.0
    unwatched_seconds: float = 0.0

    @property
    def working_seconds(self) -> float:
        """What was neither waiting nor unwatched."""
        return max(0.0, self.seconds - self.waiting_seconds - self.unwatched_seconds)

    @property
    def parts(self) -> str | None:
        """The split in words, if there is one: ``12m 13s of work, 9m 33s waiting for you``."""
        whole, working, unwatched = map(whole_seconds, (self.seconds, self.working_seconds, self.unwatched_seconds))
        waiting = whole - working - unwatched
        if not whole_seconds(self.waiting_seconds) and not unwatched:
            return None
        named = ((working, "of work"), (waiting, "waiting for you"), (unwatched, "not watched"))
        return ", ".join(f"{duration(seconds)} {what}" for seconds, what in named if seconds > 0)

    @property
    def words(self) -> str:
        """The whole, and its split in brackets where there is one."""
        return duration(self.seconds) + (f" ({self.parts})" if self.parts else "")

    @property
    def document(self) -> dict[str, float]:
        """The duration as JSON has it: in milliseconds' precision, the parts add up."""
        names = ("working_seconds", "waiting_seconds", "unwatched_seconds")
        parts = adding_up([getattr(self, name) for name in names], 3)
        return {"seconds": round(sum(parts), 3), **dict(zip(names, parts, strict=True))}

    def later(self, seconds: float, state: str | None) -> Duration:
        """The same after ``seconds`` more in ``state``."""
        waited = seconds if is_waiting(state) else 0.0
        return attrs.evolve(self, seconds=self.seconds + seconds, waiting_seconds=self.waiting_seconds + waited)


@attrs.frozen
class Visit:
    """One stay in one state. Times are seconds from the start; ``seconds`` is None where no time was spent in it."""

    state: str
    began: float
    seconds: float | None
    cost_usd: float | None = None

    @property
    def ended(self) -> float:
        """When it was left, or read last."""
        return self.began + (self.seconds or 0.0)

    @property
    def spends(self) -> bool:
        """Whether work in this state can cost something."""
        return not is_waiting(self.state) and not is_terminal(self.state) and stage_of(self.state) != 0


@attrs.frozen
class Span:
    """A stretch of time: a pause, or one that nobody watched."""

    began: float
    ended: float
    state: str | None = None


@attrs.frozen
class CostPoint:
    """What had been spent after ``seconds``; ``is_watched`` is False if nobody saw how it came to that."""

    seconds: float
    cost_usd: float
    is_watched: bool = True


@attrs.frozen
class Incident:
    """Something that did not go as usual, ``seconds`` after the start where that is known."""

    seconds: float | None
    text: str


@attrs.frozen
class Row:
    """What one state took and cost, over all stays. ``state`` is None for what nobody watched.

    Seconds are whole and costs whole cents (of a cost below a cent: thousandths), rounded so that they add up.
    """

    state: str | None
    label: str
    stays: int
    seconds: float | None
    cost_usd: float | None


@attrs.frozen
class Course:
    """The course of a generation. ``is_exact`` when the service's own events gave the moments.

    ``visits`` and ``unwatched`` (where no state is known) fill the time from the start to ``seconds``. The costs of
    ``visits`` and ``unwatched_usd`` add up to ``cost_usd``.
    """

    visits: tuple[Visit, ...] = ()
    costs: tuple[CostPoint, ...] = ()
    incidents: tuple[Incident, ...] = ()
    forecast_usd: float | None = None
    low_usd: float | None = None
    high_usd: float | None = None
    forecast_seconds: float | None = None
    is_exact: bool = False
    #: From the start to the end, or to the last look.
    seconds: float = 0.0
    #: The state that was read last.
    state: str | None = None
    #: The waits for somebody.
    pauses: tuple[Span, ...] = ()
    #: Where nobody looked. With the service's events, the states are known all the same.
    unwatched: tuple[Span, ...] = ()
    #: What was spent where nobody looked, and in which state is not known.
    unwatched_usd: float = 0.0
    #: At how many looks a cost was read.
    cost_looks: int = 0
    #: When it was read last, on the run's clock; None without a look.
    read_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return is_terminal(self.state)

    @property
    def cost_usd(self) -> float | None:
        """What it had cost when that was last read."""
        return self.costs[-1].cost_usd if self.costs else None

    @property
    def duration(self) -> Duration:
        """The time it took, or has taken."""
        known = sum(visit.seconds or 0.0 for visit in self.visits)
        waiting = sum(span.ended - span.began for span in self.pauses)
        return Duration(self.seconds, waiting, max(0.0, self.seconds - known) if self.visits else 0.0)

    def rows(self, *more: tuple[str, float]) -> tuple[Row, ...]:
        """Each state that was seen, in the order of the first stay, and what nobody watched; they add up.

        ``more`` are labels and costs of what is not part of this course, such as earlier attempts.
        """
        states = tuple(dict.fromkeys(visit.state for visit in self.visits))
        times: list[float] = [self.seconds_in(state) or 0.0 for state in states]
        costs: list[float] = [self.cost_in(state) or 0.0 for state in states]
        unwatched = self.duration.unwatched_seconds
        seconds = adding_up([*times, unwatched], 0)
        more_usd = [cost for _, cost in more]
        usd = adding_up([*costs, self.unwatched_usd, *more_usd], cents((self.cost_usd or 0.0) + sum(more_usd)))
        rows = [
            Row(
                state,
                spaced(state),
                sum(visit.state == state for visit in self.visits),
                None if self.seconds_in(state) is None else seconds[place],
                None if self.cost_in(state) is None else usd[place],
            )
            for place, state in enumerate(states)
        ]
        if seconds[-1] or usd[len(states)]:
            rows.append(Row(None, "Not watched", 0, seconds[-1] or None, usd[len(states)]))
        rows += [Row(None, label, 0, None, usd[len(states) + 1 + place]) for place, (label, _) in enumerate(more)]
        return tuple(rows)

    def seconds_in(self, state: str) -> float | None:
        """The time spent in a state, over all stays; None when it was never seen, or took no time."""
        known = [visit.seconds for visit in self.visits if visit.state == state and visit.seconds is not None]
        return sum(known) if known else None

    def cost_in(self, state: str) -> float | None:
        """What was spent while in a state, as far as it is known."""
        known = [visit.cost_usd for visit in self.visits if visit.state == state and visit.cost_usd is not None]
        return sum(known) if known else None


def cents(usd: float | None) -> int:
    """With how many decimals an amount is shown: see ``_text.money``."""
    return 3 if usd is not None and 0 < abs(usd) < 0.01 else 2


def adding_up(values: Sequence[float], digits: int) -> list[float]:
    """The values rounded to so many decimals, in such a way that they add up to their rounded sum."""
    rounded: list[float] = []
    whole = shown = 0.0
    for value in values:
        whole += value
        upto = round(round(whole, 9), digits)
        rounded.append(round(upto - shown, digits))
        shown = upto
    return rounded


@attrs.frozen
class _Look:
    """A look of the record, ``at`` seconds after the start."""

    at: float
    state: str
    cost_usd: float | None
    is_after_gap: bool
    sample: Mapping[str, Any]


def course(
    history: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]] = (), generation_id: object = None
) -> Course:
    """The course of one generation of a run; the record's looks at earlier attempts are left out.

    ``events`` are the service's own, if they were read just now; else those that the record kept are used.
    """
    samples = [
        sample
        for sample in history
        if is_number(sample.get("at"))
        and sample.get("generation_id") in (None if generation_id is None else str(generation_id), None)
    ]
    kept: Any = next((sample["moments"] for sample in reversed(samples) if sample.get("moments")), ())
    moments = moments_in(events) or [(moment, state) for moment, state in kept]
    started, offset = _start(samples, moments)
    looks = _looks(samples, started + offset)
    ended = _end(samples, moments, looks, started)
    moments = [(max(0.0, moment - started), state) for moment, state in moments]
    visits, gaps = _visits(moments, looks, ended)
    looks = [attrs.evolve(look, at=min(look.at, ended)) for look in looks]
    visits, costs, unwatched_usd = _spent(visits, looks, gaps, ended)
    told: Mapping[str, Any] = next((sample for sample in reversed(samples) if "estimated_total_usd" in sample), {})
    return Course(
        visits=tuple(visits),
        costs=tuple(costs),
        incidents=tuple(_incidents(looks)),
        forecast_usd=_number(told.get("estimated_total_usd")),
        low_usd=_number(told.get("estimated_total_p25_usd")),
        high_usd=_number(told.get("estimated_total_p75_usd")),
        forecast_seconds=_number(told.get("estimated_duration_seconds")),
        is_exact=bool(moments),
        seconds=ended,
        state=looks[-1].state if looks else moments[-1][1] if moments else None,
        pauses=tuple(
            Span(visit.began, visit.ended, visit.state) for visit in visits if visit.seconds and is_waiting(visit.state)
        ),
        unwatched=tuple(gaps),
        unwatched_usd=unwatched_usd,
        cost_looks=sum(look.cost_usd is not None for look in looks),
        read_at=samples[-1]["at"] if samples else None,
    )


# Clocks: the service's, on which events and stamps are, and the run's, on which looks are.


def _start(samples: Sequence[Mapping[str, Any]], moments: Sequence[tuple[float, str]]) -> tuple[float, float]:
    """When it started, on the service's clock, and by how much the run's clock is ahead of that one."""
    stamps = [sample["started"] for sample in samples if is_number(sample.get("started"))]
    started = min([*stamps[-1:], *(moment for moment, _ in moments[:1])], default=None)
    first = samples[0]["at"] if samples else 0.0
    told = next((sample for sample in samples if is_number(sample.get("began"))), None)
    if told is not None:
        # The service said how long it had worked when it was looked at.
        began = min(told["began"], first)
        return (began, 0.0) if started is None else (started, told["began"] - stamps[-1] if stamps else began - started)
    if started is None:
        return first, 0.0
    if not samples:
        return started, 0.0
    if moments:
        return started, _fitting_offset(samples, moments)
    agree = -CLOCKS_AGREE <= first - started <= OLDEST_SECONDS
    return started, 0.0 if agree else first - started


def _fitting_offset(samples: Sequence[Mapping[str, Any]], moments: Sequence[tuple[float, str]]) -> float:
    """The offset of the run's clock with which each look saw the state of its moment."""
    least, most = -math.inf, math.inf
    ends = [moment for moment, _ in moments[1:]] + [math.inf]
    for sample in samples:
        stays = [
            (began, until)
            for (began, state), until in zip(moments, ends, strict=True)
            if is_one_of(sample.get("state"), state)
        ]
        if stays:
            least = max(least, sample["at"] - max(until for _, until in stays))
            most = min(most, sample["at"] - min(began for began, _ in stays))
    if most == math.inf:
        return float(samples[0]["at"] - moments[0][0])
    if least - CLOCKS_AGREE <= 0.0 <= most + CLOCKS_AGREE:
        return 0.0
    # The look that came soonest after a change is taken to have seen it at once.
    return most


def _looks(samples: Sequence[Mapping[str, Any]], zero: float) -> list[_Look]:
    looks: list[_Look] = []
    at = 0.0
    for sample in samples:
        # A clock that was set back in between does not turn the course back.
        at = max(at, sample["at"] - zero)
        is_late = bool(sample.get("unwatched")) or (not looks and at > UNWATCHED_SECONDS)
        looks.append(_Look(at, plain_line(sample.get("state")), _number(sample.get("cost_usd")), is_late, sample))
    return looks


def _end(
    samples: Sequence[Mapping[str, Any]],
    moments: Sequence[tuple[float, str]],
    looks: Sequence[_Look],
    started: float,
) -> float:
    """When it ended, or was last read: seconds from the start."""
    last = looks[-1] if looks else None
    if last is not None and is_number(last.sample.get("ended")):
        return max(0.0, float(last.sample["ended"]) - started)
    over = [moment - started for moment, state in moments if is_terminal(state)]
    if over:
        # Cancelled: neither of its two stamps is set, and its events have the moment.
        return max(0.0, over[-1])
    if last is not None and is_terminal(last.state):
        # Looked at again after its end, it has not gone on.
        return next(look.at for look in looks if is_terminal(look.state))
    ends = [look.at for look in looks[-1:]] + [moment - started for moment, _ in moments[-1:]]
    return max(0.0, max(ends, default=0.0))


def moments_in(events: Iterable[Mapping[str, Any]]) -> list[tuple[float, str]]:
    """The changes of state among the service's events, in seconds on its clock; empty where they cannot be read."""
    found: list[tuple[float, str]] = []
    for event in events:
        state = next((event[name] for name in _STATE_NAMES if isinstance(event.get(name), str)), None)
        moment = next((_time(event[name]) for name in _TIME_NAMES if isinstance(event.get(name), str)), None)
        if state is not None and moment is not None:
            found.append((moment, plain_line(state)))
    found.sort(key=lambda pair: pair[0])
    return found if len(found) >= 2 and any(stage_of(state) is not None for _, state in found) else []


def _time(text: str) -> float | None:
    from dateutil.parser import isoparse  # many modules, for events alone

    try:
        moment = isoparse(text)
        # A stamp without an offset is good enough among its like.
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


# States.


def _visits(
    moments: Sequence[tuple[float, str]], looks: Sequence[_Look], ended: float
) -> tuple[list[Visit], list[Span]]:
    """The stays in states, and the stretches that nobody watched."""
    gaps = _gaps(looks, ended)
    changes: list[tuple[float, str | None]] = []
    for moment, state in moments:
        if not changes or changes[-1][1] != state:
            changes.append((min(moment, ended), state))
    told_until = changes[-1][0] + CLOCKS_AGREE if changes else -1.0
    is_told = bool(changes) and is_terminal(changes[-1][1])
    for number, look in enumerate(looks):
        if is_told or look.at <= told_until:
            continue
        before = changes[-1][1] if changes else None
        gap = next((gap for gap in gaps if gap.ended == min(look.at, ended) and look.is_after_gap), None)
        if gap is not None and (number == 0 or not moments or gap.began > told_until):
            changes.append((gap.began, None))
            changes.append((min(look.at, ended), look.state))
        elif look.state != before:
            # Without events, the first look shows what was there from the start.
            changes.append((min(look.at, ended) if changes else 0.0, look.state))
    visits: list[Visit] = []
    for number, (began, known) in enumerate(changes):
        until = changes[number + 1][0] if number + 1 < len(changes) else ended
        if known is not None:
            none = is_terminal(known) or (number == len(changes) - 1 and until <= began)
            visits.append(Visit(known, began, None if none else max(0.0, until - began)))
    return visits, gaps


def _gaps(looks: Sequence[_Look], ended: float) -> list[Span]:
    """The stretches without a look; not those within one wait, at whose ends nothing had changed."""
    gaps: list[Span] = []
    before: _Look | None = None
    for look in looks:
        if look.is_after_gap:
            is_same = before is not None and before.state == look.state and is_waiting(look.state)
            if not (is_same and before is not None and before.cost_usd == look.cost_usd):
                gap = Span(min(before.at if before is not None else 0.0, ended), min(look.at, ended))
                gaps += [gap] if gap.began < gap.ended else []
        before = look
    return gaps


# Costs.


def _spent(
    visits: list[Visit], looks: Sequence[_Look], gaps: Sequence[Span], ended: float
) -> tuple[list[Visit], list[CostPoint], float]:
    """The visits with their costs, the cost as it grew, and what was spent nobody knows where.

    Between two looks, the cost grew while there was work: it stays as it was in the queue and through a pause.
    """
    read = [look for look in looks if look.cost_usd is not None]
    if not read:
        return visits, [], 0.0
    spent = [0.0] * len(visits)
    points = [CostPoint(0.0, 0.0)] if read[0].at > 0.0 else []
    unwatched = at = cost = 0.0
    for look in read:
        growth = (look.cost_usd or 0.0) - cost
        is_watched = not any(gap.began < look.at and gap.ended > at for gap in gaps)
        parts = [
            (place, max(at, began), min(look.at, until))
            for place, began, until in _spending(visits, ended)
            if min(look.at, until) > max(at, began)
        ]
        states = {None if place is None else visits[place].state for place, *_ in parts}
        is_known = None not in states and (is_watched or len(states) == 1)
        worked = sum(until - since for _, since, until in parts)
        for place, since, until in parts if abs(growth) >= LEAST_USD else ():
            share = growth * (until - since) / worked
            if points and points[-1].seconds < since:
                points.append(CostPoint(since, cost, is_watched))
            cost += share
            points.append(CostPoint(until, cost, is_watched))
            if place is not None and is_known:
                spent[place] += share
            else:
                unwatched += share
        if not parts:
            here = next((place for place, visit in enumerate(visits) if abs(visit.began - look.at) <= 1e-6), None)
            if is_watched and here is not None and visits[here].spends:
                # The look that saw the wait end was late: the work behind it had begun.
                spent[here] += growth
            else:
                unwatched += growth
        if points and points[-1].seconds < look.at:
            points.append(CostPoint(look.at, cost, is_watched))
        at, cost = look.at, look.cost_usd or 0.0
        points.append(CostPoint(at, cost, is_watched))
    if points[-1].seconds < ended:
        points.append(CostPoint(ended, cost))
    kept = [point for number, point in enumerate(points) if number == 0 or point != points[number - 1]]
    return [attrs.evolve(visit, cost_usd=usd) for visit, usd in zip(visits, spent, strict=True)], kept, unwatched


def time_of(at: float, last: float, updated_at: datetime) -> datetime:
    """A moment on the run's clock as a time; ``last`` is that of the last look, when the record was written.

    The clock of a sandbox that is sped up tells no time: then the last look was when the record was written.
    """
    agree = abs(last - updated_at.timestamp()) <= OLDEST_SECONDS
    try:
        return datetime.fromtimestamp(at if agree else updated_at.timestamp() + at - last, UTC)
    except (ValueError, OverflowError, OSError):
        return updated_at


def looks_as_told(history: Sequence[Mapping[str, Any]], updated_at: datetime) -> list[dict[str, Any]]:
    """The looks of a record for programs: with times in place of seconds on the run's clock or the service's."""
    last = history[-1]["at"] if history else 0.0
    told: list[dict[str, Any]] = []
    for sample in history:
        times = {"at": time_of(sample["at"], last, updated_at)}
        if is_number(sample.get("began")):
            times["began_at"] = time_of(sample["began"], last, updated_at)
        for name in ("started", "ended"):
            if is_number(sample.get(name)):
                times[f"{name}_at"] = time_of(sample[name], sample[name], updated_at)
        moments = [
            {"at": time_of(moment, moment, updated_at), "state": state} for moment, state in sample.get("moments", ())
        ]
        rest = {name: value for name, value in sample.items() if name not in ("at", "began", "started", "ended")}
        told.append({**times, **rest, **({"moments": moments} if moments else {})})
    return told


def _spending(visits: Sequence[Visit], ended: float) -> list[tuple[int | None, float, float]]:
    """The stretches in which something may have been spent: visits by their place, and what no visit covers."""
    found: list[tuple[int | None, float, float]] = []
    at = 0.0
    for place, visit in enumerate(visits):
        if visit.began > at:
            found.append((None, at, visit.began))
        if visit.spends:
            found.append((place, visit.began, visit.ended))
        at = max(at, visit.ended)
    return found if at >= ended else [*found, (None, at, ended)]


def is_number(value: object) -> bool:
    """Whether a value of the record is a number that can be reckoned with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and is_number(value) else None


# Incidents.


def _incidents(looks: Sequence[_Look]) -> list[Incident]:
    """What changed between two looks beyond ordinary progress."""
    incidents: list[Incident] = []
    before: Mapping[str, Any] = {}
    for look in looks:
        sample = look.sample
        retries, retried = sample.get("retry_count") or 0, before.get("retry_count") or 0
        if retries > retried:
            why = sample.get("recoverable_error_category")
            kind = f" ({plain_line(why).replace('_', ' ')})" if why else ""
            number = retries - retried
            incidents.append(
                Incident(look.at, f"{number} {'retry' if number == 1 else 'retries'} after a provider's error{kind}.")
            )
        resumed = (sample.get("host_restart_resume_count") or 0) - (before.get("host_restart_resume_count") or 0)
        if resumed > 0:
            incidents.append(Incident(look.at, "Resumed after a host restart; repeated work raises the cost."))
        state, earlier = str(sample.get("state")), before.get("state")
        if state != earlier:
            incidents += _of_state(state, sample, look.at)
        before = sample
    return incidents


def _of_state(state: str, sample: Mapping[str, Any], at: float) -> list[Incident]:
    if is_one_of(state, "PausedAwaitingClarification"):
        return [Incident(at, "Paused for your answers; nothing was spent meanwhile.")]
    if is_one_of(state, "paused"):
        return [Incident(at, "Paused; nothing was spent meanwhile.")]
    if is_one_of(state, "failed"):
        category = sample.get("failure_category")
        return [Incident(at, "Failed" + (f" ({plain_line(category)})." if category else "."))]
    if is_one_of(state, "cancelled"):
        return [Incident(at, "Cancelled on request.")]
    if stage_of(state) is None:
        return [Incident(at, f"Unknown state: {spaced(plain_line(state))}.")]
    return []
