"""What is done to a running generation, and what its agents did."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.flows.clarifications import checked_answers
from specstep_flows.gateway import (
    answer_clarifications,
    cancel_generation,
    get_clarifications,
    get_conversation,
    get_events,
    pause_generation,
    rename_generation,
)
from specstep_flows.models import Answer
from tests.kit.replies import play, reply

ID = UUID("01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")


def test_answers_are_sent_verbatim_by_question() -> None:
    """The service knows a question by its own text."""
    _, (request,) = play(answer_clarifications(ID, [Answer("Which  one? ", "This.")]), reply({}))

    assert request.json == {"answers": [{"question": "Which  one? ", "answer": "This."}]}
    assert request.path.endswith(f"/{ID}/clarifications/answers")


def test_a_question_without_a_text_cannot_be_answered() -> None:
    """Everything else about a question is only shown."""
    body = {"clarifications": [{"question": "Which one?", "proposedDefault": "This.", "agent": 5}]}
    (question,), _ = play(get_clarifications(ID), reply(body))

    assert (question.question, question.proposed_default, question.agent) == ("Which one?", "This.", None)
    with pytest.raises(errors.UnexpectedResponse) as caught:
        play(get_clarifications(ID), reply({"clarifications": [{"question": " "}]}))
    assert caught.value.field == "question"


def test_a_reason_is_sent_only_where_there_is_one() -> None:
    """Cancelling needs no body."""
    assert play(cancel_generation(ID), reply())[1][0].json is None
    assert play(cancel_generation(ID, "too dear"), reply())[1][0].json == {"reason": "too dear"}


def test_no_name_clears_the_name() -> None:
    """So null is sent, and not left out."""
    assert play(rename_generation(ID, None), reply())[1][0].json == {"name": None}


def test_a_page_is_no_success() -> None:
    """A sign-in page with status 200 paused nothing."""
    with pytest.raises(errors.UnexpectedResponse, match="sign-in page"):
        play(pause_generation(ID), reply(b"<html>", content_type="text/html"))


def test_what_the_agents_did_is_shown_as_far_as_it_can_be_read() -> None:
    """Undocumented entries stay what they are; what is no entry is left out."""
    items, (request,) = play(get_conversation(ID, take=5), reply({"items": [{"narration": "Hm.", "cost_usd": "0.5"}]}))
    assert [(item.narration, item.cost_usd) for item in items] == [("Hm.", 0.5)]
    assert request.params == {"take": 5}

    for body in ([{"a": 1}, "x"], {"events": [{"a": 1}]}):
        found, _ = play(get_events(ID), reply(body))
        assert [event.raw for event in found] == [{"a": 1}]
    assert play(get_events(ID), reply({"a": [], "b": []}))[0] == []


def test_a_question_that_cannot_be_shown_is_answered_by_its_exact_text() -> None:
    """Half of an emoji is U+FFFD for people, policies and the record, and goes back to the service as it came."""
    body = {"clarifications": [{"question": "Tea \ud83d?", "why": "\ud83d", "proposedDefault": "\ude00 yes"}]}
    (question,), _ = play(get_clarifications(ID), reply(json.dumps(body).encode()))

    assert (question.question, question.why, question.proposed_default) == ("Tea \ufffd?", "\ufffd", "\ufffd yes")
    assert "exact" not in repr(question)
    answers = checked_answers([question], {"Tea \ud83d?": "Half \ud83d"})
    _, (request,) = play(answer_clarifications(ID, answers, [question]), reply({}))
    assert request.json == {"answers": [{"question": "Tea \ud83d?", "answer": "Half \ufffd"}]}
