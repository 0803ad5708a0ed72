"""What the tests of regeneration share: the scripts on the path, the contract, and scratch checkouts."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from regeneration.document import load_documented
from regeneration.pipeline import Options, regenerate
from regeneration.project import Project

from tests.kit.regeneration.checkouts import Checkout
from tests.kit.regeneration.contracts import SMALL
from tests.kit.regeneration.disguises import ASPNET, disguised
from tests.kit.regeneration.programs import Programs

ROOT = Path(__file__).parents[2]
Json = Any


@pytest.fixture(scope="session", autouse=True)
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs keep is kept for this run of the tests, by all of its workers, and never found by another run."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPECSTEP_REGENERATION_CACHE", str(place))
        yield


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Programs:
    """The programs that are started from now on; what earlier runs kept is not there."""
    return Programs(monkeypatch)


@pytest.fixture(scope="session")
def contract() -> Json:
    """The documented contract of the checkout, as read."""
    return load_documented(Project(ROOT).documented)


@pytest.fixture(scope="session")
def _served(contract: Json) -> str:
    return json.dumps(disguised(contract, ASPNET))


@pytest.fixture
def served(_served: str) -> Json:
    """What a server that runs ASP.NET Core would serve for the contract; a test may change it."""
    return json.loads(_served)


@pytest.fixture
def checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checkout:
    """A scratch checkout with the committed files of regeneration, and no hand-written package."""
    root = tmp_path / "checkout"
    root.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "pulled*.json")
    for name in ("openapi", "generated"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    return Checkout(Project(root), lambda: capsys.readouterr().err)


@pytest.fixture(scope="session")
def _small_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A regenerated checkout of the small contract, to be copied: generating it again each time would take long."""
    root = tmp_path_factory.mktemp("small") / "checkout"
    shutil.copytree(ROOT / "openapi", root / "openapi", ignore=lambda *_: PRODUCTS)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "openapi" / "documented.yaml").write_text(json.dumps(SMALL))
    regenerate(Project(root), Options(), lambda line: None)
    return root


PRODUCTS = ["aligned.json", "names.lock.json", "drift.md", "drift.json", "pulled.json", "pulled.provenance.json"]


@pytest.fixture
def small_checkout(_small_checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checkout:
    """A scratch checkout of the small contract: quick to regenerate."""
    root = tmp_path / "checkout"
    shutil.copytree(_small_checkout, root, ignore=shutil.ignore_patterns(".regeneration", "__pycache__"))
    return Checkout(Project(root), lambda: capsys.readouterr().err)


@pytest.fixture
def small_served(small: Json) -> Json:
    """What a server that runs ASP.NET Core would serve for the small contract."""
    return disguised(small, ASPNET)


@pytest.fixture
def small() -> Json:
    """A contract of three operations, for tests about one thing."""
    return copy.deepcopy(SMALL)
