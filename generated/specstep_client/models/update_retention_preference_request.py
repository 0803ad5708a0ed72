from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UpdateRetentionPreferenceRequest")


@_attrs_define
class UpdateRetentionPreferenceRequest:
    """How long new packages are to be kept. Added 2026-05-14.

    Attributes:
        default_retention_days (int | None): Days, from 1 to 3650; null for no end.
    """

    default_retention_days: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        default_retention_days: int | None
        default_retention_days = self.default_retention_days

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "default_retention_days": default_retention_days,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_default_retention_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        default_retention_days = _parse_default_retention_days(
            d.pop("default_retention_days")
        )

        update_retention_preference_request = cls(
            default_retention_days=default_retention_days,
        )

        update_retention_preference_request.additional_properties = d
        return update_retention_preference_request

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
