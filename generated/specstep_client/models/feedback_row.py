from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.client_type import ClientType
from ..models.feedback_severity import FeedbackSeverity
from ..models.feedback_type import FeedbackType
from ..types import UNSET, Unset

T = TypeVar("T", bound="FeedbackRow")


@_attrs_define
class FeedbackRow:
    """Feedback in a list: scores and counts instead of the bodies. Added 2026-05-21.

    Attributes:
        id (None | Unset | UUID): The feedback.
        type_ (FeedbackType | None | Unset): What it is about.
        title (None | str | Unset): The feedback in a few words.
        severity (FeedbackSeverity | None | Unset): How much it matters.
        client_type (ClientType | None | Unset): What kind of client it is from. The service overrules what MCP callers
            say.
        interview_id (None | Unset | UUID): The interview that it is about.
        intake_artifact_id (None | Unset | UUID): The intake artifact that it is about.
        generation_id (None | Unset | UUID): The generation that it is about.
        package_id (None | Unset | UUID): The package that it is about.
        interview_quality_score (float | None | Unset): A score for the interview.
        package_quality_score (float | None | Unset): A score for the package.
        build_confidence_percent (float | None | Unset): How sure the submitter is that the package can be built from,
            in percent.
        letter_grade (None | str | Unset): A grade of one letter.
        template_id (None | str | Unset): The template that was filled in.
        rubric_version (None | str | Unset): The version of the template.
        estimated_output_quality (None | str | Unset): The quality in a few words.
        project_type (None | str | Unset): The project type at the time.
        review_profile (None | str | Unset): The review profile at the time.
        summary_excerpt (None | str | Unset): The beginning of the summary, at most 200 characters.
        tag_count (int | None | Unset): How many tags it has.
        finding_count (int | None | Unset): How many findings it has.
        transcript_evidence_count (int | None | Unset): How many quotations from the transcript it has.
        package_evidence_count (int | None | Unset): How many quotations from the package it has.
        status (None | str | Unset): Where it stands.
        created_at (datetime.datetime | None | Unset): When it was submitted (UTC).
    """

    id: None | Unset | UUID = UNSET
    type_: FeedbackType | None | Unset = UNSET
    title: None | str | Unset = UNSET
    severity: FeedbackSeverity | None | Unset = UNSET
    client_type: ClientType | None | Unset = UNSET
    interview_id: None | Unset | UUID = UNSET
    intake_artifact_id: None | Unset | UUID = UNSET
    generation_id: None | Unset | UUID = UNSET
    package_id: None | Unset | UUID = UNSET
    interview_quality_score: float | None | Unset = UNSET
    package_quality_score: float | None | Unset = UNSET
    build_confidence_percent: float | None | Unset = UNSET
    letter_grade: None | str | Unset = UNSET
    template_id: None | str | Unset = UNSET
    rubric_version: None | str | Unset = UNSET
    estimated_output_quality: None | str | Unset = UNSET
    project_type: None | str | Unset = UNSET
    review_profile: None | str | Unset = UNSET
    summary_excerpt: None | str | Unset = UNSET
    tag_count: int | None | Unset = UNSET
    finding_count: int | None | Unset = UNSET
    transcript_evidence_count: int | None | Unset = UNSET
    package_evidence_count: int | None | Unset = UNSET
    status: None | str | Unset = UNSET
    created_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        elif isinstance(self.type_, FeedbackType):
            type_ = self.type_.value
        else:
            type_ = self.type_

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        severity: None | str | Unset
        if isinstance(self.severity, Unset):
            severity = UNSET
        elif isinstance(self.severity, FeedbackSeverity):
            severity = self.severity.value
        else:
            severity = self.severity

        client_type: None | str | Unset
        if isinstance(self.client_type, Unset):
            client_type = UNSET
        elif isinstance(self.client_type, ClientType):
            client_type = self.client_type.value
        else:
            client_type = self.client_type

        interview_id: None | str | Unset
        if isinstance(self.interview_id, Unset):
            interview_id = UNSET
        elif isinstance(self.interview_id, UUID):
            interview_id = str(self.interview_id)
        else:
            interview_id = self.interview_id

        intake_artifact_id: None | str | Unset
        if isinstance(self.intake_artifact_id, Unset):
            intake_artifact_id = UNSET
        elif isinstance(self.intake_artifact_id, UUID):
            intake_artifact_id = str(self.intake_artifact_id)
        else:
            intake_artifact_id = self.intake_artifact_id

        generation_id: None | str | Unset
        if isinstance(self.generation_id, Unset):
            generation_id = UNSET
        elif isinstance(self.generation_id, UUID):
            generation_id = str(self.generation_id)
        else:
            generation_id = self.generation_id

        package_id: None | str | Unset
        if isinstance(self.package_id, Unset):
            package_id = UNSET
        elif isinstance(self.package_id, UUID):
            package_id = str(self.package_id)
        else:
            package_id = self.package_id

        interview_quality_score: float | None | Unset
        if isinstance(self.interview_quality_score, Unset):
            interview_quality_score = UNSET
        else:
            interview_quality_score = self.interview_quality_score

        package_quality_score: float | None | Unset
        if isinstance(self.package_quality_score, Unset):
            package_quality_score = UNSET
        else:
            package_quality_score = self.package_quality_score

        build_confidence_percent: float | None | Unset
        if isinstance(self.build_confidence_percent, Unset):
            build_confidence_percent = UNSET
        else:
            build_confidence_percent = self.build_confidence_percent

        letter_grade: None | str | Unset
        if isinstance(self.letter_grade, Unset):
            letter_grade = UNSET
        else:
            letter_grade = self.letter_grade

        template_id: None | str | Unset
        if isinstance(self.template_id, Unset):
            template_id = UNSET
        else:
            template_id = self.template_id

        rubric_version: None | str | Unset
        if isinstance(self.rubric_version, Unset):
            rubric_version = UNSET
        else:
            rubric_version = self.rubric_version

        estimated_output_quality: None | str | Unset
        if isinstance(self.estimated_output_quality, Unset):
            estimated_output_quality = UNSET
        else:
            estimated_output_quality = self.estimated_output_quality

        project_type: None | str | Unset
        if isinstance(self.project_type, Unset):
            project_type = UNSET
        else:
            project_type = self.project_type

        review_profile: None | str | Unset
        if isinstance(self.review_profile, Unset):
            review_profile = UNSET
        else:
            review_profile = self.review_profile

        summary_excerpt: None | str | Unset
        if isinstance(self.summary_excerpt, Unset):
            summary_excerpt = UNSET
        else:
            summary_excerpt = self.summary_excerpt

        tag_count: int | None | Unset
        if isinstance(self.tag_count, Unset):
            tag_count = UNSET
        else:
            tag_count = self.tag_count

        finding_count: int | None | Unset
        if isinstance(self.finding_count, Unset):
            finding_count = UNSET
        else:
            finding_count = self.finding_count

        transcript_evidence_count: int | None | Unset
        if isinstance(self.transcript_evidence_count, Unset):
            transcript_evidence_count = UNSET
        else:
            transcript_evidence_count = self.transcript_evidence_count

        package_evidence_count: int | None | Unset
        if isinstance(self.package_evidence_count, Unset):
            package_evidence_count = UNSET
        else:
            package_evidence_count = self.package_evidence_count

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if type_ is not UNSET:
            field_dict["type"] = type_
        if title is not UNSET:
            field_dict["title"] = title
        if severity is not UNSET:
            field_dict["severity"] = severity
        if client_type is not UNSET:
            field_dict["client_type"] = client_type
        if interview_id is not UNSET:
            field_dict["interview_id"] = interview_id
        if intake_artifact_id is not UNSET:
            field_dict["intake_artifact_id"] = intake_artifact_id
        if generation_id is not UNSET:
            field_dict["generation_id"] = generation_id
        if package_id is not UNSET:
            field_dict["package_id"] = package_id
        if interview_quality_score is not UNSET:
            field_dict["interview_quality_score"] = interview_quality_score
        if package_quality_score is not UNSET:
            field_dict["package_quality_score"] = package_quality_score
        if build_confidence_percent is not UNSET:
            field_dict["build_confidence_percent"] = build_confidence_percent
        if letter_grade is not UNSET:
            field_dict["letter_grade"] = letter_grade
        if template_id is not UNSET:
            field_dict["template_id"] = template_id
        if rubric_version is not UNSET:
            field_dict["rubric_version"] = rubric_version
        if estimated_output_quality is not UNSET:
            field_dict["estimated_output_quality"] = estimated_output_quality
        if project_type is not UNSET:
            field_dict["project_type"] = project_type
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if summary_excerpt is not UNSET:
            field_dict["summary_excerpt"] = summary_excerpt
        if tag_count is not UNSET:
            field_dict["tag_count"] = tag_count
        if finding_count is not UNSET:
            field_dict["finding_count"] = finding_count
        if transcript_evidence_count is not UNSET:
            field_dict["transcript_evidence_count"] = transcript_evidence_count
        if package_evidence_count is not UNSET:
            field_dict["package_evidence_count"] = package_evidence_count
        if status is not UNSET:
            field_dict["status"] = status
        if created_at is not UNSET:
            field_dict["created_at"] = created_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                id_type_0 = UUID(data)

                return id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_type_(data: object) -> FeedbackType | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                type_type_0 = FeedbackType(data)

                return type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FeedbackType | None | Unset, data)

        type_ = _parse_type_(d.pop("type", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        def _parse_severity(data: object) -> FeedbackSeverity | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                severity_type_0 = FeedbackSeverity(data)

                return severity_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FeedbackSeverity | None | Unset, data)

        severity = _parse_severity(d.pop("severity", UNSET))

        def _parse_client_type(data: object) -> ClientType | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                client_type_type_0 = ClientType(data)

                return client_type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ClientType | None | Unset, data)

        client_type = _parse_client_type(d.pop("client_type", UNSET))

        def _parse_interview_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                interview_id_type_0 = UUID(data)

                return interview_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        interview_id = _parse_interview_id(d.pop("interview_id", UNSET))

        def _parse_intake_artifact_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                intake_artifact_id_type_0 = UUID(data)

                return intake_artifact_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        intake_artifact_id = _parse_intake_artifact_id(
            d.pop("intake_artifact_id", UNSET)
        )

        def _parse_generation_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                generation_id_type_0 = UUID(data)

                return generation_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        generation_id = _parse_generation_id(d.pop("generation_id", UNSET))

        def _parse_package_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                package_id_type_0 = UUID(data)

                return package_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        package_id = _parse_package_id(d.pop("package_id", UNSET))

        def _parse_interview_quality_score(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        interview_quality_score = _parse_interview_quality_score(
            d.pop("interview_quality_score", UNSET)
        )

        def _parse_package_quality_score(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        package_quality_score = _parse_package_quality_score(
            d.pop("package_quality_score", UNSET)
        )

        def _parse_build_confidence_percent(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        build_confidence_percent = _parse_build_confidence_percent(
            d.pop("build_confidence_percent", UNSET)
        )

        def _parse_letter_grade(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        letter_grade = _parse_letter_grade(d.pop("letter_grade", UNSET))

        def _parse_template_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        template_id = _parse_template_id(d.pop("template_id", UNSET))

        def _parse_rubric_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        rubric_version = _parse_rubric_version(d.pop("rubric_version", UNSET))

        def _parse_estimated_output_quality(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        estimated_output_quality = _parse_estimated_output_quality(
            d.pop("estimated_output_quality", UNSET)
        )

        def _parse_project_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_type = _parse_project_type(d.pop("project_type", UNSET))

        def _parse_review_profile(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        review_profile = _parse_review_profile(d.pop("review_profile", UNSET))

        def _parse_summary_excerpt(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary_excerpt = _parse_summary_excerpt(d.pop("summary_excerpt", UNSET))

        def _parse_tag_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        tag_count = _parse_tag_count(d.pop("tag_count", UNSET))

        def _parse_finding_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        finding_count = _parse_finding_count(d.pop("finding_count", UNSET))

        def _parse_transcript_evidence_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        transcript_evidence_count = _parse_transcript_evidence_count(
            d.pop("transcript_evidence_count", UNSET)
        )

        def _parse_package_evidence_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        package_evidence_count = _parse_package_evidence_count(
            d.pop("package_evidence_count", UNSET)
        )

        def _parse_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        feedback_row = cls(
            id=id,
            type_=type_,
            title=title,
            severity=severity,
            client_type=client_type,
            interview_id=interview_id,
            intake_artifact_id=intake_artifact_id,
            generation_id=generation_id,
            package_id=package_id,
            interview_quality_score=interview_quality_score,
            package_quality_score=package_quality_score,
            build_confidence_percent=build_confidence_percent,
            letter_grade=letter_grade,
            template_id=template_id,
            rubric_version=rubric_version,
            estimated_output_quality=estimated_output_quality,
            project_type=project_type,
            review_profile=review_profile,
            summary_excerpt=summary_excerpt,
            tag_count=tag_count,
            finding_count=finding_count,
            transcript_evidence_count=transcript_evidence_count,
            package_evidence_count=package_evidence_count,
            status=status,
            created_at=created_at,
        )

        feedback_row.additional_properties = d
        return feedback_row

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
