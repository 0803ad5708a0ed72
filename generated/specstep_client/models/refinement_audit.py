from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refinement_audit_entry import RefinementAuditEntry


T = TypeVar("T", bound="RefinementAudit")


@_attrs_define
class RefinementAudit:
    """What all passes before delivery changed and what they left, in one flat view. Added 2026-05-31.

    Attributes:
        auto_fixed_count (int | None | Unset): How many things were changed.
        escalated_count (int | None | Unset): How many gaps remain.
        auto_fixed (list[RefinementAuditEntry] | None | Unset): What was changed.
        escalated (list[RefinementAuditEntry] | None | Unset): What remains.
        summary (None | str | Unset): The same as text for people.
    """

    auto_fixed_count: int | None | Unset = UNSET
    escalated_count: int | None | Unset = UNSET
    auto_fixed: list[RefinementAuditEntry] | None | Unset = UNSET
    escalated: list[RefinementAuditEntry] | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        auto_fixed_count: int | None | Unset
        if isinstance(self.auto_fixed_count, Unset):
            auto_fixed_count = UNSET
        else:
            auto_fixed_count = self.auto_fixed_count

        escalated_count: int | None | Unset
        if isinstance(self.escalated_count, Unset):
            escalated_count = UNSET
        else:
            escalated_count = self.escalated_count

        auto_fixed: list[dict[str, Any]] | None | Unset
        if isinstance(self.auto_fixed, Unset):
            auto_fixed = UNSET
        elif isinstance(self.auto_fixed, list):
            auto_fixed = []
            for auto_fixed_type_0_item_data in self.auto_fixed:
                auto_fixed_type_0_item = auto_fixed_type_0_item_data.to_dict()
                auto_fixed.append(auto_fixed_type_0_item)

        else:
            auto_fixed = self.auto_fixed

        escalated: list[dict[str, Any]] | None | Unset
        if isinstance(self.escalated, Unset):
            escalated = UNSET
        elif isinstance(self.escalated, list):
            escalated = []
            for escalated_type_0_item_data in self.escalated:
                escalated_type_0_item = escalated_type_0_item_data.to_dict()
                escalated.append(escalated_type_0_item)

        else:
            escalated = self.escalated

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if auto_fixed_count is not UNSET:
            field_dict["auto_fixed_count"] = auto_fixed_count
        if escalated_count is not UNSET:
            field_dict["escalated_count"] = escalated_count
        if auto_fixed is not UNSET:
            field_dict["auto_fixed"] = auto_fixed
        if escalated is not UNSET:
            field_dict["escalated"] = escalated
        if summary is not UNSET:
            field_dict["summary"] = summary

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refinement_audit_entry import RefinementAuditEntry  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_auto_fixed_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        auto_fixed_count = _parse_auto_fixed_count(d.pop("auto_fixed_count", UNSET))

        def _parse_escalated_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        escalated_count = _parse_escalated_count(d.pop("escalated_count", UNSET))

        def _parse_auto_fixed(
            data: object,
        ) -> list[RefinementAuditEntry] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                auto_fixed_type_0 = []
                _auto_fixed_type_0 = data
                for auto_fixed_type_0_item_data in _auto_fixed_type_0:
                    auto_fixed_type_0_item = RefinementAuditEntry.from_dict(
                        auto_fixed_type_0_item_data
                    )

                    auto_fixed_type_0.append(auto_fixed_type_0_item)

                return auto_fixed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefinementAuditEntry] | None | Unset, data)

        auto_fixed = _parse_auto_fixed(d.pop("auto_fixed", UNSET))

        def _parse_escalated(data: object) -> list[RefinementAuditEntry] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                escalated_type_0 = []
                _escalated_type_0 = data
                for escalated_type_0_item_data in _escalated_type_0:
                    escalated_type_0_item = RefinementAuditEntry.from_dict(
                        escalated_type_0_item_data
                    )

                    escalated_type_0.append(escalated_type_0_item)

                return escalated_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefinementAuditEntry] | None | Unset, data)

        escalated = _parse_escalated(d.pop("escalated", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        refinement_audit = cls(
            auto_fixed_count=auto_fixed_count,
            escalated_count=escalated_count,
            auto_fixed=auto_fixed,
            escalated=escalated,
            summary=summary,
        )

        refinement_audit.additional_properties = d
        return refinement_audit

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
