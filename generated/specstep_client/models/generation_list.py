from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.generation_row import GenerationRow


T = TypeVar("T", bound="GenerationList")


@_attrs_define
class GenerationList:
    """A page of generations.

    Attributes:
        generations (list[GenerationRow] | None | Unset): The generations, in the order that was asked for.
    """

    generations: list[GenerationRow] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        generations: list[dict[str, Any]] | None | Unset
        if isinstance(self.generations, Unset):
            generations = UNSET
        elif isinstance(self.generations, list):
            generations = []
            for generations_type_0_item_data in self.generations:
                generations_type_0_item = generations_type_0_item_data.to_dict()
                generations.append(generations_type_0_item)

        else:
            generations = self.generations

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if generations is not UNSET:
            field_dict["generations"] = generations

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.generation_row import GenerationRow  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_generations(data: object) -> list[GenerationRow] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                generations_type_0 = []
                _generations_type_0 = data
                for generations_type_0_item_data in _generations_type_0:
                    generations_type_0_item = GenerationRow.from_dict(
                        generations_type_0_item_data
                    )

                    generations_type_0.append(generations_type_0_item)

                return generations_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[GenerationRow] | None | Unset, data)

        generations = _parse_generations(d.pop("generations", UNSET))

        generation_list = cls(
            generations=generations,
        )

        generation_list.additional_properties = d
        return generation_list

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
