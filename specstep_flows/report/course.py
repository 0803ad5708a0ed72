"""A generation's course in time: the stages with their durations, the cost as it grew, and what went wrong on the way.

The service's events give the exact moments where they can be read (their fields are undocumented); otherwise the polls
in the run's record do, each of which is up to half a minute late.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
from dateutil.parser import isoparse

from specstep_flows._text import duration, money, plain_line, spaced
from specstep_flows.states import is_one_of, is_terminal, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from specstep_flows.flows.history import Sample

_STATE_NAMES: Final = ("to_state", "new_state", "state", "stage")
_TIME_NAMES: Final = ("occurred_at", "created_at", "timestamp", "at", "time")


@attrs.frozen
class Visit:
    """One stay in one state. Times are seconds from the first moment known; ``seconds`` is None for the last stay."""

    state: str
    began: float
    seconds: float | None
    cost_usd: float | None = None


@attrs.frozen
class CostPoint:
    """What had been spent after ``seconds``."""

    seconds: float
    cost_usd: float


@attrs.frozen
class Incident:
    """Something that did not go as usual, ``seconds`` after the start where that is known."""

    seconds: float | None
    text: str


@attrs.frozen
class Course:
    """The course of a generation. ``is_exact`` when the service's own events gave the moments."""

    visits: tuple[Visit, ...] = ()
    costs: tuple[CostPoint, ...] = ()
    incidents: tuple[Incident, ...] = ()
    forecast_usd: float | None = None
    low_usd: float | None = None
    high_usd: float | None = None
    forecast_seconds: float | None = None
    is_exact: bool = False

    @property
    def seconds(self) -> float:
        """From the first moment known to the last."""
        ends = [visit.began + (visit.seconds or 0.0) for visit in self.visits]
        return max([*ends, *(point.seconds for point in self.costs)], default=0.0)

    def seconds_in(self, state: str) -> float | None:
        """The time spent in a state, over all stays; None when it was never seen, or its end was not."""
        stays = [visit.seconds for visit in self.visits if visit.state == state]
        known = [seconds for seconds in stays if seconds is not None]
        return sum(known) if known else None

    def cost_in(self, state: str) -> float | None:
        """What was spent while in a state, as the polls saw it."""
        known = [visit.cost_usd for visit in self.visits if visit.state == state and visit.cost_usd is not None]
        return sum(known) if known else None


