"""Two packages, file by file: zips, and folders that they were unpacked into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from specstep_flows import errors
from specstep_flows.models import PackageChanges
from specstep_flows.package.compare import compare, trees
from specstep_flows.package.unpack import unpack
from tests.kit.platforms import POSIX_ONLY

BEFORE = {"README.md": b"# Tea\n", "docs/a.md": b"a", "docs/b.md": b"b"}
AFTER = {"README.md": b"# Tea, in French\n", "docs/b.md": b"b", "docs/c.md": b"c"}
CHANGES = PackageChanges(added=("docs/c.md",), removed=("docs/a.md",), changed=("README.md",))


def zipped(path: Path, files: dict[str, bytes], root: str = "") -> Path:
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(root + name, content)
    return path


@pytest.mark.parametrize("roots", [("", ""), ("tea-1.0.0/", "tea-1.1.0/")])
@pytest.mark.parametrize("is_folder", [True, False])
def test_added_removed_and_changed(tmp_path: Path, roots: Any, is_folder: bool) -> None:
    """A folder is compared as its zip is; one folder around everything may have the version in its name."""
    before = zipped(tmp_path / "before.zip", BEFORE, roots[0])
    after = zipped(tmp_path / "after.zip", AFTER, roots[1])
    if is_folder:
        unpack(after, after.with_suffix(""))
        after = after.with_suffix("")

    assert compare(before, after) == CHANGES
    assert compare(after, after) == PackageChanges()
    assert not compare(after, after)
    assert [tree.read("README.md") for tree in trees(before, after)] == [BEFORE["README.md"], AFTER["README.md"]]


def test_a_folder_that_both_have_is_part_of_the_paths(tmp_path: Path) -> None:
    """Nothing is taken off that means something."""
    before = zipped(tmp_path / "before.zip", {"docs/a.md": b"a"})
    after = zipped(tmp_path / "after.zip", {"docs/b.md": b"a"})

    assert compare(before, after) == PackageChanges(added=("docs/b.md",), removed=("docs/a.md",))


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    """A damaged zip, and nothing at all."""
    (tmp_path / "a.zip").write_bytes(b"no zip")
    (tmp_path / "folder").mkdir()

    with pytest.raises(errors.DamagedPackage, match=r"a\.zip: This is not a package"):
        compare(tmp_path / "folder", tmp_path / "a.zip")
    with pytest.raises(errors.UsageError, match="no package"):
        compare(tmp_path / "folder", tmp_path / "missing.zip")


@POSIX_ONLY
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """`diff <(unzip ...) B`: what gives its bytes only once, or never, is no package."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(errors.UsageError, match="a pipe or a device"):
        compare(tmp_path, tmp_path / "pipe")


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two packages are not the same because nobody may look into one of them."""
    locked = tmp_path / "a" / "locked"
    locked.mkdir(parents=True)
    whole = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(errors.OutputError, match="locked cannot be read"):
        compare(tmp_path / "a", tmp_path / "a")
