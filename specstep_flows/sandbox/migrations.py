"""Existing documents made into a package (walkthrough, step 6.7)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from specstep_flows.sandbox.refusals import conflict, invalid
from specstep_flows.sandbox.routing import Answer, Call, Routes, identifier

routes = Routes(
    "Packages",
    records={
        "MigrationMappingDto": "source_path:text doc_type:text target_path:text layer:text confidence:num",
        "MigrationPreviewResponse": (
            "source_archive_name:text source_byte_count:long total_file_count:int classified_count:int "
            "unclassified_count:int classifier_version:text mapping:[@MigrationMappingDto] "
            "conflicting_target_paths:[text]"
        ),
        "MigrationCommitResponse": (
            "migration_id:uuid package_id:uuid project_id:uuid version:text classified_count:int unclassified_count:int"
        ),
        "ArchiveForm": "file:file",
        "MigrationCommitForm": "file:file project_id?:uuid version?:text target_path_overrides?:text",
    },
)


LARGEST = 16 << 20
_PLACES = (
    ("readme", "README.md", "Readme"),
    ("vision", "docs/01-product/01-vision.md", "Vision"),
    ("requirement", "docs/01-product/02-requirements.md", "Requirements"),
    ("architecture", "docs/02-architecture/01-overview.md", "Architecture"),
    ("api", "docs/02-architecture/03-api-design.md", "ApiDesign"),
    ("milestone", "docs/03-plan/01-milestones.md", "Plan"),
)


def _files(call: Call) -> dict[str, bytes]:
    """The files of the uploaded archive."""
    upload = call.upload()
    if len(upload.content) > LARGEST:
        raise invalid("The archive is larger than 16 MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(upload.content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > 8 * LARGEST:
                raise invalid("The archive unpacks to more than the sandbox takes.")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise invalid("The file is not a zip archive that can be read.") from None
    if not files:
        raise invalid("The archive holds no files.")
    return files


def _classified(path: str) -> dict[str, Any]:
    name = path.rpartition("/")[2].lower()
    if path in {target for _, target, _ in _PLACES}:
        kind = next(kind for _, target, kind in _PLACES if target == path)
        return _mapped(path, kind, path, "CanonicalTaxonomy", 1.0)
    for word, target, kind in _PLACES:
        if word in name and name.endswith(".md"):
            return _mapped(path, kind, target, "Heuristic", 0.8)
    return _mapped(path, "Unclassified", f"_source/{path}", "Fallback", 0.1)


def _mapped(source: str, kind: str, target: str, layer: str, confidence: float) -> dict[str, Any]:
    return {"source_path": source, "doc_type": kind, "target_path": target, "layer": layer, "confidence": confidence}


def _conflicts(mapping: list[dict[str, Any]]) -> list[str]:
    targets = [row["target_path"] for row in mapping]
    return sorted({target for target in targets if targets.count(target) > 1})


def _unclassified(mapping: list[dict[str, Any]]) -> int:
    return sum(row["doc_type"] == "Unclassified" for row in mapping)


@routes.add("POST /v1/doc-migrations/preview", "200:@MigrationPreviewResponse 400", body="form:@ArchiveForm")
def preview_doc_migration(call: Call) -> Answer:
    """Say where each file would go, and keep nothing."""
    files = _files(call)
    mapping = [_classified(path) for path in sorted(files)]
    upload = call.upload()
    return Answer(
        body={
            "source_archive_name": upload.name,
            "source_byte_count": len(upload.content),
            "total_file_count": len(files),
            "classified_count": len(files) - _unclassified(mapping),
            "unclassified_count": _unclassified(mapping),
            "classifier_version": "sandbox-1",
            "mapping": mapping,
            "conflicting_target_paths": _conflicts(mapping),
        }
    )


@routes.add("POST /v1/doc-migrations/commit", "200:@MigrationCommitResponse 400 409", body="form:@MigrationCommitForm")
def commit_doc_migration(call: Call) -> Answer:
    """Make a package of the files; it has no generation."""
    files = _files(call)
    fields = {name: value for name, value in call.form.items() if isinstance(value, str)}
    version = fields.get("version") or "1.0.0"
    if not re.fullmatch(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", version):
        raise invalid("version must be a semantic version.")
    project = identifier(fields, "project_id") if fields.get("project_id") else call.world.ids.uuid(call.now)
    overrides = _overrides(fields.get("target_path_overrides"))
    mapping = [_classified(path) for path in sorted(files)]
    for row in mapping:
        row["target_path"] = overrides.get(row["source_path"], row["target_path"])
    if conflicts := _conflicts(mapping):
        raise conflict("DOC_MIGRATION_UNRESOLVED_CONFLICTS", f"Several files claim one place: {', '.join(conflicts)}")
    placed = {row["target_path"]: files[row["source_path"]] for row in mapping}
    placed["specstep.yaml"] = f"kind: specification\nsource: migrated\nversion: {version}\n".encode()
    package = call.world.add_package(
        call.owner,
        placed,
        call.now,
        generation_id=None,
        version=version,
        profile=None,
        project_name=call.upload().name.removesuffix(".zip"),
        description=None,
        total_cost_usd=0.0,
    )
    return Answer(
        body={
            "migration_id": call.world.ids.uuid(call.now),
            "package_id": package.id,
            "project_id": project,
            "version": version,
            "classified_count": len(files) - _unclassified(mapping),
            "unclassified_count": _unclassified(mapping),
        }
    )


def _overrides(raw: str | None) -> dict[str, str]:
    if not raw:
        return {}
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(isinstance(target, str) for target in document.values()):
        raise invalid("target_path_overrides must be a JSON object of paths to paths.")
    return document
