"""What is in the wheel and in the sdist, and what is not."""

from __future__ import annotations

import email
import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# One worker builds and installs for all.
pytestmark = pytest.mark.slow


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Any) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: Any) -> None:
    """Every module of the two packages is in it, both are marked as typed, and no test or script is."""
    found = {name for name in names(wheel) if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(root))
        for root, package in ((ROOT, "specstep_flows"), (ROOT / "generated", "specstep_client"))
        for path in (root / package).rglob("*.py")
    }

    assert wanted <= found
    assert {"specstep_flows/py.typed", "specstep_client/py.typed"} <= found
    # What `specstep doctor --service` compares the service with.
    assert "specstep_flows/contact/contract.json" in found
    assert {name.partition("/")[0] for name in found} == {"specstep_flows", "specstep_client"}
    assert not [name for name in found if "__pycache__" in name or name.endswith((".pyc", ".part"))]


def test_the_wheel_says_what_it_is(wheel: Any, metadata: Any) -> None:
    """Its metadata has the version of the package, the licence, the README and the extras; its entry points are
    there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        entry_points = next(
            archive.read(name).decode() for name in archive.namelist() if name.endswith("entry_points.txt")
        )

    assert metadata["Name"] == "specstep-flows"
    assert metadata["Version"] == project["version"]
    assert metadata["License-Expression"] == "MIT"
    assert {"sandbox", "otel"} <= set(metadata.get_all("Provides-Extra", []))
    assert metadata.get_payload().startswith("# specstep-flows")
    assert "specstep = specstep_flows.cli:main" in entry_points
    assert "specstep = specstep_flows.pytest_plugin" in entry_points
    assert any(name.endswith("licenses/LICENSE") for name in names(wheel))


def test_every_link_of_the_page_on_pypi_leads_somewhere(metadata: Any) -> None:
    """To the files of its own version, since none lies beside it; a picture to its bytes."""
    page, version = metadata.get_payload(), metadata["Version"]
    there = (ROOT / "README.md").read_text("utf-8")
    ours = r"https://(?:github\.com|raw\.githubusercontent\.com)/specstep-flows/specstep-flows/(?:blob/)?v" + re.escape(
        version
    )

    assert not re.findall(r"\]\((?!https://|#)", page)
    files = re.findall(rf"\]\({ours}/([^)#]+)", page)
    assert len(files) == len(re.findall(r"\]\((?!https?:|#)", there)) > 20
    assert [name for name in files if not (ROOT / name).is_file()] == []
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", page)
    assert [address for address in pictures if "//github.com" in address and "/actions/" not in address] == []


def test_only_development_asks_for_exact_versions(metadata: Any) -> None:
    """A library that pins its dependencies cannot be installed beside anything else."""
    pinned = [line for line in metadata.get_all("Requires-Dist", []) if "==" in line.partition(";")[0]]

    assert [line for line in pinned if not re.search("extra == '(dev|docs)'", line)] == []


@pytest.fixture(scope="module")
def unpacked(sdist: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist's folder, as somebody who builds from it has it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def test_the_sdist_is_the_project(unpacked: Any) -> None:
    """The tests, the contract, the scripts and the pages are in it, and nothing that was made on this machine is."""
    wanted = [
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", "docs/library.md"),
        *("scripts/test", "scripts/regenerate.py", "openapi/documented.yaml", "openapi/aligned.json"),
        *("tests/conftest.py", "tests/facts/operations.yaml"),
    ]

    assert [name for name in wanted if not (unpacked / name).is_file()] == []
    assert not [path for path in unpacked.rglob("*") if path.name in {".venv", "__pycache__", ".specstep", ".git"}]


def test_the_sdist_has_what_its_own_tests_and_scripts_read(unpacked: Any) -> None:
    """Whoever packages it for a distribution runs them: everything that git has is in it, but what is for git alone."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone, so nobody knows what belongs to it")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = [name for name in listed.splitlines() if not name.startswith(".git") or name.startswith(".github/")]

    assert [name for name in tracked if (ROOT / name).exists() and not (unpacked / name).is_file()] == []


def test_a_wheel_by_way_of_the_sdist_is_the_same(wheel: Any, unpacked: Any, tmp_path: Path, build: Any) -> None:
    """Whoever builds from the sdist gets the files, byte for byte, that the wheel has."""
    (again,) = build(unpacked, tmp_path, "--wheel")

    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        assert [name for name in one.namelist() if one.read(name) != other.read(name)] == []
