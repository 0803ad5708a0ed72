"""Whether a zip can be trusted: names, links, sizes, checksums; what is refused leaves nothing behind."""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest

from specstep_flows.errors import DamagedPackage, HostilePackage, PackageError
from specstep_flows.package.archive import UnpackLimits, check, open_archive
from specstep_flows.package.unpack import unpack
from tests.kit.zips import FILES, entry, make_zip, patched, refuse, zip_of


def test_a_64_bit_archive_is_read(tmp_path: Path) -> None:
    """The large form of the end record is understood, and checked like the small one."""
    content = make_zip(FILES)
    end = content.index(b"PK\x05\x06")
    entries, length, offset = struct.unpack_from("<HII", content, end + 10)
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, length, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    small = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = tmp_path / "package.zip"

    path.write_bytes(content[:end] + large + locator + small)
    assert [found.path for found in check(path)] == list(FILES)

    path.write_bytes(content[:end] + large + b"hidden" + locator + small)
    with pytest.raises(DamagedPackage):
        unpack(path, tmp_path / "portal")
    path.write_bytes(content[:end] + large[:10] + locator + small)
    with pytest.raises(DamagedPackage):
        check(path)


def test_what_is_in_it_can_be_listed(zip_path: Path) -> None:
    """Paths and sizes in the archive's order, without unpacking."""
    with open_archive(zip_path) as archive:
        listed = [(found.path, found.size_bytes, found.is_folder) for found in archive.entries]
    assert listed == [(name, len(content), False) for name, content in FILES.items()]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "//server/share/a.md",
        "../a.md",
        "docs/../../a.md",
        "docs/..",
        "..",
        "C:/Windows/a.md",
        "C:a.md",
        "docs/a.md:stream",
        "docs\\a.md",
        "..\\a.md",
        ".../a.md",
        "docs/. ./a.md",
        "docs/ /a.md",
        "a\nb.md",
        "a\x00.md",
        "a\x1b[2Jb.md",
        "a\x7fb.md",
        "a\x85b.md",
        "a\u2028b.md",
        "txt.\u202edm.exe",
        "con",
        "docs/NUL.md",
        "aux /a.md",
        "docs/LpT1.tar.gz",
        "",
        "/",
        "./",
        "a" * 256,
        "é" * 128,
        "/".join("a" * 65),
    ],
)
def test_a_hostile_name_is_refused(name: str, tmp_path: Path) -> None:
    """Absolute, upwards, with a drive, a stream or a backslash, with control characters, a device, too long."""
    assert isinstance(refuse(make_zip({"README.md": b"x", name: b"x"}), tmp_path), HostilePackage)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.md", "a.md"),
        ("a.md", "A.MD"),
        ("docs/a.md", "Docs/b.md"),
        ("straße.md", "STRASSE.md"),
        (unicodedata.normalize("NFC", "café.md"), unicodedata.normalize("NFD", "café.md")),
        ("a.md", "a.md."),
        ("a.md", "./a.md"),
        ("docs", "docs/a.md"),
        ("docs/a.md", "docs"),
        ("docs", "docs/"),
        ("DOCS", "docs/a.md"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_one_on_some_disk_are_refused(first: str, second: str, tmp_path: Path) -> None:
    """Duplicates, names that differ by case, accents or a dot at the end, and a file that is also a folder."""
    content = zip_of([(entry(first), b"1"), (entry(second), b"" if second.endswith("/") else b"2")])
    assert isinstance(refuse(content, tmp_path), HostilePackage)


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR, 0o130000]
)
def test_links_and_special_files_are_refused(kind: int, tmp_path: Path) -> None:
    """By what the archive says the entry is, whatever is in it."""
    content = zip_of([(entry("docs/link", mode=kind | 0o777), b"/etc/passwd")])
    assert isinstance(refuse(content, tmp_path), HostilePackage)


