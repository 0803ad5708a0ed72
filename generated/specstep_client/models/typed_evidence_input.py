from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.typed_evidence_kind import TypedEvidenceKind

T = TypeVar("T", bound="TypedEvidenceInput")


@_attrs_define
class TypedEvidenceInput:
    """Machine-readable evidence for a finding. Added 2026-05-21.

    Attributes:
        kind (TypedEvidenceKind): What kind of evidence it is, which says what its JSON has to hold.
        payload_json (str): The evidence: a JSON document as text.
    """

    kind: TypedEvidenceKind
    payload_json: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        payload_json = self.payload_json

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "payload_json": payload_json,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = TypedEvidenceKind(d.pop("kind"))

        payload_json = d.pop("payload_json")

        typed_evidence_input = cls(
            kind=kind,
            payload_json=payload_json,
        )

        typed_evidence_input.additional_properties = d
        return typed_evidence_input

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