def course(history: Sequence[Sample], events: Sequence[Mapping[str, Any]], generation_id: str | None) -> Course:
    """The course of one generation of a run; the record's polls of earlier attempts are left out."""
    looks = [
        look
        for look in history
        if isinstance(look.get("at"), int | float) and look.get("generation_id") in (generation_id, None)
    ]
    start = looks[0]["at"] if looks else 0.0
    moments = _moments(events)
    is_exact = len(moments) >= 2
    if not is_exact:
        moments = [(look["at"] - start, str(look.get("state"))) for look in looks]
    costs = tuple(
        CostPoint(look["at"] - start, float(look["cost_usd"])) for look in looks if _is_number(look.get("cost_usd"))
    )
    last: Mapping[str, Any] = next((look for look in reversed(looks) if "estimated_total_usd" in look), {})
    return Course(
        visits=tuple(_visits(moments, costs)),
        costs=costs,
        incidents=tuple(_incidents(looks, start)),
        forecast_usd=_number(last.get("estimated_total_usd")),
        low_usd=_number(last.get("estimated_total_p25_usd")),
        high_usd=_number(last.get("estimated_total_p75_usd")),
        forecast_seconds=_number(last.get("estimated_duration_seconds")),
        is_exact=is_exact,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and _is_number(value) else None


def _moments(events: Iterable[Mapping[str, Any]]) -> list[tuple[float, str]]:
    """The changes of state among events, whose fields are undocumented; empty where none can be read."""
    found: list[tuple[datetime, str]] = []
    for event in events:
        state = next((event[name] for name in _STATE_NAMES if isinstance(event.get(name), str)), None)
        moment = next((_time(event[name]) for name in _TIME_NAMES if isinstance(event.get(name), str)), None)
        if state is None or moment is None:
            continue
        found.append((moment, plain_line(state)))
    known = [state for _, state in found if stage_of(state) is not None]
    if not known:
        return []
    found.sort(key=lambda pair: pair[0])
    return [((moment - found[0][0]).total_seconds(), state) for moment, state in found]


def _time(text: str) -> datetime | None:
    try:
        moment = isoparse(text)
    except (ValueError, OverflowError):
        return None
    # Only differences matter, so that a stamp without an offset is good enough among its like.
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _visits(moments: Sequence[tuple[float, str]], costs: Sequence[CostPoint]) -> list[Visit]:
    changes = [pair for number, pair in enumerate(moments) if number == 0 or moments[number - 1][1] != pair[1]]
    visits: list[Visit] = []
    end = moments[-1][0] if moments else 0.0
    for number, (began, state) in enumerate(changes):
        is_last = number == len(changes) - 1
        until = end if is_last else changes[number + 1][0]
        seconds = None if is_last and (is_terminal(state) or until == began) else until - began
        spent = _spent(costs, began, until) if seconds is not None else None
        visits.append(Visit(state, began, seconds, spent))
    return visits


def _spent(costs: Sequence[CostPoint], began: float, until: float) -> float | None:
    """The growth of the cost between two moments, interpolated between polls."""
    if not costs:
        return None
    return max(0.0, _cost_at(costs, until) - _cost_at(costs, began))


def _cost_at(costs: Sequence[CostPoint], moment: float) -> float:
    before = CostPoint(0.0, 0.0)
    for point in costs:
        if point.seconds > moment:
            share = (moment - before.seconds) / max(point.seconds - before.seconds, 1e-9)
            return before.cost_usd + share * (point.cost_usd - before.cost_usd)
        before = point
    return before.cost_usd


def _incidents(looks: Sequence[Sample], start: float) -> list[Incident]:
    """What changed between two polls beyond ordinary progress."""
    incidents: list[Incident] = []
    before: Mapping[str, Any] = {}
    for look in looks:
        at = look["at"] - start
        retries, retried = look.get("retry_count") or 0, before.get("retry_count") or 0
        if retries > retried:
            why = look.get("recoverable_error_category")
            kind = f" ({plain_line(why).replace('_', ' ')})" if why else ""
            number = retries - retried
            incidents.append(
                Incident(at, f"{number} {'retry' if number == 1 else 'retries'} after a provider's error{kind}.")
            )
        resumed = (look.get("host_restart_resume_count") or 0) - (before.get("host_restart_resume_count") or 0)
        if resumed > 0:
            incidents.append(Incident(at, "Resumed after a host restart; repeated work raises the cost."))
        state, earlier = str(look.get("state")), before.get("state")
        if state != earlier:
            incidents += _of_state(state, look, at)
        before = look
    return incidents


def _of_state(state: str, look: Sample, at: float) -> list[Incident]:
    if is_one_of(state, "PausedAwaitingClarification"):
        return [Incident(at, "Paused until questions were answered; nothing was spent meanwhile.")]
    if is_one_of(state, "paused"):
        return [Incident(at, "Paused by somebody; nothing was spent meanwhile.")]
    if is_one_of(state, "failed"):
        category = look.get("failure_category")
        return [Incident(at, "Failed" + (f" ({plain_line(category)})." if category else "."))]
    if is_one_of(state, "cancelled"):
        return [Incident(at, "Cancelled on request.")]
    if stage_of(state) is None:
        return [Incident(at, f"Unknown state: {spaced(plain_line(state))}.")]
    return []


def summary(found: Course) -> str:
    """The course in a sentence, for those who cannot see its plot."""
    parts = [f"The run took {duration(found.seconds)}"]
    if found.costs:
        parts.append(f"and cost {money(found.costs[-1].cost_usd)}")
    if found.forecast_usd is not None:
        parts.append(f"against a forecast of {money(found.forecast_usd)}")
    return " ".join(parts) + "."
