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
    from collections.abc import Mapping
    from uuid import UUID

    from specstep_flows.cli.session import Call
    from specstep_flows.client import SpecStep
    from specstep_flows.models import Generation, GenerationRow
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
    #: The others of a fan-out that are not known to be over.
    others: tuple[UUID, ...] = ()

    def find(self) -> None:
        """Look into the store. Raises ``RunNotFound``, and ``Conflict`` where it shows that there is nothing to do."""
        target = find_target(self.client.store, self.name, is_whole=True)
        self.record, self.generation_id = target.record, target.generation_id
        record = self.record
        if record is None:
            return
        self.call.run_id = record.run_id
        is_its_own = self.generation_id == record.generation_id
        may_have_more = record.may_have_more or (self._is_family and not record.is_finished)
        if is_its_own and is_terminal(record.generation_state) and not may_have_more:
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
        self.others = self._find_others()
        if self.generation is not None and self.generation.is_terminal and not self.others:
            raise self._over(self.generation.state)

    @property
    def _is_family(self) -> bool:
        """Whether it is the run's own generation, and its kickoff started others."""
        record = self.record
        return record is not None and self.generation_id == record.generation_id and is_fan_out(record.options.profile)

    def _find_others(self) -> tuple[UUID, ...]:
        """The others of a fan-out that may still cost; the record need not know them all yet."""
        record = self.record
        if record is None or not self._is_family:
            return ()
        rows: list[GenerationRow] = []
        # What cannot be listed keeps nobody from cancelling what is known.
        with contextlib.suppress(errors.RequestError):
            rows = self.client.list_generations()
        own = next((row.interview_id for row in rows if row.id == self.generation_id), None)
        interview_id = record.interview_id or own
        listed = [row.id for row in rows if interview_id is not None and row.interview_id == interview_id]
        known = dict.fromkeys((*record.generation_ids, *listed))
        over = {row.id for row in rows if is_terminal(row.state)}
        return tuple(one for one in known if one != self.generation_id and one not in over)

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
            Conflict: it ended, or continued with another generation, in the meantime.
        """
        assert self.generation_id is not None
        self._refuse_changed()
        failures: dict[UUID, errors.SpecStepError] = {}
        for one in (self.generation_id, *self.others):
            try:
                self._cancel(one, reason)
            except errors.AuthenticationError:
                raise
            except errors.SpecStepError as error:
                # What keeps one of them running must not keep the others.
                failures[one] = error
        if failures:
            raise self._unfinished(failures)
        return self._tell()

    def _refuse_changed(self) -> None:
        """Refuse where the run continued with another generation while the question was read. Raises ``Conflict``."""
        record = self.record
        if record is None or self.generation_id != record.generation_id:
            return
        with contextlib.suppress(errors.StoreError):
            now = self.client.store.get(record.run_id).generation_id
            if now == self.generation_id:
                return
            raise errors.Conflict(
                f"Run {record.run_id} continued with generation {now} in the meantime, so nothing was cancelled: "
                "cancel it again."
            )

    def _cancel(self, one: UUID, reason: str | None) -> None:
        """Cancel one generation. Where there are others, one that is over already is no failure."""
        if one != self.generation_id:
            # Its parent's end may have been its own.
            with contextlib.suppress(errors.Conflict, errors.NotFound):
                self.client.cancel_generation(one, reason)
            return
        if self.generation is not None and self.generation.is_terminal:
            return
        try:
            self.take(self.client.cancel_generation(one, reason))
        except errors.Conflict:
            with contextlib.suppress(errors.RequestError):
                self.take(self.client.get_generation(one))
            if self.generation is None or not self.generation.is_terminal:
                raise
            if not self.others:
                raise self._over(self.generation.state) from None

    def _unfinished(self, failures: Mapping[UUID, errors.SpecStepError]) -> errors.SpecStepError:
        """The first failure, with what may still be running."""
        first = next(iter(failures.values()))
        still = self._words(is_first=True)
        if self.others:
            still = f"Of {self._words()}, " + " and ".join(f"generation {one}" for one in failures)
        first.add(f"{still} may still be running and billing: cancel it again.")
        return first

    def _tell(self) -> int:
        generation, call = self.generation, self.call
        assert generation is not None
        call.is_resumable = call.is_resumable and not generation.is_cancelled
        identifier = id_as_named(self.name, generation.id, self.record)
        call.finish(identifier, {"code": "done", "run_id": call.run_id, "generation": as_json(generation)})
        if not generation.is_terminal:
            call.terminal.tell(
                f"Cancelling {self._words()} was requested, but it is still {generation.state}. Check it with: "
                f"{call.command(f'generation show {generation.id}')}"
            )
            return exits.FAILED
        spent = self._spent()
        if not generation.is_cancelled:
            call.terminal.say(f"The others of {self._words()} are cancelled; it is {generation.state} itself.")
            return exits.DONE
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
