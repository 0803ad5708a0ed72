from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.external_folder import ExternalFolder


T = TypeVar("T", bound="ExternalFolderList")


@_attrs_define
class ExternalFolderList:
    """One level of folders at the provider.

    Attributes:
        folders (list[ExternalFolder] | None | Unset): The folders.
    """

    folders: list[ExternalFolder] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        folders: list[dict[str, Any]] | None | Unset
        if isinstance(self.folders, Unset):
            folders = UNSET
        elif isinstance(self.folders, list):
            folders = []
            for folders_type_0_item_data in self.folders:
                folders_type_0_item = folders_type_0_item_data.to_dict()
                folders.append(folders_type_0_item)

        else:
            folders = self.folders

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if folders is not UNSET:
            field_dict["folders"] = folders

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.external_folder import ExternalFolder  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_folders(data: object) -> list[ExternalFolder] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                folders_type_0 = []
                _folders_type_0 = data
                for folders_type_0_item_data in _folders_type_0:
                    folders_type_0_item = ExternalFolder.from_dict(
                        folders_type_0_item_data
                    )

                    folders_type_0.append(folders_type_0_item)

                return folders_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ExternalFolder] | None | Unset, data)

        folders = _parse_folders(d.pop("folders", UNSET))

        external_folder_list = cls(
            folders=folders,
        )

        external_folder_list.additional_properties = d
        return external_folder_list

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
