"""Interviews and their turns, in the forms that the pages leave open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.gateway import complete_interview, get_interview, get_turn_job, submit_turn
from tests.kit.api import path_of
from tests.kit.replies import play, reply

ID = "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04"
INTERVIEW = {"id": ID, "status": "active"}


@pytest.mark.parametrize("transcript", ["turns", "transcript", "messages", "conversation"])
@pytest.mark.parametrize(("role", "content"), [("role", "content"), ("speaker", "message"), ("author", "text")])
def test_a_transcript_is_found_under_each_likely_name(transcript: str, role: str, content: str) -> None:
    """Its shape is an assumption; an entry that cannot be read is one without a text."""
    body = {**INTERVIEW, transcript: [{role: "agent", content: "Who is it for?"}, {"odd": 1}]}
    interview, _ = play(get_interview(UUID(ID)), reply(body))

    assert [(turn.role, turn.content) for turn in interview.turns] == [("agent", "Who is it for?"), (None, None)]


@pytest.mark.parametrize("words", ["Hello.", {"content": "Hello."}, {"message": "Hello."}, {"text": "Hello."}])
def test_the_agents_newest_words_may_stand_outside_the_transcript(words: object) -> None:
    """As a string or as an object with one."""
    interview, _ = play(get_interview(UUID(ID)), reply({**INTERVIEW, "agent_reply": words}))

    assert interview.latest_reply == "Hello."


@pytest.mark.parametrize(
    ("answer", "status", "has_snapshot"),
    [
        (reply({"job_id": ID, "status": "queued"}, 202), "queued", False),
        (reply({"job_id": ID}, 202), "queued", False),
        (reply(b"", 202, location=path_of("get_turn_job", ID)), "queued", False),
        (reply({"status": "running"}, 202, location=path_of("get_turn_job", ID) + "?x=1"), "running", False),
        (reply(INTERVIEW), "completed", True),
        (reply({"status": "cached_replay", "snapshot": INTERVIEW}), "cached_replay", True),
        (reply({"status": "cached_replay"}), "cached_replay", False),
    ],
)
def test_a_turn_is_answered_by_a_job_a_replay_or_the_interview(answer: Any, status: str, has_snapshot: bool) -> None:
    """The key goes along in its header, so that sending it once more says nothing twice."""
    job, (request,) = play(submit_turn(UUID(ID), "A portal.", key="k-1"), answer)

    assert (job.status, job.snapshot is not None) == (status, has_snapshot)
    assert job.job_id is not None or status in ("completed", "cached_replay")
    assert (request.headers or {})["Idempotency-Key"] == "k-1"
    assert request.kind == "keyed"


@pytest.mark.parametrize("read_as", [lambda value: value, lambda value: SimpleNamespace(additional_properties=value)])
def test_a_snapshot_is_read_whatever_class_the_client_makes_of_it(monkeypatch: Any, read_as: Any) -> None:
    """A client of another document has a class of its own for it, or none."""
    from specstep_client.models.turn_job import TurnJob

    from_dict = TurnJob.from_dict

    def parsed(value: Any) -> Any:
        job = from_dict(value)
        job.snapshot = read_as(value["snapshot"])
        return job

    monkeypatch.setattr(TurnJob, "from_dict", parsed)
    snapshot = {**INTERVIEW, "turns": [{"role": "agent", "content": "Who is it for?"}], "more": 1}
    job, _ = play(get_turn_job(UUID(ID)), reply({"job_id": ID, "status": "completed", "snapshot": snapshot}))

    assert job.snapshot is not None
    assert [turn.content for turn in job.snapshot.turns] == ["Who is it for?"]


def test_an_answer_to_a_turn_that_leads_nowhere_is_unexpected() -> None:
    """Without a job and an interview the reply cannot be found."""
    with pytest.raises(errors.UnexpectedResponse, match="cannot be found"):
        play(submit_turn(UUID(ID), "A portal.", key="k-1"), reply({"status": "queued"}, 202))


def test_a_job_that_leaves_out_its_id_is_the_one_that_was_asked_for() -> None:
    """A snapshot that cannot be read is left out: the interview can be read by itself."""
    job, _ = play(get_turn_job(UUID(ID)), reply({"status": "completed", "snapshot": {"id": 5}}))

    assert (str(job.job_id), job.snapshot) == (ID, None)


def test_completing_may_be_answered_with_the_interview_or_with_nothing() -> None:
    """The pages do not say; a page is no success."""
    interview, _ = play(complete_interview(UUID(ID)), reply(INTERVIEW))
    assert interview is not None
    assert play(complete_interview(UUID(ID)), reply())[0] is None
    with pytest.raises(errors.UnexpectedResponse):
        play(complete_interview(UUID(ID)), reply(b"<html>", content_type="text/html"))
