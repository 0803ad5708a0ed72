"""``download_package``: one package by its own id, whichever way it was made."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from specstep_flows import errors, events
from specstep_flows.sandbox import Fault, Sandbox
from tests.kit.api import op

LINK = op("get_package_zip")


@pytest.fixture
def migrated(client: Any) -> Any:
    """The id of a package that was made of documents that existed before."""
    from specstep_client.api.doc_migrations import commit_doc_migration
    from specstep_client.models.doc_migration_commit_upload import DocMigrationCommitUpload
    from specstep_client.types import File

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("README.md", "# A shop\n")
        archive.writestr("docs/architecture.md", "# Architecture\n")
    buffer.seek(0)
    form = DocMigrationCommitUpload(file=File(buffer, "docs.zip", "application/zip"))
    return client.call(commit_doc_migration, body=form).package_id


def test_a_migrated_package_is_downloaded(client: Any, migrated: Any, tmp_path: Path) -> None:
    """It has no generation, and is fetched, verified and unpacked as any other; events tell of it."""
    told: list[Any] = []
    client.options["on_event"] = told.append
    brought = client.download_package(str(migrated), output=tmp_path / "shop.zip", unpack=True)

    assert brought.package.generation_id is None
    assert brought.path == tmp_path / "shop.zip"
    assert brought.sha256 == hashlib.sha256(brought.path.read_bytes()).hexdigest()
    assert brought.size_bytes == brought.path.stat().st_size
    assert brought.unpacked_to is not None
    assert (brought.unpacked_to / "specstep.yaml").is_file()
    assert [type(event) for event in told][-2:] == [events.PackageSaved, events.Unpacked]
    assert any(isinstance(event, events.Downloading) for event in told)
    assert client.store.all() == []


def test_it_is_named_by_its_id_and_replaces_nothing(client: Any, migrated: Any, tmp_path: Path) -> None:
    """In a folder it stands under its own id; what stands there is only replaced with ``force``."""
    brought = client.download_package(migrated, output=tmp_path)
    assert brought.path == tmp_path / f"{migrated}.zip"
    before = brought.path.read_bytes()
    with pytest.raises(errors.UsageError, match="was not changed"):
        client.download_package(migrated, output=tmp_path)
    brought.path.write_bytes(b"old")
    client.download_package(migrated, output=tmp_path, force=True)

    assert brought.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [brought.path.name]


def test_one_that_arrives_damaged_is_fetched_again_and_never_saved(
    client: Any, sandbox: Sandbox, migrated: Any, tmp_path: Path
) -> None:
    """Its final name is whole or absent, and damage is mended by one more download, which costs nothing."""
    sandbox.faults.add(Fault("GET /blob/*", "zip_flipped"))
    brought = client.download_package(migrated, output=tmp_path / "shop.zip")

    with zipfile.ZipFile(brought.path) as archive:
        assert archive.testzip() is None
    assert sandbox.requests.count(LINK) == 2


def test_what_is_not_there_or_not_ours(client: Any, tmp_path: Path) -> None:
    """One sentence that says both, and nothing on disk."""
    with pytest.raises(errors.NotFound, match="not found, or it belongs to another account"):
        client.download_package(UUID(int=5), output=tmp_path)
    with pytest.raises(errors.UsageError):
        client.download_package("no id", output=tmp_path)
    assert list(tmp_path.iterdir()) == []
