from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.clarified_blocker import ClarifiedBlocker
    from ..models.residual_blocker import ResidualBlocker
    from ..models.resolved_blocker import ResolvedBlocker


T = TypeVar("T", bound="BlockerResolutionSummary")


@_attrs_define
class BlockerResolutionSummary:
    """What the pass did that acts on blockers which the critics left. Added 2026-05-29.

    Attributes:
        resolved_count (int | None | Unset): How many were cleared.
        clarified_count (int | None | Unset): How many became questions.
        residual_count (int | None | Unset): How many remain.
        resolved (list[ResolvedBlocker] | None | Unset): The cleared ones.
        clarified (list[ClarifiedBlocker] | None | Unset): The ones that became questions.
        residual (list[ResidualBlocker] | None | Unset): The ones that remain.
        summary (None | str | Unset): The same as text for people.
    """

    resolved_count: int | None | Unset = UNSET
    clarified_count: int | None | Unset = UNSET
    residual_count: int | None | Unset = UNSET
    resolved: list[ResolvedBlocker] | None | Unset = UNSET
    clarified: list[ClarifiedBlocker] | None | Unset = UNSET
    residual: list[ResidualBlocker] | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        resolved_count: int | None | Unset
        if isinstance(self.resolved_count, Unset):
            resolved_count = UNSET
        else:
            resolved_count = self.resolved_count

        clarified_count: int | None | Unset
        if isinstance(self.clarified_count, Unset):
            clarified_count = UNSET
        else:
            clarified_count = self.clarified_count

        residual_count: int | None | Unset
        if isinstance(self.residual_count, Unset):
            residual_count = UNSET
        else:
            residual_count = self.residual_count

        resolved: list[dict[str, Any]] | None | Unset
        if isinstance(self.resolved, Unset):
            resolved = UNSET
        elif isinstance(self.resolved, list):
            resolved = []
            for resolved_type_0_item_data in self.resolved:
                resolved_type_0_item = resolved_type_0_item_data.to_dict()
                resolved.append(resolved_type_0_item)

        else:
            resolved = self.resolved

        clarified: list[dict[str, Any]] | None | Unset
        if isinstance(self.clarified, Unset):
            clarified = UNSET
        elif isinstance(self.clarified, list):
            clarified = []
            for clarified_type_0_item_data in self.clarified:
                clarified_type_0_item = clarified_type_0_item_data.to_dict()
                clarified.append(clarified_type_0_item)

        else:
            clarified = self.clarified

        residual: list[dict[str, Any]] | None | Unset
        if isinstance(self.residual, Unset):
            residual = UNSET
        elif isinstance(self.residual, list):
            residual = []
            for residual_type_0_item_data in self.residual:
                residual_type_0_item = residual_type_0_item_data.to_dict()
                residual.append(residual_type_0_item)

        else:
            residual = self.residual

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if resolved_count is not UNSET:
            field_dict["resolved_count"] = resolved_count
        if clarified_count is not UNSET:
            field_dict["clarified_count"] = clarified_count
        if residual_count is not UNSET:
            field_dict["residual_count"] = residual_count
        if resolved is not UNSET:
            field_dict["resolved"] = resolved
        if clarified is not UNSET:
            field_dict["clarified"] = clarified
        if residual is not UNSET:
            field_dict["residual"] = residual
        if summary is not UNSET:
            field_dict["summary"] = summary

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.clarified_blocker import ClarifiedBlocker  # noqa: PLC0415
        from ..models.residual_blocker import ResidualBlocker  # noqa: PLC0415
        from ..models.resolved_blocker import ResolvedBlocker  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_resolved_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        resolved_count = _parse_resolved_count(d.pop("resolved_count", UNSET))

        def _parse_clarified_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        clarified_count = _parse_clarified_count(d.pop("clarified_count", UNSET))

        def _parse_residual_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        residual_count = _parse_residual_count(d.pop("residual_count", UNSET))

        def _parse_resolved(data: object) -> list[ResolvedBlocker] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                resolved_type_0 = []
                _resolved_type_0 = data
                for resolved_type_0_item_data in _resolved_type_0:
                    resolved_type_0_item = ResolvedBlocker.from_dict(
                        resolved_type_0_item_data
                    )

                    resolved_type_0.append(resolved_type_0_item)

                return resolved_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ResolvedBlocker] | None | Unset, data)

        resolved = _parse_resolved(d.pop("resolved", UNSET))

        def _parse_clarified(data: object) -> list[ClarifiedBlocker] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                clarified_type_0 = []
                _clarified_type_0 = data
                for clarified_type_0_item_data in _clarified_type_0:
                    clarified_type_0_item = ClarifiedBlocker.from_dict(
                        clarified_type_0_item_data
                    )

                    clarified_type_0.append(clarified_type_0_item)

                return clarified_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ClarifiedBlocker] | None | Unset, data)

        clarified = _parse_clarified(d.pop("clarified", UNSET))

        def _parse_residual(data: object) -> list[ResidualBlocker] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                residual_type_0 = []
                _residual_type_0 = data
                for residual_type_0_item_data in _residual_type_0:
                    residual_type_0_item = ResidualBlocker.from_dict(
                        residual_type_0_item_data
                    )

                    residual_type_0.append(residual_type_0_item)

                return residual_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ResidualBlocker] | None | Unset, data)

        residual = _parse_residual(d.pop("residual", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        blocker_resolution_summary = cls(
            resolved_count=resolved_count,
            clarified_count=clarified_count,
            residual_count=residual_count,
            resolved=resolved,
            clarified=clarified,
            residual=residual,
            summary=summary,
        )

        blocker_resolution_summary.additional_properties = d
        return blocker_resolution_summary

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
