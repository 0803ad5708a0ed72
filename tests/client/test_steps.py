"""The steps of the job one by one, sync and async, and any other operation of the API."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import Answer, AsyncSpecStep, ProposedDefaults, RunStore, Settings, SpecStep, errors
from specstep_flows.sandbox import Failure, Fault, Sandbox
from tests.kit.api import op, path_of


def complete(client: Any) -> Any:
    """An interview that was held and completed."""
    interview = client.start_interview()
    client.say(interview.id, "A portal for customer feedback.")
    return client.complete_interview(interview.id)


def started(client: Any, **options: Any) -> Any:
    """A generation of it."""
    interview = complete(client)
    return client.start_generation(interview.intake_artifact_id, interview_id=interview.id, **options)


@pytest.mark.contract
def test_an_interview_step_by_step(client: Any, tmp_path: Path) -> None:
    """Opening turn, a reply, a document attached, listed and removed, completion with its artifact."""
    opening = client.start_interview()
    assert opening.reply.startswith("Hello")

    after = client.say(str(opening.id), "A portal for customer feedback.")
    assert after.reply.startswith("Thank you")
    assert after.transcript_size.chars > 0

    (tmp_path / "notes.md").write_text("# Notes")
    attached = client.attach_document(opening.id, tmp_path / "notes.md")
    assert client.attach_document(opening.id, tmp_path / "notes.md") == attached
    assert [document.name for document in client.list_documents(opening.id)] == ["notes.md"]
    client.detach_document(opening.id, attached.id)
    assert client.list_documents(opening.id) == []

    assert client.complete_interview(opening.id).intake_artifact_id is not None
    assert client.get_interview(opening.id).is_complete


def test_the_same_key_says_a_thing_once(client: Any, sandbox: Sandbox) -> None:
    """A repeated call with one's own Idempotency-Key gives the first reply back."""
    interview = client.start_interview()
    first = client.say(interview.id, "Once.", key="mine-1")
    again = client.say(interview.id, "Once.", key="mine-1")

    assert again.reply == first.reply
    (kept,) = sandbox.state.interviews.values()
    assert [turn.content for turn in kept.turns if turn.role == "user"] == ["Once."]


@pytest.mark.contract
def test_a_generation_step_by_step(client: Any) -> None:
    """Start, questions, answers, wait, package, its files."""
    generation_id = started(client, profile="Fast")
    with pytest.raises(errors.AnswersNeeded) as caught:
        client.wait_for_generation(generation_id)

    questions = client.get_questions(generation_id)
    assert tuple(questions) == caught.value.questions
    client.answer_questions(generation_id, [Answer(question.question, "HTML.") for question in questions])
    generation = client.wait_for_generation(generation_id, on_question=lambda _: None)
    assert generation.is_complete

    package = client.get_package_of(generation_id)
    assert package.generation_id == generation_id
    assert client.get_package(package.id) == package
    assert [file.path for file in client.list_package_files(package.id)]
    assert client.get_conversation(generation_id, take=2)
    assert client.get_events(generation_id)


def test_control_step_by_step(client: Any) -> None:
    """Pause, resume, name, cancel; and what the state does not allow is a conflict."""
    generation_id = started(client)
    assert client.pause_generation(generation_id).is_paused
    assert not client.resume_generation(generation_id).is_paused
    with pytest.raises(errors.Conflict):
        client.resume_generation(generation_id)
    client.rename_generation(generation_id, "Portal")
    assert client.get_generation(generation_id).project_name == "Portal"
    assert client.cancel_generation(generation_id, "a test").is_cancelled
    with pytest.raises(errors.GenerationCancelled):
        client.wait_for_generation(generation_id)


ANSWERS = op("answer_clarifications")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(ANSWERS, "reset", commit=True),
        Fault(ANSWERS, "reset"),
        Fault(ANSWERS, "status", status=504, commit=True),
        Fault(ANSWERS, "status", status=504),
    ],
    ids=["lost", "never there", "504 and there", "504"],
)
def test_answers_by_hand_arrive_once_whatever_becomes_of_their_own_answer(
    client: Any, sandbox: Sandbox, fault: Any
) -> None:
    """Nobody knows whether they arrived: the state tells, and they are sent again only if they did not."""
    generation_id = started(client, profile="Fast")
    with pytest.raises(errors.AnswersNeeded):
        client.wait_for_generation(generation_id)
    questions = client.get_questions(generation_id)
    sandbox.faults.add(fault)

    given = client.answer_questions(generation_id, {question.question: "HTML." for question in questions})
    assert [answer.question for answer in given] == [question.question for question in questions]
    assert client.wait_for_generation(generation_id).is_complete
    (kept,) = sandbox.state.generations.values()
    assert set(kept.answers.values()) == {"HTML."}


