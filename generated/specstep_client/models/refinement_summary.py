from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refined_document import RefinedDocument
    from ..models.residual_reference import ResidualReference


T = TypeVar("T", bound="RefinementSummary")


@_attrs_define
class RefinementSummary:
    """What the pass did that fills documents which others refer to and which are missing. Added 2026-05-29.

    Attributes:
        rounds_used (int | None | Unset): How many rounds of finding, refining and checking again ran.
        generated_count (int | None | Unset): How many documents were written.
        dropped_count (int | None | Unset): How many dangling references were removed.
        residual_count (int | None | Unset): How many references remain unfilled.
        generated (list[RefinedDocument] | None | Unset): The documents that were written.
        dropped (list[RefinedDocument] | None | Unset): The documents whose references were removed.
        residual (list[ResidualReference] | None | Unset): The references that remain unfilled: the known gaps of the
            package.
        summary (None | str | Unset): The same as text for people.
    """

    rounds_used: int | None | Unset = UNSET
    generated_count: int | None | Unset = UNSET
    dropped_count: int | None | Unset = UNSET
    residual_count: int | None | Unset = UNSET
    generated: list[RefinedDocument] | None | Unset = UNSET
    dropped: list[RefinedDocument] | None | Unset = UNSET
    residual: list[ResidualReference] | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        rounds_used: int | None | Unset
        if isinstance(self.rounds_used, Unset):
            rounds_used = UNSET
        else:
            rounds_used = self.rounds_used

        generated_count: int | None | Unset
        if isinstance(self.generated_count, Unset):
            generated_count = UNSET
        else:
            generated_count = self.generated_count

        dropped_count: int | None | Unset
        if isinstance(self.dropped_count, Unset):
            dropped_count = UNSET
        else:
            dropped_count = self.dropped_count

        residual_count: int | None | Unset
        if isinstance(self.residual_count, Unset):
            residual_count = UNSET
        else:
            residual_count = self.residual_count

        generated: list[dict[str, Any]] | None | Unset
        if isinstance(self.generated, Unset):
            generated = UNSET
        elif isinstance(self.generated, list):
            generated = []
            for generated_type_0_item_data in self.generated:
                generated_type_0_item = generated_type_0_item_data.to_dict()
                generated.append(generated_type_0_item)

        else:
            generated = self.generated

        dropped: list[dict[str, Any]] | None | Unset
        if isinstance(self.dropped, Unset):
            dropped = UNSET
        elif isinstance(self.dropped, list):
            dropped = []
            for dropped_type_0_item_data in self.dropped:
                dropped_type_0_item = dropped_type_0_item_data.to_dict()
                dropped.append(dropped_type_0_item)

        else:
            dropped = self.dropped

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
        if rounds_used is not UNSET:
            field_dict["rounds_used"] = rounds_used
        if generated_count is not UNSET:
            field_dict["generated_count"] = generated_count
        if dropped_count is not UNSET:
            field_dict["dropped_count"] = dropped_count
        if residual_count is not UNSET:
            field_dict["residual_count"] = residual_count
        if generated is not UNSET:
            field_dict["generated"] = generated
        if dropped is not UNSET:
            field_dict["dropped"] = dropped
        if residual is not UNSET:
            field_dict["residual"] = residual
        if summary is not UNSET:
            field_dict["summary"] = summary

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refined_document import RefinedDocument  # noqa: PLC0415
        from ..models.residual_reference import ResidualReference  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_rounds_used(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        rounds_used = _parse_rounds_used(d.pop("rounds_used", UNSET))

        def _parse_generated_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        generated_count = _parse_generated_count(d.pop("generated_count", UNSET))

        def _parse_dropped_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        dropped_count = _parse_dropped_count(d.pop("dropped_count", UNSET))

        def _parse_residual_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        residual_count = _parse_residual_count(d.pop("residual_count", UNSET))

        def _parse_generated(data: object) -> list[RefinedDocument] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                generated_type_0 = []
                _generated_type_0 = data
                for generated_type_0_item_data in _generated_type_0:
                    generated_type_0_item = RefinedDocument.from_dict(
                        generated_type_0_item_data
                    )

                    generated_type_0.append(generated_type_0_item)

                return generated_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefinedDocument] | None | Unset, data)

        generated = _parse_generated(d.pop("generated", UNSET))

        def _parse_dropped(data: object) -> list[RefinedDocument] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                dropped_type_0 = []
                _dropped_type_0 = data
                for dropped_type_0_item_data in _dropped_type_0:
                    dropped_type_0_item = RefinedDocument.from_dict(
                        dropped_type_0_item_data
                    )

                    dropped_type_0.append(dropped_type_0_item)

                return dropped_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefinedDocument] | None | Unset, data)

        dropped = _parse_dropped(d.pop("dropped", UNSET))

        def _parse_residual(data: object) -> list[ResidualReference] | None | Unset:
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
                    residual_type_0_item = ResidualReference.from_dict(
                        residual_type_0_item_data
                    )

                    residual_type_0.append(residual_type_0_item)

                return residual_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ResidualReference] | None | Unset, data)

        residual = _parse_residual(d.pop("residual", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        refinement_summary = cls(
            rounds_used=rounds_used,
            generated_count=generated_count,
            dropped_count=dropped_count,
            residual_count=residual_count,
            generated=generated,
            dropped=dropped,
            residual=residual,
            summary=summary,
        )

        refinement_summary.additional_properties = d
        return refinement_summary

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
