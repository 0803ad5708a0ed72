"""One kickoff, at a server whose lists say less than ours: the steps one by one, and a run whose answers get lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import SpecStep, errors
from specstep_flows.runs.store import RunStore
from specstep_flows.settings import Settings
from tests.behaviour.second_service.bench import BRIEF, TurnedClock, run_library
from tests.behaviour.second_service.server import KEY, SecondService
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import PLAIN, VARIANTS
from tests.kit.api import op
from tests.kit.tiers import one_in

KICKOFF = op("start_generation")
#: Neither a row nor a status body says what a generation was made of.
SECRETIVE = PLAIN.but(rows_name_interview=False, status_has_intake=False)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """A server, and a client of it on the same turned clock."""
    clock = TurnedClock()
    with SecondService(PLAIN, clock.now) as service:
        settings = Settings(api_key=KEY, api_url=service.url, request_timeout=0.3, state=tmp_path)
        with SpecStep(settings=settings, store=RunStore.in_memory(), clock=clock) as client:
            yield service, client


@pytest.mark.parametrize("names_interview", [False, True], ids=["intake alone", "interview too"])
@pytest.mark.parametrize("kind", ["reset", "504", "late"])
def test_the_kickoff_step_alone_pays_once(opened: Any, kind: str, names_interview: bool) -> None:
    """Whether the caller names the interview or not, a generation whose answer was lost is found by its intake."""
    service, client = opened
    interview = client.start_interview()
    client.say(interview.id, BRIEF[0])
    complete = client.complete_interview(interview.id)
    service.trouble = Trouble(KICKOFF, kind, after=True)

    more = {"interview_id": interview.id} if names_interview else {}
    generation_id = client.start_generation(complete.intake_artifact_id, **more)

    assert service.books.kickoffs == [str(generation_id)]


@pytest.mark.parametrize(
    "name", one_in(2, ["plain", "nameless_rows", "small_pages", "nothing_optional", "endless_page"])
)
@pytest.mark.parametrize("kind", ["reset", "late"])
def test_a_lost_kickoff_is_found_in_any_list(tmp_path: Path, name: str, kind: str) -> None:
    """Rows without interview, short pages, no list of the deleted: the generation that was started is adopted."""
    outcome = run_library(tmp_path, VARIANTS[name], Trouble(KICKOFF, kind, after=True))

    assert outcome.failures == []
    outcome.check()


@pytest.mark.parametrize("name", one_in(2, ["plain", "nameless_rows", "small_pages", "nothing_optional"]))
def test_a_kickoff_that_never_arrived_is_sent_again(tmp_path: Path, name: str) -> None:
    """The older generations of the account are not taken for it."""
    outcome = run_library(tmp_path, VARIANTS[name], Trouble(KICKOFF, "reset"))

    assert outcome.failures == []
    outcome.check()


@pytest.mark.parametrize("kind", ["reset", "late"])
def test_a_generation_that_nobody_can_place_stops_the_run(tmp_path: Path, kind: str) -> None:
    """A new generation of which nothing tells whose it is: neither adopted nor paid for again, and it is named."""
    outcome = run_library(tmp_path, SECRETIVE, Trouble(KICKOFF, kind, after=True))

    assert {type(failure) for failure in outcome.failures} == {errors.OutcomeUnknown}
    assert len(outcome.service.books.kickoffs) == 1
    assert outcome.service.books.kickoffs[0] in outcome.failures[0].message


def test_older_generations_that_nobody_can_place_stop_nothing(tmp_path: Path) -> None:
    """What was there before the kickoff cannot have come of it."""
    outcome = run_library(tmp_path, SECRETIVE, Trouble(KICKOFF, "reset"))

    assert outcome.failures == []
    outcome.check()


@pytest.mark.parametrize("tells", [True, False], ids=["told", "listed only"])
@pytest.mark.parametrize("names_interview", [True, False], ids=["named rows", "nameless rows"])
@pytest.mark.parametrize("trouble", [None, (op("complete_interview"), "504"), (op("list_generations"), "reset")])
def test_what_the_service_starts_by_itself_is_adopted(
    tmp_path: Path, tells: bool, names_interview: bool, trouble: Any
) -> None:
    """With a user's token the interview's end pays: this run adds no kickoff, whatever the snapshot says of it."""
    variant = PLAIN.but(starts_itself=True, tells_started=tells, rows_name_interview=names_interview)
    wrong = Trouble(trouble[0], trouble[1], after=True) if trouble else None
    outcome = run_library(tmp_path, variant, wrong, key=f"oat_{KEY[3:]}")

    assert outcome.failures == []
    outcome.check()
