"""What is needed of wherever runs are kept, whichever database that is: their records, their drivers, their deliveries.

``runs.store`` is one such place, in SQLite, on one machine. (``stores.Store`` is what a client needs of it besides.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from specstep_flows.runs.records import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from specstep_flows.runs.deliveries import Claim, StoredDelivery, StoredSubscription
    from specstep_flows.runs.records import RunRecord, StepRecord


class Deliveries(Protocol):
    """Webhook deliveries beside the runs: see ``runs.deliveries.DeliveryLog``, which is one in SQLite.

    Every method raises ``StoreError`` where the place cannot be used, but ``unchanged`` and ``since``, which say then
    that there is nothing.
    """

    def close(self) -> None:
        """Close files."""
        ...

    def claim(
        self,
        receiver: str,
        delivery_id: str,
        event: str,
        generation_id: UUID | None,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        now: float,
    ) -> Claim:
        """Take a delivery, unless it was taken before."""
        ...

    def settle(self, receiver: str, delivery_id: str, *, is_done: bool) -> None:
        """What was taken is done, or has failed and may be taken again."""
        ...

    def serve(self, token: str, seconds: float) -> None:
        """A receiver is there, and will be for that many real seconds unless it says so again."""
        ...

    def leave(self, token: str) -> None:
        """A receiver is no longer there."""
        ...

    def unchanged(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool] | None:
        """What ``since`` would say if it has nothing new; None if that would block."""
        ...

    def since(self, generation_ids: Collection[UUID], after: int | None) -> tuple[int, bool, dict[UUID, bytes | None]]:
        """The last delivery's number, whether a receiver is there, and the newest body about each generation."""
        ...

    def all(self) -> list[StoredDelivery]:
        """Every delivery that is kept, the newest first."""
        ...

    def find(self, delivery_id: str) -> StoredDelivery | None:
        """The delivery of that id, if it is kept."""
        ...

    def subscriptions(self, api_url: str) -> list[StoredSubscription]:
        """The webhooks that listeners registered at one service and have not removed."""
        ...

    def keep_subscription(self, kept: StoredSubscription) -> None:
        """Write a listener's webhook down."""
        ...

    def drop_subscription(self, token: str) -> None:
        """A listener's webhook is gone."""
        ...


class RunKeeper(Records, Protocol):
    """A place of runs. Every write is durable when it returns, and whoever was replaced as a driver writes no more.

    All methods may be called from several threads, and raise ``StoreError`` where the place cannot be used.
    """

    #: How many calls may run at a time; more threads would only wait for each other.
    threads: int

    @property
    def deliveries(self) -> Deliveries:
        """The webhook deliveries that came for these runs."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...

    def create(self, record: RunRecord) -> None:
        """Add a run. Raises ``RunConflict`` if its id exists, or another run manages its generation."""
        ...

    def update(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """Store ``changes`` in one transaction, and return the whole record.

        Raises:
            RunTaken: this store held the run, and another driver has taken it since.
            RunConflict: another run manages the generation that the run is given.
            RunNotFound: it is not there.
        """
        ...

    def get(self, run_id: str) -> RunRecord:
        """The run called ``run_id``. Raises ``RunNotFound``, and ``RunConflict`` if a fleet has it by now."""
        ...

    def glance(self, run_id: str) -> RunRecord | None:
        """``get`` where it does not block; otherwise None."""
        ...

    def find_generation(self, generation_id: UUID, api_url: str | None = None) -> RunRecord | None:
        """The run whose generation ``generation_id`` is or was, if there is one; at one service if that is given."""
        ...

    def find_starting(self, intake_id: UUID, api_url: str) -> RunRecord | None:
        """The run that has requested a generation of an intake and does not know yet what came of it."""
        ...

    def all(self) -> list[RunRecord]:
        """Every run, the newest first."""
        ...

    def forget(self, run_id: str) -> None:
        """Delete a run from the store; the service is not affected. Raises ``RunNotFound``, ``RunBusy``."""
        ...

    def discard(self, run_id: str) -> None:
        """Delete a run that this store holds. Raises ``RunTaken``."""
        ...

    def hold(self, run_id: str) -> Callable[[], None]:
        """Lock a name against everybody else who has these runs; returns a function that unlocks it.

        Raises ``RunBusy``. The lock of a process that died is free.
        """
        ...

    def read_step(self, run_id: str) -> StepRecord | None:
        """The step called ``run_id``, if there is one."""
        ...

    def add_step(self, record: StepRecord, held: str) -> None:
        """Add a step. Raises ``RunTaken`` if another driver has taken what is ``held``."""
        ...

    def change_step(self, record: StepRecord, held: str) -> None:
        """Write the step of that id. Raises ``RunTaken``."""
        ...

    def drop_step(self, run_id: str, held: str) -> None:
        """Delete a step. Raises ``RunTaken``."""
        ...
