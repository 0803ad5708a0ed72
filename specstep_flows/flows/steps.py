"""The steps of the job one by one, as SpecStep and AsyncSpecStep offer them. Ids may be given as text.

Each is a flow; the client's classes drive it, sync or async. The whole job is ``flows.job``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from specstep_flows import errors, gateway
from specstep_flows.callbacks import Policy
from specstep_flows.engine.effects import Flow, NewKey
from specstep_flows.flows import control, watch
from specstep_flows.flows import interview as interviews
from specstep_flows.flows import kickoff as kickoffs
from specstep_flows.flows.clarifications import answer_pending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from specstep_flows import models
    from specstep_flows.engine.effects import Changes

__all__ = [
    "answer_questions",
    "attach_document",
    "call",
    "cancel_generation",
    "cancel_turn",
    "complete_interview",
    "detach_document",
    "get_account",
    "get_capabilities",
    "get_conversation",
    "get_events",
    "get_generation",
    "get_interview",
    "get_package",
    "get_package_of",
    "get_questions",
    "get_usage",
    "list_documents",
    "list_generations",
    "list_package_files",
    "pause_generation",
    "rename_generation",
    "resume_generation",
    "retry_generation",
    "say",
    "start_generation",
    "start_interview",
    "update_generation",
    "wait_for_generation",
]


def as_id(value: UUID | str) -> UUID:
    """An id of the service's, given as text or as what it is. Raises ``UsageError``."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise errors.UsageError(f"{value!r} is not an id of the service's (a UUID).") from None


async def get_account() -> models.Account:
    """Whose key it is; the cheapest way to verify it. GET /v1/me"""
    return await gateway.get_me()


async def get_usage() -> models.Usage:
    """The quota: used, left, and when it starts anew. GET /v1/usage"""
    return await gateway.get_usage()


async def get_capabilities() -> models.Capabilities:
    """The profiles, project types and mirror selections that the service accepts. GET /v1/capabilities"""
    return await gateway.get_capabilities()


async def start_interview() -> models.Interview:
    """Start an interview; its ``reply`` is the agent's opening turn. POST /v1/interviews"""
    return await interviews.start_interview()


async def get_interview(interview_id: UUID | str) -> models.Interview:
    """The interview as it stands, with its transcript. GET /v1/interviews/{id}"""
    return await gateway.get_interview(as_id(interview_id))


async def say(interview_id: UUID | str, message: str, *, key: str | None = None) -> models.Interview:
    """Say something and wait for the agent's reply: ``say(…).reply``. POST /v1/interviews/{id}/turns

    ``key`` is the Idempotency-Key (a fresh one by default): give your own to be able to repeat the call in another
    process without saying it twice.

    Raises:
        TurnFailed: the service could not answer.
    """
    if not message.strip():
        raise errors.UsageError("There is nothing to say: the message is empty.")
    chosen = key if key is not None else (await NewKey())
    return await interviews.say(as_id(interview_id), message, key=chosen)


async def cancel_turn(job_id: UUID | str) -> models.TurnJob:
    """Give up a turn that is still in flight. POST /v1/interviews/turns/{jobId}/cancel

    The agent's reply may all the same appear in the transcript.

    Raises:
        Conflict: the turn is over already.
    """
    return await gateway.cancel_turn_job(as_id(job_id))


async def attach_document(interview_id: UUID | str, path: Path | str) -> models.ReferenceDocument:
    """Attach a reference document, once. POST /v1/interviews/{interviewId}/reference-documents

    Raises:
        UsageError: the file cannot be read, or is empty; nothing was sent.
    """
    return await interviews.attach_document(as_id(interview_id), Path(path))


async def list_documents(interview_id: UUID | str) -> list[models.ReferenceDocument]:
    """The reference documents of an interview. GET /v1/interviews/{interviewId}/reference-documents"""
    return await gateway.list_reference_documents(as_id(interview_id))


