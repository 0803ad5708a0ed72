"""What the tests of regeneration share: the scripts on the path, the contract, and scratch checkouts."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
for folder in (ROOT / "scripts", Path(__file__).parent / "support"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from contracts import SMALL  # noqa: E402
from disguises import ASPNET, disguised  # noqa: E402
from regeneration.command import main  # noqa: E402
from regeneration.documents import load_documented  # noqa: E402
from regeneration.project import Project  # noqa: E402

Json = Any


@pytest.fixture(scope="session")
def contract() -> Json:
    """The documented contract of the checkout, as read."""
    return load_documented(Project(ROOT).documented)


@pytest.fixture(scope="session")
def _served(contract: Json) -> str:
    return json.dumps(disguised(contract, ASPNET))


@pytest.fixture
def served(_served: str) -> Json:
    """What a server in the manner of ASP.NET Core would serve for the contract; a test may change it."""
    return json.loads(_served)


@dataclass
class Checkout:
    """A scratch checkout, and what running the script in it says."""

    project: Project
    said: Callable[[], str]

    def run(self, *arguments: str) -> int:
        """Run ``scripts/regenerate.py`` in it."""
        return main(list(arguments), self.project.root)

    def pull(self, document: Json, *arguments: str) -> int:
        """Run it with a document to pull."""
        source = self.project.root.parent / "served.json"
        source.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        return self.run("--source", str(source), *arguments)

    def files(self) -> dict[str, bytes]:
        """Every file of it, but for the workshop and what interpreters leave."""
        return {
            path.relative_to(self.project.root).as_posix(): path.read_bytes()
            for path in sorted(self.project.root.rglob("*"))
            if path.is_file() and not {"__pycache__", ".regeneration"} & set(path.parts)
        }


@pytest.fixture
def checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checkout:
    """A scratch checkout with the committed files of regeneration, and no hand-written package."""
    root = tmp_path / "checkout"
    root.mkdir()
    shutil.copytree(ROOT / "openapi", root / "openapi")
    for name in ("pulled.json", "pulled.provenance.json"):
        (root / "openapi" / name).unlink(missing_ok=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "generated", root / "generated", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    return Checkout(Project(root), lambda: capsys.readouterr().err)


@pytest.fixture
def small() -> Json:
    """A contract of three operations, for tests about one thing."""
    return copy.deepcopy(SMALL)
