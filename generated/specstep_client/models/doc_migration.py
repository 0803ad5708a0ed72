from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DocMigration")


@_attrs_define
class DocMigration:
    """A migration that has been made.

    Attributes:
        migration_id (None | Unset | UUID): The migration.
        package_id (None | Unset | UUID): The package that it made.
        project_id (None | Unset | UUID): The project that the package went to.
        version (None | str | Unset): The version of the package.
        classified_count (int | None | Unset): How many files could be placed.
        unclassified_count (int | None | Unset): How many could not.
    """

    migration_id: None | Unset | UUID = UNSET
    package_id: None | Unset | UUID = UNSET
    project_id: None | Unset | UUID = UNSET
    version: None | str | Unset = UNSET
    classified_count: int | None | Unset = UNSET
    unclassified_count: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        migration_id: None | str | Unset
        if isinstance(self.migration_id, Unset):
            migration_id = UNSET
        elif isinstance(self.migration_id, UUID):
            migration_id = str(self.migration_id)
        else:
            migration_id = self.migration_id

        package_id: None | str | Unset
        if isinstance(self.package_id, Unset):
            package_id = UNSET
        elif isinstance(self.package_id, UUID):
            package_id = str(self.package_id)
        else:
            package_id = self.package_id

        project_id: None | str | Unset
        if isinstance(self.project_id, Unset):
            project_id = UNSET
        elif isinstance(self.project_id, UUID):
            project_id = str(self.project_id)
        else:
            project_id = self.project_id

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

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

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if migration_id is not UNSET:
            field_dict["migration_id"] = migration_id
        if package_id is not UNSET:
            field_dict["package_id"] = package_id
        if project_id is not UNSET:
            field_dict["project_id"] = project_id
        if version is not UNSET:
            field_dict["version"] = version
        if classified_count is not UNSET:
            field_dict["classified_count"] = classified_count
        if unclassified_count is not UNSET:
            field_dict["unclassified_count"] = unclassified_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_migration_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                migration_id_type_0 = UUID(data)

                return migration_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        migration_id = _parse_migration_id(d.pop("migration_id", UNSET))

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

        def _parse_project_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                project_id_type_0 = UUID(data)

                return project_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        project_id = _parse_project_id(d.pop("project_id", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

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

        doc_migration = cls(
            migration_id=migration_id,
            package_id=package_id,
            project_id=project_id,
            version=version,
            classified_count=classified_count,
            unclassified_count=unclassified_count,
        )

        doc_migration.additional_properties = d
        return doc_migration

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
