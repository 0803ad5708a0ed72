from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.mirror_selection import MirrorSelection
from ..models.project_type import ProjectType
from ..models.review_profile import ReviewProfile
from ..types import UNSET, Unset

T = TypeVar("T", bound="StartGenerationRequest")


@_attrs_define
class StartGenerationRequest:
    """What to generate, and how.

    Attributes:
        intake_id (UUID): The intake artifact to generate from.
        review_profile (ReviewProfile | Unset): How thoroughly a generation is reviewed. Case matters.
        project_type (ProjectType | Unset): What kind of software is to be described. Case matters; the capabilities
            list what is accepted now.
        schema_version (str | Unset): The version of the package schema to follow.
        mirror_selection (MirrorSelection | Unset): Which mirror of its instructions for coding agents the package gets.
            Case matters.
        has_ui (bool | Unset): Whether the software has a user interface.
    """

    intake_id: UUID
    review_profile: ReviewProfile | Unset = UNSET
    project_type: ProjectType | Unset = UNSET
    schema_version: str | Unset = UNSET
    mirror_selection: MirrorSelection | Unset = UNSET
    has_ui: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        intake_id = str(self.intake_id)

        review_profile: str | Unset = UNSET
        if not isinstance(self.review_profile, Unset):
            review_profile = self.review_profile.value

        project_type: str | Unset = UNSET
        if not isinstance(self.project_type, Unset):
            project_type = self.project_type.value

        schema_version = self.schema_version

        mirror_selection: str | Unset = UNSET
        if not isinstance(self.mirror_selection, Unset):
            mirror_selection = self.mirror_selection.value

        has_ui = self.has_ui

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "intake_id": intake_id,
            }
        )
        if review_profile is not UNSET:
            field_dict["review_profile"] = review_profile
        if project_type is not UNSET:
            field_dict["project_type"] = project_type
        if schema_version is not UNSET:
            field_dict["schema_version"] = schema_version
        if mirror_selection is not UNSET:
            field_dict["mirror_selection"] = mirror_selection
        if has_ui is not UNSET:
            field_dict["has_ui"] = has_ui

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        intake_id = UUID(d.pop("intake_id"))

        _review_profile = d.pop("review_profile", UNSET)
        review_profile: ReviewProfile | Unset
        if isinstance(_review_profile, Unset):
            review_profile = UNSET
        else:
            review_profile = ReviewProfile(_review_profile)

        _project_type = d.pop("project_type", UNSET)
        project_type: ProjectType | Unset
        if isinstance(_project_type, Unset):
            project_type = UNSET
        else:
            project_type = ProjectType(_project_type)

        schema_version = d.pop("schema_version", UNSET)

        _mirror_selection = d.pop("mirror_selection", UNSET)
        mirror_selection: MirrorSelection | Unset
        if isinstance(_mirror_selection, Unset):
            mirror_selection = UNSET
        else:
            mirror_selection = MirrorSelection(_mirror_selection)

        has_ui = d.pop("has_ui", UNSET)

        start_generation_request = cls(
            intake_id=intake_id,
            review_profile=review_profile,
            project_type=project_type,
            schema_version=schema_version,
            mirror_selection=mirror_selection,
            has_ui=has_ui,
        )

        start_generation_request.additional_properties = d
        return start_generation_request

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
