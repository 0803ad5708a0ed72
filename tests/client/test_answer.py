"""``answer``: the questions of a run, answered from any process, and kept in its record with the rule each came of."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import Answer, ProposedDefaults, SpecStep, errors, events
from specstep_flows.answers import Detach
from specstep_flows.sandbox import ClarificationRound, Fault, Question, Sandbox
from tests.kit.api import op

ANSWERS = op("answer_clarifications")
QUESTIONS = (Question("REST?", proposed_default="No."), Question("Which database?", proposed_default="PostgreSQL."))


@pytest.fixture(autouse=True)
def quick(sandbox: Sandbox) -> None:
    """A run of a minute that asks two questions."""
    sandbox.options.clarifications = (ClarificationRound(QUESTIONS),)
    sandbox.options.profile_seconds = {"Fast": 60, "Researcher": 60}


def asked(client: Any, tmp_path: Any, profile: Any = "Fast") -> Any:
    """A run that left its questions open."""
    with pytest.raises(errors.AnswersNeeded):
        client.run("A portal.", profile=profile, run_id="mine", output=tmp_path / "package.zip", on_question=Detach())
    return "mine"


def test_a_policy_answers_and_the_record_keeps_it(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """All answers and their rules are in the record before anybody goes on with the run, and in its result after."""
    run_id = asked(client, tmp_path)
    accepted = client.answer(run_id, ProposedDefaults())

    expected = [
        Answer("REST?", "No.", "proposed default"),
        Answer("Which database?", "PostgreSQL.", "proposed default"),
    ]
    assert accepted == expected
    assert [Answer(**answer) for answer in client.store.get(run_id).answers] == expected
    assert client.answer(run_id, ProposedDefaults()) == []
    result = client.resume(run_id)
    assert list(result.answers) == expected
    assert sandbox.requests.count(ANSWERS) == 1
    assert client.answer(run_id, ProposedDefaults()) == []


def test_one_question_without_an_answer_leaves_all_open(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """All or nothing: none is sent, the error names the one that is missing, and the run is as it was."""
    run_id = asked(client, tmp_path)
    with pytest.raises(
        errors.AnswersNeeded, match=r"1 of 2 questions needs an answer, so none was sent.*Which database"
    ) as caught:
        client.answer(run_id, lambda questions: {"REST?": "No."})

    assert caught.value.run_id == run_id
    assert sandbox.requests.count(ANSWERS) == 0
    assert client.store.get(run_id).answers == ()


@pytest.mark.parametrize("commit", [True, False])
def test_an_answer_that_is_lost_is_looked_for_before_it_is_sent_again(
    client: Any, sandbox: Sandbox, tmp_path: Path, commit: bool
) -> None:
    """The state tells whether it arrived; only when it did not, it is sent again, and nobody is asked twice."""
    run_id = asked(client, tmp_path)
    sandbox.faults.add(Fault(ANSWERS, "reset", commit=commit))
    times = []

    def policy(questions: Any) -> Any:
        times.append(len(questions))
        return {question.question: "Yes." for question in questions}

    accepted = client.answer(run_id, policy)

    assert [answer.answer for answer in accepted] == ["Yes.", "Yes."]
    assert times == [2]
    assert sum(request.reached_world for request in sandbox.requests.matching(ANSWERS)) == 1
    assert len(client.store.get(run_id).answers) == 2


def test_questions_that_changed_are_read_again(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Between reading and answering they became another one: the policy is asked again, and that one is answered."""
    run_id = asked(client, tmp_path)
    (generation,) = sandbox.state.generations.values()
    seen: list[Any] = []

    def policy(questions: Any) -> Any:
        if not seen:
            generation.clarification = ClarificationRound((Question("Something else?"),))
        seen.append([question.question for question in questions])
        return {question.question: "Yes." for question in questions}

    assert [answer.question for answer in client.answer(run_id, policy)] == ["Something else?"]
    assert seen == [["REST?", "Which database?"], ["Something else?"]]


def test_a_generation_that_no_run_manages_is_answered_by_a_policy_too(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """``answer_questions`` takes answers by question, or a policy, which is asked again when the questions changed."""
    run_id = asked(client, tmp_path)
    generation_id = client.store.get(run_id).generation_id
    accepted = client.answer_questions(generation_id, ProposedDefaults())

    assert [answer.answer for answer in accepted] == ["No.", "PostgreSQL."]
    assert client.answer_questions(generation_id, ProposedDefaults()) == []


def test_every_generation_of_a_fan_out_is_answered(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Each child asks its own questions; one call answers those of all."""
    run_id = asked(client, tmp_path, profile="Researcher")
    paused = {key for key, found in sandbox.state.generations.items() if found.state == "PausedAwaitingClarification"}
    client.answer(run_id, ProposedDefaults())

    answered = {request.path.split("/")[3] for request in sandbox.requests.matching(ANSWERS)}
    assert paused
    assert answered == {str(key) for key in paused}


def test_a_run_that_another_process_drives_is_answered_beside_it(sandbox: Sandbox, turned: Any, tmp_path: Path) -> None:
    """While a person is being asked there, an answer from here goes through, and both see it in the record."""
    options = {"api_url": sandbox.url, "clock": turned(sandbox), "store": tmp_path / "state"}
    is_asked, go_on = threading.Event(), threading.Event()

    def person(questions: Any) -> Any:
        is_asked.set()
        assert go_on.wait(30)
        return {question.question: "Too late." for question in questions}

    def drive() -> None:
        with SpecStep(sandbox.api_key, **options) as specstep:
            results.append(
                specstep.run(
                    "A portal.", profile="Fast", run_id="mine", output=tmp_path / "package.zip", on_question=person
                )
            )

    results: list[Any] = []
    driving = threading.Thread(target=drive)
    driving.start()
    assert is_asked.wait(30)
    with SpecStep(sandbox.api_key, **options) as specstep:
        with pytest.raises(errors.RunBusy):
            specstep.resume("mine")
        accepted = specstep.answer("mine", ProposedDefaults())
        go_on.set()
        driving.join(30)
        kept = [answer["answer"] for answer in specstep.store.get("mine").answers]

    assert [answer.answer for answer in accepted] == ["No.", "PostgreSQL."]
    assert kept == ["No.", "PostgreSQL."]
    assert results[0].path.is_file()


def test_what_cannot_be_answered(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A run that is not there, and one that has no generation."""
    with pytest.raises(errors.RunNotFound):
        client.answer("nobody", ProposedDefaults())
    with pytest.raises(errors.Detached):
        client.run("A portal.", run_id="early", output=tmp_path / "package.zip", confirm=lambda record: False)
    with pytest.raises(errors.UsageError, match="no generation yet"):
        client.answer("early", ProposedDefaults())


def test_whoever_goes_on_with_a_run_is_told_where_it_was(client: Any, tmp_path: Path) -> None:
    """The states that its generation was seen in come with the run's first event."""
    run_id = asked(client, tmp_path)
    told: list[Any] = []
    client.answer(run_id, ProposedDefaults(), on_event=told.append)

    assert told[0] == events.RunOpened(
        run_id, resumed=True, states=("Queued", "Drafting", "PausedAwaitingClarification")
    )
