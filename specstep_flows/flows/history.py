"""What a run's record keeps of the looks at its generation: enough to plot its course later, in bounded space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: A look, as the record's ``history`` keeps it: ``at`` is on the run's clock; unset fields are left out.
Sample: TypeAlias = Mapping[str, Any]

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


def sampled(history: tuple[Sample, ...], generation: Generation, now: float) -> tuple[Sample, ...]:
    """The history with this look added, if it shows anything that the one before did not."""
    sample = _sample(generation, now)
    last = history[-1] if history else None
    if last is not None and {**last, "at": None} == {**sample, "at": None}:
        return history
    longer = (*history, sample)
    return longer if len(longer) <= MOST_SAMPLES else _thinned(longer)


def states_of(record: RunRecord) -> tuple[str, ...]:
    """The states that the run's present generation was seen in, each stay once."""
    states = [
        str(look.get("state")) for look in record.history if look.get("generation_id") == str(record.generation_id)
    ]
    return tuple(state for number, state in enumerate(states) if number == 0 or states[number - 1] != state)


def _sample(generation: Generation, now: float) -> Sample:
    values: dict[str, Any] = {"at": round(now, 3), "generation_id": str(generation.id), "state": generation.state}
    values["cost_usd"] = generation.running_cost_usd
    for name in (*_NUMBERS, *_WORDS):
        values[name] = getattr(generation, name)
    return {name: value for name, value in values.items() if value is not None}


def _thinned(history: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Every second look of those that stand between two others of the same state and retries."""
    kept: list[Sample] = []
    drop = False
    for number, sample in enumerate(history):
        is_inner = 0 < number < len(history) - 1 and _same_place(history[number - 1], sample, history[number + 1])
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
