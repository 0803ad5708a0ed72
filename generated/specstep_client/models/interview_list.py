from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.interview_row import InterviewRow


T = TypeVar("T", bound="InterviewList")


@_attrs_define
class InterviewList:
    """A page of interviews.

    Attributes:
        interviews (list[InterviewRow] | None | Unset): The interviews, newest activity first.
    """

    interviews: list[InterviewRow] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        interviews: list[dict[str, Any]] | None | Unset
        if isinstance(self.interviews, Unset):
            interviews = UNSET
        elif isinstance(self.interviews, list):
            interviews = []
            for interviews_type_0_item_data in self.interviews:
                interviews_type_0_item = interviews_type_0_item_data.to_dict()
                interviews.append(interviews_type_0_item)

        else:
            interviews = self.interviews

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if interviews is not UNSET:
            field_dict["interviews"] = interviews

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.interview_row import InterviewRow  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_interviews(data: object) -> list[InterviewRow] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                interviews_type_0 = []
                _interviews_type_0 = data
                for interviews_type_0_item_data in _interviews_type_0:
                    interviews_type_0_item = InterviewRow.from_dict(
                        interviews_type_0_item_data
                    )

                    interviews_type_0.append(interviews_type_0_item)

                return interviews_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[InterviewRow] | None | Unset, data)

        interviews = _parse_interviews(d.pop("interviews", UNSET))

        interview_list = cls(
            interviews=interviews,
        )

        interview_list.additional_properties = d
        return interview_list

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
