"""Checksums that are computed while a zip comes by: they save reading its files again, and decide nothing."""

from __future__ import annotations

import io
import random
import runpy
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zlib_ng import zlib_ng

from specstep_flows.errors import PackageError
from specstep_flows.package import members as members_module
from specstep_flows.package.archive import Archive, Checksum, Entry, UnpackLimits, check, open_archive
from specstep_flows.package.members import Members
from tests.kit.zips import FILES, entry, make_zip, patched, zip_of

CONTENTS = {
    "README.md": b"# Portal\n",
    "docs/a.md": b"A portal.\n" * 900,
    "empty.md": b"",
    "b.bin": bytes(range(256)) * 30,
}


class Pipe(io.RawIOBase):
    """Takes bytes, and cannot be told where they go: whoever writes a zip there states lengths behind the files."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        self.taken += bytes(content)  # type: ignore[call-overload]
        return len(content)  # type: ignore[arg-type]


def streamed(files: dict[str, bytes], *, large: bool = False) -> bytes:
    """A zip as a program writes it that sends it at once; ``large``: with lengths of 64 bits."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            with archive.open(entry(name), "w", force_zip64=large) as file:
                file.write(content)
    return bytes(pipe.taken)


def without_signatures(content: bytes) -> bytes:
    """The zip of one streamed file, without the optional signature of what follows it."""
    at, end = content.index(b"PK\x07\x08"), content.index(b"PK\x05\x06")
    start = int.from_bytes(content[end + 16 : end + 20], "little") - 4
    return content[:at] + content[at + 4 : end + 16] + start.to_bytes(4, "little") + content[end + 20 :]


def walked(content: bytes, step: int = 1 << 20, limits: UnpackLimits | None = None) -> Members:
    """What is found in a zip of which so many bytes come at once."""
    members = Members(limits or UnpackLimits())
    for start in range(0, len(content), step):
        members.take(memoryview(content)[start : start + step])
    return members


def directory(path: Path) -> dict[int, Checksum]:
    """What the directory of a zip says of its files."""
    with open_archive(path) as archive:
        infos = [found.info for found in archive.entries]
    return {one.header_offset: Checksum(one.compress_type, one.compress_size, one.file_size, one.CRC) for one in infos}


