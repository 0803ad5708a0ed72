"""``specstep diff``: what differs between two packages, wherever they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.kit.api import op


@pytest.fixture
def sides(home: Path) -> tuple[str, str]:
    """A zip and a folder that differ in three files."""
    with ZipFile("before.zip", "w") as archive:
        for name, content in {"README.md": "# Tea\n", "docs/a.md": "a", "plan.png": "\0a"}.items():
            archive.writestr(name, content)
    for name, content in {"README.md": "# Tea, in French\n", "docs/b.md": "b\x1b[2J", "plan.png": "\0b"}.items():
        path = home / "after" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return "before.zip", "after"


def test_two_packages_on_this_machine(specstep: Any, sandbox: Any, sides: tuple[str, str]) -> None:
    """A line for each file; 1 where something differs, as with diff(1), and 0 where nothing does. Nothing is sent."""
    told = specstep("diff", *sides)
    whole = specstep("diff", *sides, "--json")
    same = specstep("diff", sides[0], sides[0])

    assert (told.code, told.out) == (1, "M README.md\nD docs/a.md\nA docs/b.md\nM plan.png\n")
    assert (whole.code, whole.document["code"], whole.document["changed"]) == (
        1,
        "different",
        ["README.md", "plan.png"],
    )
    assert (same.code, same.out) == (0, "")
    assert list(sandbox.requests) == []


def test_the_lines_that_differ(specstep: Any, sides: tuple[str, str]) -> None:
    """As ``diff -u`` has them; what is no text is only named, and nothing in a file steers a terminal."""
    told = specstep("diff", *sides, "--patch", tty_out=True).out

    assert "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Tea\n+# Tea, in French\n" in told
    assert "--- a/docs/a.md\n+++ /dev/null\n" in told
    assert "--- /dev/null\n+++ b/docs/b.md\n" in told
    assert "Binary files plan.png differ" in told
    assert "\x1b[2J" not in told


def test_every_byte_that_differs_is_in_the_patch(specstep: Any, home: Path) -> None:
    """A last line's end, a carriage return, a form feed, bytes that are no text; with --json the patch is a field."""
    pairs = {
        "end.md": (b"Tea\n", b"Tea"),
        "return.md": (b"Tea\r\n", b"Tea\n"),
        "feed.md": (b"Tea\x0c\n", b"Tea\n"),
        "bytes.md": (b"\xff\n", b"\xfe\n"),
        "separator.md": ("Tea\u2028\n".encode(), b"Tea\n"),
    }
    for name, contents in pairs.items():
        for side, content in zip(("old", "new"), contents, strict=True):
            (home / side).mkdir(exist_ok=True)
            (home / side / name).write_bytes(content)
    told = specstep("diff", "old", "new", "-p")
    document = specstep("diff", "old", "new", "-p", "--json").document

    assert "-Tea\n+Tea\n\\ No newline at end of file\n" in told.out
    assert "-Tea^M\n+Tea\n" in told.out
    assert "-Tea^L\n+Tea\n" in told.out
    assert "-\\xff\n+\\xfe\n" in told.out
    assert told.out.count("\n@@ -1 +1 @@\n") == document["patch"].count("\n@@ -1 +1 @@\n") == len(pairs)
    assert "-Tea\r\n+Tea\n" in document["patch"]
    assert "patch" not in specstep("diff", "old", "new", "--json").document


def test_what_is_at_the_service_is_downloaded_for_the_moment(
    specstep: Any, sandbox: Any, home: Path, complete: tuple[str, str]
) -> None:
    """By its own id or its generation's; once it is here, it is compared where it is."""
    generation, package = complete
    elsewhere = specstep("diff", package, generation)
    fetched = sandbox.requests.count(op("get_package_zip"))
    kept = specstep("download", generation, "--output", "tea.zip")
    here = specstep("diff", package, "tea.zip")

    assert (elsewhere.code, elsewhere.err) == (0, "Nothing differs.\n")
    assert fetched == 2
    assert (kept.code, here.code) == (0, 0)
    assert sandbox.requests.count(op("get_package_zip")) == fetched + 1


@pytest.mark.parametrize("name", ["missing.zip", "./missing", "nobody", ""])
def test_what_is_not_there_is_trouble(specstep: Any, sides: tuple[str, str], name: str) -> None:
    """2, so that a script does not take it for a difference."""
    assert specstep("diff", sides[0], name).code == 2


def test_a_generation_that_is_not_complete_has_no_package(
    specstep: Any, sandbox: Any, elsewhere: str, sides: tuple[str, str]
) -> None:
    """Whether it works or was cancelled: it is there, and its state is told."""
    running = specstep("diff", sides[0], elsewhere)
    cancelled = specstep("generation", "cancel", elsewhere, "--yes")
    over = specstep("diff", sides[0], elsewhere)
    nobody = specstep("diff", sides[0], "01952fcb-cd11-7c3e-9a2e-3b1d8f5e6a04")

    assert cancelled.code == 0
    assert (running.code, over.code, nobody.code) == (2, 2, 2)
    assert "so it has no package to compare" in running.err
    assert "is Cancelled, so it has no package to compare" in over.err
    assert "not found" in nobody.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_trouble_of_any_kind_is_no_difference(home: Path, sides: tuple[str, str]) -> None:
    """A result that cannot be written, too; elsewhere that is 1."""
    arguments = [[*sides], [sides[1], sides[1], "--json"]]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        found = [
            subprocess.run(
                [sys.executable, "-m", "specstep_flows.cli", "diff", *words], stdout=full, stderr=subprocess.PIPE
            )
            for words in arguments
        ]

    assert [done.returncode for done in found] == [2, 2]
    assert all(b"could not be written to stdout" in done.stderr for done in found)


def test_a_path_with_spaces_that_is_not_there_is_no_run(specstep: Any, untouched: None, sides: tuple[str, str]) -> None:
    """Which of the two is wrong is said, and as what."""
    missing = specstep("diff", sides[0], "my folder/after it")
    (Path("notes.md")).write_text("# Notes", encoding="utf-8")
    other = specstep("diff", sides[0], "notes.md")

    assert (missing.code, missing.err) == (2, "There is no file or folder my folder/after it. Nothing was sent.\n")
    assert other.code == 8
    assert other.err.startswith("notes.md: This is not a package")


def test_each_package_of_a_fan_out_is_compared_as_it_is_named(specstep: Any, sandbox: Any, home: Path) -> None:
    """By a generation or a package of its own; the run alone names none of them, and no other one is taken for it."""
    sandbox.options.clarifications = ()
    assert specstep("run", "A shop.", "--yes", "--profile", "Researcher", "--run-id", "tea", "-o", "out").code == 0
    document = specstep("show", "tea", "--json").document
    packages = document["packages"]
    refused = [specstep("diff", name, packages[0]["file"]) for name in ("tea", document["generation_id"])]

    assert len(packages) == 3
    for package in packages:
        for name in (package["generation_id"], package["package_id"]):
            assert specstep("diff", name, package["file"]).code == 0
            assert specstep("diff", name, next(one["file"] for one in packages if one != package)).code == 1
    for told in refused:
        assert told.code == 2
        assert "Run tea has 3 packages: name one" in told.err
        assert packages[2]["file"] in told.err
