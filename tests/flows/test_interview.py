"""One turn of the interview: submitted with one key, waited for, submitted again only where that is right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors
from specstep_flows.flows.interview import complete_interview, say
from tests.kit.stage import Stage

INTERVIEW, JOB = UUID(int=1), UUID(int=2)


class Service:
    """Answers each submission and each look at a job from a script."""

    def __init__(self, jobs: Any, submissions: Any = (), interview: Any = None) -> None:
        self.jobs = list(jobs)
        self.submissions = list(submissions)
        self.interview = interview or {"id": str(INTERVIEW), "status": "Active", "turns": []}
        self.keys: list[str] = []

    def __call__(self, request: Any) -> Any:
        if request.operation == "submit_turn":
            self.keys.append(request.headers["Idempotency-Key"])
            default = (202, {"status": "queued", "job_id": str(JOB), "interview_id": str(INTERVIEW), "snapshot": None})
            return self.submissions.pop(0) if self.submissions else default
        if request.operation == "get_turn_job":
            return self.jobs.pop(0)
        if request.operation == "get_interview":
            return 200, self.interview
        raise AssertionError(request.operation)


def job(status: Any, **more: Any) -> Any:
    """The answer to a look at the job."""
    return 200, {"status": status, "job_id": str(JOB), "interview_id": str(INTERVIEW), **more}


def snapshot(reply: Any = "Who will use it?") -> Any:
    """The interview after a turn."""
    turns = [{"role": "user", "content": "A portal."}, {"role": "agent", "content": reply}]
    return {"id": str(INTERVIEW), "status": "Active", "turns": turns}


FAILED = job("failed", error_code="INTERVIEW_TURN_TIMEOUT", is_retryable=True)
HOPELESS = job("failed", error_code="INTERVIEW_TURN_INTERNAL_ERROR", is_retryable=False)
DONE = job("completed", snapshot=snapshot())


def test_a_turn_is_waited_for_and_its_reply_given_back(stage: type[Stage]) -> None:
    """Queued, running, a status that nobody has seen, completed."""
    acting = stage(Service([job("queued"), job("running"), job("thinking"), DONE]))
    interview = acting.play(say(INTERVIEW, "A portal.", key="k"))

    assert interview.reply == "Who will use it?"
    assert acting.now == 1_000.0 + 4 * 3.0


def test_a_cached_replay_needs_no_polling(stage: type[Stage]) -> None:
    """A key whose call has completed: the snapshot is in the answer."""
    replay = (200, {"status": "cached_replay", "job_id": None, "interview_id": str(INTERVIEW), "snapshot": snapshot()})
    acting = stage(Service([], [replay]))

    assert acting.play(say(INTERVIEW, "A portal.", key="k")).reply == "Who will use it?"
    assert len(acting.sent) == 1


def test_the_location_names_the_job_where_the_body_does_not(stage: type[Stage]) -> None:
    """A 202 without a job_id and without a Location is an answer that cannot be used."""
    acting = stage(Service([], [(202, {"status": "queued", "interview_id": str(INTERVIEW)})]))

    with pytest.raises(errors.UnexpectedResponse, match="contains no job id"):
        acting.play(say(INTERVIEW, "A portal.", key="k"))


def test_an_interview_in_the_answer_itself_is_taken(stage: type[Stage]) -> None:
    """Synchronous mode, as long as it exists: the whole snapshot inline."""
    acting = stage(Service([], [(200, snapshot("At once."))]))

    assert acting.play(say(INTERVIEW, "A portal.", key="k")).reply == "At once."


@pytest.mark.parametrize("failures", [1, 2])
def test_a_retryable_failure_is_submitted_again_with_the_same_key(stage: type[Stage], failures: Any) -> None:
    """At most twice; the transcript is looked at each time first."""
    service = Service([FAILED] * failures + [DONE])
    acting = stage(service)

    assert acting.play(say(INTERVIEW, "A portal.", key="k")).reply == "Who will use it?"
    assert service.keys == ["k"] * (failures + 1)


def test_a_third_failure_is_raised(stage: type[Stage]) -> None:
    """With the service's code, and that no generation was started."""
    service = Service([FAILED] * 3)
    with pytest.raises(errors.TurnFailed, match="INTERVIEW_TURN_TIMEOUT") as caught:
        stage(service).play(say(INTERVIEW, "A portal.", key="k"))

    assert caught.value.is_retryable is True
    assert len(service.keys) == 3


def test_a_failure_that_cannot_be_retried_is_raised_at_once(stage: type[Stage]) -> None:
    """is_retryable: false."""
    service = Service([HOPELESS])
    with pytest.raises(errors.TurnFailed):
        stage(service).play(say(INTERVIEW, "A portal.", key="k"))

    assert service.keys == ["k"]


def test_a_failed_turn_whose_reply_is_in_the_transcript_is_done(stage: type[Stage]) -> None:
    """Submitting it again would say it twice."""
    service = Service([FAILED], interview=snapshot("It came all the same."))

    assert stage(service).play(say(INTERVIEW, "A portal.", key="k")).reply == "It came all the same."
    assert service.keys == ["k"]


def test_an_older_reply_to_the_same_words_does_not_count(stage: type[Stage]) -> None:
    """The user said the same before: only entries behind the turn's own place are its reply."""
    service = Service([FAILED, DONE], interview=snapshot("An older reply."))

    assert stage(service).play(say(INTERVIEW, "A portal.", key="k", before=2)).reply == "Who will use it?"
    assert len(service.keys) == 2


