"""Watching a generation without driving it: nothing is answered, paid for or downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specstep_flows import errors, events
from specstep_flows.cli.interrupts import InterruptibleClock, Interrupts
from specstep_flows.cli.options import given
from specstep_flows.cli.progress.log import make_reporter
from specstep_flows.cli.session import open_client
from specstep_flows.flows.history import seen, states_of

if TYPE_CHECKING:
    from uuid import UUID

    from specstep_flows.cli.progress.log import Mode
    from specstep_flows.cli.session import Call
    from specstep_flows.models import Generation
    from specstep_flows.runs.records import RunRecord
    from specstep_flows.settings import Settings


class DeadlineClock(InterruptibleClock):
    """A clock whose waits end at a deadline, so that a step of the client's has an overall time limit."""

    def __init__(self, interrupts: Interrupts, speed: float, timeout: float | None) -> None:
        super().__init__(interrupts, speed)
        self._deadline = None if timeout is None else self.now() + timeout

    def sleep(self, seconds: float) -> None:
        """Wait, but not past the deadline. Raises ``WaitTimeout``."""
        left = None if self._deadline is None else self._deadline - self.now()
        if left is not None and seconds >= left:
            super().sleep(left)
            raise errors.WaitTimeout("Timed out waiting (--timeout). The generation keeps running at the service.")
        super().sleep(seconds)


def watch_generation(
    call: Call,
    settings: Settings,
    generation_id: UUID,
    mode: Mode,
    timeout: float | None,
    record: RunRecord | None = None,
    wait_paused: float | None = None,
) -> Generation:
    """Watch a generation to its end, keep ``record`` (if there is one) up to date, and return it as it was last.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
        WaitTimeout: ``timeout`` (seconds) is over.
    """
    with Interrupts() as interrupts:
        clock = DeadlineClock(interrupts, settings.clock_speed, timeout)

        def conversation(identifier: UUID) -> Any:
            return client.get_conversation(identifier, take=3)

        reporter = make_reporter(mode, call.terminal, clock, conversation)
        if record is not None:
            # What was seen before counts: the time that it has taken does not begin with this process.
            reporter.take_over(events.RunOpened(record.run_id, True, states_of(record), record.history))
        with reporter, interrupts.told_by(reporter.detaching):

            def tell(event: events.Event) -> None:
                interrupts.check()
                reporter(event)
                if record is not None and isinstance(event, events.GenerationProgress):
                    now = client.store.get(record.run_id)
                    client.store.update(record.run_id, seen(now, event.generation, clock.now()))

            with open_client(call, clock, settings, tell) as client:
                return client.wait_for_generation(generation_id, **given({"wait_paused": wait_paused}))
