from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RetentionPreference")


@_attrs_define
class RetentionPreference:
    """How long new packages are kept. Added 2026-05-14.

    Attributes:
        default_retention_days (int | None | Unset): Days; null for no end. Existing packages are not touched.
    """

    default_retention_days: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        default_retention_days: int | None | Unset
        if isinstance(self.default_retention_days, Unset):
            default_retention_days = UNSET
        else:
            default_retention_days = self.default_retention_days

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if default_retention_days is not UNSET:
            field_dict["default_retention_days"] = default_retention_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_default_retention_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        default_retention_days = _parse_default_retention_days(
            d.pop("default_retention_days", UNSET)
        )

        retention_preference = cls(
            default_retention_days=default_retention_days,
        )

        retention_preference.additional_properties = d
        return retention_preference

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
