"""A host that serves a package, its part file, and a package on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.blob_host import (
    BlobHost,
    serving,
)
from tests.kit.zips import FILES, make_zip


@pytest.fixture
def host() -> Iterator[BlobHost]:
    server = BlobHost()
    with serving(server):
        yield server
        server.released.set()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "portal.zip.part"


@pytest.fixture
def zip_path(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    path.write_bytes(make_zip(FILES))
    return path
