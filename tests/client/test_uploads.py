"""The upload of a reference document tells how far it is, sync and async, and however slowly it leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from specstep_flows import AsyncSpecStep, RunStore, SpecStep, errors, events
from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op

UPLOAD = op("upload_reference_document")


def uploads(told: Any) -> Any:
    """What was told of uploads, in order."""
    return [event for event in told if isinstance(event, events.Uploading | events.DocumentAttached)]


def check_progress(told: Any, size: Any) -> Any:
    """From the first bytes to the last in growing steps, each told once, and then that it is attached."""
    *progress, attached = told
    assert attached == events.DocumentAttached("plan.pdf", size)
    assert all(event.name == "plan.pdf" and event.total_bytes == size for event in progress)
    sent = [event.sent_bytes for event in progress]
    assert sent == sorted(set(sent))
    assert sent[-1] == size
    return sent


@pytest.mark.parametrize(("size", "least"), [(1, 1), (70_000, 3), (3_000_000, 15)])
def test_progress_of_an_upload(client: Any, tmp_path: Path, size: int, least: int) -> None:
    """A step alone tells the client's listener; never more than some twenty events come of one upload."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * size)
    told: list[Any] = []
    client.options["on_event"] = told.append
    interview = client.start_interview()
    client.attach_document(interview.id, tmp_path / "plan.pdf")

    sent = check_progress(uploads(told), size)
    assert least <= len(sent) <= 25


def test_progress_within_a_run(client: Any, tmp_path: Path) -> None:
    """A run tells whoever watches it."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 200_000)
    told: list[Any] = []
    client.run(
        "A portal.",
        attachments=[tmp_path / "plan.pdf"],
        profile="Fast",
        output=tmp_path / "package.zip",
        on_question=lambda questions: {question.question: "Yes." for question in questions},
        on_event=told.append,
    )

    assert check_progress(uploads(told), 200_000)


def test_a_listener_that_must_be_awaited(sandbox: Sandbox, turned: Any, tmp_path: Path) -> None:
    """Each event is awaited before more of the file leaves, so that none overtakes another."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 300_000)
    told = []

    async def listen(event: Any) -> None:
        await asyncio.sleep(0)
        told.append(event)

    async def go() -> None:
        options = {"store": RunStore.in_memory(), "clock": turned(sandbox), "on_event": listen}
        async with AsyncSpecStep(sandbox.api_key, api_url=sandbox.url, **options) as specstep:
            interview = await specstep.start_interview()
            await specstep.attach_document(interview.id, tmp_path / "plan.pdf")

    asyncio.run(go())

    check_progress(uploads(told), 300_000)


def test_an_upload_that_is_sent_again_tells_its_progress_again(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """One that was cut off begins again, and the document is attached once."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 100_000)
    sandbox.faults.add(Fault(UPLOAD, "reset"))
    told: list[Any] = []
    client.options["on_event"] = told.append
    interview = client.start_interview()
    client.attach_document(interview.id, tmp_path / "plan.pdf")

    sent = [event.sent_bytes for event in uploads(told) if isinstance(event, events.Uploading)]
    assert sent.count(100_000) == 2
    assert len(client.list_documents(interview.id)) == 1


@pytest.mark.parametrize(
    "listed",
    [
        {"documents.*.file_name": "plan_v2.pdf"},
        {"documents.*.file_name": None},
        {"documents.*.file_name": "plan_v2.pdf", "documents.*.size_bytes": None, "documents.*.size": 1000},
    ],
)
@pytest.mark.parametrize("commit", [True, False])
def test_a_document_that_is_listed_under_another_name_is_known_by_being_new(
    client: Any, sandbox: Sandbox, tmp_path: Path, listed: Any, commit: bool
) -> None:
    """The pages do not say how a file's name is listed; the answer to the upload was lost."""
    (tmp_path / "plan v2.pdf").write_bytes(b"x" * 1000)
    (tmp_path / "old.pdf").write_bytes(b"y" * 1000)
    interview = client.start_interview()
    client.attach_document(interview.id, tmp_path / "old.pdf")
    sandbox.faults.add(
        Fault(UPLOAD.replace("POST", "GET"), "edit", times=None, set=listed), Fault(UPLOAD, "reset", commit=commit)
    )
    client.attach_document(interview.id, tmp_path / "plan v2.pdf")

    assert len(client.list_documents(interview.id)) == 2


def test_an_upload_that_was_answered_is_known_to_whoever_goes_on(client: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    """The process ended right behind the answer, and the list lags behind: nothing is uploaded twice."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 1000)

    def stop(event: Any) -> None:
        if isinstance(event, events.DocumentAttached):
            raise errors.Detached("Stopped here.")

    run = {"attachments": [tmp_path / "plan.pdf"], "run_id": "mine", "output": tmp_path, "profile": "Fast"}
    with pytest.raises(errors.Detached):
        client.run("A portal.", on_event=stop, **run)
    sandbox.faults.add(Fault(UPLOAD.replace("POST", "GET"), "edit", times=None, set={"documents": []}))
    client.run("A portal.", on_question=lambda asked: {question.question: "Yes." for question in asked}, **run)

    assert sandbox.requests.count(UPLOAD) == 1


def test_nothing_is_sent_of_a_listener_that_raises(sandbox: Sandbox, turned: Any, tmp_path: Path) -> None:
    """What a listener raises comes out as it is, and the interview is as it was."""
    (tmp_path / "plan.pdf").write_bytes(b"x" * 300_000)

    def listen(event: Any) -> None:
        if isinstance(event, events.Uploading):
            raise ZeroDivisionError

    options = {"store": RunStore.in_memory(), "clock": turned(sandbox), "on_event": listen}
    with SpecStep(sandbox.api_key, api_url=sandbox.url, **options) as specstep:
        interview = specstep.start_interview()
        with pytest.raises(ZeroDivisionError):
            specstep.attach_document(interview.id, tmp_path / "plan.pdf")
        assert specstep.list_documents(interview.id) == []


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_an_upload_that_is_refused_for_now_is_looked_for_before_it_is_sent_again(
    client: Any, sandbox: Sandbox, tmp_path: Path, is_carried_out: bool
) -> None:
    """A 429 waits as long as it says; what it carried out all the same is attached once."""
    (tmp_path / "plan.pdf").write_bytes(b"x")
    sandbox.faults.add(Fault(UPLOAD, "status", status=429, retry_after=3, commit=is_carried_out))
    interview = client.start_interview()
    client.attach_document(interview.id, tmp_path / "plan.pdf")

    assert sandbox.requests.count(UPLOAD) == (1 if is_carried_out else 2)
    assert len(client.list_documents(interview.id)) == 1
