"""One thing goes wrong at one request: the run ends well all the same, or stops with an error that can be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import errors
from tests.behaviour.second_service.bench import Terminal, real_clock, run_library
from tests.behaviour.second_service.server import SecondService
from tests.behaviour.second_service.trouble import Trouble
from tests.behaviour.second_service.variants import PLAIN, VARIANTS
from tests.kit.api import op
from tests.kit.tiers import one_in

#: Every request of a run that changes something at the server, and those that the rest hangs on.
CHANGES = (
    ("start_interview", 1),
    ("submit_turn", 1),
    ("submit_turn", 2),
    ("complete_interview", 1),
    ("start_generation", 1),
    ("answer_clarifications", 1),
)
LOOKS = (
    ("get_me", 1),
    ("get_turn_job", 2),
    ("list_generations", 1),
    ("get_generation", 1),
    ("get_generation", 5),
    ("get_clarifications", 1),
    ("get_package_zip", 1),
    ("storage", 1),
)
#: Answers that leave open whether the request was carried out.
OPEN = [("reset", False), ("cut", True), ("504", False), ("500", True), ("empty", True), ("late", False)]
#: When a process is killed: around all that changes something, and while it looks.
KILLS = [
    *((moment, after, "plain") for moment in CHANGES for after in (False, True)),
    *((moment, True, "plain") for moment in LOOKS),
    *((moment, True, "spare") for moment in CHANGES),
]


def names(moment: Any) -> Any:
    """A moment as the name of a test."""
    return f"{moment[0]}-{moment[1]}"


def request_of(moment: Any) -> str:
    """A moment's request, of the API or of the storage host."""
    return "GET storage" if moment[0] == "storage" else op(moment[0])


@pytest.mark.parametrize("moment", CHANGES, ids=names)
@pytest.mark.parametrize(
    ("kind", "after"),
    [("reset", False), ("cut", True), ("late", False), pytest.param("hang", True, marks=pytest.mark.slow)],
)
def test_an_answer_that_is_lost_costs_nothing(tmp_path: Path, moment: Any, kind: str, after: bool) -> None:
    """Before it was carried out, after it, or long after the answer: at the first sitting, without a second kickoff."""
    outcome = run_library(tmp_path, PLAIN, Trouble(request_of(moment), kind, after, nth=moment[1]))

    assert outcome.failures == []
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "step"), [("plain", 2), ("spare", 4), ("late", 9), ("hangs_up", 5)])
@pytest.mark.parametrize(("kind", "after"), one_in(2, OPEN))
def test_any_request_may_lose_its_answer(tmp_path: Path, name: str, step: int, kind: Any, after: Any) -> None:
    """Request after request of a run, and every few in the variants that differ most."""
    variant = VARIANTS[name]
    requests = len(run_library(tmp_path / "0", variant).service.log)
    for number in range(1, requests + 1, step):
        outcome = run_library(tmp_path / str(number), variant, Trouble(number, kind, after))

        assert outcome.failures == [], (number, outcome.failures)
        outcome.check()


@pytest.mark.parametrize("moment", CHANGES, ids=names)
@pytest.mark.parametrize("kind", ["403", pytest.param("429", marks=pytest.mark.slow)])
def test_a_refusal_loses_nothing(tmp_path: Path, moment: Any, kind: str) -> None:
    """A front door's 403 in passing and a 429 are waited out."""
    outcome = run_library(tmp_path, PLAIN, Trouble(request_of(moment), kind, nth=moment[1]))

    assert outcome.failures == []
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("moment", CHANGES, ids=names)
def test_an_outage_ends_in_one_sentence_and_can_be_resumed(tmp_path: Path, moment: Any) -> None:
    """The service fails for longer than anybody waits: a network error, and the next sitting goes on.

    Of what costs, nobody knows what became of it, so it is sent twice at most in a sitting.
    """
    costs = moment[0] == "start_generation"
    times = 4 if costs else 12
    outcome = run_library(tmp_path, PLAIN, Trouble(request_of(moment), "503", nth=moment[1], times=times))

    kind = errors.OutcomeUnknown if costs else errors.ServerError
    assert all(isinstance(failure, kind) for failure in outcome.failures)
    outcome.check()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [*CHANGES, *LOOKS[-3:]], ids=names)
def test_the_command_ends_well_whatever_was_lost(tmp_path: Path, moment: Any) -> None:
    """The real command: the answer to one request is lost after it was carried out, in a way of its own each."""
    kind = ("reset", "cut", "504")[(CHANGES + LOOKS).index(moment) % 3]
    with SecondService(PLAIN, real_clock, Trouble(request_of(moment), kind, after=True, nth=moment[1])) as service:
        terminal = Terminal(tmp_path, service)

        terminal.check(terminal.run())


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "after", "name"), KILLS, ids=lambda one: names(one) if type(one) is tuple else None)
def test_a_killed_process_is_resumed_by_the_next(tmp_path: Path, moment: Any, after: Any, name: Any) -> None:
    """kill -9 at a request, before or after it was carried out; ``specstep resume`` ends what it began."""
    kill = Trouble(request_of(moment), "kill", after, nth=moment[1])
    with SecondService(VARIANTS[name], real_clock, kill) as service:
        terminal = Terminal(tmp_path, service)

        assert terminal.run().code == -9
        terminal.check(terminal.resume())
