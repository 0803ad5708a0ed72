"""Interviews and turns: asynchronous jobs, idempotency keys, cancellation, completion, hand-off."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from specstep_flows.sandbox import TurnFailure
from tests.kit.api import op, path_of

PERSON = {"Authorization": "Bearer oat_person"}


def submit(call: Any, interview: str, message: str = "More.", key: Any = None, **members: Any) -> Any:
    """Submit a turn, with an Idempotency-Key if one is given."""
    headers = {"Idempotency-Key": key} if key is not None else {}
    return call(op("submit_turn", interview), json={"message": message}, headers=headers, **members)


def transcript(call: Any, interview: str) -> Any:
    """Who said what."""
    return [(turn["role"], turn["content"]) for turn in call(op("get_interview", interview)).json()["turns"]]


def test_turn_is_a_job(start: Any) -> None:
    """The user's turn is committed at once, the reply comes later, at its own virtual moment."""
    call = start(turn_queue_seconds=1, turn_seconds=6)
    interview = call.interview()

    answer = submit(call, interview, "A portal.")
    job = answer.json()
    location = answer.headers["location"]

    assert (answer.status_code, job["status"], job["user_turn_committed"], job["snapshot"]) == (
        202,
        "queued",
        True,
        None,
    )
    assert location == path_of("get_turn_job", job["job_id"])
    assert transcript(call, interview)[-1] == ("user", "A portal.")
    seen = []
    for _ in range(4):
        seen.append(call(f"GET {location}").json()["status"])
        call.pass_time(2)
    assert seen == ["queued", "running", "running", "completed"]
    done = call(f"GET {location}").json()
    assert done["completed_at"] == "2026-06-01T12:00:06.0000000+00:00"
    assert done["snapshot"]["turns"][-1]["role"] == "agent"


def test_same_key_in_flight_and_afterwards(start: Any) -> None:
    """In flight the same key is a conflict with a time to wait; afterwards it replays; the turn is said once."""
    call = start()
    interview = call.interview()
    submit(call, interview, "A portal.", "key-1")

    busy = submit(call, interview, "A portal.", "key-1")

    assert (busy.status_code, busy.headers["retry-after"]) == (409, "5")
    assert busy.headers["content-type"] == "application/problem+json"
    problem = busy.json()
    assert (problem["retryable"], problem["retry_after_seconds"], problem["turn_committed"]) == (True, 5, False)
    assert problem["client_request_id"] == "key-1"
    call.pass_time(6)
    replayed = submit(call, interview, "A portal.", "key-1")
    assert (replayed.status_code, replayed.json()["status"], replayed.json()["job_id"]) == (200, "cached_replay", None)
    assert replayed.json()["snapshot"]["turns"][-1]["role"] == "agent"
    assert [role for role, _ in transcript(call, interview)] == ["agent", "user", "agent"]


def test_without_a_key_the_turn_is_said_twice(start: Any) -> None:
    """A retry without a key, or with a fresh one, is another turn: that is what keys are for."""
    call = start()
    interview = call.interview("A portal.")

    submit(call, interview, "A portal.")

    assert call.sandbox.state.interviews[interview].messages == ["A portal.", "A portal."]


@pytest.mark.parametrize(
    ("key", "status"), [("a" * 128, 202), ("A-z.0:9_", 202), ("a" * 129, 400), ("", 400), ("a b", 400), ("a/b", 400)]
)
def test_form_of_keys(start: Any, key: Any, status: Any) -> None:
    """1 to 128 characters of the documented alphabet."""
    call = start()

    assert submit(call, call.interview(), key=key).status_code == status


def test_failed_turn_is_tried_again_under_its_key(start: Any) -> None:
    """After a failure the same key starts another job, and the turn is not said again."""
    call = start(turn_failures=(TurnFailure((1,)),))
    interview = call.interview()
    job = submit(call, interview, "A portal.", "key-1").json()["job_id"]
    call.pass_time(6)

    failed = call(op("get_turn_job", job)).json()
    assert (failed["status"], failed["error_code"], failed["is_retryable"]) == (
        "failed",
        "INTERVIEW_TURN_TIMEOUT",
        True,
    )
    assert submit(call, interview, "A portal.", "key-1").status_code == 202
    call.pass_time(6)

    assert [role for role, _ in transcript(call, interview)] == ["agent", "user", "agent"]


def test_failure_after_the_reply_was_committed(start: Any) -> None:
    """A job may say that it failed although the reply stands; whoever submits again says the turn twice."""
    call = start(turn_failures=(TurnFailure((1,), reply_committed=True),))
    interview = call.interview()
    submit(call, interview, "A portal.", "key-1")
    call.pass_time(6)
    assert [role for role, _ in transcript(call, interview)] == ["agent", "user", "agent"]

    submit(call, interview, "A portal.", "key-1")

    assert call.sandbox.state.interviews[interview].messages == ["A portal.", "A portal."]


@pytest.mark.parametrize("reply_after_cancel", [False, True])
def test_cancelled_turn(start: Any, reply_after_cancel: Any) -> None:
    """A job that has not ended can be cancelled, more than once; the reply may appear all the same."""
    call = start(reply_after_cancel=reply_after_cancel)
    interview = call.interview()
    job = submit(call, interview, "A portal.").json()["job_id"]
    call.pass_time(3)

    for _ in range(2):
        cancelled = call(op("cancel_turn_job", job))
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    call.pass_time(60)

    assert call(op("get_turn_job", job)).json()["status"] == "cancelled"
    assert (transcript(call, interview)[-1][0] == "agent") is reply_after_cancel


