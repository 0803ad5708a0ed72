"""Checks whether a package's zip can be trusted: structure, names, sizes and checksums. Nothing is written.

Sizes are counted from the unpacked bytes, never taken from the headers. Only stored and deflated entries are accepted,
as the service's own zips have them (other methods can require gigabytes of memory).
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, NamedTuple

import attrs

from specstep_flows.errors import DamagedPackage, HostilePackage

_CHUNK: Final = 1 << 20
#: Small texts can compress very well: below this many bytes the ratio means nothing.
RATIO_FLOOR: Final = 16 << 20
#: The central directory is read into memory at once, so its size is limited first. An entry takes 46 bytes, its path
#: and a few dozen bytes of extra fields.
_DIRECTORY_BYTES_AN_ENTRY: Final = 512
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{digit}" for device in ("com", "lpt") for digit in "123456789¹²³"}
)
#: Characters that reorder the text around them, so that a name looks like a different one.
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


@attrs.frozen
class UnpackLimits:
    """Limits for an archive: total bytes, bytes of one file, number of entries, compression ratio."""

    total_bytes: int = 4 << 30
    file_bytes: int = 1 << 30
    entries: int = 20_000
    ratio: float = 200.0


@attrs.frozen
class Entry:
    """A file or folder in an archive. ``path`` is relative, with ``/``, and safe to join to a folder."""

    path: str
    is_folder: bool
    size_bytes: int
    info: zipfile.ZipInfo = attrs.field(repr=False, eq=False)


class Checksum(NamedTuple):
    """What the bytes of one file in a zip come to: how they are packed, how many before and after, and their CRC."""

    method: int
    packed_bytes: int
    size_bytes: int
    crc: int


#: By the position of each file's header in the zip.
Checksums = Mapping[int, Checksum]
NOTHING_KNOWN: Final[Checksums] = MappingProxyType({})


@attrs.define
class Archive:
    """An open archive whose structure and names have been checked. Its contents are checked while they are read."""

    entries: list[Entry]
    _zip: zipfile.ZipFile
    _size: int
    _limits: UnpackLimits
    _read: int = 0

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of one file in chunks; the checksum is compared at the end.

        Raises:
            DamagedPackage: the bytes cannot be unpacked, or do not match their checksum or length.
            HostilePackage: the archive has unpacked to more than a limit allows.
        """
        count = 0
        with _as_damage(entry.path):
            stream = self._zip.open(entry.info)
        with stream:
            while True:
                with _as_damage(entry.path):
                    chunk = stream.read(_CHUNK)
                if not chunk:
                    break
                count += len(chunk)
                self._read += len(chunk)
                self._check_amount(entry, count)
                yield chunk
        if count != entry.info.file_size:
            raise DamagedPackage(f"The package is damaged: {entry.path} is shorter than the archive says.")

    def check(self, entry: Entry, known: Checksums) -> None:
        """Compare the checksum of one file, which is read unless it is ``known`` what its bytes come to.

        Raises:
            DamagedPackage, HostilePackage: as ``chunks``.
        """
        info = entry.info
        claimed = Checksum(info.compress_type, info.compress_size, info.file_size, info.CRC)
        if known.get(info.header_offset) != claimed:
            for _ in self.chunks(entry):
                pass
            return
        with _as_damage(entry.path):
            # The header in front of the file still has to be its own.
            self._zip.open(info).close()
        self._read += info.file_size
        self._check_amount(entry, info.file_size)

    def _check_amount(self, entry: Entry, count: int) -> None:
        limits = self._limits
        if count > limits.file_bytes:
            raise HostilePackage(f"{entry.path} in the package is larger than {limits.file_bytes:,} bytes.")
        if self._read > limits.total_bytes:
            raise HostilePackage(f"The package unpacks to more than {limits.total_bytes:,} bytes.")
        if self._read > max(RATIO_FLOOR, limits.ratio * self._size):
            raise HostilePackage(f"The package unpacks to more than {limits.ratio:g} times its size.")


