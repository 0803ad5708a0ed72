from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Usage")


@_attrs_define
class Usage:
    """How much of the generation quota of the current period is used.

    Attributes:
        generations_used (int | None | Unset): Generations started in the current period.
        generations_remaining (int | None | Unset): Generations left in the current period.
        generations_limit (int | None | Unset): Generations that the plan allows in a period.
        reset_at (datetime.datetime | None | Unset): When the next period begins (UTC).
        tier (None | str | Unset): The plan that sets the limit.
    """

    generations_used: int | None | Unset = UNSET
    generations_remaining: int | None | Unset = UNSET
    generations_limit: int | None | Unset = UNSET
    reset_at: datetime.datetime | None | Unset = UNSET
    tier: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        generations_used: int | None | Unset
        if isinstance(self.generations_used, Unset):
            generations_used = UNSET
        else:
            generations_used = self.generations_used

        generations_remaining: int | None | Unset
        if isinstance(self.generations_remaining, Unset):
            generations_remaining = UNSET
        else:
            generations_remaining = self.generations_remaining

        generations_limit: int | None | Unset
        if isinstance(self.generations_limit, Unset):
            generations_limit = UNSET
        else:
            generations_limit = self.generations_limit

        reset_at: None | str | Unset
        if isinstance(self.reset_at, Unset):
            reset_at = UNSET
        elif isinstance(self.reset_at, datetime.datetime):
            reset_at = self.reset_at.isoformat()
        else:
            reset_at = self.reset_at

        tier: None | str | Unset
        if isinstance(self.tier, Unset):
            tier = UNSET
        else:
            tier = self.tier

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if generations_used is not UNSET:
            field_dict["generations_used"] = generations_used
        if generations_remaining is not UNSET:
            field_dict["generations_remaining"] = generations_remaining
        if generations_limit is not UNSET:
            field_dict["generations_limit"] = generations_limit
        if reset_at is not UNSET:
            field_dict["reset_at"] = reset_at
        if tier is not UNSET:
            field_dict["tier"] = tier

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_generations_used(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        generations_used = _parse_generations_used(d.pop("generations_used", UNSET))

        def _parse_generations_remaining(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        generations_remaining = _parse_generations_remaining(
            d.pop("generations_remaining", UNSET)
        )

        def _parse_generations_limit(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        generations_limit = _parse_generations_limit(d.pop("generations_limit", UNSET))

        def _parse_reset_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reset_at_type_0 = datetime.datetime.fromisoformat(data)

                return reset_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        reset_at = _parse_reset_at(d.pop("reset_at", UNSET))

        def _parse_tier(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        tier = _parse_tier(d.pop("tier", UNSET))

        usage = cls(
            generations_used=generations_used,
            generations_remaining=generations_remaining,
            generations_limit=generations_limit,
            reset_at=reset_at,
            tier=tier,
        )

        usage.additional_properties = d
        return usage

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
