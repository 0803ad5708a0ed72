from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ReconciledContradiction")


@_attrs_define
class ReconciledContradiction:
    """A contradiction between documents that was resolved by writing them anew.

    Attributes:
        category (None | str | Unset): What it was about.
        summary (None | str | Unset): What contradicted what, for people.
        affected_locations (list[str] | None | Unset): Where in the package.
    """

    category: None | str | Unset = UNSET
    summary: None | str | Unset = UNSET
    affected_locations: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        category: None | str | Unset
        if isinstance(self.category, Unset):
            category = UNSET
        else:
            category = self.category

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        affected_locations: list[str] | None | Unset
        if isinstance(self.affected_locations, Unset):
            affected_locations = UNSET
        elif isinstance(self.affected_locations, list):
            affected_locations = self.affected_locations

        else:
            affected_locations = self.affected_locations

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if category is not UNSET:
            field_dict["category"] = category
        if summary is not UNSET:
            field_dict["summary"] = summary
        if affected_locations is not UNSET:
            field_dict["affected_locations"] = affected_locations

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_category(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        category = _parse_category(d.pop("category", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        def _parse_affected_locations(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                affected_locations_type_0 = cast(list[str], data)

                return affected_locations_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        affected_locations = _parse_affected_locations(
            d.pop("affected_locations", UNSET)
        )

        reconciled_contradiction = cls(
            category=category,
            summary=summary,
            affected_locations=affected_locations,
        )

        reconciled_contradiction.additional_properties = d
        return reconciled_contradiction

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
