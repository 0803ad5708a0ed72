from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.typed_evidence_kind import TypedEvidenceKind
from ..types import UNSET, Unset

T = TypeVar("T", bound="TypedEvidence")


@_attrs_define
class TypedEvidence:
    """Machine-readable evidence of a finding. Added 2026-05-21.

    Attributes:
        kind (None | TypedEvidenceKind | Unset): What kind of evidence it is.
        payload_json (None | str | Unset): The evidence: a JSON document as text.
    """

    kind: None | TypedEvidenceKind | Unset = UNSET
    payload_json: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind: None | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        elif isinstance(self.kind, TypedEvidenceKind):
            kind = self.kind.value
        else:
            kind = self.kind

        payload_json: None | str | Unset
        if isinstance(self.payload_json, Unset):
            payload_json = UNSET
        else:
            payload_json = self.payload_json

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if kind is not UNSET:
            field_dict["kind"] = kind
        if payload_json is not UNSET:
            field_dict["payload_json"] = payload_json

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_kind(data: object) -> None | TypedEvidenceKind | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                kind_type_0 = TypedEvidenceKind(data)

                return kind_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TypedEvidenceKind | Unset, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        def _parse_payload_json(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        payload_json = _parse_payload_json(d.pop("payload_json", UNSET))

        typed_evidence = cls(
            kind=kind,
            payload_json=payload_json,
        )

        typed_evidence.additional_properties = d
        return typed_evidence

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
