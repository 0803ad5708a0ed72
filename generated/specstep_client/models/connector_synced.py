from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ConnectorSynced")


@_attrs_define
class ConnectorSynced:
    """What a synchronisation did.

    Attributes:
        files_synced (int | None | Unset): How many files were taken over.
        files_skipped (int | None | Unset): How many were not.
    """

    files_synced: int | None | Unset = UNSET
    files_skipped: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        files_synced: int | None | Unset
        if isinstance(self.files_synced, Unset):
            files_synced = UNSET
        else:
            files_synced = self.files_synced

        files_skipped: int | None | Unset
        if isinstance(self.files_skipped, Unset):
            files_skipped = UNSET
        else:
            files_skipped = self.files_skipped

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if files_synced is not UNSET:
            field_dict["files_synced"] = files_synced
        if files_skipped is not UNSET:
            field_dict["files_skipped"] = files_skipped

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_files_synced(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        files_synced = _parse_files_synced(d.pop("files_synced", UNSET))

        def _parse_files_skipped(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        files_skipped = _parse_files_skipped(d.pop("files_skipped", UNSET))

        connector_synced = cls(
            files_synced=files_synced,
            files_skipped=files_skipped,
        )

        connector_synced.additional_properties = d
        return connector_synced

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
