"""What stops a pull, told difference by difference: what the terminal folds into causes when there is much of it."""

from __future__ import annotations

from regeneration.report import Report


def obstacles(report: Report) -> list[str]:
    """One sentence for each thing that the pulled document took away from the flows."""
    return [change.obstacle for change in report.documented_to_pulled if change.severity == "flows"]
