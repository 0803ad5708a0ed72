"""A generation's course in a sentence, for those who cannot see its plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._text import money

if TYPE_CHECKING:
    from specstep_flows._course import Course


def summary(found: Course) -> str:
    """How long it took, or has taken, and what it cost."""
    took, cost = ("The run took", "and cost") if found.is_over else ("The run has taken", "and has cost")
    parts = [f"{took} {found.duration.words}"]
    if found.cost_usd is not None:
        parts.append(f"{cost} {money(found.cost_usd)}")
    if found.forecast_usd is not None:
        parts.append(f"against a forecast of {money(found.forecast_usd)}")
    return " ".join(parts) + "."
