from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.explain_audience import ExplainAudience


T = TypeVar("T", bound="ExplainAudienceList")


@_attrs_define
class ExplainAudienceList:
    """For whom packages can be explained.

    Attributes:
        audiences (list[ExplainAudience] | None | Unset): The audiences.
    """

    audiences: list[ExplainAudience] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audiences: list[dict[str, Any]] | None | Unset
        if isinstance(self.audiences, Unset):
            audiences = UNSET
        elif isinstance(self.audiences, list):
            audiences = []
            for audiences_type_0_item_data in self.audiences:
                audiences_type_0_item = audiences_type_0_item_data.to_dict()
                audiences.append(audiences_type_0_item)

        else:
            audiences = self.audiences

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if audiences is not UNSET:
            field_dict["audiences"] = audiences

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.explain_audience import ExplainAudience  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_audiences(data: object) -> list[ExplainAudience] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                audiences_type_0 = []
                _audiences_type_0 = data
                for audiences_type_0_item_data in _audiences_type_0:
                    audiences_type_0_item = ExplainAudience.from_dict(
                        audiences_type_0_item_data
                    )

                    audiences_type_0.append(audiences_type_0_item)

                return audiences_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ExplainAudience] | None | Unset, data)

        audiences = _parse_audiences(d.pop("audiences", UNSET))

        explain_audience_list = cls(
            audiences=audiences,
        )

        explain_audience_list.additional_properties = d
        return explain_audience_list

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
