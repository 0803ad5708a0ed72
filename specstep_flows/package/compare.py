"""What differs between two packages: zips, or folders that they were unpacked into. Nothing is written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import attrs

from specstep_flows._paths import can_be_read_again
from specstep_flows.errors import OutputError, PackageError, UsageError
from specstep_flows.models import PackageChanges
from specstep_flows.package.archive import open_archive


@attrs.frozen
class Tree:
    """The files of a package, by the paths that they are compared under: where each is, and its digest."""

    files: Mapping[str, str]
    #: What was taken off the front of each path.
    root: str
    path: Path

    def read(self, name: str) -> bytes:
        """One file. Raises ``OutputError``, ``DamagedPackage``."""
        inner = f"{self.root}{name}"
        if self.path.is_dir():
            return _content(self.path / inner)
        with open_archive(self.path) as archive:
            entry = next(entry for entry in archive.entries if entry.path == inner)
            return b"".join(archive.chunks(entry))


def compare(before: Path, after: Path) -> PackageChanges:
    """The files that were added, removed and changed from one package to another, by their contents.

    Where each lies in one folder of its own, which has another name in the other, that folder does not count.

    Raises:
        UsageError: there is nothing of that name.
        DamagedPackage, HostilePackage: it is no package.
    """
    return changes_between(*trees(before, after))


def trees(before: Path, after: Path) -> tuple[Tree, Tree]:
    """Both packages, ready to be compared."""
    first, second = _tree(before), _tree(after)
    roots = [_only_folder(tree) for tree in (first, second)]
    if None in roots or roots[0] == roots[1]:
        return first, second
    return _inside(first, str(roots[0])), _inside(second, str(roots[1]))


def changes_between(before: Tree, after: Tree) -> PackageChanges:
    """The same for what ``trees`` gave."""
    return PackageChanges(
        added=tuple(sorted(after.files.keys() - before.files.keys())),
        removed=tuple(sorted(before.files.keys() - after.files.keys())),
        changed=tuple(sorted(name for name, digest in before.files.items() if after.files.get(name, digest) != digest)),
    )


def _tree(path: Path) -> Tree:
    files = dict(_in_folder(path) if path.is_dir() else _in_zip(path))
    return Tree(files, "", path)


def _in_zip(path: Path) -> Iterator[tuple[str, str]]:
    if not can_be_read_again(path):
        raise UsageError(f"{path} is a pipe or a device: save the package to a file first. Nothing was sent.")
    try:
        with open_archive(path) as archive:
            for entry in archive.entries:
                if not entry.is_folder:
                    digest = hashlib.sha256()
                    for chunk in archive.chunks(entry):
                        digest.update(chunk)
                    yield entry.path, digest.hexdigest()
    except PackageError as error:
        # Which of the two it is.
        raise type(error)(f"{path}: {error.message}") from None
    except FileNotFoundError:
        raise UsageError(f"There is no package {path}. Nothing was sent.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Nothing was sent.") from None


def _in_folder(path: Path) -> Iterator[tuple[str, str]]:
    def refuse(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error) from None

    for folder, _, names in os.walk(path, onerror=refuse):
        for name in names:
            file = Path(folder, name)
            if file.is_file():
                yield file.relative_to(path).as_posix(), _digest(file)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be read ({error.strerror}).")


def _only_folder(tree: Tree) -> str | None:
    """The one folder that everything lies in, if there is one."""
    firsts = {PurePosixPath(name).parts[0] for name in tree.files}
    is_one = len(firsts) == 1 and all("/" in name for name in tree.files)
    return next(iter(firsts)) if is_one else None


def _inside(tree: Tree, root: str) -> Tree:
    prefix = f"{root}/"
    return attrs.evolve(
        tree, root=prefix, files={name.removeprefix(prefix): digest for name, digest in tree.files.items()}
    )
