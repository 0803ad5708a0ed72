"""Cancelling what was paid for: the question with the run's name and what is spent, and what is said afterwards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows._json import as_json
from specstep_flows._text import heading, money
from specstep_flows.cli import exits
from specstep_flows.cli.agreement import agree_to_lose
from specstep_flows.cli.arguments import find_target, id_as_named, locate
from specstep_flows.cli.output import name_of
from specstep_flows.gateway._operations import OPERATIONS
from specstep_flows.states import is_fan_out, is_one_of, is_terminal

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord

#: How a question names a project, at most.
LONGEST_NAME: Final = 60
#: How the ends are told, each after "is" or "has".
_ENDS: Final = {"complete": "is already complete", "failed": "has already failed", "cancelled": "is already cancelled"}


@attrs.define(eq=False)
class Cancellation:
    """One run or generation that is to be cancelled, as ``name`` names it: what is known of it here and there."""

    call: Call
    client: SpecStep
    name: str
    record: RunRecord | None = None
    generation_id: UUID | None = None
    #: As the service has it; None as long as it was not read.
    generation: Generation | None = None

    def find(self) -> None:
        """Look into the store. Raises ``RunNotFound``, and ``Conflict`` where it shows that there is nothing to do."""
        target = find_target(self.client.store, self.name, is_whole=True)
        self.record, self.generation_id = target.record, target.generation_id
        record = self.record
        if record is None:
            return
        self.call.run_id = record.run_id
        is_its_own = self.generation_id == record.generation_id
        if is_its_own and is_terminal(record.generation_state) and not record.may_have_more:
            raise self._over(record.generation_state)
        if record.generation_id is None and record.interview_id is None:
            raise self._not_begun(record)

    def look(self) -> None:
        """Ask the service. What cannot be read keeps nobody from cancelling.

        Raises:
            Conflict: there is nothing to cancel.
            OutcomeUnknown: a generation was requested, and none has appeared.
        """
        try:
            self.generation_id, self.record = locate(self.call, self.client, self.name, is_whole=True)
        except errors.UsageError:
            if self.record is None:
                raise
            raise self._not_begun(self.record) from None
        with contextlib.suppress(errors.TransportError, errors.ServerError, errors.UnexpectedResponse):
            self.take(self.client.get_generation(self.generation_id))
        if self.generation is not None and self.generation.is_terminal:
            raise self._over(self.generation.state)

    def take(self, generation: Generation) -> None:
        """Keep what was read. The client has put it into the run's record."""
        self.generation = generation
        if self.record is not None:
            with contextlib.suppress(errors.StoreError, errors.RunNotFound):
                self.record = self.client.store.get(self.record.run_id)

    def agree(self, yes: bool) -> None:
        """Ask. Raises ``UsageError`` where nobody agrees."""
        spent = self._spent()
        lost = OPERATIONS["cancel_generation"].destroys
        if spent is not None:
            lost = f"{money(spent)} is already spent and stays spent; no package will be made."
        name = self._project()
        agree_to_lose(self.call, f"Cancel {self._words()}" + (f" ({name})" if name else ""), lost, yes)

    def carry_out(self, reason: str | None) -> int:
        """Cancel it, and all that its kickoff started.

        Raises:
            Conflict: it ended in the meantime.
        """
        assert self.generation_id is not None
        try:
            self.take(self.client.cancel_generation(self.generation_id, reason))
        except errors.Conflict:
            with contextlib.suppress(errors.RequestError):
                self.take(self.client.get_generation(self.generation_id))
            if self.generation is not None and self.generation.is_terminal:
                raise self._over(self.generation.state) from None
            raise
        self._cancel_siblings(reason)
        return self._tell()

    def _cancel_siblings(self, reason: str | None) -> None:
        """The others of a fan-out. One that ended, or was cancelled with its parent, is no failure."""
        record = self.record
        if record is None or self.generation_id != record.generation_id or not is_fan_out(record.options.profile):
            return
        for one in record.generation_ids:
            if one != self.generation_id:
                with contextlib.suppress(errors.Conflict, errors.NotFound):
                    self.client.cancel_generation(one, reason)

    def _tell(self) -> int:
        generation, call = self.generation, self.call
        assert generation is not None
        call.is_resumable = call.is_resumable and not generation.is_cancelled
        identifier = id_as_named(self.name, generation.id, self.record)
        call.finish(identifier, {"code": "done", "run_id": call.run_id, "generation": as_json(generation)})
        if not generation.is_cancelled:
            call.terminal.tell(
                f"Cancelling {self._words()} was requested, but it is still {generation.state}. Check it with: "
                f"specstep generation show {generation.id}"
            )
            return exits.FAILED
        spent = self._spent()
        cost = "" if spent is None else f" {money(spent)} was spent; no package will be made."
        call.terminal.say(f"{self._words(is_first=True)} is cancelled.{cost}")
        return exits.DONE

    def _words(self, *, is_first: bool = False) -> str:
        record = self.record
        named = id_as_named(self.name, self.generation_id, record) if self.generation_id is not None else None
        if record is not None and named in (None, record.run_id):
            return f"{'Run' if is_first else 'run'} {record.run_id}"
        return f"{'Generation' if is_first else 'generation'} {named}"

    def _project(self) -> str:
        name = heading(self.generation.project_name) if self.generation is not None else ""
        name = name or (name_of(self.record) if self.record is not None else "")
        return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."

    def _spent(self) -> float | None:
        """What is known to be spent: by the run in all, or by the one generation that was named."""
        record, generation = self.record, self.generation
        figures = [] if generation is None else [generation.running_cost_usd]
        before = 0.0
        if record is not None and self.generation_id == record.generation_id:
            figures.append(record.cost_usd)
            before = record.spent_before_usd
        known = [figure for figure in figures if figure is not None]
        return before + max(known) if known else before or None

    def _over(self, state: str | None) -> errors.Conflict:
        """It has ended: which way, and for how much."""
        end = next((words for name, words in _ENDS.items() if is_one_of(state, name)), f"has already ended ({state})")
        spent = self._spent()
        cost = f" {money(spent)} was spent." if spent is not None else ""
        # Only a package that is still to be downloaded is worth resuming for.
        self.call.is_resumable = (
            is_one_of(state, "complete") and self.record is not None and not self.record.is_finished
        )
        return errors.Conflict(f"{self._words(is_first=True)} {end}; there is nothing to cancel.{cost}")

    def _not_begun(self, record: RunRecord) -> errors.Conflict:
        """Nothing is paid for yet. Raises ``RunBusy`` where another process may be about to."""
        try:
            self.client.store.hold(record.run_id)()
        except errors.RunBusy:
            raise
        except errors.StoreError:
            # It cannot be written, so nobody here drives it.
            pass
        return errors.Conflict(
            f"Run {record.run_id} has no generation yet, so there is nothing to cancel and nothing was charged."
        )
