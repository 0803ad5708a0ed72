"""A conversation at the keyboard, on a sandbox and without a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from specstep_flows import SpecStep
from specstep_flows.cli.interrupts import Interrupts
from specstep_flows.cli.interview.conversation import Conversation
from specstep_flows.cli.session import Call
from specstep_flows.sandbox import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from specstep_flows.models import Interview


@attrs.define
class Clock:
    """The run's clock in these tests."""

    manual: ManualClock
    speed: float = 1.0
    listen: Any = None

    def now(self) -> float:
        return self.manual.now()

    def sleep(self, seconds: float) -> None:
        self.manual.advance(seconds)


@attrs.define
class Driver:
    """As much of a driver as a conversation needs."""

    call: Call
    client: SpecStep
    interrupts: Interrupts
    clock: Clock
    yes: bool = False
    on_other: Any = None


def talk_about(driver: Driver, typed: Callable[..., None], text: str) -> tuple[Conversation, Interview, str | None]:
    """What the conversation says after this input."""
    typed(text.encode())
    talk = Conversation(driver)  # type: ignore[arg-type]
    interview = driver.client.start_interview()
    return talk, interview, talk.respond(interview.reply, interview)
