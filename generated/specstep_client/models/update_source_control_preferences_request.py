from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateSourceControlPreferencesRequest")


@_attrs_define
class UpdateSourceControlPreferencesRequest:
    """Where packages are to be delivered to.

    Attributes:
        repository (None | str | Unset): The repository that packages are delivered to.
        base_branch (None | str | Unset): The branch that pull requests are opened against.
    """

    repository: None | str | Unset = UNSET
    base_branch: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        repository: None | str | Unset
        if isinstance(self.repository, Unset):
            repository = UNSET
        else:
            repository = self.repository

        base_branch: None | str | Unset
        if isinstance(self.base_branch, Unset):
            base_branch = UNSET
        else:
            base_branch = self.base_branch

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if repository is not UNSET:
            field_dict["repository"] = repository
        if base_branch is not UNSET:
            field_dict["base_branch"] = base_branch

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_repository(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        repository = _parse_repository(d.pop("repository", UNSET))

        def _parse_base_branch(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        base_branch = _parse_base_branch(d.pop("base_branch", UNSET))

        update_source_control_preferences_request = cls(
            repository=repository,
            base_branch=base_branch,
        )

        update_source_control_preferences_request.additional_properties = d
        return update_source_control_preferences_request

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
