from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.client_type import ClientType
from ..models.feedback_severity import FeedbackSeverity
from ..models.feedback_type import FeedbackType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.create_feedback_request_rubric_scores import (
        CreateFeedbackRequestRubricScores,
    )
    from ..models.create_feedback_request_rubric_section_responses import (
        CreateFeedbackRequestRubricSectionResponses,
    )
    from ..models.feedback_finding_input import FeedbackFindingInput


T = TypeVar("T", bound="CreateFeedbackRequest")


@_attrs_define
class CreateFeedbackRequest:
    """What somebody thinks of an interview, a package or the service. Feedback on a run names at least one target.

    Attributes:
        type_ (FeedbackType): What feedback is about.
        title (str): The feedback in a few words.
        full_report (str): The feedback.
        summary (None | str | Unset): The feedback in short.
        severity (FeedbackSeverity | Unset): How much it matters.
        client_type (ClientType | Unset): What kind of client a report is from.
        interview_id (None | Unset | UUID): The interview that it is about.
        intake_artifact_id (None | Unset | UUID): The intake artifact that it is about.
        generation_id (None | Unset | UUID): The generation that it is about.
        package_id (None | Unset | UUID): The package that it is about.
        interview_quality_score (float | None | Unset): A score for the interview.
        package_quality_score (float | None | Unset): A score for the package.
        build_confidence_percent (float | None | Unset): How sure the submitter is that the package can be built from,
            in percent.
        letter_grade (None | str | Unset): A grade of one letter.
        structured_findings (list[FeedbackFindingInput] | None | Unset): The findings, one by one.
        template_id (None | str | Unset): The template that was filled in.
        rubric_version (None | str | Unset): The version of the template.
        rubric_section_responses (CreateFeedbackRequestRubricSectionResponses | Unset): The text for each section of the
            template, by id of the section.
        rubric_scores (CreateFeedbackRequestRubricScores | Unset): The score for each section that has a scale, by id of
            the section.
        tags (list[str] | None | Unset): Words to find it by.
        estimated_output_quality (None | str | Unset): The quality in a few words.
        project_type (None | str | Unset): The project type at the time.
        review_profile (None | str | Unset): The review profile at the time.
        transcript_evidence (list[str] | None | Unset): Quotations from the transcript, each at most 2000 characters.
        package_evidence (list[str] | None | Unset): Quotations from the package, each at most 2000 characters.
    """

    type_: FeedbackType
    title: str
    full_report: str
    summary: None | str | Unset = UNSET
    severity: FeedbackSeverity | Unset = UNSET
    client_type: ClientType | Unset = UNSET
    interview_id: None | Unset | UUID = UNSET
    intake_artifact_id: None | Unset | UUID = UNSET
    generation_id: None | Unset | UUID = UNSET
    package_id: None | Unset | UUID = UNSET
    interview_quality_score: float | None | Unset = UNSET
    package_quality_score: float | None | Unset = UNSET
    build_confidence_percent: float | None | Unset = UNSET
    letter_grade: None | str | Unset = UNSET
    structured_findings: list[FeedbackFindingInput] | None | Unset = UNSET
    template_id: None | str | Unset = UNSET
    rubric_version: None | str | Unset = UNSET
    rubric_section_responses: CreateFeedbackRequestRubricSectionResponses | Unset = (
        UNSET
    )
    rubric_scores: CreateFeedbackRequestRubricScores | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    estimated_output_quality: None | str | Unset = UNSET
    project_type: None | str | Unset = UNSET
    review_profile: None | str | Unset = UNSET
    transcript_evidence: list[str] | None | Unset = UNSET
    package_evidence: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_.value

        title = self.title

        full_report = self.full_report

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        severity: str | Unset = UNSET
        if not isinstance(self.severity, Unset):
            severity = self.severity.value

        client_type: str | Unset = UNSET
        if not isinstance(self.client_type, Unset):
            client_type = self.client_type.value

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

        structured_findings: list[dict[str, Any]] | None | Unset
        if isinstance(self.structured_findings, Unset):
            structured_findings = UNSET
        elif isinstance(self.structured_findings, list):
            structured_findings = []
            for structured_findings_type_0_item_data in self.structured_findings:
                structured_findings_type_0_item = (
                    structured_findings_type_0_item_data.to_dict()
                )
                structured_findings.append(structured_findings_type_0_item)

        else:
            structured_findings = self.structured_findings

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

        rubric_section_responses: dict[str, Any] | Unset = UNSET
        if not isinstance(self.rubric_section_responses, Unset):
            rubric_section_responses = self.rubric_section_responses.to_dict()

        rubric_scores: dict[str, Any] | Unset = UNSET
        if not isinstance(self.rubric_scores, Unset):
            rubric_scores = self.rubric_scores.to_dict()

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

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

        transcript_evidence: list[str] | None | Unset
        if isinstance(self.transcript_evidence, Unset):
            transcript_evidence = UNSET
        elif isinstance(self.transcript_evidence, list):
            transcript_evidence = self.transcript_evidence

        else:
            transcript_evidence = self.transcript_evidence

        package_evidence: list[str] | None | Unset
        if isinstance(self.package_evidence, Unset):
            package_evidence = UNSET
        elif isinstance(self.package_evidence, list):
            package_evidence = self.package_evidence

        else:
            package_evidence = self.package_evidence

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "title": title,
                "full_report": full_report,
            }
        )
        if summary is not UNSET:
            field_dict["summary"] = summary
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
        if structured_findings is not UNSET:
            field_dict["structured_findings"] = structured_findings
        if template_id is not UNSET:
            field_dict["template_id"] = template_id
        if rubric_version is not UNSET:
            field_dict["rubric_version"] = rubric_version
        if rubric_section_responses is not UNSET:
            field_dict["rubric_section_responses"] = rubric_section_responses
        if rubric_scores is not UNSET:
            field_dict["rubric_scores"] = rubric_scores
        if tags is not UNSET:
            field_dict["tags"] = tags
        if estimated_output_quality is not UNSET:
            field_dict["estimated_output_quality"] = estimated_output_quality
        if project_type is not UNSET:
            field_dict["project_type"] = project_type
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if transcript_evidence is not UNSET:
            field_dict["transcript_evidence"] = transcript_evidence
        if package_evidence is not UNSET:
            field_dict["package_evidence"] = package_evidence

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.create_feedback_request_rubric_scores import (
            CreateFeedbackRequestRubricScores,  # noqa: PLC0415
        )
        from ..models.create_feedback_request_rubric_section_responses import (
            CreateFeedbackRequestRubricSectionResponses,  # noqa: PLC0415
        )
        from ..models.feedback_finding_input import FeedbackFindingInput  # noqa: PLC0415

        d = dict(src_dict)
        type_ = FeedbackType(d.pop("type"))

        title = d.pop("title")

        full_report = d.pop("full_report")

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        _severity = d.pop("severity", UNSET)
        severity: FeedbackSeverity | Unset
        if isinstance(_severity, Unset):
            severity = UNSET
        else:
            severity = FeedbackSeverity(_severity)

        _client_type = d.pop("client_type", UNSET)
        client_type: ClientType | Unset
        if isinstance(_client_type, Unset):
            client_type = UNSET
        else:
            client_type = ClientType(_client_type)

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

        def _parse_structured_findings(
            data: object,
        ) -> list[FeedbackFindingInput] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                structured_findings_type_0 = []
                _structured_findings_type_0 = data
                for structured_findings_type_0_item_data in _structured_findings_type_0:
                    structured_findings_type_0_item = FeedbackFindingInput.from_dict(
                        structured_findings_type_0_item_data
                    )

                    structured_findings_type_0.append(structured_findings_type_0_item)

                return structured_findings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[FeedbackFindingInput] | None | Unset, data)

        structured_findings = _parse_structured_findings(
            d.pop("structured_findings", UNSET)
        )

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

        _rubric_section_responses = d.pop("rubric_section_responses", UNSET)
        rubric_section_responses: CreateFeedbackRequestRubricSectionResponses | Unset
        if isinstance(_rubric_section_responses, Unset):
            rubric_section_responses = UNSET
        else:
            rubric_section_responses = (
                CreateFeedbackRequestRubricSectionResponses.from_dict(
                    _rubric_section_responses
                )
            )

        _rubric_scores = d.pop("rubric_scores", UNSET)
        rubric_scores: CreateFeedbackRequestRubricScores | Unset
        if isinstance(_rubric_scores, Unset):
            rubric_scores = UNSET
        else:
            rubric_scores = CreateFeedbackRequestRubricScores.from_dict(_rubric_scores)

        def _parse_tags(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                tags_type_0 = cast(list[str], data)

                return tags_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        tags = _parse_tags(d.pop("tags", UNSET))

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

        def _parse_transcript_evidence(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                transcript_evidence_type_0 = cast(list[str], data)

                return transcript_evidence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        transcript_evidence = _parse_transcript_evidence(
            d.pop("transcript_evidence", UNSET)
        )

        def _parse_package_evidence(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                package_evidence_type_0 = cast(list[str], data)

                return package_evidence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        package_evidence = _parse_package_evidence(d.pop("package_evidence", UNSET))

        create_feedback_request = cls(
            type_=type_,
            title=title,
            full_report=full_report,
            summary=summary,
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
            structured_findings=structured_findings,
            template_id=template_id,
            rubric_version=rubric_version,
            rubric_section_responses=rubric_section_responses,
            rubric_scores=rubric_scores,
            tags=tags,
            estimated_output_quality=estimated_output_quality,
            project_type=project_type,
            review_profile=review_profile,
            transcript_evidence=transcript_evidence,
            package_evidence=package_evidence,
        )

        create_feedback_request.additional_properties = d
        return create_feedback_request

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
