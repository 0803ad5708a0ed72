"""Generations: start, watch, answer, stop.

Made from ``_surface_async/generations.py`` by ``scripts/async_to_sync.py``: never edit it, edit that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface.base import Base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from specstep_flows import callbacks, gateway, models
    from specstep_flows._surface.base import Rows
    from specstep_flows.callbacks import SyncPolicy
    from specstep_flows.flows import calling, clarifications, control, kickoff, watch
    from specstep_flows.models import Duration, Profile
    from specstep_flows.runs import records
else:
    calling = LazyModule("specstep_flows.flows.calling")
    models = LazyModule("specstep_flows.models")
    callbacks = LazyModule("specstep_flows.callbacks")
    clarifications = LazyModule("specstep_flows.flows.clarifications")
    control = LazyModule("specstep_flows.flows.control")
    gateway = LazyModule("specstep_flows.gateway")
    kickoff = LazyModule("specstep_flows.flows.kickoff")
    records = LazyModule("specstep_flows.runs.records")
    watch = LazyModule("specstep_flows.flows.watch")


class GenerationMethods(Base):
    """Generations: start, watch, answer, stop."""

    def start_generation(
        self,
        intake_id: UUID | str | models.Interview,
        *,
        interview_id: UUID | str | None = None,
        profile: Profile | None = None,
        project_type: str | None = None,
        mirror_selection: str | None = None,
        settle_seconds: float | None = None,
    ) -> UUID:
        """Start a generation of a completed interview, or of its intake artifact's id. This costs.

        POST /v1/generations; the new generation's id.

        When the response is lost, the list of generations shows whether it was started; it is never sent twice on a
        guess. ``settle_seconds`` is how long the service may take to carry out a lost request (default: the setting).
        Only ``run`` makes it safe against the death of this process as well.

        Raises:
            QuotaExceeded, ConcurrencyCapReached: nothing was started.
            OutcomeUnknown: several new generations are there.
        """
        intake, of_interview = callbacks.intake_of(intake_id, interview_id)
        return self._drive(
            kickoff.start_generation(
                intake,
                of_interview,
                profile=profile,
                project_type=project_type,
                mirror_selection=mirror_selection,
                settle_seconds=self._settle_seconds(settle_seconds),
            )
        )

    def get_generation(self, generation_id: UUID | str) -> models.Generation:
        """A generation with every status field. GET /v1/generations/{id}"""
        return self._drive(gateway.get_generation(callbacks.as_id(generation_id)))

    def list_generations(self, *, deleted: bool = False, first_page: bool = False) -> list[models.GenerationRow]:
        """Every generation of the account, newest first, all pages; with ``first_page`` the newest 50 by one request.

        GET /v1/generations, GET /v1/generations/deleted
        """
        return self._drive(gateway.list_generations(deleted=deleted, first_page=first_page))

    def wait_for_generation(
        self,
        generation_id: UUID | str,
        *,
        on_question: SyncPolicy | None = None,
        settle_seconds: float | None = None,
        wait_paused: Duration = 3600.0,
    ) -> models.Generation:
        """Watch a generation until it is Complete. GET /v1/generations/{id}

        ``on_question`` answers its questions; without it, a question raises ``AnswersNeeded``. One that was paused is
        watched for ``wait_paused``.

        Raises:
            GenerationFailed, GenerationCancelled, GenerationPaused, AnswersNeeded: its other ends.
        """
        settle = self._settle_seconds(settle_seconds)
        watched = records.seconds_of("wait_paused", wait_paused)
        records.check_option("wait_paused", watched)
        self._runtime.check(on_question=on_question)
        return self._drive(watch.wait_for_generation(callbacks.as_id(generation_id), on_question, settle, watched))

    def get_questions(self, generation_id: UUID | str) -> list[models.Clarification]:
        """The questions that a paused generation waits for; none when it does not wait.

        GET /v1/generations/{id}/clarifications
        """
        return self._drive(gateway.get_clarifications(callbacks.as_id(generation_id)))

    def answer_questions(
        self,
        generation_id: UUID | str,
        answers: Mapping[str, str] | Sequence[models.Answer] | SyncPolicy,
        *,
        settle_seconds: float | None = None,
    ) -> list[models.Answer]:
        """Answer every pending question, verbatim by its text; what was accepted. A run is answered by ``answer``.

        ``answers`` are given by question, or by a policy that is called with the questions; where the questions change
        meanwhile, the policy is called again.

        POST /v1/generations/{id}/clarifications/answers

        Raises:
            AnswersNeeded: a pending question has no answer; none was sent.
            UsageError: answers were given, and nothing is asked.
        """
        settle = self._settle_seconds(settle_seconds)
        return self._drive(clarifications.answer_questions(callbacks.as_id(generation_id), answers, settle))

    def pause_generation(self, generation_id: UUID | str) -> models.Generation:
        """Halt a generation where it is. POST /v1/generations/{id}/pause

        Raises:
            Conflict: its state does not allow it.
        """
        return self._drive(control.pause_generation(callbacks.as_id(generation_id)))

    def resume_generation(self, generation_id: UUID | str) -> models.Generation:
        """Put a paused generation back into the state it had. POST /v1/generations/{id}/resume

        The service records the state only: it does not queue the work again, so nothing may move for a while.

        Raises:
            Conflict: it is not paused.
        """
        return self._drive(control.resume_generation(callbacks.as_id(generation_id)))

    def cancel_generation(self, generation_id: UUID | str, reason: str | None = None) -> models.Generation:
        """Stop a generation for good. POST /v1/generations/{id}/cancel

        Raises:
            Conflict: it is over already.
        """
        return self._drive(control.cancel_generation(callbacks.as_id(generation_id), reason))

    def retry_generation(
        self, generation_id: UUID | str, *, settle_seconds: float | None = None, again: bool = False
    ) -> UUID:
        """Run a failed generation's intake again; the new generation's id. This costs.

        A newer generation of the same interview and profile that has not failed and was not cancelled is taken for one
        that an earlier call started: ``again`` pays for another all the same.

        POST /v1/generations/{id}/retry

        Raises:
            Conflict: this one cannot be retried (a Researcher's child, an old one).
            OutcomeUnknown: it seems to have been retried already (``candidates``); nothing was sent.
            RunBusy: another process is doing it at this moment.
        """
        settle = self._settle_seconds(settle_seconds)
        identifier = callbacks.as_id(generation_id)
        flow = kickoff.retry_generation(identifier, settle, again=again)
        asked = {"generation_id": identifier}
        return self._take_step("retry_generation", asked, flow, again=again, alone=identifier)

    def update_generation(
        self,
        generation_id: UUID | str,
        intake_id: UUID | str,
        *,
        settle_seconds: float | None = None,
        again: bool = False,
    ) -> UUID:
        """Generate again from a newer interview; the new generation's id. This costs.

        The call is recorded in the store: the same call again, in any process, gives the generation that was started,
        and pays for nothing. Another newer generation of the same intake is taken for one that somebody else's call
        started. ``again`` pays for another all the same.

        POST /v1/generations/{id}/update

        Raises:
            OutcomeUnknown: it seems to have been updated already (``candidates``); nothing was sent.
            RunBusy: another process is doing it at this moment.
        """
        settle = self._settle_seconds(settle_seconds)
        identifier, intake = callbacks.as_id(generation_id), callbacks.as_id(intake_id)
        flow = kickoff.update_generation(identifier, intake, settle, again=again)
        asked = {"generation_id": identifier, "intake_id": intake}
        return self._take_step("update_generation", asked, flow, again=again, alone=intake)

    def rename_generation(self, generation_id: UUID | str, name: str | None) -> None:
        """Give a generation a display name; None goes back to the intake's. PATCH /v1/generations/{id}/name"""
        return self._drive(gateway.rename_generation(callbacks.as_id(generation_id), name))

    def get_conversation(self, generation_id: UUID | str, take: int | None = None) -> list[models.ConversationItem]:
        """What each agent did, newest ``take`` of them. GET /v1/generations/{id}/conversation"""
        return self._drive(gateway.get_conversation(callbacks.as_id(generation_id), take))

    def get_events(self, generation_id: UUID | str) -> list[models.GenerationEvent]:
        """What happened in each stage. GET /v1/generations/{id}/events"""
        return self._drive(gateway.get_events(callbacks.as_id(generation_id)))

    def iter_generations(
        self, *, status: str | None = None, limit: int | None = None, since: datetime | None = None
    ) -> Rows[models.GenerationRow]:
        """Your generations, newest first, fetched page by page; ``list_generations`` fetches all of them at once.

        ``status`` is one word or several with commas: ``in_progress``, ``complete``, ``failed``, … or a state's own
        name. ``since`` leaves out what was started before.

        GET /v1/generations
        """
        return self._list(
            models.GenerationRow,
            "list_generations",
            "generations",
            status=status,
            limit=limit,
            since=since,
            time="started_at",
        )

    def list_deleted_generations(self, *, limit: int | None = None) -> Rows[models.GenerationRow]:
        """The generations in the recycle bin, fetched page by page. GET /v1/generations/deleted"""
        return self._list(models.GenerationRow, "list_deleted_generations", "generations", limit=limit)

    def delete_generation(self, generation_id: UUID | str) -> None:
        """Put a generation into the recycle bin, which keeps it for 30 days. DELETE /v1/generations/{id}

        That does not stop it: ``cancel_generation`` does.
        """
        self._drive(calling.remove("delete_generation", generation_id))

    def restore_generation(self, generation_id: UUID | str) -> None:
        """Take a generation out of the recycle bin, in the state that it had. POST /v1/generations/{id}/restore"""
        self._drive(calling.change("restore_generation", generation_id))

    def purge_generation(self, generation_id: UUID | str) -> None:
        """Delete a generation for good, with its events and packages. DELETE /v1/generations/{id}/permanent

        Nothing brings it back.

        Raises:
            Conflict: it is not in the recycle bin; nothing was deleted.
        """
        self._drive(calling.remove("purge_generation", generation_id))
