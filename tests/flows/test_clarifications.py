"""Answering questions: all, verbatim, and never the same ones twice for one pause."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.flows.clarifications import ClarificationAnswerer, checked_answers
from specstep_flows.models import Answer, Clarification
from specstep_flows.runs.records import RunRecord
from tests.kit.stage import Stage

GENERATION = UUID(int=1)
SETTLE = 90.0


class Service:
    """A paused generation: its questions, and what it answers to answers."""

    def __init__(self, questions: Any, answers: Any = ()) -> None:
        self.questions = list(questions)
        self.replies = list(answers)
        self.answered: list[Any] = []

    def __call__(self, request: Any) -> Any:
        if request.operation == "get_clarifications":
            asked = [{"question": question, "proposedDefault": f"default of {question}"} for question in self.questions]
            return 200, {"state": "PausedAwaitingClarification", "clarifications": asked}
        self.answered.append([(answer["question"], answer["answer"]) for answer in request.json["answers"]])
        return self.replies.pop(0) if self.replies else (202, {"generation_id": str(GENERATION), "status_url": "/x"})


def defaults(questions: Any) -> Any:
    """The proposed defaults."""
    return {question.question: question.proposed_default for question in questions}


def make_answerer(policy: Any = defaults, **more: Any) -> Any:
    """An answerer of the generation's questions."""
    return ClarificationAnswerer(GENERATION, policy, SETTLE, **more)


def test_the_same_questions_are_answered_once_while_the_state_stays_paused(stage: type[Stage]) -> None:
    """The service takes answers up at its next tick; until then the questions are still there."""
    service = Service(["One?", "Two?"])
    acting, answerer = stage(service), make_answerer()
    for _ in range(50):
        acting.play(answerer.answer())
        acting.now += 30

    assert service.answered == [[("One?", "default of One?"), ("Two?", "default of Two?")]]
    assert acting.remembered["answering"][str(GENERATION)]["accepted"] is True
    (told,) = (event for event in acting.told if isinstance(event, events.Notice))
    assert "still waits" in told.message


def test_a_new_pause_with_the_same_question_is_answered_again(stage: type[Stage]) -> None:
    """Once the generation has gone on, the same text is another question."""
    service = Service(["One?"])
    acting, answerer = stage(service), make_answerer()
    acting.play(answerer.answer())
    acting.play(answerer.note_resumed())
    acting.play(answerer.answer())

    assert len(service.answered) == 2
    assert [answer.question for answer in answerer.accepted] == ["One?", "One?"]


def test_an_answer_that_was_lost_is_sent_again_only_after_the_settle_time(
    stage: type[Stage], lost: errors.ConnectionLost
) -> None:
    """The same answers, without asking anybody a second time."""
    asked = []

    def policy(questions: Any) -> Any:
        asked.append(1)
        return defaults(questions)

    service = Service(["One?"], [lost])
    acting, answerer = stage(service), make_answerer(policy)
    for _ in range(20):
        acting.play(answerer.answer())
        acting.now += 10

    assert len(service.answered) == 2
    assert asked == [1]


def test_another_process_does_not_answer_again_what_was_answered(stage: type[Stage]) -> None:
    """The record tells a resumed run what was sent."""
    service = Service(["One?"])
    first = stage(service)
    first.play(make_answerer().answer())
    second = stage(service)
    second.now = first.now + 5
    second.play(make_answerer(answering=first.remembered["answering"]).answer())

    assert len(service.answered) == 1


def test_a_clock_that_was_set_back_keeps_no_question_waiting(stage: type[Stage], lost: errors.ConnectionLost) -> None:
    """The answers were sent "tomorrow": they are waited for as long as ever, and not until tomorrow."""
    service = Service(["One?"], [lost])
    first = stage(service)
    first.play(make_answerer().answer())
    second = stage(service)
    second.now = first.now - 86_400
    answerer = make_answerer(answering=first.remembered["answering"])
    for _ in range(12):
        second.play(answerer.answer())
        second.now += 10

    assert len(service.answered) == 2


def test_what_was_answered_for_another_generation_is_not_answered_here(stage: type[Stage]) -> None:
    """Children of one kickoff may ask the same question, and a run's record keeps what was sent last to each."""
    service = Service(["One?"])
    acting = stage(service)
    acting.play(make_answerer().answer())
    other = ClarificationAnswerer(UUID(int=2), defaults, SETTLE, acting.remembered["answering"])
    acting.play(other.answer())

    assert len(service.answered) == 2


