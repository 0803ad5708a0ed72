from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.feedback_severity import FeedbackSeverity
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.typed_evidence_input import TypedEvidenceInput


T = TypeVar("T", bound="FeedbackFindingInput")


@_attrs_define
class FeedbackFindingInput:
    """One finding to report.

    Attributes:
        severity (FeedbackSeverity): How much it matters.
        topic (str): What it is about.
        title (str): The finding in a few words.
        evidence (None | str | Unset): A quotation that shows it.
        expected_behavior (None | str | Unset): What was expected.
        suggested_fix (None | str | Unset): How it could be put right.
        typed_evidence (list[TypedEvidenceInput] | None | Unset): Machine-readable evidence, at most 20 pieces. Added
            2026-05-21.
    """

    severity: FeedbackSeverity
    topic: str
    title: str
    evidence: None | str | Unset = UNSET
    expected_behavior: None | str | Unset = UNSET
    suggested_fix: None | str | Unset = UNSET
    typed_evidence: list[TypedEvidenceInput] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        severity = self.severity.value

        topic = self.topic

        title = self.title

        evidence: None | str | Unset
        if isinstance(self.evidence, Unset):
            evidence = UNSET
        else:
            evidence = self.evidence

        expected_behavior: None | str | Unset
        if isinstance(self.expected_behavior, Unset):
            expected_behavior = UNSET
        else:
            expected_behavior = self.expected_behavior

        suggested_fix: None | str | Unset
        if isinstance(self.suggested_fix, Unset):
            suggested_fix = UNSET
        else:
            suggested_fix = self.suggested_fix

        typed_evidence: list[dict[str, Any]] | None | Unset
        if isinstance(self.typed_evidence, Unset):
            typed_evidence = UNSET
        elif isinstance(self.typed_evidence, list):
            typed_evidence = []
            for typed_evidence_type_0_item_data in self.typed_evidence:
                typed_evidence_type_0_item = typed_evidence_type_0_item_data.to_dict()
                typed_evidence.append(typed_evidence_type_0_item)

        else:
            typed_evidence = self.typed_evidence

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "severity": severity,
                "topic": topic,
                "title": title,
            }
        )
        if evidence is not UNSET:
            field_dict["evidence"] = evidence
        if expected_behavior is not UNSET:
            field_dict["expected_behavior"] = expected_behavior
        if suggested_fix is not UNSET:
            field_dict["suggested_fix"] = suggested_fix
        if typed_evidence is not UNSET:
            field_dict["typed_evidence"] = typed_evidence

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.typed_evidence_input import TypedEvidenceInput  # noqa: PLC0415

        d = dict(src_dict)
        severity = FeedbackSeverity(d.pop("severity"))

        topic = d.pop("topic")

        title = d.pop("title")

        def _parse_evidence(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        evidence = _parse_evidence(d.pop("evidence", UNSET))

        def _parse_expected_behavior(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        expected_behavior = _parse_expected_behavior(d.pop("expected_behavior", UNSET))

        def _parse_suggested_fix(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        suggested_fix = _parse_suggested_fix(d.pop("suggested_fix", UNSET))

        def _parse_typed_evidence(
            data: object,
        ) -> list[TypedEvidenceInput] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                typed_evidence_type_0 = []
                _typed_evidence_type_0 = data
                for typed_evidence_type_0_item_data in _typed_evidence_type_0:
                    typed_evidence_type_0_item = TypedEvidenceInput.from_dict(
                        typed_evidence_type_0_item_data
                    )

                    typed_evidence_type_0.append(typed_evidence_type_0_item)

                return typed_evidence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[TypedEvidenceInput] | None | Unset, data)

        typed_evidence = _parse_typed_evidence(d.pop("typed_evidence", UNSET))

        feedback_finding_input = cls(
            severity=severity,
            topic=topic,
            title=title,
            evidence=evidence,
            expected_behavior=expected_behavior,
            suggested_fix=suggested_fix,
            typed_evidence=typed_evidence,
        )

        feedback_finding_input.additional_properties = d
        return feedback_finding_input

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
