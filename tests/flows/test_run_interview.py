"""The interview's part of a run: each turn once, each document once, whatever an earlier process did."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.flows import run_interview
from specstep_flows.flows.job import Job
from specstep_flows.flows.run_interview import hold_interview
from specstep_flows.models import RunOptions
from specstep_flows.runs.records import RunRecord, TurnRecord
from tests.kit.disk import Disk
from tests.kit.stage import Stage

INTERVIEW, INTAKE, JOB, GENERATION = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


class Service:
    """An agent that answers every turn at once."""

    def __init__(self, *turns: str, starts: bool = False) -> None:
        self.turns: list[dict[str, str]] = []
        for turn in turns:
            self.say(turn)
        self.keys: list[str] = []
        self.documents: list[dict[str, Any]] = []
        self.is_complete = False
        self.starts = starts

    def say(self, message: str) -> None:
        self.turns += [{"role": "user", "content": message}, {"role": "agent", "content": f"Re: {message}"}]

    @property
    def body(self) -> dict[str, Any]:
        body = {"id": str(INTERVIEW), "status": "Complete" if self.is_complete else "Active", "turns": self.turns}
        if self.is_complete:
            body["intake_artifact_id"] = str(INTAKE)
            if self.starts:
                body["started_generation_id"] = str(GENERATION)
        return body

    def __call__(self, request: Any) -> Any:
        match request.operation:
            case "start_interview" | "get_interview":
                return 200, self.body
            case "submit_turn":
                self.keys.append(request.headers["Idempotency-Key"])
                self.say(request.json["message"])
                done = {"status": "completed", "job_id": str(JOB), "interview_id": str(INTERVIEW)}
                return 200, {**done, "snapshot": self.body}
            case "get_turn_job":
                return 200, {"status": "completed", "job_id": str(JOB), "snapshot": self.body}
            case "list_reference_documents":
                return 200, self.documents
            case "upload_reference_document":
                (name, content, _) = next(file for _, file in request.files if file[0])
                self.documents.append({"id": str(UUID(int=50)), "name": name, "size_bytes": len(content)})
                return 201, self.documents[-1]
            case "complete_interview":
                self.is_complete = True
                return 200, self.body
        raise AssertionError(request.operation)


def staged(stage: type[Stage], service: Any, *messages: str, **more: Any) -> Stage:
    """A stage with the record of a new run."""
    acting = stage(service)
    acting.record = RunRecord("r", "http://127.0.0.1:1", 0.0, 0.0, messages=messages, **more)
    return acting


def kept(acting: Stage) -> RunRecord:
    """The record as it is now."""
    assert acting.record is not None
    return acting.record


def test_the_messages_are_said_in_order_and_the_interview_is_completed(stage: type[Stage]) -> None:
    """Each has a key of its own, which is recorded before it is sent."""
    service = Service()
    acting = staged(stage, service, "A portal.", "For schools.")
    acting.play(hold_interview(Job(Disk())))

    assert [turn["content"] for turn in service.turns if turn["role"] == "user"] == ["A portal.", "For schools."]
    assert service.keys == [turn.key for turn in kept(acting).turns]
    assert len(set(service.keys)) == 2
    assert (kept(acting).interview_complete, kept(acting).intake_artifact_id) == (True, INTAKE)
    assert kept(acting).generation_id is None


def test_a_turn_that_an_earlier_process_sent_is_not_sent_again(stage: type[Stage]) -> None:
    """The transcript has its reply; the next one goes on with a fresh key."""
    service = Service("A portal.")
    turn = TurnRecord("A portal.", "old")
    acting = staged(stage, service, "A portal.", "For schools.", interview_id=INTERVIEW, turns=(turn,))
    acting.play(hold_interview(Job(Disk())))

    assert len(service.keys) == 1
    assert [turn.done for turn in kept(acting).turns] == [True, True]


def test_a_turn_that_never_arrived_is_sent_with_its_own_key(stage: type[Stage]) -> None:
    """It was recorded, and the process ended. Once it is answered, nothing says any more that it was not."""
    service = Service()
    turn = TurnRecord("A portal.", "old")
    acting = staged(stage, service, "A portal.", interview_id=INTERVIEW, turns=(turn,), error="It was cut off.")
    acting.play(hold_interview(Job(Disk())))

    assert service.keys == ["old"]
    assert kept(acting).error is None


def test_a_respondent_answers_until_it_has_nothing_more_to_say(stage: type[Stage]) -> None:
    """It is asked with the agent's reply."""
    service, replies = Service(), iter(["For schools.", None])
    heard: list[Any] = []

    def respond(reply: Any, interview: Any) -> str | None:
        heard.append(reply)
        return next(replies)

    acting = staged(stage, service, "A portal.")
    acting.play(hold_interview(Job(Disk(), respondent=respond)))

    assert heard == ["Re: A portal.", "Re: For schools."]
    assert kept(acting).interview_complete


