"""``specstep package migrate``: where files go is shown, corrected and agreed to, and the package is made once."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from specstep_flows.flows.migration import check_version
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


def archived(home: Path, *names: str) -> str:
    """An archive of files of these names."""
    with zipfile.ZipFile(home / "odd.zip", "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return "odd.zip"


#: Names that no package may have, and two that are one on some file system.
ODD = ("Notes: May.txt", "a\nb.txt", "aux.txt", "c.txt", "C.txt", "d.txt", "\u202eevil.txt")


def test_a_package_that_could_not_be_downloaded_is_not_made(specstep: Any, sandbox: Any, home: Path) -> None:
    """Off a terminal it is refused, with lines that a file of overrides takes as they are; then it is downloaded."""
    archive = archived(home, *ODD)
    to: dict[str, str] = {}
    path = overrides(home, to)
    for _ in ODD:
        done = specstep("package", "migrate", archive, "--yes", "--overrides", path)
        if done.code == 0:
            break
        assert done.code == 2
        assert made(sandbox) == []
        line = done.err.partition("a line for each, such as ")[2].removesuffix(". Nothing was made.\n")
        to |= yaml.safe_load(line)
        path = overrides(home, to)

    assert set(to) == {*ODD} - {"C.txt", "d.txt"}
    assert to["a\nb.txt"] == "_source/a_b.txt"
    assert to["aux.txt"] == "_source/_aux.txt"
    assert to["Notes: May.txt"] == "_source/Notes_ May.txt"
    assert specstep("download", done.out.strip(), "--output", "odd-package.zip", "--unpack").code == 0


def test_a_person_says_where_goes_what_no_package_can_have(specstep: Any, sandbox: Any, home: Path) -> None:
    """With the reason; Enter takes a place that is free, and what was chosen is kept so that it can be read again."""
    archive = archived(home, "c.txt", "C.txt", "a\nb.txt", "a_b.txt")

    shown = specstep("package", "migrate", archive, "--dry-run")
    asked = specstep("package", "migrate", archive, typed="_source/C.TXT/x\n_source/a_b.txt\n\n1\n\ny\n")

    assert "_source/a b.txt (not possible)" in shown.out
    assert "a b.txt cannot go to _source/a b.txt: that name contains control characters" in shown.err
    assert asked.code == 0, asked.err
    assert "Not _source/C.TXT/x: it would be a file and a folder." in asked.err
    assert "Not _source/a_b.txt: another file goes there." in asked.err
    (package,) = made(sandbox)
    placed = {"_source/C.txt", "_source/c-2.txt", "_source/a_b.txt", "_source/a_b-2.txt", "specstep.yaml"}
    assert set(package.files) == placed
    again = specstep("package", "migrate", archive, "--yes", "--overrides", "odd.overrides.yaml")
    assert (again.code, again.out.strip()) == (0, package.id)


def test_a_place_below_a_file_is_refused(specstep: Any, sandbox: Any, docs: Path, home: Path) -> None:
    """No file system has a file and a folder of one name."""
    to = overrides(home, {"vision.md": f"{VISION}/old.md"})

    refused = specstep("package", "migrate", docs.name, "--yes", "--overrides", to)

    assert refused.code == 2
    assert f"notes/my-vision.md cannot go to {VISION}: it is the folder of another file." in refused.err
    assert made(sandbox) == []


def test_who_declines_is_not_told_that_nothing_was_sent(specstep: Any, sandbox: Any, home: Path) -> None:
    """The documents were, for the preview."""
    declined = specstep("package", "migrate", archived(home, "a.txt"), typed="n\n")

    assert "Declined, so nothing was made." in declined.err
    assert sandbox.requests.count(op("preview_doc_migration")) == 1


def test_the_command_to_copy_finds_an_archive_that_begins_with_a_dash(specstep: Any, sandbox: Any, home: Path) -> None:
    """It is no option when it is typed as it was printed."""
    (home / archived(home, "a.txt")).rename(home / "-odd.zip")
    sandbox.faults.add(Fault(op("commit_doc_migration"), "status", status=503, times=None))

    told = specstep("package", "migrate", "--yes", "--", "-odd.zip")

    assert "To continue: specstep package migrate ./-odd.zip --yes\n" in told.err
