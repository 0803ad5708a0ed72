from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.generation_state import GenerationState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.clarification import Clarification


T = TypeVar("T", bound="ClarificationList")


@_attrs_define
class ClarificationList:
    """What a paused generation waits for.

    Attributes:
        state (GenerationState | None | Unset): Where the generation stands.
        clarifications (list[Clarification] | None | Unset): The open questions; empty in every state but
            PausedAwaitingClarification.
    """

    state: GenerationState | None | Unset = UNSET
    clarifications: list[Clarification] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        state: None | str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        elif isinstance(self.state, GenerationState):
            state = self.state.value
        else:
            state = self.state

        clarifications: list[dict[str, Any]] | None | Unset
        if isinstance(self.clarifications, Unset):
            clarifications = UNSET
        elif isinstance(self.clarifications, list):
            clarifications = []
            for clarifications_type_0_item_data in self.clarifications:
                clarifications_type_0_item = clarifications_type_0_item_data.to_dict()
                clarifications.append(clarifications_type_0_item)

        else:
            clarifications = self.clarifications

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if state is not UNSET:
            field_dict["state"] = state
        if clarifications is not UNSET:
            field_dict["clarifications"] = clarifications

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.clarification import Clarification  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_state(data: object) -> GenerationState | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = GenerationState(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GenerationState | None | Unset, data)

        state = _parse_state(d.pop("state", UNSET))

        def _parse_clarifications(data: object) -> list[Clarification] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                clarifications_type_0 = []
                _clarifications_type_0 = data
                for clarifications_type_0_item_data in _clarifications_type_0:
                    clarifications_type_0_item = Clarification.from_dict(
                        clarifications_type_0_item_data
                    )

                    clarifications_type_0.append(clarifications_type_0_item)

                return clarifications_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Clarification] | None | Unset, data)

        clarifications = _parse_clarifications(d.pop("clarifications", UNSET))

        clarification_list = cls(
            state=state,
            clarifications=clarifications,
        )

        clarification_list.additional_properties = d
        return clarification_list

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
