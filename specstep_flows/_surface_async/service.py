"""How the service is, its schemas, and what is said to its people: bug reports, feedback, tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base, given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from specstep_flows import models
    from specstep_flows.flows import calling
else:
    calling = LazyModule("specstep_flows.flows.calling")
    models = LazyModule("specstep_flows.models")


class ServiceMethods(Base):
    """How the service is, its schemas, and what is said to its people: bug reports, feedback, tickets."""

    async def get_status_summary(self) -> models.StatusSummary:
        """How the service is, its parts, and what is wrong now. It needs no key. GET /v1/status/summary"""
        return await self._drive(calling.read(models.StatusSummary, "get_status_summary"))

    async def get_status_uptime(self, *, days: int | None = None) -> models.StatusUptime:
        """How much of the last ``days`` (30 if left out) the service was up. It needs no key. GET /v1/status/uptime"""
        return await self._drive(calling.read(models.StatusUptime, "get_status_uptime", days=days))

    async def get_status_history(self, *, limit: int | None = None) -> list[models.StatusIncident]:
        """The newest ``limit`` incidents (50 if left out). It needs no key. GET /v1/status/history"""
        return await self._drive(
            calling.read_list(models.StatusIncident, "get_status_history", "incidents", limit=limit)
        )

    async def subscribe_to_status(self, email: str) -> models.StatusSubscription:
        """Have news of the status sent to an address, once its owner confirms it. POST /v1/status/subscribe

        It needs no key. An address may try 5 times in 15 minutes.
        """
        return await self._drive(calling.read(models.StatusSubscription, "subscribe_to_status", body={"email": email}))

    async def get_package_schema(self, version: str) -> dict[str, object]:
        """The JSON Schema of packages of a version. GET /v1/schema/package/{version}

        Raises:
            NotFound: the service does not know the version (``get_capabilities`` has the current one).
        """
        return await self._drive(calling.read_document("get_package_schema", version))

    async def get_intake_schema(self, version: str) -> dict[str, object]:
        """The JSON Schema of intake artifacts of a version. GET /v1/schema/intake/{version}

        Raises:
            NotFound: the service does not know the version.
        """
        return await self._drive(calling.read_document("get_intake_schema", version))

    async def create_bug_report(
        self,
        title: str,
        description: str,
        *,
        severity: str | None = None,
        related_generation_id: UUID | str | None = None,
        current_route: str | None = None,
        user_agent: str | None = None,
    ) -> models.BugReport:
        """Report what is broken. ``severity`` is ``low``, ``medium``, ``high`` or ``critical``. POST /v1/bug-reports

        It is never sent twice on a guess: after a lost answer, ``list_my_bug_reports`` shows whether it arrived.
        """
        body = given(
            title=title,
            description=description,
            severity=severity,
            related_generation_id=related_generation_id,
            current_route=current_route,
            user_agent=user_agent,
        )
        return await self._drive(calling.read(models.BugReport, "create_bug_report", body=body))

    async def list_my_bug_reports(self, *, limit: int | None = None) -> list[models.BugReport]:
        """Your newest ``limit`` bug reports (20 if left out). GET /v1/bug-reports/me"""
        return await self._drive(calling.read_list(models.BugReport, "list_my_bug_reports", "reports", limit=limit))

    async def get_bug_report(self, report_id: UUID | str) -> models.BugReport:
        """One of your bug reports. GET /v1/bug-reports/{id}"""
        return await self._drive(calling.read(models.BugReport, "get_bug_report", report_id))

    async def create_feedback(
        self,
        type: str,  # noqa: A002 - as the service calls it
        title: str,
        full_report: str,
        *,
        summary: str | None = None,
        severity: str | None = None,
        interview_id: UUID | str | None = None,
        intake_artifact_id: UUID | str | None = None,
        generation_id: UUID | str | None = None,
        package_id: UUID | str | None = None,
        interview_quality_score: float | None = None,
        package_quality_score: float | None = None,
        build_confidence_percent: float | None = None,
        letter_grade: str | None = None,
        structured_findings: Sequence[models.FeedbackFinding] = (),
        template_id: str | None = None,
        rubric_version: str | None = None,
        rubric_section_responses: Mapping[str, str] | None = None,
        rubric_scores: Mapping[str, float] | None = None,
        tags: Sequence[str] = (),
        estimated_output_quality: str | None = None,
        project_type: str | None = None,
        review_profile: str | None = None,
        transcript_evidence: Sequence[str] = (),
        package_evidence: Sequence[str] = (),
    ) -> models.Feedback:
        """Say how good something is; for what is broken there is ``create_bug_report``. POST /v1/feedback

        It is never sent twice on a guess: after a lost answer, ``list_my_feedback`` shows whether it arrived.

        - ``type``: ``interview_quality``, ``package_quality`` and ``end_to_end_run`` need one of the four ids;
          ``tooling_experience``, ``api_doc_quality``, ``website_quality``, ``launch_readiness``, ``other`` do not.
        - ``title``, ``full_report``, ``summary``: what you think.
        - ``severity``: ``info``, ``low``, ``medium`` (if left out), ``high`` or ``critical``.
        - ``interview_id``, ``intake_artifact_id``, ``generation_id``, ``package_id``: what it is about.
        - ``interview_quality_score``, ``package_quality_score``, ``build_confidence_percent``, ``letter_grade``: your
          judgement.
        - ``structured_findings``: single findings, with evidence.
        - ``template_id``, ``rubric_version``: the template (``list_feedback_templates``) and its version.
        - ``rubric_section_responses``, ``rubric_scores``: by the ids of the template's sections.
        - ``tags``, ``estimated_output_quality``, ``project_type``, ``review_profile``: for sorting; each of the last
          three at most 50 characters.
        - ``transcript_evidence``, ``package_evidence``: quotations of at most 2000 characters.
        """
        body = given(
            type=type,
            title=title,
            full_report=full_report,
            summary=summary,
            severity=severity,
            interview_id=interview_id,
            intake_artifact_id=intake_artifact_id,
            generation_id=generation_id,
            package_id=package_id,
            interview_quality_score=interview_quality_score,
            package_quality_score=package_quality_score,
            build_confidence_percent=build_confidence_percent,
            letter_grade=letter_grade,
            structured_findings=list(structured_findings) or None,
            template_id=template_id,
            rubric_version=rubric_version,
            rubric_section_responses=rubric_section_responses,
            rubric_scores=rubric_scores,
            tags=list(tags) or None,
            estimated_output_quality=estimated_output_quality,
            project_type=project_type,
            review_profile=review_profile,
            transcript_evidence=list(transcript_evidence) or None,
            package_evidence=list(package_evidence) or None,
        )
        return await self._drive(calling.read(models.Feedback, "create_feedback", body=body))

    async def list_my_feedback(self, *, limit: int | None = None) -> list[models.FeedbackRow]:
        """Your newest ``limit`` feedbacks (20 if left out), without their texts. GET /v1/feedback/me"""
        return await self._drive(calling.read_list(models.FeedbackRow, "list_my_feedback", "feedback", limit=limit))

    async def get_feedback(self, feedback_id: UUID | str) -> models.Feedback:
        """One of your feedbacks in full. GET /v1/feedback/{id}"""
        return await self._drive(calling.read(models.Feedback, "get_feedback", feedback_id))

    async def amend_feedback(
        self,
        feedback_id: UUID | str,
        *,
        title: str | None = None,
        summary: str | None = None,
        full_report: str | None = None,
        transcript_evidence: Sequence[str] | None = None,
        package_evidence: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> models.Feedback:
        """Correct a feedback of yours; what is left out stays. PATCH /v1/feedback/{id}/amend

        Raises:
            APIError: its review has begun, or it is older than ten minutes (400).
        """
        body = given(
            title=title,
            summary=summary,
            full_report=full_report,
            transcript_evidence=transcript_evidence,
            package_evidence=package_evidence,
            tags=tags,
        )
        return await self._drive(calling.read(models.Feedback, "amend_feedback", feedback_id, body=body))

    async def list_feedback_templates(self) -> list[models.FeedbackTemplateRow]:
        """The templates for feedback. It needs no key. GET /v1/feedback/templates"""
        return await self._drive(calling.read_list(models.FeedbackTemplateRow, "list_feedback_templates", "templates"))

    async def get_feedback_template(self, template_id: str, version: str) -> models.FeedbackTemplate:
        """A template for feedback with its sections. It needs no key. GET /v1/feedback/templates/{id}/{version}"""
        return await self._drive(calling.read(models.FeedbackTemplate, "get_feedback_template", template_id, version))

    async def create_support_ticket(self, subject: str, message: str) -> models.SupportTicket:
        """Ask the service's support. POST /v1/support/ticket

        The pages do not show these fields, so their names are an assumption. It is never sent twice on a guess.
        """
        body = {"subject": subject, "message": message}
        return await self._drive(calling.read(models.SupportTicket, "create_support_ticket", body=body))
