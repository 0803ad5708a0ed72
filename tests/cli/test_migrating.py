"""``specstep package migrate``: where files go is shown, corrected and agreed to, and the package is made once."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from specstep_flows import errors
from specstep_flows.cli.migrating import Placement, load_overrides, wrong_place
from specstep_flows.flows.migration import check_version
from specstep_flows.models import MigrationMapping, MigrationPreview
from specstep_flows.sandbox import Fault
from tests.kit.api import op

FILES = ("api.md", "notes/my-vision.md", "photo.png", "vision.md")
VISION = "docs/01-product/01-vision.md"


@pytest.fixture
def docs(home: Path) -> Path:
    """An archive in which two files claim one place."""
    path = home / "docs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in FILES:
            archive.writestr(name, name)
    return path


def overrides(home: Path, corrections: Mapping[str, str], name: str = "to.yaml") -> Path:
    path = home / name
    path.write_text(json.dumps(corrections) if name.endswith("json") else yaml.safe_dump(dict(corrections)))
    return path


def made(sandbox: Any) -> list[Any]:
    """The packages that came of no generation."""
    return [package for package in sandbox.state.packages.values() if package.generation_id is None]


def test_a_dry_run_is_a_table_and_makes_nothing(specstep: Any, sandbox: Any, docs: Path, home: Path) -> None:
    """Each file with its place, its layer and how sure that is; with the corrections of a file, as they would be."""
    told = specstep("package", "migrate", docs.name, "--dry-run")
    to = overrides(home, {"notes/my-vision.md": "docs/more.md"}, "to.json")
    document = specstep("package", "migrate", docs.name, "--dry-run", "--json", "--overrides", to).document

    assert told.code == 0
    assert told.out.splitlines()[0].split() == ["FILE", "GOES", "TO", "TYPE", "LAYER", "SURE"]
    assert f"{VISION} (claimed twice)" in told.out
    assert "Heuristic  80%" in told.out
    assert "4 files; 1 kept as they are under _source/." in told.err
    assert document["conflicting_target_paths"] == []
    assert document["target_path_overrides"] == {"notes/my-vision.md": "docs/more.md"}
    assert len(document["preview"]["mapping"]) == 4
    assert made(sandbox) == []
    assert sandbox.requests.count(op("commit_doc_migration")) == 0


def test_conflicts_are_solved_at_the_terminal_and_kept_for_the_next_time(
    specstep: Any, sandbox: Any, docs: Path, home: Path
) -> None:
    """A wrong number and a taken place are asked for again; Enter keeps a file as it is; then it is agreed to."""
    told = specstep("package", "migrate", docs.name, typed=f"7\n2\n{VISION}\n\ny\n")

    assert told.code == 0, told.err
    assert "Type a number from 1 to 2." in told.err
    assert "another file goes there" in told.err
    (package,) = made(sandbox)
    assert told.out.strip() == package.id
    assert {VISION, "_source/notes/my-vision.md", "_source/photo.png"} < set(package.files)
    assert package.files[VISION] == b"vision.md"
    kept = home / "docs.overrides.yaml"
    assert yaml.safe_load(kept.read_text("utf-8")) == {"notes/my-vision.md": "_source/notes/my-vision.md"}
    again = specstep("package", "migrate", docs.name, "--overrides", kept.name, "--yes")
    assert (again.code, again.out.strip()) == (0, package.id)
    assert len(made(sandbox)) == 1


def test_the_table_is_as_wide_as_the_terminal(
    specstep: Any, sandbox: Any, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A narrow one gets a block for each file before the question, as from --dry-run."""
    for columns in ("60", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        table = specstep("package", "migrate", docs.name, "--dry-run", tty_out=True).out
        told = specstep("package", "migrate", docs.name, typed="").err

        assert max(map(len, table.splitlines())) <= int(columns)
        assert told.startswith(table)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["docs.zip", "--version", "1.x"], "'1.x' is not a semantic version"),
        (["docs.zip", "--version", "01.2.3"], "'01.2.3' is not a semantic version"),
        (["docs.zip", "--overrides", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["nowhere.zip"], "nowhere.zip cannot be read"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_else(
    specstep: Any, untouched: None, docs: Path, arguments: list[str], says: str
) -> None:
    """Nobody is told to add --yes to a command that would be refused with it."""
    for more in ([], ["--yes"], ["--dry-run"]):
        refused = specstep("package", "migrate", *arguments, *more)

        assert refused.code == 2
        assert says in refused.err
        assert "--yes" not in refused.err


@pytest.mark.parametrize("version", ["0.0.4", "1.2.3-alpha.1+build.7", "1.0.0-0A.is.legal", "2.0.0+001"])
def test_versions_that_are_semantic(version: str) -> None:
    """As semver.org has them."""
    check_version(version)


@pytest.mark.parametrize("typed", ["1\n\nn\n", "1\n", ""])
def test_whoever_does_not_agree_gets_nothing_made(specstep: Any, sandbox: Any, docs: Path, typed: str) -> None:
    """A no, and the end of the input at either question."""
    assert specstep("package", "migrate", docs.name, typed=typed).code == 2
    assert made(sandbox) == []


def test_off_a_terminal_conflicts_and_agreement_come_from_options(
    specstep: Any, sandbox: Any, docs: Path, home: Path
) -> None:
    """Without --yes nothing at all is sent; with it, the sentence says what a file of overrides needs."""
    assert specstep("package", "migrate", docs.name).code == 2
    assert len(sandbox.requests) == 0

    refused = specstep("package", "migrate", docs.name, "--yes")
    assert refused.code == 2
    assert f"notes/my-vision.md and vision.md claim {VISION}" in refused.err
    assert "--overrides" in refused.err

    to = overrides(home, {"vision.md": "docs/old.md"})
    done = specstep("package", "migrate", docs.name, "--yes", "--json", "--overrides", to, "--version", "2.1.0")
    (package,) = made(sandbox)
    assert done.document["migration"]["package_id"] == package.id
    assert (package.version, package.files["docs/old.md"]) == ("2.1.0", b"vision.md")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "empty", "status": 200},
        {"kind": "edit", "fields": ("mapping",)},
        {"kind": "edit", "set": {"$.mapping": None}},
    ],
)
def test_a_preview_that_says_nothing_is_not_an_archive_without_files(
    specstep: Any, sandbox: Any, docs: Path, home: Path, fault: Any
) -> None:
    """Neither is it shown as one, nor is a package made that nobody has seen."""
    sandbox.faults.add(Fault(op("preview_doc_migration"), times=None, **fault))

    for more in ("--dry-run", "--yes"):
        result = specstep("package", "migrate", docs.name, more)
        assert (result.code, result.out) == (7, "")
        assert "0 files" not in result.err
    assert made(sandbox) == []


