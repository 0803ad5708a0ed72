"""The contents of a package: names and sizes of all files, and the text of those that are not too large."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import attrs

from specstep_flows import errors
from specstep_flows.package.archive import open_archive

if TYPE_CHECKING:
    from pathlib import Path

    from specstep_flows.package.archive import Archive, Entry

#: A report is read, mailed and printed: a larger file, or what goes beyond all of this, is named and not shown.
MOST_CHARACTERS_OF_A_FILE: Final = 200_000
MOST_CHARACTERS: Final = 3_000_000
MOST_FILES: Final = 1_000
_TEXTS: Final = (".md", ".markdown", ".txt", ".yaml", ".yml", ".json", ".csv", ".svg", ".toml", ".xml", ".html", ".mmd")


@attrs.frozen
class ShownFile:
    """A file of the package. ``text`` is None where it is not shown, and ``why_not`` says why."""

    path: str
    size_bytes: int
    text: str | None = None
    why_not: str | None = None


@attrs.frozen
class Contents:
    """A package's files by path, how many there are beyond them, and the digest of the zip."""

    files: tuple[ShownFile, ...]
    more_files: int
    sha256: str


def read_contents(path: Path, most_characters: int | None = None) -> Contents:
    """Read a package for showing, with texts of ``most_characters`` in all, where a page is partly full already.

    Raises:
        PackageError: it is damaged or hostile, or cannot be read.
    """
    shown: list[ShownFile] = []
    left = MOST_CHARACTERS if most_characters is None else most_characters
    try:
        with open_archive(path) as archive:
            entries = sorted((entry for entry in archive.entries if not entry.is_folder), key=lambda entry: entry.path)
            for entry in entries[:MOST_FILES]:
                file = _shown(archive, entry, left)
                left -= len(file.text or "")
                shown.append(file)
        digest = _digest(path)
    except OSError as error:
        raise errors.PackageError(f"The package {path} cannot be read ({error.strerror}).") from None
    return Contents(tuple(shown), len(entries) - len(shown), digest)


def _shown(archive: Archive, entry: Entry, left: int) -> ShownFile:
    if not entry.path.casefold().endswith(_TEXTS):
        return ShownFile(entry.path, entry.size_bytes, why_not="Not a text file.")
    if entry.size_bytes > 4 * MOST_CHARACTERS_OF_A_FILE:
        return ShownFile(entry.path, entry.size_bytes, why_not="Too large to show here.")
    text = b"".join(archive.chunks(entry)).decode("utf-8", "replace")
    if len(text) > MOST_CHARACTERS_OF_A_FILE:
        return ShownFile(entry.path, entry.size_bytes, why_not="Too large to show here.")
    if len(text) > left:
        return ShownFile(entry.path, entry.size_bytes, why_not="Not shown, as the page is full; it is in the package.")
    return ShownFile(entry.path, entry.size_bytes, text)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
