from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AddendumCreated")


@_attrs_define
class AddendumCreated:
    """A change addendum that has just been made.

    Attributes:
        addendum_id (None | Unset | UUID): The addendum.
        download_url (None | str | Unset): Where its zip can be downloaded for an hour; whoever has the link can.
        cost_usd (float | None | Unset): What it cost, in US dollars.
    """

    addendum_id: None | Unset | UUID = UNSET
    download_url: None | str | Unset = UNSET
    cost_usd: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        addendum_id: None | str | Unset
        if isinstance(self.addendum_id, Unset):
            addendum_id = UNSET
        elif isinstance(self.addendum_id, UUID):
            addendum_id = str(self.addendum_id)
        else:
            addendum_id = self.addendum_id

        download_url: None | str | Unset
        if isinstance(self.download_url, Unset):
            download_url = UNSET
        else:
            download_url = self.download_url

        cost_usd: float | None | Unset
        if isinstance(self.cost_usd, Unset):
            cost_usd = UNSET
        else:
            cost_usd = self.cost_usd

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if addendum_id is not UNSET:
            field_dict["addendum_id"] = addendum_id
        if download_url is not UNSET:
            field_dict["download_url"] = download_url
        if cost_usd is not UNSET:
            field_dict["cost_usd"] = cost_usd

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_addendum_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                addendum_id_type_0 = UUID(data)

                return addendum_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        addendum_id = _parse_addendum_id(d.pop("addendum_id", UNSET))

        def _parse_download_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        download_url = _parse_download_url(d.pop("download_url", UNSET))

        def _parse_cost_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        cost_usd = _parse_cost_usd(d.pop("cost_usd", UNSET))

        addendum_created = cls(
            addendum_id=addendum_id,
            download_url=download_url,
            cost_usd=cost_usd,
        )

        addendum_created.additional_properties = d
        return addendum_created

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