def test_the_job_of_an_earlier_attempt_is_looked_at_first(stage: type[Stage]) -> None:
    """A resumed run does not submit again what is on its way."""
    service = Service([DONE])
    stage(service).play(say(INTERVIEW, "A portal.", key="k", job_id=JOB))

    assert service.keys == []


def test_a_job_that_the_service_has_forgotten_is_submitted_again(stage: type[Stage]) -> None:
    """After a restart of the service: the same key, so nothing is said twice."""
    service = Service([(404, None), DONE])
    stage(service).play(say(INTERVIEW, "A portal.", key="k", job_id=JOB))

    assert service.keys == ["k"]


def test_a_cancelled_turn_is_said_to_be_cancelled(stage: type[Stage]) -> None:
    """Somebody gave the turn up."""
    with pytest.raises(errors.TurnFailed, match="cancelled"):
        stage(Service([job("cancelled")])).play(say(INTERVIEW, "A portal.", key="k"))


class Completing:
    """An interview that is completed by the ``after``-th request; its answers may be lost."""

    def __init__(self, *answers: Any, status: Any = "Active", artifact_after: Any = 0) -> None:
        self.answers = list(answers)
        self.status = status
        self.artifact_after = artifact_after
        self.looks = 0
        self.completions = 0

    def __call__(self, request: Any) -> Any:
        if request.operation == "complete_interview":
            self.completions += 1
            answer = self.answers.pop(0) if self.answers else (200, {})
            if isinstance(answer, tuple) and answer[0] < 300:
                self.status = "Complete"
            return answer
        if request.operation == "list_intake_artifacts":
            return 200, {"artifacts": []}
        self.looks += 1
        artifact = str(UUID(int=3)) if self.status == "Complete" and self.looks > self.artifact_after else None
        return 200, {"id": str(INTERVIEW), "status": self.status, "intake_artifact_id": artifact}


def test_a_lost_completion_is_settled_by_reading_the_interview(stage: type[Stage], lost: errors.ConnectionLost) -> None:
    """It was carried out, or not: the status tells, and only then is it sent again."""
    service = Completing(lost, lost, (200, {}))
    interview = stage(service).play(complete_interview(INTERVIEW))

    assert interview.intake_artifact_id == UUID(int=3)
    assert service.completions == 3


def test_a_completion_that_was_answered_with_nothing_and_did_not_happen_is_sent_again(stage: type[Stage]) -> None:
    """An empty 200 may come from somebody in between: the status stays, so the interview was not completed."""
    service = Completing()

    def swallowing_the_first(request: Any) -> Any:
        if request.operation == "complete_interview" and not service.completions:
            service.completions = 1
            return 200, {}
        return service(request)

    interview = stage(swallowing_the_first).play(complete_interview(INTERVIEW))

    assert interview.intake_artifact_id == UUID(int=3)
    assert service.completions == 2


def test_an_interview_that_cannot_be_completed_yet_says_why(stage: type[Stage]) -> None:
    """A 409 with the service's sentence; nothing was paid for."""
    service = Completing((409, {"type": "INTERVIEW_NOT_READY", "detail": "Say more about the users."}))

    with pytest.raises(errors.InterviewEnded, match="Say more about the users"):
        stage(service).play(complete_interview(INTERVIEW))


@pytest.mark.parametrize(
    "answers", [["lost", (409, {})], [(409, {})]], ids=["lost here", "lost by a process that died"]
)
def test_a_completion_that_was_carried_out_is_known_although_the_status_lags_behind(
    stage: type[Stage], lost: errors.ConnectionLost, answers: Any
) -> None:
    """The conflict is an earlier attempt's own work, and a replica shows it only after some seconds."""
    service = Completing(*[lost if answer == "lost" else answer for answer in answers])
    acting = stage(service)

    def lagging(request: Any) -> Any:
        if acting.now >= 1_008.0:
            service.status = "Complete"
        return service(request)

    acting.service = lagging

    assert acting.play(complete_interview(INTERVIEW)).intake_artifact_id == UUID(int=3)


def test_an_interview_without_an_artifact_ends_with_an_error(stage: type[Stage]) -> None:
    """Not in the interview, not in the list."""
    with pytest.raises(errors.InterviewEnded, match="intake artifact"):
        stage(Completing(status="complete", artifact_after=99)).play(complete_interview(INTERVIEW))


def test_a_conflict_without_a_word_is_waited_out(stage: type[Stage]) -> None:
    """A bare 409 says that something is in the way, not what: the same key is sent again until the turn is taken."""
    service = Service([DONE], [(409, {}), (409, {})])
    acting = stage(service)

    assert acting.play(say(INTERVIEW, "A portal.", key="k")).reply == "Who will use it?"
    assert service.keys == ["k", "k", "k"]


def test_a_conflict_with_a_word_is_the_callers(stage: type[Stage]) -> None:
    """Another turn is in flight, or the interview is over: nothing was said, and nothing is taken for said."""
    service = Service([], [(409, {"type": "INTERVIEW_NOT_ACTIVE"})])

    with pytest.raises(errors.Conflict):
        stage(service).play(say(INTERVIEW, "A portal.", key="k"))
    assert service.keys == ["k"]