def test_turn_that_has_ended_cannot_be_cancelled(start: Any) -> None:
    """The work landed: read the result instead."""
    call = start()
    job = submit(call, call.interview()).json()["job_id"]
    call.pass_time(6)

    answer = call(op("cancel_turn_job", job))

    assert (answer.status_code, answer.json()["type"]) == (409, "INTERVIEW_TURN_NOT_CANCELLABLE")


def test_transcript_counts_utf16_units(start: Any) -> None:
    """Characters outside the basic plane count twice, as they do in .NET."""
    call = start(opening="", replies=("",), max_transcript_chars=100)
    interview = call.interview("a€😀")

    size = call(op("get_interview", interview)).json()["transcript_size"]

    assert (size["chars"], size["tokens_estimate"], size["percent_used"]) == (4, 1, 4.0)


def test_empty_conversations_are_not_listed(start: Any) -> None:
    """An interview in which nobody answered yet is in no list, but can be read."""
    call = start()
    empty = call.interview()
    used = call.interview("A portal.")

    assert [row["id"] for row in call(op("list_interviews")).json()["interviews"]] == [used]
    assert call(op("get_interview", empty)).status_code == 200


@pytest.mark.parametrize(
    ("status", "listed"), [("active", 1), ("Complete,abandoned", 1), ("complete", 1), ("paused", 0)]
)
def test_status_filter_of_interviews(start: Any, status: Any, listed: Any) -> None:
    """Tokens and exact names alike, several at once."""
    call = start()
    call.interview("Open.")
    call.artifact("Closed.")

    assert len(call(op("list_interviews") + f"?status={status}").json()["interviews"]) == listed


def test_status_in_lower_case(start: Any) -> None:
    """The pages show two spellings of an interview's status; the sandbox can be told which."""
    call = start(interview_status_style="lower")

    assert call(op("get_interview", call.interview())).json()["status"] == "active"


def test_agent_completes_and_hands_off_for_people(start: Any) -> None:
    """With a person's token the last turn starts a generation with the service's own profile."""
    call = start(agent_completes_after=2, keys={"oat_person": "ada"})
    call.http.headers.update(PERSON)
    interview = call.interview("A portal.", "For everybody.")

    done = call(op("get_interview", interview)).json()
    (run,) = call.sandbox.state.generations.values()

    assert (done["status"], done["started_generation_id"], done["auto_start_failure"]) == ("Complete", run.id, None)
    assert done["intake_artifact_id"] == run.intake_id
    assert (run.profile, run.mirror) == ("Normal", "ClaudeMd")


def test_agent_completes_without_hand_off_for_keys(start: Any) -> None:
    """With an API key nothing is started, and the snapshot says why."""
    call = start(agent_completes_after=1)
    interview = call.interview("A portal.")

    done = call(op("get_interview", interview)).json()

    assert done["auto_start_failure"]["code"] == "AUTO_START_NOT_SUPPORTED_FOR_ACTOR_TYPE"
    assert done["started_generation_id"] is None
    assert not call.sandbox.state.generations


def test_hand_off_over_the_quota(start: Any) -> None:
    """The turn succeeds and the interview completes, although no generation could be started."""
    call = start(agent_completes_after=1, monthly_quota=0, keys={"oat_person": "ada"})
    call.http.headers.update(PERSON)

    done = call(op("get_interview", call.interview("A portal."))).json()

    assert (done["status"], done["auto_start_failure"]["code"]) == ("Complete", "QUOTA_EXCEEDED")


def test_artifact_may_appear_late(start: Any) -> None:
    """The artifact's id is missing for a moment after completion, in the interview and in the list."""
    call = start(intake_artifact_delay=5)
    interview = call.interview("A portal.")
    call(op("complete_interview", interview))

    assert call(op("get_interview", interview)).json()["intake_artifact_id"] is None
    assert call(op("list_intake_artifacts")).json() == {"artifacts": []}
    call.pass_time(5)
    artifact = call(op("get_interview", interview)).json()["intake_artifact_id"]
    assert [row["id"] for row in call(op("list_intake_artifacts")).json()["artifacts"]] == [artifact]


def test_artifact_may_be_in_the_list_only(start: Any) -> None:
    """Some readings of the pages have the id in the list and never in the interview."""
    call = start(intake_artifact_in_interview=False)
    interview = call.interview("A portal.")
    call(op("complete_interview", interview))

    assert call(op("get_interview", interview)).json()["intake_artifact_id"] is None
    assert len(call(op("list_intake_artifacts")).json()["artifacts"]) == 1
    assert call(op("list_intake_artifacts") + "?status=strange").json() == {"artifacts": []}


def test_what_belongs_to_others_is_not_found(start: Any) -> None:
    """Another user's ids answer like ids that do not exist."""
    call = start(keys={"sf_other": "bob"})
    interview = call.interview("A portal.")
    other = {"Authorization": "Bearer sf_other"}

    foreign = httpx.get(call.sandbox.url + path_of("get_interview", interview), headers=other)
    unknown = httpx.get(
        call.sandbox.url + path_of("get_interview", f"{'0' * 8}-0000-0000-0000-{'0' * 12}"), headers=other
    )

    assert (foreign.status_code, foreign.json()) == (404, unknown.json())