async def detach_document(interview_id: UUID | str, document_id: UUID | str) -> None:
    """Remove a reference document. DELETE /v1/interviews/{interviewId}/reference-documents/{documentId}"""
    return await gateway.delete_reference_document(as_id(interview_id), as_id(document_id))


async def complete_interview(interview_id: UUID | str) -> models.Interview:
    """Close an interview and wait for its ``intake_artifact_id``. POST /v1/interviews/{id}/complete

    Raises:
        InterviewEnded: it cannot be completed yet, or nothing came of it.
    """
    return await interviews.complete_interview(as_id(interview_id))


async def start_generation(
    intake_id: UUID | str,
    *,
    interview_id: UUID | str | None = None,
    profile: str = "Normal",
    project_type: str | None = None,
    mirror_selection: str | None = None,
    settle_seconds: float = 90.0,
) -> UUID:
    """Start a generation of an intake artifact; its id. This costs. POST /v1/generations

    When the answer is lost, the list of generations tells whether it was started; it is never sent twice on a guess.
    Only ``run`` makes it safe against the death of this process as well.

    Raises:
        QuotaExceeded, ConcurrencyCapReached: nothing was started.
        OutcomeUnknown: several new generations are there.
    """
    return await kickoffs.start_generation(
        as_id(intake_id),
        None if interview_id is None else as_id(interview_id),
        profile=profile,
        project_type=project_type,
        mirror_selection=mirror_selection,
        settle_seconds=settle_seconds,
    )


async def get_generation(generation_id: UUID | str) -> models.Generation:
    """A generation with every status field. GET /v1/generations/{id}"""
    return await gateway.get_generation(as_id(generation_id))


async def list_generations(*, deleted: bool = False, first_page: bool = False) -> list[models.GenerationRow]:
    """Every generation of the account, newest first, all pages; with ``first_page`` the newest 50 by one request.

    GET /v1/generations, GET /v1/generations/deleted
    """
    return await gateway.list_generations(deleted=deleted, first_page=first_page)


async def wait_for_generation(
    generation_id: UUID | str, *, on_question: Policy | None = None, settle_seconds: float = 90.0
) -> models.Generation:
    """Watch a generation until it is Complete. GET /v1/generations/{id}

    ``on_question`` answers its questions; without it, a question raises ``AnswersNeeded``.

    Raises:
        GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
    """
    return await watch.wait_for_generation(as_id(generation_id), on_question, settle_seconds)


async def get_questions(generation_id: UUID | str) -> list[models.Clarification]:
    """The questions that a paused generation waits for; none when it does not wait.

    GET /v1/generations/{id}/clarifications
    """
    return await gateway.get_clarifications(as_id(generation_id))


async def answer_questions(
    generation_id: UUID | str,
    answers: Mapping[str, str] | Sequence[models.Answer] | Policy,
    *,
    settle_seconds: float = 90.0,
) -> list[models.Answer]:
    """Answer every pending question, verbatim by its text; what was accepted. For a run's own record use ``answer``.

    ``answers`` are given by question, or by a policy that is called with the questions; where the questions change
    meanwhile, a policy is called anew.

    POST /v1/generations/{id}/clarifications/answers

    Raises:
        AnswersNeeded: a pending question has no answer; none was sent.
    """
    identifier = as_id(generation_id)
    if callable(answers):
        return await answer_pending(identifier, answers, settle_seconds)
    accepted = await answer_pending(identifier, lambda _: answers, settle_seconds)
    if not accepted:
        raise errors.UsageError(f"Generation {identifier} has no questions at the moment.")
    return accepted


async def pause_generation(generation_id: UUID | str) -> models.Generation:
    """Halt a generation where it is. POST /v1/generations/{id}/pause

    Raises:
        Conflict: its state does not allow it.
    """
    return await control.pause_generation(as_id(generation_id))


