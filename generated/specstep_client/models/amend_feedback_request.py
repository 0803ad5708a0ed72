from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AmendFeedbackRequest")


@_attrs_define
class AmendFeedbackRequest:
    """Corrections by the submitter; what is left out stays as it is. Added 2026-05-21.

    Attributes:
        title (str | Unset): The feedback in a few words.
        summary (None | str | Unset): The feedback in short.
        full_report (str | Unset): The feedback.
        transcript_evidence (list[str] | None | Unset): Quotations from the transcript, each at most 2000 characters.
        package_evidence (list[str] | None | Unset): Quotations from the package, each at most 2000 characters.
        tags (list[str] | None | Unset): Words to find it by.
    """

    title: str | Unset = UNSET
    summary: None | str | Unset = UNSET
    full_report: str | Unset = UNSET
    transcript_evidence: list[str] | None | Unset = UNSET
    package_evidence: list[str] | None | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        title = self.title

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        full_report = self.full_report

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

        tags: list[str] | None | Unset
        if isinstance(self.tags, Unset):
            tags = UNSET
        elif isinstance(self.tags, list):
            tags = self.tags

        else:
            tags = self.tags

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if title is not UNSET:
            field_dict["title"] = title
        if summary is not UNSET:
            field_dict["summary"] = summary
        if full_report is not UNSET:
            field_dict["full_report"] = full_report
        if transcript_evidence is not UNSET:
            field_dict["transcript_evidence"] = transcript_evidence
        if package_evidence is not UNSET:
            field_dict["package_evidence"] = package_evidence
        if tags is not UNSET:
            field_dict["tags"] = tags

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        title = d.pop("title", UNSET)

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        full_report = d.pop("full_report", UNSET)

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

        amend_feedback_request = cls(
            title=title,
            summary=summary,
            full_report=full_report,
            transcript_evidence=transcript_evidence,
            package_evidence=package_evidence,
            tags=tags,
        )

        amend_feedback_request.additional_properties = d
        return amend_feedback_request

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
