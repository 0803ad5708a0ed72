from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.reconciled_contradiction import ReconciledContradiction
    from ..models.unresolved_contradiction import UnresolvedContradiction


T = TypeVar("T", bound="ReconciliationSummary")


@_attrs_define
class ReconciliationSummary:
    """What the pass did that resolves contradictions between documents. Added 2026-05-29.

    Attributes:
        rounds_used (int | None | Unset): How many rounds of finding, reconciling and checking again ran.
        reconciled_count (int | None | Unset): How many contradictions were resolved.
        unresolved_count (int | None | Unset): How many remain.
        reconciled (list[ReconciledContradiction] | None | Unset): The resolved ones.
        unresolved (list[UnresolvedContradiction] | None | Unset): The ones that remain.
        summary (None | str | Unset): The same as text for people.
    """

    rounds_used: int | None | Unset = UNSET
    reconciled_count: int | None | Unset = UNSET
    unresolved_count: int | None | Unset = UNSET
    reconciled: list[ReconciledContradiction] | None | Unset = UNSET
    unresolved: list[UnresolvedContradiction] | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rounds_used: int | None | Unset
        if isinstance(self.rounds_used, Unset):
            rounds_used = UNSET
        else:
            rounds_used = self.rounds_used

        reconciled_count: int | None | Unset
        if isinstance(self.reconciled_count, Unset):
            reconciled_count = UNSET
        else:
            reconciled_count = self.reconciled_count

        unresolved_count: int | None | Unset
        if isinstance(self.unresolved_count, Unset):
            unresolved_count = UNSET
        else:
            unresolved_count = self.unresolved_count

        reconciled: list[dict[str, Any]] | None | Unset
        if isinstance(self.reconciled, Unset):
            reconciled = UNSET
        elif isinstance(self.reconciled, list):
            reconciled = []
            for reconciled_type_0_item_data in self.reconciled:
                reconciled_type_0_item = reconciled_type_0_item_data.to_dict()
                reconciled.append(reconciled_type_0_item)

        else:
            reconciled = self.reconciled

        unresolved: list[dict[str, Any]] | None | Unset
        if isinstance(self.unresolved, Unset):
            unresolved = UNSET
        elif isinstance(self.unresolved, list):
            unresolved = []
            for unresolved_type_0_item_data in self.unresolved:
                unresolved_type_0_item = unresolved_type_0_item_data.to_dict()
                unresolved.append(unresolved_type_0_item)

        else:
            unresolved = self.unresolved

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if rounds_used is not UNSET:
            field_dict["rounds_used"] = rounds_used
        if reconciled_count is not UNSET:
            field_dict["reconciled_count"] = reconciled_count
        if unresolved_count is not UNSET:
            field_dict["unresolved_count"] = unresolved_count
        if reconciled is not UNSET:
            field_dict["reconciled"] = reconciled
        if unresolved is not UNSET:
            field_dict["unresolved"] = unresolved
        if summary is not UNSET:
            field_dict["summary"] = summary

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reconciled_contradiction import ReconciledContradiction  # noqa: PLC0415
        from ..models.unresolved_contradiction import UnresolvedContradiction  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_rounds_used(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        rounds_used = _parse_rounds_used(d.pop("rounds_used", UNSET))

        def _parse_reconciled_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        reconciled_count = _parse_reconciled_count(d.pop("reconciled_count", UNSET))

        def _parse_unresolved_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        unresolved_count = _parse_unresolved_count(d.pop("unresolved_count", UNSET))

        def _parse_reconciled(
            data: object,
        ) -> list[ReconciledContradiction] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reconciled_type_0 = []
                _reconciled_type_0 = data
                for reconciled_type_0_item_data in _reconciled_type_0:
                    reconciled_type_0_item = ReconciledContradiction.from_dict(
                        reconciled_type_0_item_data
                    )

                    reconciled_type_0.append(reconciled_type_0_item)

                return reconciled_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ReconciledContradiction] | None | Unset, data)

        reconciled = _parse_reconciled(d.pop("reconciled", UNSET))

        def _parse_unresolved(
            data: object,
        ) -> list[UnresolvedContradiction] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                unresolved_type_0 = []
                _unresolved_type_0 = data
                for unresolved_type_0_item_data in _unresolved_type_0:
                    unresolved_type_0_item = UnresolvedContradiction.from_dict(
                        unresolved_type_0_item_data
                    )

                    unresolved_type_0.append(unresolved_type_0_item)

                return unresolved_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[UnresolvedContradiction] | None | Unset, data)

        unresolved = _parse_unresolved(d.pop("unresolved", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        reconciliation_summary = cls(
            rounds_used=rounds_used,
            reconciled_count=reconciled_count,
            unresolved_count=unresolved_count,
            reconciled=reconciled,
            unresolved=unresolved,
            summary=summary,
        )

        reconciliation_summary.additional_properties = d
        return reconciliation_summary

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
