"""A run's polls as its record keeps them."""

from __future__ import annotations

from typing import Any


def look(at: float, state: str, cost: float | None = None, **more: Any) -> dict[str, Any]:
    return {"at": at, "generation_id": "g", "state": state, **({} if cost is None else {"cost_usd": cost}), **more}


HISTORY = (
    look(1000, "Queued", 0.0),
    look(1010, "Drafting", 0.1, estimated_total_usd=2.5, estimated_total_p25_usd=2.0, estimated_total_p75_usd=3.0),
    look(1040, "Drafting", 0.4, retry_count=1, recoverable_error_category="rate_limit"),
    look(1070, "Reviewing", 0.7, host_restart_resume_count=1),
    look(1090, "PausedAwaitingClarification", 0.9),
    look(1120, "Reviewing", 0.9),
    look(1150, "Complete", 1.2),
)
