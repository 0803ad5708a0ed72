"""What a run's record keeps of the looks at its generation: enough to plot its course later, in bounded space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from specstep_flows._course import UNWATCHED_SECONDS
from specstep_flows.runs.looks import Look, Looks, packed
from specstep_flows.states import is_fan_out, is_terminal, is_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: A look, as the record's ``history`` keeps it: ``at`` is on the run's clock; unset fields are left out. ``started``
#: and ``ended`` are the service's stamps, in seconds on its clock; ``began`` is the start on the run's clock, where the
#: service told it; ``unwatched`` is set when nobody had looked for long; ``moments`` are what the events told;
#: ``asked_by`` are other generations of the run that wait for an answer.
Sample: TypeAlias = Look

#: A run of 32 minutes has some 70 looks; beyond this, looks within one state are thinned out.
MOST_SAMPLES: Final = 400

_NUMBERS: Final = (
    "current_round",
    "retry_count",
    "host_restart_resume_count",
    "estimated_total_usd",
    "estimated_total_p25_usd",
    "estimated_total_p75_usd",
    "estimated_duration_seconds",
)
_WORDS: Final = ("billing_state", "recoverable_error_category", "failure_category")


def sampled(
    history: Sequence[Sample],
    generation: Generation,
    now: float,
    *,
    cost_usd: float | None = None,
    moments: Sequence[tuple[float, str]] = (),
    asked_by: Sequence[str] = (),
) -> Looks:
    """The history with this look added. Of looks that show the same, the first and the last are kept.

    ``cost_usd`` is what was read elsewhere, for a status body without a cost.
    """
    sample = _sample(generation, now, cost_usd)
    if asked_by:
        sample["asked_by"] = list(asked_by)
    kept = packed(history)
    before = [look for look in kept.last if look.get("generation_id") == sample["generation_id"]]
    if before and now - before[-1]["at"] > UNWATCHED_SECONDS:
        sample["unwatched"] = True
    if moments:
        sample["moments"] = [list(moment) for moment in moments]
    elif len(before) == 2 and _content(before[0]) == _content(before[1]) == _content(sample):
        return kept.with_last(sample)
    longer = kept.with_next(sample)
    return longer if len(longer) <= MOST_SAMPLES else packed(_thinned(tuple(longer)))


def seen(
    record: RunRecord,
    generation: Generation,
    now: float,
    *,
    cost_usd: float | None = None,
    run_cost_usd: float | None = None,
    moments: Sequence[tuple[float, str]] = (),
    asked_by: Sequence[str] | None = None,
) -> dict[str, Any]:
    """What a look at one of a run's generations changes in its record, which follows the state of the run's own.

    ``cost_usd`` is the generation's, where its body has none; ``run_cost_usd`` is what all of them cost together;
    ``asked_by`` are the others that wait for an answer, where that is known. An end is final: a look that comes late
    changes nothing in it.
    """
    changes: dict[str, Any] = {}
    is_own = generation.id == record.generation_id
    if is_own and is_terminal(record.generation_state) and not generation.is_terminal:
        return {}
    if is_own and run_cost_usd is None:
        run_cost_usd = cost_usd if generation.running_cost_usd is None else generation.running_cost_usd
        if is_fan_out(record.options.profile):
            run_cost_usd = _of_all(record, generation, run_cost_usd)
    if run_cost_usd is not None:
        changes["cost_usd"] = run_cost_usd
    if generation.project_name:
        changes["project_name"] = generation.project_name
    if is_own:
        changes["generation_state"] = generation.state
        if asked_by is None and record.history and not generation.is_terminal:
            asked_by = record.history[-1].get("asked_by")
        changes["history"] = sampled(
            record.history, generation, now, cost_usd=cost_usd, moments=moments, asked_by=asked_by or ()
        )
        if generation.package_id is not None and not is_fan_out(record.options.profile):
            changes["package_id"] = generation.package_id
    elif record.history and asked_by is not None:
        changes["history"] = _asked_by(record.history, asked_by)
    if record.error is not None and _is_past(record, attrs.evolve(record, **changes)):
        changes["error"] = None
    return {name: value for name, value in changes.items() if getattr(record, name) != value}


def _of_all(record: RunRecord, generation: Generation, cost_usd: float | None) -> float | None:
    """What a look at one generation of a fan-out says of the cost of all, which is a parent's, and never less."""
    if cost_usd is None or not is_fan_out(generation.review_profile):
        return None
    return max(cost_usd, record.cost_usd or 0.0)


def _is_past(before: RunRecord, now: RunRecord) -> bool:
    """Whether the sentence with which a run stopped is no longer true of what was read now.

    A run that somebody has to answer keeps it, and so does one that is still where it stopped, or costs more than it
    may: whether that was cancelled is what the sentence says.
    """
    limit, spent = now.options.max_cost_usd, now.total_cost_usd
    if limit is not None and spent is not None and spent > limit:
        return False
    state = now.generation_state
    is_at_work = not is_terminal(state) and not is_waiting(state)
    has_moved = state != before.generation_state or before.needs_answers
    return not now.needs_answers and (is_at_work or has_moved)


