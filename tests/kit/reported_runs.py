"""Runs as a report tells of them, each carried out against the sandbox on a turned clock, through to its own ending."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from specstep_flows import ProposedDefaults, RunStore, SpecStep, errors
from specstep_flows.answers import Detach
from specstep_flows.report import collect
from specstep_flows.sandbox import (
    ClarificationRound,
    Failure,
    HostRestart,
    ManualClock,
    ProviderRetry,
    Question,
    Sandbox,
    SandboxOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specstep_flows.report import Collected

#: As a person pastes it: a heading, hard line breaks, a list.
MARKDOWN_BRIEF: Final = Path(__file__).parents[2] / "scripts" / "sample-brief.md"


class TurnedClock:
    """A clock whose sleeps take no time: they turn the sandbox's own."""

    speed = 1.0

    def __init__(self, manual: ManualClock) -> None:
        self._manual = manual

    def now(self) -> float:
        return self._manual.now()

    def sleep(self, seconds: float) -> None:
        self._manual.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self._manual.advance(seconds)


@contextmanager
def opened(**told: Any) -> Iterator[tuple[SpecStep, ManualClock]]:
    """A client of a sandbox without rate limits that is told more, and the clock of both."""
    options = SandboxOptions(requests_per_minute=None, kickoffs_per_minute=None, **told)
    clock = ManualClock()
    with (
        Sandbox(options=options, clock=clock) as sandbox,
        SpecStep(
            sandbox.api_key,
            api_url=sandbox.url,
            store=RunStore.in_memory(),
            clock=TurnedClock(clock),
            limits={"standard": None, "kickoff": None},
        ) as specstep,
    ):
        yield specstep, clock


def _brief() -> str:
    return MARKDOWN_BRIEF.read_text("utf-8")


def detached_and_resumed(folder: Path) -> Collected:
    """Left at a question, answered ten minutes later, not watched for two more, then resumed; and an incident each."""
    told = {
        "provider_retries": (ProviderRetry(),),
        "host_restarts": (HostRestart(state="SecurityReview", fraction=0.3),),
        "clarifications": (
            ClarificationRound(
                (Question("Should the product expose a REST API, or render HTML forms on the server?"),)
            ),
        ),
    }
    with opened(**told) as (specstep, clock):
        with contextlib.suppress(errors.AnswersNeeded):
            specstep.run(_brief(), output=folder / "portal.zip", run_id="portal", on_question=Detach())
        clock.advance(573)
        specstep.answer("portal", _first_answer)
        clock.advance(140)
        specstep.resume("portal", on_question=ProposedDefaults())
        return collect(specstep.store.get("portal"), specstep)


def _first_answer(questions: Any) -> dict[str, str]:
    return {question.question: "HTML forms, rendered on the server." for question in questions}


def researcher(folder: Path) -> Collected:
    """One kickoff, a parent, and three children whose packages are all here; each child asked."""
    with opened() as (specstep, _):
        specstep.run(
            _brief(), profile="Researcher", output=folder / "research.zip", run_id="research", on_question=_first_answer
        )
        return collect(specstep.store.get("research"), specstep)


def unfinished(folder: Path) -> Collected:
    """Left in the middle by its own ``timeout``, and looked at some minutes later without the service."""
    with opened(clarifications=()) as (specstep, clock):
        with contextlib.suppress(errors.WaitTimeout):
            specstep.run(_brief(), output=folder / "open.zip", run_id="open", timeout=400)
        clock.advance(300)
        return collect(specstep.store.get("open"))


def failed(folder: Path) -> Collected:
    """Failed at the service for a reason that a retry is likely to clear."""
    with opened(clarifications=(), failures=(Failure(),)) as (specstep, _):
        with contextlib.suppress(errors.GenerationFailed):
            specstep.run(_brief(), output=folder / "failed.zip", run_id="failed")
        return collect(specstep.store.get("failed"), specstep)


def over_budget(folder: Path) -> Collected:
    """Cancelled by its own limit."""
    with opened(clarifications=()) as (specstep, _):
        with contextlib.suppress(errors.BudgetExceeded):
            specstep.run(_brief(), output=folder / "budget.zip", run_id="budget", max_cost_usd=0.8)
        return collect(specstep.store.get("budget"), specstep)


#: Every kind of ending, by the name of its picture.
STORIES: Final[dict[str, Callable[[Path], Collected]]] = {
    "portal": detached_and_resumed,
    "research": researcher,
    "open": unfinished,
    "failed": failed,
    "budget": over_budget,
}
