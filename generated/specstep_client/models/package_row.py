from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.generation_state import GenerationState
from ..models.review_profile import ReviewProfile
from ..types import UNSET, Unset

T = TypeVar("T", bound="PackageRow")


@_attrs_define
class PackageRow:
    """One package in a list.

    Attributes:
        id (None | Unset | UUID): The package.
        generation_id (None | Unset | UUID): The generation that made it; null, since 2026-05-27, for a package that was
            migrated from existing documents.
        version (None | str | Unset): The version of the package.
        review_profile (None | ReviewProfile | Unset): How thoroughly it was reviewed.
        total_cost_usd (float | None | Unset): What it cost, in US dollars.
        project_name (None | str | Unset): The name to show; null when there is none. Added 2026-05-05.
        description (None | str | Unset): What the project is, cut at 280 characters; null when unknown. Added
            2026-05-05.
        kind (None | str | Unset): What it is: always `specification`. Added 2026-05-05.
        kind_label (None | str | Unset): The same as a sentence for people, to be shown as it is. Added 2026-05-05.
        created_at (datetime.datetime | None | Unset): When it was made (UTC).
        generation_state (GenerationState | None | Unset): The state of the generation that made it: Complete for a
            clean run.
        addenda_count (int | None | Unset): How many change addenda are attached to it; 0 when none are.
    """

    id: None | Unset | UUID = UNSET
    generation_id: None | Unset | UUID = UNSET
    version: None | str | Unset = UNSET
    review_profile: None | ReviewProfile | Unset = UNSET
    total_cost_usd: float | None | Unset = UNSET
    project_name: None | str | Unset = UNSET
    description: None | str | Unset = UNSET
    kind: None | str | Unset = UNSET
    kind_label: None | str | Unset = UNSET
    created_at: datetime.datetime | None | Unset = UNSET
    generation_state: GenerationState | None | Unset = UNSET
    addenda_count: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        elif isinstance(self.id, UUID):
            id = str(self.id)
        else:
            id = self.id

        generation_id: None | str | Unset
        if isinstance(self.generation_id, Unset):
            generation_id = UNSET
        elif isinstance(self.generation_id, UUID):
            generation_id = str(self.generation_id)
        else:
            generation_id = self.generation_id

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        review_profile: None | str | Unset
        if isinstance(self.review_profile, Unset):
            review_profile = UNSET
        elif isinstance(self.review_profile, ReviewProfile):
            review_profile = self.review_profile.value
        else:
            review_profile = self.review_profile

        total_cost_usd: float | None | Unset
        if isinstance(self.total_cost_usd, Unset):
            total_cost_usd = UNSET
        else:
            total_cost_usd = self.total_cost_usd

        project_name: None | str | Unset
        if isinstance(self.project_name, Unset):
            project_name = UNSET
        else:
            project_name = self.project_name

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        kind: None | str | Unset
        if isinstance(self.kind, Unset):
            kind = UNSET
        else:
            kind = self.kind

        kind_label: None | str | Unset
        if isinstance(self.kind_label, Unset):
            kind_label = UNSET
        else:
            kind_label = self.kind_label

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        generation_state: None | str | Unset
        if isinstance(self.generation_state, Unset):
            generation_state = UNSET
        elif isinstance(self.generation_state, GenerationState):
            generation_state = self.generation_state.value
        else:
            generation_state = self.generation_state

        addenda_count: int | None | Unset
        if isinstance(self.addenda_count, Unset):
            addenda_count = UNSET
        else:
            addenda_count = self.addenda_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if generation_id is not UNSET:
            field_dict["generation_id"] = generation_id
        if version is not UNSET:
            field_dict["version"] = version
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if total_cost_usd is not UNSET:
            field_dict["total_cost_usd"] = total_cost_usd
        if project_name is not UNSET:
            field_dict["project_name"] = project_name
        if description is not UNSET:
            field_dict["description"] = description
        if kind is not UNSET:
            field_dict["kind"] = kind
        if kind_label is not UNSET:
            field_dict["kind_label"] = kind_label
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if generation_state is not UNSET:
            field_dict["generation_state"] = generation_state
        if addenda_count is not UNSET:
            field_dict["addenda_count"] = addenda_count

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                id_type_0 = UUID(data)

                return id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_generation_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                generation_id_type_0 = UUID(data)

                return generation_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        generation_id = _parse_generation_id(d.pop("generation_id", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        def _parse_review_profile(data: object) -> None | ReviewProfile | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                review_profile_type_0 = ReviewProfile(data)

                return review_profile_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewProfile | Unset, data)

        review_profile = _parse_review_profile(d.pop("review_profile", UNSET))

        def _parse_total_cost_usd(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        total_cost_usd = _parse_total_cost_usd(d.pop("total_cost_usd", UNSET))

        def _parse_project_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_name = _parse_project_name(d.pop("project_name", UNSET))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        def _parse_kind(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        kind = _parse_kind(d.pop("kind", UNSET))

        def _parse_kind_label(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        kind_label = _parse_kind_label(d.pop("kind_label", UNSET))

        def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                created_at_type_0 = datetime.datetime.fromisoformat(data)

                return created_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        def _parse_generation_state(data: object) -> GenerationState | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                generation_state_type_0 = GenerationState(data)

                return generation_state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GenerationState | None | Unset, data)

        generation_state = _parse_generation_state(d.pop("generation_state", UNSET))

        def _parse_addenda_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        addenda_count = _parse_addenda_count(d.pop("addenda_count", UNSET))

        package_row = cls(
            id=id,
            generation_id=generation_id,
            version=version,
            review_profile=review_profile,
            total_cost_usd=total_cost_usd,
            project_name=project_name,
            description=description,
            kind=kind,
            kind_label=kind_label,
            created_at=created_at,
            generation_state=generation_state,
            addenda_count=addenda_count,
        )

        package_row.additional_properties = d
        return package_row

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
