"""Unpacking: a package is on disk whole and inside its folder, or it is refused and nothing is left behind."""

from __future__ import annotations

import io
import os
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from specstep_flows.errors import DamagedPackage, HostilePackage, OutputError, PackageError
from specstep_flows.package.archive import UnpackLimits, check, list_entries, open_archive
from specstep_flows.package.unpack import unpack

FILES = {"README.md": b"# Portal\n", "docs/01-vision.md": b"A portal.\n" * 300, "docs/api/openapi.yaml": b""}


def make_zip(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip with exactly these names, whatever they are."""
    return zip_of([(entry(name, method), content) for name, content in files.items()], comment)


def entry(name: str, method: int = zipfile.ZIP_DEFLATED, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder", (2026, 5, 30, 12, 0, 0))
    info.filename = name  # the constructor would cut and convert it
    info.compress_type = method
    info.external_attr = mode << 16
    return info


def zip_of(entries: list[tuple[zipfile.ZipInfo, bytes]], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = comment
        for info, content in entries:
            archive.writestr(info, content, compress_type=info.compress_type)
    return buffer.getvalue()


def patched(content: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    """The zip with one number replaced, counted from the first record of that signature."""
    changed = bytearray(content)
    struct.pack_into(form, changed, content.index(signature) + offset, value)
    return bytes(changed)


@pytest.fixture
def zip_path(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    path.write_bytes(make_zip(FILES))
    return path


def on_disk(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_is_unpacked_whole(zip_path: Path, tmp_path: Path) -> None:
    """Every file is there with its bytes, in folders with the usual mode, and nothing else is left."""
    target = tmp_path / "new" / "portal"
    paths = unpack(zip_path, target)

    assert paths == sorted(target / name for name in FILES)
    assert on_disk(target) == FILES
    assert sorted(path.name for path in target.parent.iterdir()) == ["portal"]
    usual = tmp_path / "usual"
    usual.mkdir()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_odd_but_harmless_archives_are_accepted(tmp_path: Path) -> None:
    """Folder entries, repeated slashes, a leading ``./``, a comment, accents and spaces do no harm."""
    path = tmp_path / "package.zip"
    content = {"docs/": b"", "docs//a.md": b"a", "./b.md": b"b", "Übersicht der Rollen.md": b"c", "empty/": b""}
    path.write_bytes(make_zip(content, comment=b"made by a test for tests"))

    unpack(path, tmp_path / "portal")

    assert on_disk(tmp_path / "portal") == {"docs/a.md": b"a", "b.md": b"b", "Übersicht der Rollen.md": b"c"}
    assert (tmp_path / "portal" / "empty").is_dir()


def test_modes_and_times_of_the_archive_are_ignored(tmp_path: Path) -> None:
    """A set-uid file comes out as a plain one."""
    path = tmp_path / "package.zip"
    path.write_bytes(zip_of([(entry("run.sh", mode=stat.S_IFREG | 0o6777), b"#!/bin/sh\n")]))
    (unpacked,) = unpack(path, tmp_path / "portal")
    assert stat.S_IMODE(unpacked.stat().st_mode) & 0o6111 == 0


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
    assert [(found.path, found.size_bytes, found.is_folder) for found in list_entries(zip_path)] == [
        (name, len(content), False) for name, content in FILES.items()
    ]


def refuse(content: bytes, tmp_path: Path, limits: UnpackLimits | None = None) -> PackageError:
    """The error that this archive is refused with, after it was seen that nothing was left behind."""
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    with pytest.raises(PackageError) as caught:
        unpack(path, tmp_path / "new" / "portal", limits=limits)
    assert [found.name for found in tmp_path.iterdir()] == ["package.zip"]
    assert str(caught.value).isprintable()
    return caught.value


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


NAMES = st.one_of(
    st.text(st.sampled_from("aA./\\: \x00é~"), min_size=1, max_size=8),
    st.lists(st.sampled_from(["a", "A", "..", ".", "", "b.md", "nul", " "]), min_size=1, max_size=4).map("/".join),
)


@settings(max_examples=150)
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=6))
@example({"a/../../b.md": b"x"})
@example({"a": b"1", "A": b"2"})
def test_nothing_is_ever_written_outside(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    """Whatever the names: all the files inside the folder, or nothing anywhere."""
    room = tmp_path_factory.mktemp("room")
    (room / "package.zip").write_bytes(make_zip(files))
    try:
        unpack(room / "package.zip", room / "inner" / "portal")
    except PackageError:
        assert [path.name for path in room.iterdir()] == ["package.zip"]
    else:
        kept = {name: content for name, content in files.items() if not name.endswith("/")}
        assert on_disk(room / "inner" / "portal") == {os.path.normpath(name): text for name, text in kept.items()}
        assert sorted(path.name for path in room.rglob("*") if path.parent in (room, room / "inner")) == [
            "inner",
            "package.zip",
            "portal",
        ]


def test_a_folder_that_holds_something_is_refused(zip_path: Path, tmp_path: Path) -> None:
    """Without force nothing is touched; an empty folder is taken as it is."""
    target = tmp_path / "portal"
    target.mkdir()
    unpack(zip_path, target)
    (target / "README.md").write_text("mine")

    with pytest.raises(OutputError, match="not empty"):
        unpack(zip_path, target)

    assert (target / "README.md").read_text() == "mine"
    with pytest.raises(OutputError, match="is a file"):
        unpack(zip_path, target / "README.md", force=True)


def test_force_replaces_namesakes_and_keeps_the_rest(zip_path: Path, tmp_path: Path) -> None:
    """Files of the user's that the package does not have stay."""
    target = tmp_path / "portal"
    (target / "docs").mkdir(parents=True)
    (target / "docs" / "mine.md").write_text("mine")
    (target / "README.md").write_text("old")

    unpack(zip_path, target, force=True)

    assert on_disk(target) == {**FILES, "docs/mine.md": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"portal", "package.zip"}


def test_force_follows_no_link_and_removes_no_folder(zip_path: Path, tmp_path: Path) -> None:
    """A link planted in the target, or a folder under a file's name, stops it before the first file is moved."""
    target, elsewhere = tmp_path / "portal", tmp_path / "elsewhere"
    elsewhere.mkdir()
    target.mkdir()
    (target / "docs").symlink_to(elsewhere)
    with pytest.raises(OutputError, match="link"):
        unpack(zip_path, target, force=True)

    (target / "docs").unlink()
    (target / "README.md").mkdir()
    with pytest.raises(OutputError, match="folder where"):
        unpack(zip_path, target, force=True)

    assert on_disk(target) == {}
    assert on_disk(elsewhere) == {}


def test_force_replaces_a_link_instead_of_writing_through_it(zip_path: Path, tmp_path: Path) -> None:
    """A link under a file's name is replaced; what it points to is untouched."""
    target, outside = tmp_path / "portal", tmp_path / "outside.txt"
    target.mkdir()
    outside.write_text("precious")
    (target / "README.md").symlink_to(outside)

    unpack(zip_path, target, force=True)

    assert outside.read_text() == "precious"
    assert on_disk(target) == FILES


def test_a_checksum_that_fails_in_the_last_file_leaves_nothing(tmp_path: Path) -> None:
    """Files that were good do not stay either."""
    content = make_zip({"a.md": b"good", "b.md": b"SENTINEL"}, method=zipfile.ZIP_STORED)
    assert isinstance(refuse(content.replace(b"SENTINEL", b"sentinel"), tmp_path), DamagedPackage)


def test_a_disk_that_does_not_take_it_is_said(zip_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, say, in the middle: one sentence, and nothing left behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be unpacked"):
        unpack(zip_path, tmp_path / "file" / "portal")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left"):
        unpack(zip_path, tmp_path / "new" / "portal")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "package.zip"]


def test_a_folder_filled_meanwhile_is_not_touched(
    zip_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody put there while the package was unpacked is as good as what was there before."""
    target = tmp_path / "portal"
    occupied = [False]

    def seen_empty_once(folder: Path) -> bool:
        if not occupied[0]:
            occupied[0] = True
            target.mkdir()
            (target / "mine.md").write_text("mine")
            return False
        return True

    monkeypatch.setattr("specstep_flows.package.unpack._is_occupied", seen_empty_once)
    with pytest.raises(OutputError):
        unpack(zip_path, target)
    assert on_disk(target) == {"mine.md": b"mine"}