def test_a_message_that_the_service_refuses_is_not_sent_again(stage: type[Stage]) -> None:
    """Whoever answers is asked again when the run is resumed; a message of the brief stays what it is."""

    class Choosy(Service):
        def __call__(self, request: Any) -> Any:
            if request.operation == "submit_turn" and "forbidden" in request.json["message"]:
                return 400, {"detail": "message must not say that"}
            return super().__call__(request)

    service = Choosy()
    acting = staged(stage, service, "A portal.")
    with pytest.raises(errors.BadRequest):
        acting.play(hold_interview(Job(Disk(), respondent=lambda *_: "forbidden")))
    record = kept(acting)
    assert [(turn.message, turn.done) for turn in record.turns] == [("A portal.", True)]

    again = stage(service)
    again.record = record
    words = iter(["allowed", None])
    again.play(hold_interview(Job(Disk(), respondent=lambda *_: next(words))))
    assert [turn["content"] for turn in service.turns if turn["role"] == "user"] == ["A portal.", "allowed"]

    acting = staged(stage, Choosy(), "forbidden")
    with pytest.raises(errors.BadRequest):
        acting.play(hold_interview(Job(Disk(), respondent=lambda *_: None)))
    assert [turn.message for turn in kept(acting).turns] == ["forbidden"]


def test_an_interview_that_somebody_holds_is_not_ended_without_them(stage: type[Stage]) -> None:
    """Whoever resumes the run has no respondent: it is left where it is."""
    acting = staged(stage, Service(), "A portal.", options=RunOptions(interview=True))
    with pytest.raises(errors.Detached, match="specstep interview --run-id r"):
        acting.play(hold_interview(Job(Disk())))
    assert not kept(acting).interview_complete


def test_a_document_is_uploaded_once(stage: type[Stage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one with a warning; what is listed already is not sent again."""
    path = tmp_path / "rules.txt"
    path.write_text("No cookies.")
    disk = Disk()
    disk.files[path] = b"No cookies."
    monkeypatch.setattr(run_interview, "LARGE_BYTES", 5)
    service = Service()
    acting = staged(stage, service, "A portal.", attachments=(str(path),))
    acting.play(hold_interview(Job(disk)))

    assert [document["name"] for document in service.documents] == ["rules.txt"]
    assert kept(acting).uploads == (str(path),)
    assert any("rules.txt is large" in event.message for event in acting.told if isinstance(event, events.Notice))

    service.is_complete = False
    again = staged(stage, service, "A portal.", attachments=(str(path),), interview_id=INTERVIEW)
    again.play(hold_interview(Job(disk)))
    assert again.count("upload_reference_document") == 0


def test_a_generation_that_the_service_started_is_the_run_s(stage: type[Stage]) -> None:
    """With a person's token it starts one by itself: the user is asked before the first turn."""
    asked: list[Any] = []

    def confirm(record: Any) -> bool:
        asked.append(len(record.turns))
        return True

    acting = staged(stage, Service(starts=True), "A portal.")
    acting.play(hold_interview(Job(Disk(), is_user_actor=True, confirm=confirm)))

    assert asked == [0]
    assert kept(acting).generation_id == GENERATION
    assert any(
        "starts a generation by itself" in event.message for event in acting.told if isinstance(event, events.Notice)
    )


def test_an_interview_that_is_gone_ends_the_run(stage: type[Stage]) -> None:
    """It says that nothing was started."""
    acting = staged(stage, lambda request: (404, {"type": "NOT_FOUND"}), "A portal.", interview_id=INTERVIEW)
    with pytest.raises(errors.InterviewEnded, match="No generation was started"):
        acting.play(hold_interview(Job(Disk())))
