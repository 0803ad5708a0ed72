from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.migration_mapping import MigrationMapping


T = TypeVar("T", bound="DocMigrationPreview")


@_attrs_define
class DocMigrationPreview:
    """What a migration would do.

    Attributes:
        source_archive_name (None | str | Unset): The name of the archive.
        source_byte_count (int | None | Unset): The size of the archive in bytes.
        total_file_count (int | None | Unset): How many files it holds.
        classified_count (int | None | Unset): How many of them could be placed.
        unclassified_count (int | None | Unset): How many could not.
        classifier_version (None | str | Unset): The version of the classifier.
        mapping (list[MigrationMapping] | None | Unset): Where each file would go.
        conflicting_target_paths (list[str] | None | Unset): Places that two files claim; they have to be resolved
            before the migration can be made.
    """

    source_archive_name: None | str | Unset = UNSET
    source_byte_count: int | None | Unset = UNSET
    total_file_count: int | None | Unset = UNSET
    classified_count: int | None | Unset = UNSET
    unclassified_count: int | None | Unset = UNSET
    classifier_version: None | str | Unset = UNSET
    mapping: list[MigrationMapping] | None | Unset = UNSET
    conflicting_target_paths: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        source_archive_name: None | str | Unset
        if isinstance(self.source_archive_name, Unset):
            source_archive_name = UNSET
        else:
            source_archive_name = self.source_archive_name

        source_byte_count: int | None | Unset
        if isinstance(self.source_byte_count, Unset):
            source_byte_count = UNSET
        else:
            source_byte_count = self.source_byte_count

        total_file_count: int | None | Unset
        if isinstance(self.total_file_count, Unset):
            total_file_count = UNSET
        else:
            total_file_count = self.total_file_count

        classified_count: int | None | Unset
        if isinstance(self.classified_count, Unset):
            classified_count = UNSET
        else:
            classified_count = self.classified_count

        unclassified_count: int | None | Unset
        if isinstance(self.unclassified_count, Unset):
            unclassified_count = UNSET
        else:
            unclassified_count = self.unclassified_count

        classifier_version: None | str | Unset
        if isinstance(self.classifier_version, Unset):
            classifier_version = UNSET
        else:
            classifier_version = self.classifier_version

        mapping: list[dict[str, Any]] | None | Unset
        if isinstance(self.mapping, Unset):
            mapping = UNSET
        elif isinstance(self.mapping, list):
            mapping = []
            for mapping_type_0_item_data in self.mapping:
                mapping_type_0_item = mapping_type_0_item_data.to_dict()
                mapping.append(mapping_type_0_item)

        else:
            mapping = self.mapping

        conflicting_target_paths: list[str] | None | Unset
        if isinstance(self.conflicting_target_paths, Unset):
            conflicting_target_paths = UNSET
        elif isinstance(self.conflicting_target_paths, list):
            conflicting_target_paths = self.conflicting_target_paths

        else:
            conflicting_target_paths = self.conflicting_target_paths

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if source_archive_name is not UNSET:
            field_dict["source_archive_name"] = source_archive_name
        if source_byte_count is not UNSET:
            field_dict["source_byte_count"] = source_byte_count
        if total_file_count is not UNSET:
            field_dict["total_file_count"] = total_file_count
        if classified_count is not UNSET:
            field_dict["classified_count"] = classified_count
        if unclassified_count is not UNSET:
            field_dict["unclassified_count"] = unclassified_count
        if classifier_version is not UNSET:
            field_dict["classifier_version"] = classifier_version
        if mapping is not UNSET:
            field_dict["mapping"] = mapping
        if conflicting_target_paths is not UNSET:
            field_dict["conflicting_target_paths"] = conflicting_target_paths

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.migration_mapping import MigrationMapping  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_source_archive_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source_archive_name = _parse_source_archive_name(
            d.pop("source_archive_name", UNSET)
        )

        def _parse_source_byte_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        source_byte_count = _parse_source_byte_count(d.pop("source_byte_count", UNSET))

        def _parse_total_file_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        total_file_count = _parse_total_file_count(d.pop("total_file_count", UNSET))

        def _parse_classified_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        classified_count = _parse_classified_count(d.pop("classified_count", UNSET))

        def _parse_unclassified_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        unclassified_count = _parse_unclassified_count(
            d.pop("unclassified_count", UNSET)
        )

        def _parse_classifier_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        classifier_version = _parse_classifier_version(
            d.pop("classifier_version", UNSET)
        )

        def _parse_mapping(data: object) -> list[MigrationMapping] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                mapping_type_0 = []
                _mapping_type_0 = data
                for mapping_type_0_item_data in _mapping_type_0:
                    mapping_type_0_item = MigrationMapping.from_dict(
                        mapping_type_0_item_data
                    )

                    mapping_type_0.append(mapping_type_0_item)

                return mapping_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[MigrationMapping] | None | Unset, data)

        mapping = _parse_mapping(d.pop("mapping", UNSET))

        def _parse_conflicting_target_paths(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                conflicting_target_paths_type_0 = cast(list[str], data)

                return conflicting_target_paths_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        conflicting_target_paths = _parse_conflicting_target_paths(
            d.pop("conflicting_target_paths", UNSET)
        )

        doc_migration_preview = cls(
            source_archive_name=source_archive_name,
            source_byte_count=source_byte_count,
            total_file_count=total_file_count,
            classified_count=classified_count,
            unclassified_count=unclassified_count,
            classifier_version=classifier_version,
            mapping=mapping,
            conflicting_target_paths=conflicting_target_paths,
        )

        doc_migration_preview.additional_properties = d
        return doc_migration_preview

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
