from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.addendum_row import AddendumRow


T = TypeVar("T", bound="AddendumList")


@_attrs_define
class AddendumList:
    """The change addenda of a package.

    Attributes:
        addenda (list[AddendumRow] | None | Unset): The addenda, newest first.
    """

    addenda: list[AddendumRow] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        addenda: list[dict[str, Any]] | None | Unset
        if isinstance(self.addenda, Unset):
            addenda = UNSET
        elif isinstance(self.addenda, list):
            addenda = []
            for addenda_type_0_item_data in self.addenda:
                addenda_type_0_item = addenda_type_0_item_data.to_dict()
                addenda.append(addenda_type_0_item)

        else:
            addenda = self.addenda

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if addenda is not UNSET:
            field_dict["addenda"] = addenda

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.addendum_row import AddendumRow  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_addenda(data: object) -> list[AddendumRow] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                addenda_type_0 = []
                _addenda_type_0 = data
                for addenda_type_0_item_data in _addenda_type_0:
                    addenda_type_0_item = AddendumRow.from_dict(
                        addenda_type_0_item_data
                    )

                    addenda_type_0.append(addenda_type_0_item)

                return addenda_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[AddendumRow] | None | Unset, data)

        addenda = _parse_addenda(d.pop("addenda", UNSET))

        addendum_list = cls(
            addenda=addenda,
        )

        addendum_list.additional_properties = d
        return addendum_list

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
