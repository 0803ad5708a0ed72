from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.explanation_row import ExplanationRow


T = TypeVar("T", bound="ExplanationList")


@_attrs_define
class ExplanationList:
    """The explanations of a package.

    Attributes:
        explanations (list[ExplanationRow] | None | Unset): The explanations, newest first.
    """

    explanations: list[ExplanationRow] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        explanations: list[dict[str, Any]] | None | Unset
        if isinstance(self.explanations, Unset):
            explanations = UNSET
        elif isinstance(self.explanations, list):
            explanations = []
            for explanations_type_0_item_data in self.explanations:
                explanations_type_0_item = explanations_type_0_item_data.to_dict()
                explanations.append(explanations_type_0_item)

        else:
            explanations = self.explanations

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if explanations is not UNSET:
            field_dict["explanations"] = explanations

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.explanation_row import ExplanationRow  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_explanations(data: object) -> list[ExplanationRow] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                explanations_type_0 = []
                _explanations_type_0 = data
                for explanations_type_0_item_data in _explanations_type_0:
                    explanations_type_0_item = ExplanationRow.from_dict(
                        explanations_type_0_item_data
                    )

                    explanations_type_0.append(explanations_type_0_item)

                return explanations_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ExplanationRow] | None | Unset, data)

        explanations = _parse_explanations(d.pop("explanations", UNSET))

        explanation_list = cls(
            explanations=explanations,
        )

        explanation_list.additional_properties = d
        return explanation_list

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