def test_a_cancellation_that_somebody_else_answered_is_sent_again(client: Any, sandbox: Sandbox) -> None:
    """A 200 that the service did not give: the state says that it was not carried out."""
    generation_id = started(client)
    sandbox.faults.add(Fault(op("cancel_generation"), "status", status=200))

    assert client.cancel_generation(generation_id, "a test").is_cancelled
    assert sandbox.requests.count(op("cancel_generation")) == 2


def test_a_failed_generation_can_be_retried_by_hand(client: Any, sandbox: Sandbox) -> None:
    """The new generation has its own id; the old one stays."""
    sandbox.options.failures = (Failure(on=(1,)),)
    sandbox.options.clarifications = ()
    generation_id = started(client)
    with pytest.raises(errors.GenerationFailed):
        client.wait_for_generation(generation_id)

    again = client.retry_generation(generation_id)
    assert again != generation_id
    assert client.wait_for_generation(again).is_complete
    assert {row.id for row in client.list_generations()} == {generation_id, again}


def test_a_generation_that_is_listed_late_is_not_taken_for_its_retry(client: Any, sandbox: Sandbox) -> None:
    """The answer to the retry was lost, and only then the list begins to show the generation that failed."""
    sandbox.options.failures = (Failure(on=(1,), state="Drafting", fraction=0.01),)
    sandbox.options.visible_after_seconds = 40
    sandbox.faults.add(Fault(op("retry_generation"), "reset", commit=True))
    generation_id = started(client)
    with pytest.raises(errors.GenerationFailed):
        client.wait_for_generation(generation_id)

    again = client.retry_generation(generation_id)
    assert list(sandbox.state.generations) == [str(generation_id), str(again)]


def test_account_quota_and_capabilities(client: Any) -> None:
    """What the key is, what is left, what may be chosen."""
    assert client.get_account().email
    assert client.get_usage().raw
    assert "Fast" in client.get_capabilities().review_profiles


def test_any_other_operation_by_its_module(client: Any) -> None:
    """The generated client's request and parsing, our sending: kinds, limits, errors."""
    from specstep_client.api.capabilities import get_capabilities
    from specstep_client.api.notifications import list_notifications
    from specstep_client.api.privacy import update_retention_preference
    from specstep_client.models.update_retention_preference_request import UpdateRetentionPreferenceRequest

    assert client.call(get_capabilities).review_profiles
    assert client.call(list_notifications) is not None
    body = UpdateRetentionPreferenceRequest(default_retention_days=30)
    assert client.call(update_retention_preference, body=body).default_retention_days == 30


def test_a_file_inside_a_package_and_a_search(client: Any, sandbox: Sandbox) -> None:
    """A path with slashes, and a body that is text."""
    from specstep_client.api.packages import get_package_file, search_package

    sandbox.options.clarifications = ()
    generation_id = started(client)
    client.wait_for_generation(generation_id)
    package = client.get_package_of(generation_id)
    path = next(file.path for file in client.list_package_files(package.id) if "/" in file.path)

    content = client.call(get_package_file, package.id, path)
    assert content
    assert [request.path for request in sandbox.requests][-1] == path_of("get_package_file", package.id, path)
    with pytest.raises(errors.UsageError, match=r"'\.\.'"):
        client.call(get_package_file, package.id, "../../me")
    assert client.call(search_package, package.id, q="portal").query == "portal"


@pytest.mark.parametrize("wrong", ["", "not-an-id", "../../etc/passwd", "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a0"])
def test_what_is_no_id_is_refused_before_it_is_sent(client: Any, sandbox: Sandbox, wrong: str) -> None:
    """Nothing can be smuggled into a path."""
    with pytest.raises(errors.UsageError, match="not an id"):
        client.get_generation(wrong)
    assert not sandbox.requests


