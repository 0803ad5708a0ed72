from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="DocMigrationCommitUpload")


@_attrs_define
class DocMigrationCommitUpload:
    """Existing documents, and what becomes of them.

    Attributes:
        file (File): A zip of at most 16 MB.
        project_id (UUID | Unset): The project that the package goes to; left out, the default project.
        version (str | Unset): The version of the package, as semantic versioning writes it.
        target_path_overrides (str | Unset): Corrections of the mapping that the preview showed: a JSON object from
            source path to target path, as text.
    """

    file: File
    project_id: UUID | Unset = UNSET
    version: str | Unset = UNSET
    target_path_overrides: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        file = self.file.to_tuple()

        project_id: str | Unset = UNSET
        if not isinstance(self.project_id, Unset):
            project_id = str(self.project_id)

        version = self.version

        target_path_overrides = self.target_path_overrides

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "file": file,
            }
        )
        if project_id is not UNSET:
            field_dict["project_id"] = project_id
        if version is not UNSET:
            field_dict["version"] = version
        if target_path_overrides is not UNSET:
            field_dict["target_path_overrides"] = target_path_overrides

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("file", self.file.to_tuple()))

        if not isinstance(self.project_id, Unset):
            files.append(("project_id", (None, str(self.project_id), "text/plain")))

        if not isinstance(self.version, Unset):
            files.append(("version", (None, str(self.version).encode(), "text/plain")))

        if not isinstance(self.target_path_overrides, Unset):
            files.append(
                (
                    "target_path_overrides",
                    (None, str(self.target_path_overrides).encode(), "text/plain"),
                )
            )

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file = File(payload=BytesIO(d.pop("file")))

        _project_id = d.pop("project_id", UNSET)
        project_id: UUID | Unset
        if isinstance(_project_id, Unset):
            project_id = UNSET
        else:
            project_id = UUID(_project_id)

        version = d.pop("version", UNSET)

        target_path_overrides = d.pop("target_path_overrides", UNSET)

        doc_migration_commit_upload = cls(
            file=file,
            project_id=project_id,
            version=version,
            target_path_overrides=target_path_overrides,
        )

        doc_migration_commit_upload.additional_properties = d
        return doc_migration_commit_upload

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
