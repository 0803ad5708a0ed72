"""Pausing, resuming, cancelling: a lost answer is settled by the state, and a refusal is raised."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.flows.control import (
    MOST_ATTEMPTS,
    cancel_generation,
    interview_of,
    pause_generation,
    resume_generation,
)
from tests.kit.stage import Stage

GENERATION, INTERVIEW = UUID(int=1), UUID(int=2)
CHANGES = [
    (pause_generation, "Drafting", "Paused"),
    (resume_generation, "Paused", "Drafting"),
    (cancel_generation, "Drafting", "Cancelled"),
]


class Service:
    """One generation. ``script`` says for each request to change it: None, or what to answer, and whether it worked."""

    def __init__(self, state: str, becomes: str, *script: Any) -> None:
        self.state, self.becomes, self.script = state, becomes, list(script)

    def __call__(self, request: Any) -> Any:
        if request.operation != "get_generation":
            answer, works = self.script.pop(0) if self.script else (None, True)
            if works:
                self.state = self.becomes
            return answer or (200, {})
        return 200, {"id": str(GENERATION), "state": self.state}


@pytest.mark.parametrize(("change", "before", "after"), CHANGES)
def test_a_change_is_done_when_the_state_shows_it(stage: type[Stage], change: Any, before: str, after: str) -> None:
    """What is given back is the generation as it is then."""
    assert stage(Service(before, after)).play(change(GENERATION)).state == after


@pytest.mark.parametrize(("change", "before", "after"), CHANGES)
@pytest.mark.parametrize("works", [False, True])
def test_a_lost_answer_is_settled_by_the_state(
    stage: type[Stage], lost: errors.ConnectionLost, change: Any, before: str, after: str, works: bool
) -> None:
    """It is sent again only when the state shows that it did not arrive."""
    acting = stage(Service(before, after, (lost, works)))
    assert acting.play(change(GENERATION)).state == after
    assert len(acting.sent) - acting.count("get_generation") == (1 if works else 2)


def test_a_conflict_after_a_lost_answer_may_be_that_requests_doing(
    stage: type[Stage], lost: errors.ConnectionLost
) -> None:
    """Carried out late: the second request is refused, and the state shows why."""
    conflict = (409, {"type": "INVALID_STATE"})
    acting = stage(Service("Drafting", "Cancelled", (lost, False), (conflict, True)))
    assert acting.play(cancel_generation(GENERATION)).is_cancelled


@pytest.mark.parametrize(("change", "before", "after"), CHANGES)
def test_a_change_that_failed_says_how_the_generation_is(
    stage: type[Stage], change: Any, before: str, after: str
) -> None:
    """It may go on to cost: whether it does is the one thing that whoever stops it wants to know."""
    for answer in ((503, {}), (302, {}), (403, {"type": "FORBIDDEN"})):
        with pytest.raises(errors.RequestError) as caught:
            stage(Service(before, after, *[(answer, False)] * MOST_ATTEMPTS)).play(change(GENERATION))
        assert caught.value.message.endswith(f" Generation {GENERATION} is still {before}.")

    def blind(request: Any) -> Any:
        return (503, {}) if request.operation != "get_generation" else (404, {})

    with pytest.raises(errors.NotFound, match="not answered; whether it was made is not known"):
        stage(blind).play(change(GENERATION))


def test_a_refusal_is_raised(stage: type[Stage]) -> None:
    """Its state does not allow it, and one request says so."""
    acting = stage(Service("Complete", "Complete", ((409, {"type": "INVALID_STATE"}), False)))
    with pytest.raises(errors.Conflict):
        acting.play(cancel_generation(GENERATION))
    assert acting.count("cancel_generation") == 1


@pytest.mark.parametrize(("change", "before", "after"), CHANGES)
@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 451, 499])
def test_a_refusal_that_was_carried_out_is_told_by_the_state(
    stage: type[Stage], change: Any, before: str, after: str, status: int
) -> None:
    """Nobody is told that it goes on and costs when it was cancelled."""
    acting = stage(Service(before, after, ((status, {}), True)))
    assert acting.play(change(GENERATION)).state == after
    assert len(acting.sent) - acting.count("get_generation") == 1


def test_a_look_that_fails_does_not_hide_the_refusal(stage: type[Stage]) -> None:
    """What was refused is what matters."""

    def answer(request: Any) -> Any:
        return (400 if request.operation == "cancel_generation" else 404), {}

    with pytest.raises(errors.BadRequest, match="cancel"):
        stage(answer).play(cancel_generation(GENERATION))


def test_a_change_that_never_shows_is_given_up(stage: type[Stage], lost: errors.ConnectionLost) -> None:
    """The last failure is raised; where there was none, the generation is given back as it is."""
    acting = stage(Service("Drafting", "Paused", *[(lost, False)] * MOST_ATTEMPTS))
    with pytest.raises(errors.ConnectionLost):
        acting.play(pause_generation(GENERATION))

    acting = stage(Service("Drafting", "Paused", *[(None, False)] * MOST_ATTEMPTS))
    assert acting.play(pause_generation(GENERATION)).state == "Drafting"
    assert acting.count("pause_generation") == MOST_ATTEMPTS


@pytest.mark.parametrize("deleted", [False, True])
def test_the_interview_is_named_by_the_row(stage: type[Stage], deleted: bool) -> None:
    """Live or deleted; a generation that is nowhere has none."""
    row = {"id": str(GENERATION), "state": "Failed", "interview_id": str(INTERVIEW)}

    def service(request: Any) -> Any:
        return 200, [row] if (request.operation == "list_deleted_generations") == deleted else []

    assert stage(service).play(interview_of(GENERATION)) == INTERVIEW
    assert stage(service).play(interview_of(UUID(int=5))) is None


def test_a_state_that_cannot_be_read_does_not_hide_what_was_accepted(
    stage: type[Stage], lost: errors.ConnectionLost
) -> None:
    """The cancellation arrived, and the look behind it did not."""

    def service(request: Any) -> Any:
        return lost if request.operation == "get_generation" else (200, {})

    with pytest.raises(errors.ConnectionLost, match="was requested and accepted"):
        stage(service).play(cancel_generation(GENERATION))


def test_what_ends_by_itself_meanwhile_is_not_asked_again(stage: type[Stage], lost: errors.ConnectionLost) -> None:
    """The answer was lost, and the state shows another end."""
    acting = stage(Service("Drafting", "Complete", (lost, True)))
    with pytest.raises(errors.Conflict, match="is Complete already"):
        acting.play(cancel_generation(GENERATION))
    assert acting.count("cancel_generation") == 1
