from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ExtraUsage")


@_attrs_define
class ExtraUsage:
    """A prepaid balance for generations beyond the quota.

    Attributes:
        enabled (bool | None | Unset): Whether the balance is used once the quota is.
        balance_usd (float | None | Unset): What is left, in US dollars.
        last_topup_at (datetime.datetime | None | Unset): When it was last topped up (UTC).
    """

    enabled: bool | None | Unset = UNSET
    balance_usd: float | None | Unset = UNSET
    last_topup_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        enabled: bool | None | Unset
        if isinstance(self.enabled, Unset):
            enabled = UNSET
        else:
            enabled = self.enabled

        balance_usd: float | None | Unset
        if isinstance(self.balance_usd, Unset):
            balance_usd = UNSET
        else:
            balance_usd = self.balance_usd

        last_topup_at: None | str | Unset
        if isinstance(self.last_topup_at, Unset):
            last_topup_at = UNSET
        elif isinstance(self.last_topup_at, datetime.datetime):
            last_topup_at = self.last_topup_at.isoformat()
        else:
            last_topup_at = self.last_topup_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if enabled is not UNSET:
            field_dict["enabled"] = enabled
        if balance_usd is not UNSET:
            field_dict["balance_usd"] = balance_usd
        if last_topup_at is not UNSET:
            field_dict["last_topup_at"] = last_topup_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_enabled(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        enabled = _parse_enabled(d.pop("enabled", UNSET))

        def _parse_balance_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        balance_usd = _parse_balance_usd(d.pop("balance_usd", UNSET))

        def _parse_last_topup_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_topup_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_topup_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        last_topup_at = _parse_last_topup_at(d.pop("last_topup_at", UNSET))

        extra_usage = cls(
            enabled=enabled,
            balance_usd=balance_usd,
            last_topup_at=last_topup_at,
        )

        extra_usage.additional_properties = d
        return extra_usage

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
