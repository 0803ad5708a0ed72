from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Capabilities")


@_attrs_define
class Capabilities:
    """What a kickoff accepts at this moment. It is the same for every caller.

    Attributes:
        schema_version (None | str | Unset): The version of the intake and package schemas that new generations use.
        rubric_version (None | str | Unset): The version of the rubric that reviews work by.
        quality_rubric_version (None | str | Unset): The version of the rubric that quality is scored by.
        review_profiles (list[str] | None | Unset): The review profiles that a kickoff accepts.
        project_types (list[str] | None | Unset): The project types that a kickoff accepts.
        mirror_selections (list[str] | None | Unset): The mirror selections that a kickoff accepts.
    """

    schema_version: None | str | Unset = UNSET
    rubric_version: None | str | Unset = UNSET
    quality_rubric_version: None | str | Unset = UNSET
    review_profiles: list[str] | None | Unset = UNSET
    project_types: list[str] | None | Unset = UNSET
    mirror_selections: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        schema_version: None | str | Unset
        if isinstance(self.schema_version, Unset):
            schema_version = UNSET
        else:
            schema_version = self.schema_version

        rubric_version: None | str | Unset
        if isinstance(self.rubric_version, Unset):
            rubric_version = UNSET
        else:
            rubric_version = self.rubric_version

        quality_rubric_version: None | str | Unset
        if isinstance(self.quality_rubric_version, Unset):
            quality_rubric_version = UNSET
        else:
            quality_rubric_version = self.quality_rubric_version

        review_profiles: list[str] | None | Unset
        if isinstance(self.review_profiles, Unset):
            review_profiles = UNSET
        elif isinstance(self.review_profiles, list):
            review_profiles = self.review_profiles

        else:
            review_profiles = self.review_profiles

        project_types: list[str] | None | Unset
        if isinstance(self.project_types, Unset):
            project_types = UNSET
        elif isinstance(self.project_types, list):
            project_types = self.project_types

        else:
            project_types = self.project_types

        mirror_selections: list[str] | None | Unset
        if isinstance(self.mirror_selections, Unset):
            mirror_selections = UNSET
        elif isinstance(self.mirror_selections, list):
            mirror_selections = self.mirror_selections

        else:
            mirror_selections = self.mirror_selections

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if schema_version is not UNSET:
            field_dict["schema_version"] = schema_version
        if rubric_version is not UNSET:
            field_dict["rubric_version"] = rubric_version
        if quality_rubric_version is not UNSET:
            field_dict["quality_rubric_version"] = quality_rubric_version
        if review_profiles is not UNSET:
            field_dict["review_profiles"] = review_profiles
        if project_types is not UNSET:
            field_dict["project_types"] = project_types
        if mirror_selections is not UNSET:
            field_dict["mirror_selections"] = mirror_selections

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_schema_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        schema_version = _parse_schema_version(d.pop("schema_version", UNSET))

        def _parse_rubric_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        rubric_version = _parse_rubric_version(d.pop("rubric_version", UNSET))

        def _parse_quality_rubric_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        quality_rubric_version = _parse_quality_rubric_version(
            d.pop("quality_rubric_version", UNSET)
        )

        def _parse_review_profiles(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                review_profiles_type_0 = cast(list[str], data)

                return review_profiles_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        review_profiles = _parse_review_profiles(d.pop("review_profiles", UNSET))

        def _parse_project_types(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                project_types_type_0 = cast(list[str], data)

                return project_types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        project_types = _parse_project_types(d.pop("project_types", UNSET))

        def _parse_mirror_selections(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                mirror_selections_type_0 = cast(list[str], data)

                return mirror_selections_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        mirror_selections = _parse_mirror_selections(d.pop("mirror_selections", UNSET))

        capabilities = cls(
            schema_version=schema_version,
            rubric_version=rubric_version,
            quality_rubric_version=quality_rubric_version,
            review_profiles=review_profiles,
            project_types=project_types,
            mirror_selections=mirror_selections,
        )

        capabilities.additional_properties = d
        return capabilities

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
