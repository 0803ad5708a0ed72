"""The user's limit on a run's cost: the actual cost stops the run, a forecast only warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from specstep_flows import errors, events, gateway
from specstep_flows._text import money
from specstep_flows.engine.effects import Flow, Report
from specstep_flows.flows import control
from specstep_flows.runs.records import check_option
from specstep_flows.states import is_fan_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord


async def check_before_paying(limit_usd: float | None, record: RunRecord) -> None:
    """Refuse to start what the limit leaves no room for.

    Raises:
        BudgetExceeded: what the run's record says was spent has reached the limit already.
    """
    check_option("max_cost_usd", limit_usd)
    spent = record.spent_before_usd + (record.cost_usd or 0.0)
    if limit_usd is not None and spent >= limit_usd:
        raise errors.BudgetExceeded(
            f"{money(spent)} of your limit of {money(limit_usd)} is spent, so nothing more is started.",
            limit_usd=limit_usd,
            spent_usd=spent,
        )


@attrs.define
class Budget:
    """What a run's generations cost, and the limit on it. ``spent_before_usd`` went to earlier ones of the same run."""

    limit_usd: float | None = attrs.field(
        default=None, validator=lambda _, __, value: check_option("max_cost_usd", value)
    )
    spent_before_usd: float = 0.0
    #: What was read last of each generation.
    _costs: dict[UUID, float] = attrs.field(factory=dict, init=False)
    _forecasts: dict[UUID, float] = attrs.field(factory=dict, init=False)
    _parents: set[UUID] = attrs.field(factory=set, init=False)
    _unread_in: set[str] = attrs.field(factory=set, init=False)
    _warned: bool = attrs.field(default=False, init=False)
    #: Those that the service refused to cancel at an earlier look.
    _refused: set[UUID] = attrs.field(factory=set, init=False)

    @property
    def cost_usd(self) -> float | None:
        """What the generations have cost together, without ``spent_before_usd``; None until a cost was read."""
        return self._sum(self._costs)

    def _sum(self, figures: Mapping[UUID, float]) -> float | None:
        """A parent's figure is that of its children, so it is not added to theirs."""
        if not figures:
            return None
        children = [figure for whose, figure in figures.items() if whose not in self._parents]
        parents = [figure for whose, figure in figures.items() if whose in self._parents]
        return max([sum(children), *parents])

    @property
    def is_near(self) -> bool:
        """Whether half of the limit is spent, so that the cost is to be read often."""
        return self.limit_usd is not None and 2 * (self.spent_before_usd + (self.cost_usd or 0.0)) >= self.limit_usd

    def leaves_room(self, told: Generation) -> bool:
        """Whether what a delivery says of a cost and a forecast need not be looked up for the limit's sake.

        It names a cost with which less than half of the limit is spent, and no forecast to warn of.
        """
        if self.limit_usd is None:
            return True
        if told.running_cost_usd is None:
            return False
        with_it = self._sum({**self._costs, told.id: told.running_cost_usd}) or 0.0
        forecast = self._sum({**self._forecasts, told.id: told.estimated_total_usd or 0.0}) or 0.0
        is_warning = not self._warned and self.spent_before_usd + forecast > self.limit_usd
        return 2 * (self.spent_before_usd + with_it) < self.limit_usd and not is_warning

    def cost_of(self, generation_id: UUID) -> float | None:
        """What was last read of one generation."""
        return self._costs.get(generation_id)

    def note(self, generation: Generation) -> None:
        """Take in the cost and the forecast of a status body."""
        if is_fan_out(generation.review_profile):
            self._parents.add(generation.id)
        if generation.running_cost_usd is not None:
            self._costs[generation.id] = generation.running_cost_usd
        if generation.estimated_total_usd is not None:
            self._forecasts[generation.id] = generation.estimated_total_usd

    async def read(self, generation: Generation) -> bool:
        """The same; with a limit, a cost that the status body lacks is read from the list row: whether it was there.

        GET /v1/generations
        """
        self.note(generation)
        if self.limit_usd is None or generation.running_cost_usd is not None:
            return False
        cost = await self._cost_of_row(generation)
        if cost is not None:
            self._costs[generation.id] = cost
        elif generation.id not in self._parents and generation.state not in self._unread_in:
            self._unread_in.add(generation.state)
            await Report(
                events.Notice(f"The cost cannot be read in state {generation.state}, so the limit cannot be checked.")
            )
        return cost is not None

    async def hold(
        self, generations: Sequence[Generation], saw: Callable[[Generation], Flow[None]] | None = None
    ) -> None:
        """Cancel the run's generations when what was read as spent is past the limit, and warn of the forecast, once.

        ``generations`` are all of the run's, as they were seen last. A resumed run may find them cancelled. ``saw``
        takes each one as it was read after it was cancelled: that is the state that the record keeps.

        POST /v1/generations/{id}/cancel

        Raises:
            BudgetExceeded: with what was spent, and with what goes on if it could not be cancelled.
        """
        if self.limit_usd is None:
            return
        spent = self.spent_before_usd + (self.cost_usd or 0.0)
        if spent > self.limit_usd:
            await self._stop(generations, spent, self.limit_usd, saw)
        forecast = self.spent_before_usd + (self._sum(self._forecasts) or 0.0)
        if forecast > self.limit_usd and not self._warned:
            self._warned = True
            await Report(
                events.Notice(
                    f"The service forecasts a total of {money(forecast)}, and your limit is {money(self.limit_usd)}. "
                    "The run is stopped only when its actual cost passes the limit."
                )
            )

    async def _cost_of_row(self, generation: Generation) -> float | None:
        """The list row's ``cost_usd``, when the status body's ``running_cost_usd`` cannot be read."""
        try:
            rows = await gateway.list_generations(until=generation.id)
        except errors.APIError:
            # The watching goes on, and the limit is said to be unchecked.
            return None
        return next((row.cost_usd for row in rows if row.id == generation.id), None)

    async def _stop(
        self,
        generations: Sequence[Generation],
        spent: float,
        limit: float,
        saw: Callable[[Generation], Flow[None]] | None,
    ) -> None:
        running = [generation for generation in generations if not generation.is_terminal]
        stopped: list[Generation] = []
        failures: dict[UUID, errors.SpecStepError] = {}
        for generation in running:
            reason = f"The limit of {money(limit)} set by the user was passed ({money(spent)} spent)."
            try:
                cancelled = await control.cancel_generation(generation.id, reason)
            except errors.Conflict as error:
                # It ended by itself in the meantime, or with its parent: the next look shows how, or that it goes on.
                if generation.id in self._refused:
                    failures[generation.id] = error
                self._refused.add(generation.id)
            except errors.SpecStepError as error:
                # What keeps a remedy from working must not hide what it was for.
                failures[generation.id] = error
            else:
                stopped.append(cancelled)
                if saw is not None:
                    await saw(cancelled)
        if not running and not any(generation.is_complete for generation in generations):
            stopped = [generation for generation in generations if generation.is_cancelled]
        if stopped or failures:
            raise _exceeded(len(generations), spent, limit, stopped, failures)


def _exceeded(
    count: int,
    spent: float,
    limit: float,
    stopped: Sequence[Generation],
    failures: Mapping[UUID, errors.SpecStepError],
) -> errors.BudgetExceeded:
    """What became of the run's generations once the limit was passed: cancelled, or running and billing."""
    slow = [f"generation {one.id} is still {one.state}" for one in stopped if not one.is_cancelled]
    said = f"The run has cost {money(spent)}, more than your limit of {money(limit)}"
    if failures:
        first = next(iter(failures))
        names = " and ".join(f"generation {identifier}" for identifier in failures)
        ending = "is still running and billing" if len(failures) == 1 else "are still running and billing"
        outcome = (
            f", but cancelling failed: {names} {ending}. "
            f"{failures[first].message} Resume the run to try again, or use `specstep cancel {first}`."
        )
    elif slow:
        outcome = f", so cancelling was requested, but {' and '.join(slow)}: resume the run to try again."
    else:
        outcome = f", so {'its generations were' if count > 1 else 'the generation was'} cancelled."
    return errors.BudgetExceeded(f"{said}{outcome}", limit_usd=limit, spent_usd=spent, is_final=not (slow or failures))
