"""Interviews that somebody holds: a person, a model of the user's own, a list of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specstep_flows import Brief, errors, events
from specstep_flows.sandbox import Sandbox


def script(*texts: Any) -> Any:
    """A respondent with these answers; what it was asked is in ``asked``."""
    left = list(texts)

    asked: list[Any] = []

    def respond(reply: Any, interview: Any) -> Any:
        asked.append((reply, len(interview.turns)))
        return left.pop(0) if left else None

    respond.asked = asked  # type: ignore[attr-defined]
    return respond


def test_a_respondent_holds_the_whole_interview(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """It gets the agent's opening first, then each reply; None ends the interview, and the run goes on by itself."""
    respond = script("A portal for feedback.", "Shops use it.")
    result = client.run(
        respondent=respond, output=tmp_path, on_question=lambda asked: {q.question: "No." for q in asked}
    )

    replies = [reply for reply, _ in respond.asked]
    assert replies[0] == sandbox.options.opening
    assert replies[1:] == list(sandbox.options.replies[:2])
    assert result.path.is_file()
    (interview,) = sandbox.state.interviews.values()
    assert [turn.content for turn in interview.turns if turn.role == "user"] == [
        "A portal for feedback.",
        "Shops use it.",
    ]


def test_scripted_messages_come_before_the_respondent(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """A brief may begin the interview, and somebody may go on with it."""
    respond = script("More.")
    client.run(
        "A portal.", respondent=respond, output=tmp_path, on_question=lambda asked: {q.question: "No." for q in asked}
    )

    assert [reply for reply, _ in respond.asked] == list(sandbox.options.replies[:2])


def test_a_brief_holds_texts_attachments_and_a_respondent_in_one_value(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The same as giving them one by one: uploaded first, said in turn, then answered by the respondent."""
    (tmp_path / "notes.md").write_text("# Notes")
    respond = script("More.")
    brief = Brief(messages="A portal.", attachments=[tmp_path / "notes.md"], respondent=respond)
    client.run(brief, run_id="mine", output=tmp_path, on_question=lambda asked: {q.question: "No." for q in asked})

    (interview,) = sandbox.state.interviews.values()
    assert [turn.content for turn in interview.turns if turn.role == "user"] == ["A portal.", "More."]
    assert [document.file_name for document in interview.documents.values()] == ["notes.md"]
    record = client.store.get("mine")
    assert record.messages == ("A portal.",)
    assert record.attachments == (str(tmp_path / "notes.md"),)
    assert brief == Brief(["A portal."], (str(tmp_path / "notes.md"),), respond)


def test_what_a_brief_holds_is_not_given_beside_it_as_well(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Whose attachments, or whose respondent, would be a guess; what it does not hold may be given beside it."""
    (tmp_path / "notes.md").write_text("# Notes")
    notes = [tmp_path / "notes.md"]
    with pytest.raises(errors.UsageError, match="`attachments` is given twice"):
        client.run(Brief("A portal.", notes), attachments=notes)
    with pytest.raises(errors.UsageError, match="`respondent` is given twice"):
        client.run(Brief("A portal.", respondent=script()), respondent=script())
    with pytest.raises(errors.UsageError, match="empty"):
        client.run(Brief(" "))
    assert not sandbox.state.interviews

    client.run(
        Brief("A portal."),
        attachments=notes,
        respondent=script("More."),
        output=tmp_path,
        on_question=lambda asked: {q.question: "No." for q in asked},
    )
    (interview,) = sandbox.state.interviews.values()
    assert len(interview.documents) == 1


def test_the_interview_stops_asking_when_the_agent_completes_it(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody is asked for more than the agent wants, and messages that are left over are told."""
    sandbox.options.agent_completes_after = 2
    respond = script("never asked for")
    told: list[Any] = []
    client.run(
        ["One.", "Two.", "Three.", "Four."],
        respondent=respond,
        output=tmp_path,
        on_event=told.append,
        on_question=lambda asked: {q.question: "No." for q in asked},
    )

    (completed,) = [event for event in told if isinstance(event, events.InterviewCompleted)]
    assert completed.unused_messages == 2
    assert respond.asked == []


def test_a_turn_that_was_taken_back_is_not_sent_again_and_its_respondent_is_asked_again(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Cancelling the turn's job is an undo for whoever holds the interview, and no failure of the run."""
    respond = script("A portal for cats.", "A portal for dogs.")
    client.run(
        run_id="undone",
        respondent=respond,
        output=tmp_path,
        on_event=Undo(client, sandbox, "A portal for cats."),
        on_question=lambda asked: {q.question: "No." for q in asked},
    )

    assert len(respond.asked) == 3
    record = client.store.get("undone")
    assert [(turn.message, turn.done) for turn in record.turns] == [
        ("A portal for cats.", True),
        ("A portal for dogs.", True),
    ]
    assert [job.outcome for job in sandbox.state.jobs.values()] == ["cancelled", "completed"]
    assert len(sandbox.state.generations) == 1


class Undo:
    """Takes a turn back at the first wait for its reply, as a person would who sees a mistake."""

    def __init__(self, client: Any, sandbox: Any, message: Any) -> None:
        self.client = client
        self.clock = client.options["clock"]
        self.sandbox = sandbox
        self.message = message
        self.sleep = self.clock.sleep

    def __call__(self, event: Any) -> None:
        if isinstance(event, events.TurnSubmitted) and event.message == self.message:
            self.clock.sleep = self.undo

    def undo(self, seconds: Any) -> None:
        self.clock.sleep = self.sleep
        (job,) = self.sandbox.state.open_jobs.values()
        job.outcome, job.completed_at = "cancelled", self.sandbox.clock.now()
        self.sandbox.state.open_jobs.pop(job.id)
        self.sleep(seconds)


def test_a_half_held_interview_is_not_ended_by_whoever_resumes_without_a_respondent(
    client: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A generation of half a brief would be paid for in vain."""

    def leave(reply: Any, interview: Any) -> None:
        raise errors.Detached("gone for lunch")

    with pytest.raises(errors.Detached, match="lunch"):
        client.run("A portal.", run_id="half", respondent=leave, output=tmp_path)
    with pytest.raises(errors.Detached, match="specstep interview --run-id half"):
        client.resume("half")
    assert not sandbox.state.generations

    respond = script("Shops use it.")
    result = client.resume("half", respondent=respond, on_question=lambda asked: {q.question: "No." for q in asked})
    assert result.path.is_file()
    assert len(sandbox.state.generations) == 1


def test_an_empty_brief_needs_a_respondent(client: Any, sandbox: Sandbox) -> None:
    """Without anybody to answer there is nothing to say."""
    with pytest.raises(errors.UsageError, match="empty"):
        client.run()
    assert not sandbox.state.interviews