@contextlib.contextmanager
def open_archive(path: Path, limits: UnpackLimits | None = None) -> Iterator[Archive]:
    """Open a zip and check its structure and all its names, before any byte of its files is read.

    Raises:
        DamagedPackage: it is not a zip, is truncated, or has other bytes before or after it.
        HostilePackage: it has a name, a link, an encrypted entry or a size that no package may have.
    """
    limits = limits or UnpackLimits()
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        count = _check_ends(file, size, limits)
        with _as_damage(path.name):
            archive = zipfile.ZipFile(file)
        with archive:
            if len(archive.infolist()) != count:
                raise DamagedPackage(
                    "The package is damaged: its directory lists a different number of files than it claims."
                )
            yield Archive(_checked_entries(archive.infolist(), limits), archive, size, limits)


def check(path: Path, limits: UnpackLimits | None = None, known: Checksums = NOTHING_KNOWN) -> list[Entry]:
    """Compare every checksum in a zip, and return its entries. What is not ``known`` is read, once.

    Raises:
        DamagedPackage, HostilePackage: as ``open_archive`` and ``Archive.check``.
    """
    with open_archive(path, limits) as archive:
        for entry in archive.entries:
            if not entry.is_folder:
                archive.check(entry, known)
        return archive.entries


@contextlib.contextmanager
def _as_damage(what: str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise DamagedPackage(f"The package is damaged: {what} cannot be read ({error}).") from error


def _check_ends(file: BinaryIO, size: int, limits: UnpackLimits) -> int:
    """Check that the zip begins at the first byte and ends at the last, with its directory right before the end.

    ``zipfile`` itself ignores bytes before and after the archive. Returns the number of entries that the zip claims.
    """
    file.seek(0)
    start = file.read(4)
    if start != b"PK\x03\x04":
        looks = " It looks like a web page." if start.lstrip()[:1] == b"<" else ""
        raise DamagedPackage(f"This is not a package: it does not start like a zip file.{looks}")
    reach = min(size, 22 + 0xFFFF)
    file.seek(size - reach)
    tail = file.read(reach)
    end = tail.rfind(b"PK\x05\x06")
    while end >= 0:
        if len(tail) - end >= 22 and len(tail) - end - 22 == struct.unpack_from("<H", tail, end + 20)[0]:
            break
        end = tail.rfind(b"PK\x05\x06", 0, end)
    if end < 0:
        raise DamagedPackage("The package is truncated: the end of the zip is missing.")
    directory = _directory(file, tail, end, size - reach + end)
    if directory.is_split or directory.offset + directory.length != directory.stop:
        raise DamagedPackage("The package is damaged: its directory is not where the end of the zip says.")
    if directory.entries > limits.entries or directory.length > limits.entries * _DIRECTORY_BYTES_AN_ENTRY:
        raise HostilePackage(f"The package contains more than {limits.entries:,} files.")
    return directory.entries


class _Directory(NamedTuple):
    """The central directory as the end of a zip describes it; ``stop`` is where the description itself begins."""

    is_split: bool
    entries: int
    length: int
    offset: int
    stop: int


def _directory(file: BinaryIO, tail: bytes, end: int, position: int) -> _Directory:
    """Read the end record at ``position`` (``tail[end:]``), and the 64-bit one before it, if there is one."""
    disk, first, here, count, length, offset = struct.unpack_from("<HHHHII", tail, end + 4)
    stop = position
    if position >= 20:
        file.seek(position - 20)
        locator = file.read(20)
        if locator[:4] == b"PK\x06\x07":
            disk, stop, _ = struct.unpack_from("<IQI", locator, 4)
            if stop > position - 76:
                raise DamagedPackage("The package is damaged: the end of the zip points past itself.")
            file.seek(stop)
            record = file.read(56)
            if record[:4] != b"PK\x06\x06":
                raise DamagedPackage("The package is damaged: part of the end of the zip is missing.")
            first, disk_64, here, count, length, offset = struct.unpack_from("<IIQQQQ", record, 16)
            disk = disk or disk_64
    return _Directory(bool(disk or first or here != count), count, length, offset, stop)


def _checked_entries(infos: Iterable[zipfile.ZipInfo], limits: UnpackLimits) -> list[Entry]:
    entries: list[Entry] = []
    tree: dict[tuple[str, ...], tuple[str, bool]] = {}
    claimed = 0
    for info in infos:
        parts = _safe_parts(info.filename)
        # zipfile cuts a name at a NUL and may take another one from an extra field, so the original is checked as well.
        _safe_parts(info.orig_filename)
        is_folder = info.filename.endswith("/")
        path = "/".join(parts)
        _check_kind(info, path, is_folder)
        claimed += info.file_size
        if info.file_size > limits.file_bytes or claimed > limits.total_bytes:
            raise HostilePackage(f"The package claims to unpack to more than {limits.total_bytes:,} bytes.")
        _enter(tree, parts, is_folder)
        entries.append(Entry(path, is_folder, info.file_size, info))
    if all(entry.is_folder for entry in entries):
        raise DamagedPackage("The package contains no files.")
    return entries


def fault_of(name: str) -> str | None:
    """What keeps a name out of every package; None if it may be in one."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "contains control characters"
    if not _REORDERING.isdisjoint(name):
        return "contains characters that reorder text"
    if name.startswith("/") or "\\" in name or ":" in name:
        return "is absolute, at least on some systems"
    parts = _parts(name)
    for part in parts:
        if part == ".." or not part.strip(". "):
            return "leads out of its folder"
        if part.partition(".")[0].strip().casefold() in _RESERVED:
            return "is a device name on Windows"
        if len(part.encode()) > 255:
            return "is too long for a file name"
    return "is empty or nested too deeply" if not parts or len(parts) > 64 or len(name) > 2048 else None


def spelled_alike(name: str) -> tuple[str, ...]:
    """What two names share that are the same file on some file system: their folders and themselves."""
    return tuple(map(_folded, _parts(name)))


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


def _safe_parts(name: str) -> list[str]:
    """The parts of a safe name. HostilePackage shows an unsafe one escaped, because it might target the terminal."""
    if (fault := fault_of(name)) is not None:
        raise HostilePackage(f"A name in the package {fault}: {name[:120]!a}.")
    return _parts(name)


def _check_kind(info: zipfile.ZipInfo, path: str, is_folder: bool) -> None:
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    reparse_point = info.external_attr & 0x400
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR and not is_folder) or reparse_point:
        raise HostilePackage(f"{path} in the package is a link or a special file.")
    if info.flag_bits & 0x41:
        raise HostilePackage(f"{path} in the package is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise HostilePackage(f"{path} in the package uses a compression method that no package uses.")
    if is_folder and info.file_size:
        raise HostilePackage(f"{path} in the package is a folder with contents of its own.")


def _enter(tree: dict[tuple[str, ...], tuple[str, bool]], parts: list[str], is_folder: bool) -> None:
    """Add a path to the tree of paths. Two that are the same on some file system are refused."""
    key: tuple[str, ...] = ()
    for depth, part in enumerate(parts, 1):
        key = (*key, _folded(part))
        folder_here = is_folder or depth < len(parts)
        spelling, was_folder = tree.setdefault(key, ("", folder_here))
        path = "/".join(parts[:depth])
        if spelling and not (was_folder and folder_here):
            what = "both a file and a folder" if was_folder or folder_here else "listed twice"
            raise HostilePackage(f"{path} in the package is {what}.")
        if spelling and spelling != part:
            raise HostilePackage(f"{path} in the package differs from another name only in case or accents.")
        tree[key] = (part, folder_here)


def _folded(part: str) -> str:
    """One form for all spellings that are the same name on some file system (Windows drops trailing dots)."""
    folded = unicodedata.normalize("NFC", part).casefold()
    return unicodedata.normalize("NFC", folded).rstrip(". ")
