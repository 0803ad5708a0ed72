from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.migration_layer import MigrationLayer
from ..types import UNSET, Unset

T = TypeVar("T", bound="MigrationMapping")


@_attrs_define
class MigrationMapping:
    """Where a file would go.

    Attributes:
        source_path (None | str | Unset): Where it lies in the archive.
        doc_type (None | str | Unset): What it was classified as; `Unclassified` when it could not be placed.
        target_path (None | str | Unset): Where it would lie in the package; below `_source/` when it could not be
            placed.
        layer (MigrationLayer | None | Unset): How it was classified.
        confidence (float | None | Unset): How sure the classification is.
    """

    source_path: None | str | Unset = UNSET
    doc_type: None | str | Unset = UNSET
    target_path: None | str | Unset = UNSET
    layer: MigrationLayer | None | Unset = UNSET
    confidence: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        source_path: None | str | Unset
        if isinstance(self.source_path, Unset):
            source_path = UNSET
        else:
            source_path = self.source_path

        doc_type: None | str | Unset
        if isinstance(self.doc_type, Unset):
            doc_type = UNSET
        else:
            doc_type = self.doc_type

        target_path: None | str | Unset
        if isinstance(self.target_path, Unset):
            target_path = UNSET
        else:
            target_path = self.target_path

        layer: None | str | Unset
        if isinstance(self.layer, Unset):
            layer = UNSET
        elif isinstance(self.layer, MigrationLayer):
            layer = self.layer.value
        else:
            layer = self.layer

        confidence: float | None | Unset
        if isinstance(self.confidence, Unset):
            confidence = UNSET
        else:
            confidence = self.confidence

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if source_path is not UNSET:
            field_dict["source_path"] = source_path
        if doc_type is not UNSET:
            field_dict["doc_type"] = doc_type
        if target_path is not UNSET:
            field_dict["target_path"] = target_path
        if layer is not UNSET:
            field_dict["layer"] = layer
        if confidence is not UNSET:
            field_dict["confidence"] = confidence

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_source_path(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source_path = _parse_source_path(d.pop("source_path", UNSET))

        def _parse_doc_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        doc_type = _parse_doc_type(d.pop("doc_type", UNSET))

        def _parse_target_path(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        target_path = _parse_target_path(d.pop("target_path", UNSET))

        def _parse_layer(data: object) -> MigrationLayer | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                layer_type_0 = MigrationLayer(data)

                return layer_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MigrationLayer | None | Unset, data)

        layer = _parse_layer(d.pop("layer", UNSET))

        def _parse_confidence(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        confidence = _parse_confidence(d.pop("confidence", UNSET))

        migration_mapping = cls(
            source_path=source_path,
            doc_type=doc_type,
            target_path=target_path,
            layer=layer,
            confidence=confidence,
        )

        migration_mapping.additional_properties = d
        return migration_mapping

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