def test_an_id_of_another_account_is_not_there_or_not_yours(client: Any) -> None:
    """The service does not tell these apart, so neither do we."""
    with pytest.raises(errors.NotFound, match="not found, or it belongs to another account"):
        client.get_generation("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


def test_an_empty_message_is_not_sent(client: Any, sandbox: Sandbox) -> None:
    """There is nothing to say."""
    interview = client.start_interview()
    sent = len(sandbox.requests)
    with pytest.raises(errors.UsageError):
        client.say(interview.id, "   ")
    assert len(sandbox.requests) == sent


def test_a_refused_key_is_tried_once(client: Any, sandbox: Sandbox) -> None:
    """401: one request, and a sentence that names the variable."""
    client.key = "sf_wrong"
    with pytest.raises(errors.AuthenticationError, match="SPECSTEP_API_KEY"):
        client.get_account()
    assert len(sandbox.requests) == 1


def test_both_clients_offer_the_same() -> None:
    """One list of steps: nothing exists for one client alone but how it is closed."""

    def public(kind: Any) -> Any:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(SpecStep) ^ public(AsyncSpecStep) == {"close", "aclose"}


def test_each_step_has_a_docstring_that_names_its_endpoint() -> None:
    """help(SpecStep.say) says what it does and what stands behind it."""
    for name, method in inspect.getmembers(SpecStep, inspect.isfunction):
        if name.startswith("_") or name in ("close", "runs", "with_options"):
            continue
        documented = method.__doc__
        assert documented
        assert name in ("call", "run", "resume") or re.search(r"/v\d+/|POST /mcp$", documented, re.MULTILINE), name


def test_the_key_is_in_no_repr(sandbox: Sandbox) -> None:
    """Not in the client's, the settings' or an error's."""
    with SpecStep(sandbox.api_key, api_url=sandbox.url) as specstep:
        assert sandbox.api_key not in repr(specstep) + repr(specstep.settings)


def test_a_client_without_a_key(client: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends no key, whatever the environment holds, reads what is anonymous, and refuses anything else by itself."""
    monkeypatch.setenv("SPECSTEP_API_KEY", sandbox.api_key)
    client.key, client.options["anonymous"] = None, True

    from specstep_client.api.status import get_status_summary

    assert client.call(get_status_summary).overall
    assert "Fast" in client.get_capabilities().review_profiles
    assert all("authorization" not in request.header_names for request in sandbox.requests)
    before = len(sandbox.requests)
    for refused in (client.get_usage, client.start_interview, lambda: client.run("A portal.")):
        with pytest.raises(errors.SettingsError, match="SPECSTEP_API_KEY"):
            refused()
    assert len(sandbox.requests) == before


def test_who_looks_for_what_was_lost_is_said_as_it_is(sandbox: Sandbox, turned: Any) -> None:
    """A generation that is started by itself leaves no record, so nobody looks for it; the other steps leave one."""
    settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url)
    with SpecStep(settings=settings, clock=turned(sandbox), store=RunStore.in_memory()) as client:
        interview = client.start_interview()
        client.say(interview.id, "A portal for customer feedback.")
        interview = client.complete_interview(interview.id)
        intake, said = interview.intake_artifact_id, []
        assert intake is not None
        started = client.start_generation(interview, profile="Fast")
        generation = client.wait_for_generation(started, on_question=ProposedDefaults())
        for operation in ("start_generation", "update_generation"):
            sandbox.faults.add(Fault(op(operation), "reset", times=2))
        with pytest.raises(errors.OutcomeUnknown) as caught:
            client.start_generation(interview, profile="Fast")
        said.append(caught.value.message)
        with pytest.raises(errors.OutcomeUnknown) as caught:
            client.update_generation(generation.id, intake, again=True)
        said.append(caught.value.message)

    assert said[0].endswith("before you pay again. Another call does not look for it.")
    assert said[1].endswith("before you pay again. The same request looks first, too.")
    assert len(sandbox.state.generations) == 1


def test_the_settle_time_is_that_of_the_settings(sandbox: Sandbox, turned: Any) -> None:
    """A step by itself is as patient as a run: a shorter time of its own is the caller's choice."""
    clock = turned(sandbox)
    settings = Settings(api_key=sandbox.api_key, api_url=sandbox.url, settle_seconds=300.0)
    sandbox.faults.add(Fault(op("start_generation"), "reset"))
    with SpecStep(settings=settings, clock=clock, store=RunStore.in_memory()) as client:
        interview = client.start_interview()
        client.say(interview.id, "A portal for customer feedback.")
        intake = client.complete_interview(interview.id).intake_artifact_id
        began = clock.now()
        assert intake is not None
        client.start_generation(intake, interview_id=interview.id)

        assert clock.now() - began >= 300.0
    assert len(sandbox.state.generations) == 1
