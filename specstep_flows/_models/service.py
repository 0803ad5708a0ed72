"""What is said to the service's people, and what the service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID


@attrs.frozen
class BugReport:
    """A bug report, with what the service added to it."""

    id: UUID
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    status: str | None = None
    related_generation_id: UUID | None = None
    current_route: str | None = None
    user_agent: str | None = None
    client_type: str | None = None
    account_name: str | None = None
    account_email: str | None = attrs.field(default=None, repr=False)
    account_plan: str | None = None
    build_version: str | None = None
    ai_tool: str | None = None
    created_at: datetime | None = None


@attrs.frozen
class TypedEvidence:
    """Evidence for machines. ``payload_json`` is a JSON document; what it must hold depends on ``kind``.

    ``http_response`` needs a numeric ``status``, ``route`` a ``url``, ``console_error`` a ``message``,
    ``mcp_tool_call`` a ``tool``, ``transcript_turn`` a numeric ``turnIndex``, ``screenshot`` a ``path``; ``free`` and
    ``json_payload`` hold anything.
    """

    kind: str
    payload_json: str


@attrs.frozen
class FeedbackFinding:
    """One finding of a feedback: ``severity`` is ``info``, ``low``, ``medium``, ``high`` or ``critical``."""

    severity: str
    topic: str
    title: str
    evidence: str | None = None
    expected_behavior: str | None = None
    suggested_fix: str | None = None
    typed_evidence: tuple[TypedEvidence, ...] = ()


@attrs.frozen
class FeedbackRow:
    """A row of GET /v1/feedback/me: scores and counts instead of the texts."""

    id: UUID
    type: str | None = None
    title: str | None = None
    severity: str | None = None
    client_type: str | None = None
    interview_id: UUID | None = None
    intake_artifact_id: UUID | None = None
    generation_id: UUID | None = None
    package_id: UUID | None = None
    interview_quality_score: float | None = None
    package_quality_score: float | None = None
    build_confidence_percent: float | None = None
    letter_grade: str | None = None
    template_id: str | None = None
    rubric_version: str | None = None
    estimated_output_quality: str | None = None
    project_type: str | None = None
    review_profile: str | None = None
    summary_excerpt: str | None = None
    tag_count: int | None = None
    finding_count: int | None = None
    transcript_evidence_count: int | None = None
    package_evidence_count: int | None = None
    status: str | None = None
    created_at: datetime | None = None


@attrs.frozen
class Feedback:
    """A feedback in full. It can be amended for ten minutes, while ``status`` is ``Open``."""

    id: UUID
    type: str | None = None
    title: str | None = None
    full_report: str | None = attrs.field(default=None, repr=False)
    summary: str | None = None
    severity: str | None = None
    client_type: str | None = None
    interview_id: UUID | None = None
    intake_artifact_id: UUID | None = None
    generation_id: UUID | None = None
    package_id: UUID | None = None
    interview_quality_score: float | None = None
    package_quality_score: float | None = None
    build_confidence_percent: float | None = None
    letter_grade: str | None = None
    structured_findings: tuple[FeedbackFinding, ...] = ()
    template_id: str | None = None
    rubric_version: str | None = None
    #: Responses and scores by the section's id.
    rubric_section_responses: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    rubric_scores: Mapping[str, float] = attrs.field(factory=dict)
    tags: tuple[str, ...] = ()
    estimated_output_quality: str | None = None
    project_type: str | None = None
    review_profile: str | None = None
    transcript_evidence: tuple[str, ...] = attrs.field(default=(), repr=False)
    package_evidence: tuple[str, ...] = attrs.field(default=(), repr=False)
    status: str | None = None
    account_name: str | None = None
    account_email: str | None = attrs.field(default=None, repr=False)
    account_plan: str | None = None
    build_version: str | None = None
    ai_tool: str | None = None
    created_at: datetime | None = None


@attrs.frozen
class FeedbackTemplateRow:
    """A feedback template in the catalogue; ``type`` is the type of feedback that it goes with."""

    id: str
    version: str
    type: str | None = None
    title: str | None = None


@attrs.frozen
class FeedbackSection:
    """A section of a feedback template. One without a ``score_scale`` (in any form that JSON has) asks for no score."""

    id: str
    title: str | None = None
    prompt: str | None = None
    score_scale: Any = None


@attrs.frozen
class FeedbackTemplate:
    """A feedback template with its sections."""

    id: str
    version: str
    sections: tuple[FeedbackSection, ...] = ()


@attrs.frozen
class SupportTicket:
    """A support ticket that was taken. Its fields are not documented: ``raw`` is the whole answer."""

    id: str | None = None
    status: str | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class ServiceStatus:
    """How a part of the service is."""

    name: str | None = None
    status: str | None = None


@attrs.frozen
class StatusIncident:
    """Something that went wrong with the service; ``resolved_at`` is None while it lasts."""

    id: str | None = None
    title: str | None = None
    status: str | None = None
    started_at: datetime | None = None
    resolved_at: datetime | None = None


@attrs.frozen
class StatusSummary:
    """How the service is now."""

    overall: str
    services: tuple[ServiceStatus, ...] = ()
    active_incidents: tuple[StatusIncident, ...] = ()
    generated_at: datetime | None = None


@attrs.frozen
class ServiceUptime:
    """The share of the time in which a part of the service was up."""

    name: str | None = None
    uptime_percent: float | None = None


@attrs.frozen
class StatusUptime:
    """The uptime over the last ``days``. Its fields are not documented: ``raw`` is the whole answer."""

    days: int | None = None
    services: tuple[ServiceUptime, ...] = ()
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen
class StatusSubscription:
    """What the service says of a subscription to its status: the same, whether or not the address is subscribed."""

    message: str | None = None


@attrs.frozen
class RawResponse:
    """A response of the service as ``with_options(on_response=…)`` hands it out; one for each attempt.

    What is secret is replaced: the key, new keys and signing secrets, cookies, and what is signed of an address. So
    ``content`` is the JSON as it came but for those; a file's bytes are as they are.
    """

    #: The operation by its name, such as ``get_generation``.
    operation: str
    method: str
    status: int
    #: Names as they came, and values; a name may be there twice.
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    #: 1 for the first time that the request was sent, 2 for the second, …
    attempt: int = 1

    def header(self, name: str) -> str | None:
        """The first header of that name, in any letter case."""
        return next((value for key, value in self.headers if key.casefold() == name.casefold()), None)

    def json(self) -> Any:
        """The content as JSON. Raises ``ValueError`` if it is something else."""
        import json

        return json.loads(self.content)