def test_windows_links_encryption_and_strange_methods_are_refused(tmp_path: Path) -> None:
    """None of these is in a package of the service's."""
    reparse = entry("link")
    reparse.external_attr = 0x400
    assert isinstance(refuse(zip_of([(reparse, b"x")]), tmp_path), HostilePackage)
    assert isinstance(refuse(patched(make_zip(FILES), b"PK\x01\x02", 8, "<H", 1), tmp_path), HostilePackage)
    assert isinstance(refuse(make_zip(FILES, method=zipfile.ZIP_LZMA), tmp_path), HostilePackage)
    assert isinstance(refuse(zip_of([(entry("docs/"), b"bytes")]), tmp_path), HostilePackage)


@pytest.mark.parametrize(
    "limits",
    [
        UnpackLimits(total_bytes=3000),
        UnpackLimits(file_bytes=2999),
        UnpackLimits(entries=2),
    ],
)
def test_what_is_past_a_limit_is_refused(limits: UnpackLimits, tmp_path: Path) -> None:
    """Bytes in all, bytes of one file, number of entries."""
    assert isinstance(refuse(make_zip(FILES), tmp_path, limits), HostilePackage)


def test_exactly_the_limits_are_accepted(zip_path: Path) -> None:
    """A limit is what is allowed, not what is refused."""
    assert len(check(zip_path, UnpackLimits(total_bytes=3009, file_bytes=3000, entries=3))) == 3


def test_a_bomb_is_refused_by_what_comes_out(tmp_path: Path) -> None:
    """The ratio counts over all entries, and small archives of tightly packed text are no bombs."""
    megabyte = b"\0" * (1 << 20)
    assert "200 times" in str(refuse(make_zip({f"{number}.bin": megabyte for number in range(20)}), tmp_path))
    path = tmp_path / "package.zip"
    path.write_bytes(make_zip({f"{number}.bin": megabyte for number in range(10)}))
    assert len(check(path)) == 10


def test_a_directory_too_large_for_memory_is_refused_unread(tmp_path: Path) -> None:
    """The end record's claims are checked before the directory is read."""
    content = make_zip({f"{number}{'x' * 200}.md": b"" for number in range(30)})
    assert isinstance(refuse(content, tmp_path, UnpackLimits(entries=10)), HostilePackage)


def test_claims_of_the_headers_are_not_believed(tmp_path: Path) -> None:
    """A file that is longer or shorter than its header says is damaged, not cut or padded."""
    content = make_zip({"a.md": b"0123456789" * 50})
    for claim in (0, 499, 501, 0xFFFFFFF0):
        lying = patched(content, b"PK\x01\x02", 24, "<I", claim)
        assert isinstance(refuse(lying, tmp_path), DamagedPackage | HostilePackage)
    assert isinstance(refuse(patched(content, b"PK\x01\x02", 16, "<I", 1234), tmp_path), DamagedPackage)


def test_a_zip_that_is_not_one_is_refused(tmp_path: Path) -> None:
    """HTML, nothing, an archive without files, or behind other bytes: no package."""
    assert "web page" in str(refuse(b"<!doctype html><p>Bad gateway</p>", tmp_path))
    for content in (b"", b"PK", b"PK\x03\x04", zip_of([]), make_zip({"docs/": b""}), b"MZ" + make_zip(FILES)):
        assert isinstance(refuse(content, tmp_path), DamagedPackage)


def test_every_truncation_and_every_addition_is_noticed(tmp_path: Path) -> None:
    """Wherever a download stopped, and whatever follows the end, the zip is not accepted."""
    content = make_zip({"a.md": b"first", "b.md": b"second" * 20})
    path = tmp_path / "package.zip"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DamagedPackage):
            check(path)
    for more in (b"\0", b"<html>", content):
        path.write_bytes(content + more)
        with pytest.raises(PackageError):
            check(path)


def test_every_changed_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    """After any one byte is changed the zip is refused, or its names and bytes are what they were (dates, modes)."""
    files = {"a.md": b"first", "docs/b.md": b"second" * 20}
    content = make_zip(files)
    path = tmp_path / "package.zip"
    refused = 0
    for position in range(len(content)):
        for mask in (0x01, 0x40, 0xFF):
            changed = bytearray(content)
            changed[position] ^= mask
            path.write_bytes(changed)
            try:
                with open_archive(path) as archive:
                    read = {found.path: b"".join(archive.chunks(found)) for found in archive.entries}
            except PackageError:
                refused += 1
            else:
                assert read == files
    assert refused > len(content)
