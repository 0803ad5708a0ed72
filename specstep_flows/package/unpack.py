"""Unpacks a package into a folder: all of its files, checked, or nothing."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from specstep_flows._paths import is_link
from specstep_flows.errors import OutputError
from specstep_flows.package.archive import Archive, UnpackLimits, open_archive

#: How the hidden folder next to the target is named that a package is unpacked into first.
_SUFFIX: Final = ".unpacking"


def unpack(zip_path: Path, target: Path, *, force: bool = False, limits: UnpackLimits | None = None) -> list[Path]:
    """Unpack ``zip_path`` into the folder ``target``; returns the paths of the files, sorted.

    Everything is unpacked into a hidden folder next to the target and checked there, and only then moved. A target that
    contains anything but this very package is refused. With ``force``, the package's files replace those with the same
    name, one after the other; other files stay. Modes and times in the archive are ignored.

    Raises:
        DamagedPackage: not a zip, truncated, or a checksum that does not match.
        HostilePackage: see ``archive.open_archive``; nothing was unpacked.
        OutputError: the target is not empty, or cannot be written.
    """
    try:
        check_target(target, force=True)
        target = target.parent.resolve() / target.name
        _sweep(target)
        if _is_occupied(target) and not force and (names := _unpacked_before(zip_path, target, limits)):
            return sorted(target / name for name in names)
        check_target(target, force)
        with (
            open_archive(zip_path, limits) as archive,
            _parents_made(target),
            tempfile.TemporaryDirectory(prefix=f".{target.name}.", suffix=_SUFFIX, dir=target.parent) as beside,
        ):
            # A temporary folder is private to its owner; the one inside it has the usual mode.
            content = Path(beside, "content")
            content.mkdir()
            names = _extract(archive, content)
            if force and _is_occupied(target):
                _merge(content, target, names)
            else:
                _place(content, target)
    except OSError as error:
        raise OutputError(f"The package could not be unpacked into {target} ({error}).") from error
    return sorted(target / name for name in names)


def _is_occupied(target: Path) -> bool:
    return target.is_dir() and any(target.iterdir())


def _unpacked_before(zip_path: Path, target: Path, limits: UnpackLimits | None) -> list[str]:
    """The archive's files, if all of them are in the target already: a process died just after unpacking them."""
    with open_archive(zip_path, limits) as archive:
        files = [entry for entry in archive.entries if not entry.is_folder]
        for entry in files:
            path = target / entry.path
            try:
                if is_link(path) or path.stat().st_size != entry.size_bytes:
                    return []
                with path.open("rb") as file:
                    if not all(file.read(len(chunk)) == chunk for chunk in archive.chunks(entry)):
                        return []
            except OSError:
                return []
    return [entry.path for entry in files]


def _sweep(target: Path) -> None:
    """Remove the hidden folders of processes that were killed while unpacking into this target."""
    for stale in target.parent.glob(f".{glob.escape(target.name)}.*{_SUFFIX}"):
        shutil.rmtree(stale, ignore_errors=True)


def check_target(target: Path, force: bool) -> None:
    """Raise ``OutputError`` if nothing can be unpacked into ``target``, as far as that can be told beforehand.

    A link is not followed: another user may have put it there.
    """
    if is_link(target):
        raise OutputError(f"{target} is a link, but a package is unpacked into a folder of its own.")
    if os.path.lexists(target) and not os.path.isdir(target):
        raise OutputError(f"{target} is a file, but a package is unpacked into a folder.")
    try:
        if not force and _is_occupied(target):
            raise OutputError(
                f"{target} is not empty. Nothing in it was changed; `force=True` replaces files with the same names."
            )
        with contextlib.suppress(FileNotFoundError):
            # The longest name that is made on the way: only a name that is too long raises anything else.
            os.lstat(target.with_name(f".{target.name}.{'x' * 8}{_SUFFIX}"))
    except OSError as error:
        raise OutputError(f"The package could not be unpacked into {target} ({error.strerror}).") from error


@contextlib.contextmanager
def _parents_made(target: Path) -> Iterator[None]:
    """Create the folders above the target, and remove them again if unpacking fails."""
    missing = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for parent in missing:
                parent.rmdir()
        raise


def _extract(archive: Archive, folder: Path) -> list[str]:
    names: list[str] = []
    for entry in archive.entries:
        path = folder / entry.path
        if entry.is_folder:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": names that are the same on this disk never overwrite each other.
        with path.open("xb") as file:
            for chunk in archive.chunks(entry):
                file.write(chunk)
        names.append(entry.path)
    return names


def _place(content: Path, target: Path) -> None:
    """Rename, so that the whole folder appears at once. Fails if the target was filled in the meantime."""
    if target.exists():
        target.rmdir()
    content.rename(target)


def _merge(content: Path, target: Path, names: list[str]) -> None:
    """Move every file over its namesake, after checking that none of them leads out of the target."""
    folders = sorted({parent for path in content.rglob("*") for parent in _folders(path, content)})
    for folder in folders:
        here = target / folder
        if is_link(here) or (here.exists() and not here.is_dir()):
            raise OutputError(f"{here} is a link or a file where the package has a folder. Nothing was changed.")
    for name in names:
        if (target / name).is_dir() and not is_link(target / name):
            raise OutputError(f"{target / name} is a folder where the package has a file. Nothing was changed.")
    for folder in folders:
        (target / folder).mkdir(exist_ok=True)
    for name in names:
        os.replace(content / name, target / name)


def _folders(path: Path, content: Path) -> list[Path]:
    relative = path.relative_to(content)
    inside = [*relative.parents][:-1]
    return [relative, *inside] if path.is_dir() else inside