ZIPS = {
    "deflated": make_zip(CONTENTS),
    "stored": make_zip(CONTENTS, method=zipfile.ZIP_STORED),
    "streamed": streamed(CONTENTS),
    "streamed, 64 bits": streamed(CONTENTS, large=True),
    "without signatures": without_signatures(streamed({"a.md": b"A portal.\n" * 900})),
    "with a folder": zip_of([(entry("docs/", zipfile.ZIP_STORED), b""), (entry("docs/a.md"), b"text" * 99)]),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_every_file_is_found_as_the_directory_has_it(kind: str, tmp_path: Path) -> None:
    """However it is packed, wherever its length stands, and however few bytes come at once."""
    (tmp_path / "package.zip").write_bytes(ZIPS[kind])
    expected = directory(tmp_path / "package.zip")

    assert expected
    for step in (1, 7, 4096, 1 << 20):
        assert walked(ZIPS[kind], step).checksums == expected


def walked_with(library: ModuleType, content: bytes, step: int) -> tuple[object, ...]:
    """All that is found in a zip, with zlib or with what stands in for it, and how far it was gone through."""
    with pytest.MonkeyPatch.context() as patched_:
        patched_.setattr(members_module, "zlib", library)
        members = walked(content, step)
    return members.checksums, members._position, members._unpacked, members._steps is None


@pytest.mark.parametrize("kind", ["deflated", "streamed", "streamed, 64 bits"])
def test_the_extra_changes_nothing_whichever_byte_is_wrong(kind: str) -> None:
    """Each byte of a zip in turn, and each length that it may be cut to."""
    noise = random.Random(kind)
    files = {"a.md": b"A portal of pages. " * 6 + noise.randbytes(40), "b.bin": noise.randbytes(60)}
    content = make_zip(files) if kind == "deflated" else streamed(files, large="64" in kind)
    assert len(walked_with(zlib_ng, content, 50)[0]) == len(files)  # type: ignore[arg-type]
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << noise.randrange(8)
        for some in (bytes(changed), content[:position]):
            step = (7, 100, 1 << 20)[position % 3]
            assert walked_with(zlib_ng, some, step) == walked_with(zlib, some, step)


@given(data=st.data())
def test_the_extra_changes_nothing_whatever_comes(data: st.DataObject) -> None:
    """Any way of packing, several wrong bits, noise behind it or an end too soon: the same is accepted."""
    noise = random.Random(data.draw(st.integers(0, 1 << 32)))
    some = data.draw(st.sampled_from([b"A portal of pages.\n", bytes(9), noise.randbytes(50), noise.randbytes(999)]))
    packer = zlib.compressobj(noise.choice([1, 6, 9]), zlib.DEFLATED, -15, 9, noise.randrange(5))
    stream = bytearray(packer.compress(some * noise.randrange(1, 40)) + packer.flush())
    for _ in range(data.draw(st.integers(0, 4))):
        stream[noise.randrange(min(len(stream), noise.choice([4, 60, len(stream)])))] ^= 1 << noise.randrange(8)
    stream = stream[: data.draw(st.integers(1, len(stream)))] if noise.random() < 0.2 else stream
    head = make_zip({"a.md": b""})[:30]
    lengths = patched(head, b"PK\x03\x04", 18, "<I", len(stream) + noise.choice([0, 0, 0, -1, 1, 9]))
    content = lengths + b"a.md" + bytes(stream) + noise.randbytes(noise.choice([0, 5, 50]))
    step = noise.choice([1, 13, 1 << 20])
    assert walked_with(zlib_ng, content, step) == walked_with(zlib, content, step)


@pytest.mark.parametrize("is_there", [True, False])
def test_the_extra_is_used_where_it_is(is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And done without where it is not, or where it cannot be loaded."""
    if not is_there:
        monkeypatch.setitem(sys.modules, "zlib_ng", None)
    path = Path(members_module.__file__).with_name("fast_zlib.py")
    assert runpy.run_path(str(path))["zlib"] is (zlib_ng if is_there else zlib)


def test_noise_is_unpacked_in_large_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece hands the interpreter's lock over three times: at most a dozen pieces a megabyte."""
    counts = {"unpacked": 0, "summed": 0}

    class Counting:
        MAX_WBITS, error = zlib.MAX_WBITS, zlib.error

        def crc32(self, content: bytes, start: int) -> int:
            counts["summed"] += 1
            return zlib.crc32(content, start)

        def decompressobj(self, bits: int) -> Any:
            unpacker = zlib.decompressobj(bits)

            class Counted:
                def decompress(self, *arguments: Any) -> bytes:
                    counts["unpacked"] += 1
                    return unpacker.decompress(*arguments)

                def __getattr__(self, name: str) -> object:
                    return getattr(unpacker, name)

            return Counted()

    monkeypatch.setattr(members_module, "zlib", Counting())
    content = make_zip({"a.bin": random.Random(1).randbytes(4 << 20)})
    assert len(walked(content).checksums) == 1
    assert 4 <= counts["unpacked"] <= 4 * 12
    assert 4 <= counts["summed"] <= 4 * 12


@pytest.mark.parametrize("kind", ZIPS)
def test_what_is_known_is_not_read_again(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a byte of a file that came by; all of one that did not."""
    path = tmp_path / "package.zip"
    path.write_bytes(ZIPS[kind])
    known = walked(ZIPS[kind]).checksums
    read: list[str] = []
    chunks = Archive.chunks

    def counted(archive: Archive, file: Entry) -> Iterator[bytes]:
        read.append(file.path)
        return chunks(archive, file)

    monkeypatch.setattr(Archive, "chunks", counted)

    everything = check(path)
    assert read == [found.path for found in everything if not found.is_folder]
    read.clear()
    assert check(path, known=known) == everything
    assert read == []
    known.popitem()
    check(path, known=known)
    assert len(read) == 1


def verdict(path: Path, known: dict[int, Checksum] | None) -> object:
    """What comes of checking a zip: its files, or the error."""
    try:
        return check(path, known=known or {})
    except PackageError as error:
        return type(error), str(error)


@pytest.mark.parametrize("kind", ["deflated", "stored", "streamed", "streamed, 64 bits"])
def test_it_changes_no_verdict(kind: str, tmp_path: Path) -> None:
    """Whichever byte is wrong, the zip is accepted or refused in the same words as if nothing were known of it."""
    files = {"a.md": b"second" * 9}
    content = {
        "deflated": lambda: make_zip(files),
        "stored": lambda: make_zip(files, method=zipfile.ZIP_STORED),
        "streamed": lambda: streamed(files),
        "streamed, 64 bits": lambda: streamed(files, large=True),
    }[kind]()
    path = tmp_path / "package.zip"
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= (0x01, 0x40, 0xFF)[position % 3]
        path.write_bytes(changed)
        assert verdict(path, walked(bytes(changed)).checksums) == verdict(path, None)


@given(content=st.binary(max_size=300), cut=st.integers(0, 400))
def test_anything_may_come_by(content: bytes, cut: int) -> None:
    """Noise, and zips that stop anywhere or go on with noise: nothing is raised, and nothing kept."""
    members = walked(make_zip(FILES)[:cut] + content, 50)
    assert len(members.checksums) <= len(FILES)
    assert not members._rest


def test_checksums_of_other_bytes_confirm_nothing(tmp_path: Path) -> None:
    """A directory that claims what came by, for a file whose bytes are elsewhere or under another name, is refused."""
    content = make_zip({"a.md": b"first file", "b.md": b"other file"})
    path = tmp_path / "package.zip"
    known = walked(content).checksums
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    for at, form, value in ((42, "<I", 0), (16, "<I", 7), (20, "<I", 5), (24, "<I", 9), (10, "<H", 0)):
        lying = content[:second] + patched(content[second:], b"PK\x01\x02", at, form, value)
        path.write_bytes(lying)
        assert verdict(path, known) == verdict(path, None)
        assert isinstance(verdict(path, known), tuple)


def test_what_would_be_refused_is_not_unpacked_further(tmp_path: Path) -> None:
    """A bomb is left alone while it comes by, and refused when it is there, by the same limits."""
    content = make_zip({f"{number}.md": bytes(1 << 20) for number in range(20)})
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    for limits, most in (
        (UnpackLimits(total_bytes=3 << 20), 4 << 20),
        (UnpackLimits(file_bytes=1 << 19), 1 << 20),
        (UnpackLimits(ratio=2.0), 17 << 20),
        (UnpackLimits(entries=3), 3 << 20),
    ):
        members = walked(content, limits=limits)
        assert members._unpacked <= most
        assert len(members.checksums) < 20
        with pytest.raises(PackageError):
            check(path, limits, members.checksums)


def test_a_little_that_becomes_much_is_unpacked_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk of a few kilobytes may unpack to megabytes: never more than a piece of them is in memory."""
    sizes: list[int] = []
    crc32 = zlib.crc32

    def counted(content: bytes, start: int = 0) -> int:
        sizes.append(len(content))
        result: int = crc32(content, start)
        return result

    content = make_zip({"a.md": bytes(2 << 20)})
    monkeypatch.setattr("specstep_flows.package.members.zlib.crc32", counted)
    assert [found.size_bytes for found in walked(content).checksums.values()] == [2 << 20]
    assert max(sizes) <= 256 << 10
    assert sum(sizes) == 2 << 20
