from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.feedback_row import FeedbackRow


T = TypeVar("T", bound="FeedbackList")


@_attrs_define
class FeedbackList:
    """The caller's own feedback.

    Attributes:
        feedback (list[FeedbackRow] | None | Unset): The feedback, newest first.
    """

    feedback: list[FeedbackRow] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        feedback: list[dict[str, Any]] | None | Unset
        if isinstance(self.feedback, Unset):
            feedback = UNSET
        elif isinstance(self.feedback, list):
            feedback = []
            for feedback_type_0_item_data in self.feedback:
                feedback_type_0_item = feedback_type_0_item_data.to_dict()
                feedback.append(feedback_type_0_item)

        else:
            feedback = self.feedback

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if feedback is not UNSET:
            field_dict["feedback"] = feedback

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feedback_row import FeedbackRow  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_feedback(data: object) -> list[FeedbackRow] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                feedback_type_0 = []
                _feedback_type_0 = data
                for feedback_type_0_item_data in _feedback_type_0:
                    feedback_type_0_item = FeedbackRow.from_dict(
                        feedback_type_0_item_data
                    )

                    feedback_type_0.append(feedback_type_0_item)

                return feedback_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[FeedbackRow] | None | Unset, data)

        feedback = _parse_feedback(d.pop("feedback", UNSET))

        feedback_list = cls(
            feedback=feedback,
        )

        feedback_list.additional_properties = d
        return feedback_list

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