def test_a_lost_answer_is_settled_and_nothing_is_made_twice(
    specstep: Any, sandbox: Any, docs: Path, home: Path
) -> None:
    """The package is found by its files, in the same call or the next."""
    to = overrides(home, {"vision.md": "docs/old.md"})
    sandbox.faults.add(Fault(op("commit_doc_migration"), "reset", commit=True))

    done = specstep("package", "migrate", docs.name, "--yes", "--overrides", to)

    (package,) = made(sandbox)
    assert (done.code, done.out.strip()) == (0, package.id)
    assert specstep("package", "migrate", docs.name, "--yes", "--overrides", to).out.strip() == package.id
    assert sandbox.requests.count(op("commit_doc_migration")) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("notes/my-vison.md: docs/x.md", "Did you mean 'notes/my-vision.md'?"),
        ("vision.md: ../x.md", "not inside the package"),
        ("vision.md: specstep.yaml", "the service writes that file itself"),
        ("vision.md: [a]", "line 1, column 12"),
        ("vision.md: a.md\nvision.md: b.md", "line 2"),
        ("- vision.md", "one line for each file"),
        ("{", "line 1"),
    ],
)
def test_overrides_that_cannot_be_meant(tmp_path: Path, text: str, says: str) -> None:
    """Said with its line, or with the nearest name."""
    path = tmp_path / "to.yaml"
    path.write_text(text)
    placement = Placement(MigrationPreview(mapping=tuple(MigrationMapping(name) for name in FILES)))

    with pytest.raises(errors.SpecStepError) as raised:
        placement.correct(load_overrides(path), "to.yaml")

    assert isinstance(raised.value, errors.UsageError)
    assert says in str(raised.value)
    assert placement.overrides == {}


@pytest.mark.parametrize(
    ("target", "is_right"),
    [("docs/a.md", True), ("a", True), ("ä b.md", True), ("", False), ("/etc/passwd", False), ("a/../../b", False),
     ("a//b", False), ("./a", False), ("C:/a", False), ("a\\b", False), ("a/", False), ("a\nb", False)],
)  # fmt: skip
def test_places_inside_a_package(target: str, is_right: bool) -> None:
    """A plain relative path."""
    assert (wrong_place(target) is None) is is_right


def test_corrections_can_make_conflicts_of_their_own() -> None:
    """They are what is looked at, and not what the service said."""
    rows = tuple(MigrationMapping(name, target_path=f"docs/{name}") for name in ("a", "b", "c"))
    placement = Placement(MigrationPreview(mapping=(*rows, MigrationMapping("d"))))
    assert placement.conflicts == {}
    assert placement.target(placement.preview.mapping[3]) == "_source/d"

    placement.correct({"a": "docs/b"}, "to.yaml")

    assert [row.source_path for row in placement.conflicts["docs/b"]] == ["a", "b"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A sentence with its name."""
    with pytest.raises(errors.UsageError, match=r"nothing\.yaml cannot be read"):
        load_overrides(tmp_path / "nothing.yaml")
