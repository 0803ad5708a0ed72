"""The user's own limit: it stops on cost that was read, never on a forecast, which only warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows.engine.effects import Report
from specstep_flows.flows import control

if TYPE_CHECKING:
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

__all__ = ["Purse", "check_before_paying"]


async def check_before_paying(limit_usd: float | None, record: RunRecord) -> None:
    """Refuse to start what the limit leaves no room for.

    Raises:
        BudgetExceeded: what the run's record says was spent has reached the limit already.
    """
    spent = record.spent_before_usd + (record.cost_usd or 0.0)
    if limit_usd is not None and spent >= limit_usd:
        raise errors.BudgetExceeded(
            f"${spent:.2f} of the ${limit_usd:.2f} that you allowed is spent, so nothing more is started.",
            limit_usd=limit_usd,
            spent_usd=spent,
        )


@attrs.define
class Purse:
    """The limit of one generation, ``spent_before_usd`` having gone to earlier ones of the same run."""

    limit_usd: float | None
    spent_before_usd: float = 0.0
    _warned: bool = False
    _unread_in: str | None = None

    async def check(self, generation: Generation) -> None:
        """Cancel the generation when what was read as spent is past the limit; a resumed run may find it cancelled.

        POST /v1/generations/{id}/cancel

        Raises:
            BudgetExceeded: with what was spent.
        """
        if self.limit_usd is None:
            return
        cost = generation.running_cost_usd
        if cost is None:
            cost = await self._cost_of_row(generation)
        if cost is None:
            if self._unread_in != generation.state:
                self._unread_in = generation.state
                await Report(
                    events.Notice(f"The cost cannot be read in state {generation.state}, so the limit cannot be held.")
                )
            return
        spent = self.spent_before_usd + cost
        if spent > self.limit_usd and (generation.is_cancelled or not generation.is_terminal):
            await self._stop(generation, spent)
        forecast = generation.estimated_total_usd
        if forecast is not None and self.spent_before_usd + forecast > self.limit_usd and not self._warned:
            self._warned = True
            await Report(
                events.Notice(
                    f"The service forecasts ${forecast:.2f} in all; your limit is ${self.limit_usd:.2f}. The run is "
                    "stopped only if the cost that is read passes it."
                )
            )

    async def _cost_of_row(self, generation: Generation) -> float | None:
        """The list row's ``cost_usd``, when the status body's ``running_cost_usd`` cannot be read."""
        rows = await gateway.list_generations(until=generation.id)
        return next((row.cost_usd for row in rows if row.id == generation.id), None)

    async def _stop(self, generation: Generation, spent: float) -> None:
        assert self.limit_usd is not None
        now = generation
        if not now.is_cancelled:
            reason = f"The limit of ${self.limit_usd:.2f} set by the user was passed (${spent:.2f} spent)."
            try:
                now = await control.cancel_generation(generation.id, reason)
            except errors.Conflict:
                # It ended by itself in the meantime: what it is now, the next look tells.
                return
        so = "was cancelled" if now.is_cancelled else f"was to be cancelled, but is {now.state} still: resume the run"
        raise errors.BudgetExceeded(
            f"${spent:.2f} was spent, more than the ${self.limit_usd:.2f} that you allowed, so the generation {so}.",
            limit_usd=self.limit_usd,
            spent_usd=spent,
        )
