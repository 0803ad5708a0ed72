from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.refinement_action import RefinementAction
from ..models.refinement_pass import RefinementPass
from ..types import UNSET, Unset

T = TypeVar("T", bound="RefinementAuditEntry")


@_attrs_define
class RefinementAuditEntry:
    """One thing that a pass before delivery did or left.

    Attributes:
        pass_ (None | RefinementPass | Unset): The pass.
        action (None | RefinementAction | Unset): What it did: generated, dropped, reconciled or resolved where it
            changed the package, another word where a gap remains.
        target (None | str | Unset): The path of a document, a section, or the category of a contradiction.
        detail (None | str | Unset): A summary, a reason or a question for people; may be empty.
    """

    pass_: None | RefinementPass | Unset = UNSET
    action: None | RefinementAction | Unset = UNSET
    target: None | str | Unset = UNSET
    detail: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pass_: None | str | Unset
        if isinstance(self.pass_, Unset):
            pass_ = UNSET
        elif isinstance(self.pass_, RefinementPass):
            pass_ = self.pass_.value
        else:
            pass_ = self.pass_

        action: None | str | Unset
        if isinstance(self.action, Unset):
            action = UNSET
        elif isinstance(self.action, RefinementAction):
            action = self.action.value
        else:
            action = self.action

        target: None | str | Unset
        if isinstance(self.target, Unset):
            target = UNSET
        else:
            target = self.target

        detail: None | str | Unset
        if isinstance(self.detail, Unset):
            detail = UNSET
        else:
            detail = self.detail

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if pass_ is not UNSET:
            field_dict["pass"] = pass_
        if action is not UNSET:
            field_dict["action"] = action
        if target is not UNSET:
            field_dict["target"] = target
        if detail is not UNSET:
            field_dict["detail"] = detail

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_pass_(data: object) -> None | RefinementPass | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                pass_type_0 = RefinementPass(data)

                return pass_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RefinementPass | Unset, data)

        pass_ = _parse_pass_(d.pop("pass", UNSET))

        def _parse_action(data: object) -> None | RefinementAction | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                action_type_0 = RefinementAction(data)

                return action_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RefinementAction | Unset, data)

        action = _parse_action(d.pop("action", UNSET))

        def _parse_target(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        target = _parse_target(d.pop("target", UNSET))

        def _parse_detail(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        detail = _parse_detail(d.pop("detail", UNSET))

        refinement_audit_entry = cls(
            pass_=pass_,
            action=action,
            target=target,
            detail=detail,
        )

        refinement_audit_entry.additional_properties = d
        return refinement_audit_entry

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