def _asked_by(history: Sequence[Sample], asked_by: Sequence[str]) -> Looks:
    """The history, its last look saying which other generations of the run wait for an answer."""
    last = {name: value for name, value in history[-1].items() if name != "asked_by"}
    return packed(history).with_last({**last, "asked_by": list(asked_by)} if asked_by else last)


def shows_nothing_new(before: RunRecord, changes: Mapping[str, Any]) -> bool:
    """Whether a look changes no more than when the last of several that show the same was."""
    if set(changes) != {"history"} or len(before.history) < 2 or len(changes["history"]) != len(before.history):
        return False
    last, now = before.history[-1], changes["history"][-1]
    return "moments" not in now and _content(last) == _content(now)


def is_new_state(changes: Mapping[str, Any]) -> bool:
    """Whether a look changes more than the numbers, which change with every look."""
    return not set(changes) <= {"history", "cost_usd", "project_name"}


def with_moments(history: Sequence[Sample], moments: Sequence[tuple[float, str]]) -> Looks:
    """The history, its last look having the changes of state by the service's events."""
    return packed(history).with_last({**history[-1], "moments": [list(moment) for moment in moments]})


def needs_moments(history: Sequence[Sample], generation: Generation, now: float) -> bool:
    """Whether a look leaves something open that the service's events can tell: what nobody watched, or an end."""
    before = [look for look in history if look.get("generation_id") == str(generation.id)]
    if before and is_terminal(before[-1].get("state")):
        # Known already, unless whoever saw the end could not read them.
        return not any(look.get("moments") for look in before if is_terminal(look.get("state")))
    if generation.is_terminal:
        # A cancelled one has no stamp of its end, looks are late by seconds, and between two of them a pause may have
        # come and gone: what was waiting and what was work is to be the same wherever it is told.
        return True
    if before:
        waits = is_waiting(generation.state)
        if waits and not is_waiting(before[-1].get("state")):
            # It began before this look. Until the events say when, a part of it would be told as work, and taken back
            # later.
            return True
        is_same_wait = waits and before[-1].get("state") == generation.state
        return now - before[-1]["at"] > UNWATCHED_SECONDS and not is_same_wait
    sample = _sample(generation, now, None)
    age = sample["ended"] - sample["started"] if "ended" in sample and "started" in sample else 0.0
    return bool(max(age, now - sample.get("began", now)) > UNWATCHED_SECONDS)


def _content(sample: Sample) -> dict[str, Any]:
    """What a look showed, but for the moments: of looks alike in it, those in between are not needed."""
    return {name: value for name, value in sample.items() if name not in ("at", "began")}


def states_of(record: RunRecord) -> tuple[str, ...]:
    """The states that the run's present generation was seen in, each stay once."""
    states = [
        str(look.get("state")) for look in record.history if look.get("generation_id") == str(record.generation_id)
    ]
    return tuple(state for number, state in enumerate(states) if number == 0 or states[number - 1] != state)


def _sample(generation: Generation, now: float, cost_usd: float | None) -> dict[str, Any]:
    values: dict[str, Any] = {"at": round(now, 3), "generation_id": str(generation.id), "state": generation.state}
    values["cost_usd"] = generation.running_cost_usd if generation.running_cost_usd is not None else cost_usd
    values["started"] = None if generation.started_at is None else round(generation.started_at.timestamp(), 3)
    ended = (generation.completed_at or generation.failed_at) if generation.is_terminal else None
    values["ended"] = None if ended is None else round(ended.timestamp(), 3)
    values["began"] = _began(generation, now)
    for name in (*_NUMBERS, *_WORDS):
        values[name] = getattr(generation, name)
    return {name: value for name, value in values.items() if value is not None}


def _began(generation: Generation, now: float) -> float | None:
    """When the generation started, on the run's clock, if the service tells how long it has worked."""
    total, left = generation.estimated_duration_seconds, generation.estimated_time_remaining_seconds
    if generation.is_terminal or total is None or not left:
        return None
    queued = 0.0
    if generation.started_work_at is not None and generation.started_at is not None:
        queued = max(0.0, (generation.started_work_at - generation.started_at).total_seconds())
    return round(now - max(0.0, total - left) - queued, 3)


def _thinned(history: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Every second look of those that stand between two others of the same state and retries."""
    kept: list[Sample] = []
    drop = False
    for number, sample in enumerate(history):
        is_inner = 0 < number < len(history) - 1 and _same_place(history[number - 1], sample, history[number + 1])
        is_inner = is_inner and not sample.get("unwatched") and not sample.get("moments")
        drop = is_inner and not drop
        if not drop:
            kept.append(sample)
    # Where every look changed something, the oldest are dropped: the end matters most.
    return tuple(kept[-MOST_SAMPLES:])


def _same_place(*samples: Sample) -> bool:
    places = {
        tuple(sample.get(name) for name in ("generation_id", "state", "billing_state", "retry_count"))
        for sample in samples
    }
    return len(places) == 1