@pytest.mark.parametrize("ends", ["answers another", "leaves another"])
def test_what_was_sent_to_one_child_is_known_after_another_was_answered(
    stage: type[Stage], lost: errors.ConnectionLost, ends: Any
) -> None:
    """Its answer was lost: whoever goes on waits for the settle time, whatever the other children were sent since."""
    service = Service(["One?"], [lost])
    acting = stage(service)
    acting.record = RunRecord("fan", "http://127.0.0.1:1", 1.0, 1.0)
    acting.play(make_answerer().answer())
    other = ClarificationAnswerer(UUID(int=2), defaults, SETTLE)
    acting.play(other.answer())
    if ends == "leaves another":
        acting.play(other.note_resumed())
    assert len(service.answered) == 2

    resumed = make_answerer(answering=acting.record.answering)
    acting.play(resumed.answer())
    assert len(service.answered) == 2

    acting.now += SETTLE + 1
    acting.play(resumed.answer())
    assert len(service.answered) == 3


def test_questions_that_changed_meanwhile_are_read_again(stage: type[Stage]) -> None:
    """A 400 while other questions are pending: the next look asks for answers to those."""
    service = Service(["One?"])

    def changing(request: Any) -> Any:
        if request.operation == "answer_clarifications" and service.questions == ["One?"]:
            service.questions = ["Other?"]
            return 400, {"type": "CLARIFICATIONS_INCOMPLETE", "detail": "Other?"}
        return service(request)

    acting, answerer = stage(changing), make_answerer()
    acting.play(answerer.answer())
    acting.play(answerer.answer())

    assert service.answered == [[("Other?", "default of Other?")]]


def test_a_refusal_of_the_very_questions_that_are_pending_is_raised(stage: type[Stage]) -> None:
    """It would be refused the next time, too."""
    acting = stage(Service(["One?"], [(400, {"type": "VALIDATION_ERROR"})]))

    with pytest.raises(errors.BadRequest):
        acting.play(make_answerer().answer())


def test_without_a_policy_the_questions_are_handed_out(stage: type[Stage]) -> None:
    """None was sent; the error carries them all."""
    service = Service(["One?", "Two?"])
    with pytest.raises(errors.AnswersNeeded) as caught:
        stage(service).play(make_answerer(None).answer())

    assert [question.question for question in caught.value.questions] == ["One?", "Two?"]
    assert not service.answered


QUESTIONS = [Clarification("One?"), Clarification("Two?")]


@pytest.mark.parametrize(
    "given", [{"One?": "a", "Two?": "b"}, [Answer("Two?", "b"), Answer("One?", "a")]], ids=["mapping", "answers"]
)
def test_answers_are_put_in_the_questions_order(given: Any) -> None:
    """By text, whatever order they come in."""
    assert [answer.answer for answer in checked_answers(QUESTIONS, given)] == ["a", "b"]


@pytest.mark.parametrize("given", [None, {}, {"One?": "a"}, {"One?": "a", "Two?": "  "}])
def test_an_answer_that_is_missing_leaves_all_unanswered(given: Any) -> None:
    """All or nothing."""
    with pytest.raises(errors.AnswersNeeded):
        checked_answers(QUESTIONS, given)


@pytest.mark.parametrize("given", ["yes", 5, ["a", "b"], {"One?": "a", "Two?": 5}])
def test_what_is_no_answers_is_said_to_be_none(given: Any) -> None:
    """A policy with a bug: a clear sentence."""
    with pytest.raises(errors.AnswersError):
        checked_answers(QUESTIONS, given)


def test_a_cost_that_grows_before_the_tick_is_no_second_round(stage: type[Stage]) -> None:
    """Until the settle time is over, the same questions are the same, whatever the cost says."""
    service = Service(["One?"])
    acting, answerer = stage(service), make_answerer()
    for cost in (1.0, 1.1, 1.2):
        acting.play(answerer.answer(cost))
        acting.now += 25

    assert len(service.answered) == 1


def test_the_same_question_after_more_paid_work_is_a_second_round(stage: type[Stage]) -> None:
    """The state was never seen to leave the pause, but the agents worked in between: they ask again."""
    service = Service(["One?"])
    acting, answerer = stage(service), make_answerer()
    acting.play(answerer.answer(1.0))
    acting.now += SETTLE + 1
    acting.play(answerer.answer(1.0))
    assert len(service.answered) == 1

    acting.play(answerer.answer(1.5))
    assert len(service.answered) == 2