async def resume_generation(generation_id: UUID | str) -> models.Generation:
    """Put a paused generation back into the state it had. POST /v1/generations/{id}/resume

    The service records the state only: it does not queue the work again, so nothing may move for a while.

    Raises:
        Conflict: it is not paused.
    """
    return await control.resume_generation(as_id(generation_id))


async def cancel_generation(generation_id: UUID | str, reason: str | None = None) -> models.Generation:
    """Stop a generation for good. POST /v1/generations/{id}/cancel

    Raises:
        Conflict: it is over already.
    """
    return await control.cancel_generation(as_id(generation_id), reason)


async def retry_generation(generation_id: UUID | str, *, settle_seconds: float = 90.0) -> UUID:
    """Run a failed generation's intake again; the new generation's id. This costs. POST /v1/generations/{id}/retry

    Raises:
        Conflict: this one cannot be retried (a Researcher's child, an old one).
    """
    identifier = as_id(generation_id)
    return await _kick_off(
        identifier,
        lambda about, outcome: gateway.retry_generation(identifier, about=about, outcome=outcome),
        settle_seconds,
    )


async def update_generation(generation_id: UUID | str, intake_id: UUID | str, *, settle_seconds: float = 90.0) -> UUID:
    """Generate anew from a newer interview; the new generation's id. This costs. POST /v1/generations/{id}/update"""
    identifier, intake = as_id(generation_id), as_id(intake_id)
    return await _kick_off(
        identifier,
        lambda about, outcome: gateway.update_generation(identifier, intake, about=about, outcome=outcome),
        settle_seconds,
        intake,
    )


async def _kick_off(
    generation_id: UUID,
    send: Callable[[Changes, Callable[[UUID], Changes] | None], Flow[UUID]],
    settle_seconds: float,
    intake_id: UUID | None = None,
) -> UUID:
    interview_id: UUID | None = None
    if intake_id is None:
        interview_id = await control.interview_of(generation_id)
        intake_id = (await gateway.get_generation(generation_id)).intake_id
    # Else the intake may be that of another interview than the generation's: it alone tells what comes of this kickoff.
    older = frozenset([generation_id])
    return await kickoffs.kick_off(kickoffs.Kickoff(send, interview_id, intake_id, settle_seconds, older=older))


async def rename_generation(generation_id: UUID | str, name: str | None) -> None:
    """Give a generation a display name; None goes back to the intake's. PATCH /v1/generations/{id}/name"""
    return await gateway.rename_generation(as_id(generation_id), name)


async def get_conversation(generation_id: UUID | str, take: int | None = None) -> list[models.ConversationItem]:
    """What each agent did, newest ``take`` of them. GET /v1/generations/{id}/conversation"""
    return await gateway.get_conversation(as_id(generation_id), take)


async def get_events(generation_id: UUID | str) -> list[models.GenerationEvent]:
    """What happened in each stage. GET /v1/generations/{id}/events"""
    return await gateway.get_events(as_id(generation_id))


async def get_package(package_id: UUID | str) -> models.Package:
    """A package's record. GET /v1/packages/{id}"""
    return await gateway.get_package(as_id(package_id))


async def get_package_of(generation_id: UUID | str) -> models.Package:
    """The newest package of a generation. GET /v1/generations/{id}/package

    Raises:
        NotFound: there is none yet, or it was deleted.
    """
    return await gateway.get_generation_package(as_id(generation_id))


async def list_package_files(package_id: UUID | str) -> list[models.PackageFile]:
    """The files inside a package, without downloading it. GET /v1/packages/{id}/files"""
    return await gateway.list_package_files(as_id(package_id))


def call(operation: Any, *args: Any, **arguments: Any) -> Flow[Any]:
    """Any operation of the API by its module in the generated client; the parsed body, or bytes of one that is a file.

    ::

        from specstep_client.api.notifications import list_notifications

        for notification in specstep.call(list_notifications).notifications:
            ...

    It goes through the same limits, retries and errors as everything else; what costs is never sent twice on a guess.
    """
    return gateway.call(operation, *args, **arguments)
