"""Zip archives as byte ranges: written entry by entry, read at any offset, large ones never held in memory."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

import attrs

BLOCK = 1 << 20
_DOS_DATE = (2026 - 1980) << 9 | 6 << 5 | 1
_UTF8 = 0x800


@lru_cache(maxsize=1)
def _noise() -> bytes:
    """A block that no compressor makes smaller; padding repeats it."""
    return random.Random(20260601).randbytes(BLOCK)  # noqa: S311 - filler, nothing secret


@attrs.frozen
class Padding:
    """`length` bytes of noise that exist only while they are read."""

    length: int

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, a block at a time."""
        block = _noise()
        while start < stop:
            offset = start % BLOCK
            piece = block[offset : min(BLOCK, offset + stop - start)]
            yield piece
            start += len(piece)

    def crc(self) -> int:
        """The checksum of the whole."""
        return _noise_crc(self.length)


@lru_cache(maxsize=64)
def _noise_crc(length: int) -> int:
    value = 0
    for piece in Padding(length).read(0, length):
        value = zlib.crc32(piece, value)
    return value


@attrs.define
class Blob:
    """A file made of pieces, as a blob store holds it."""

    pieces: list[bytes | Padding] = attrs.field(factory=list)
    content_type: str = "application/zip"
    #: The names and sizes that the central directory gives.
    entries: dict[str, int] = attrs.field(factory=dict)

    @property
    def length(self) -> int:
        """The number of bytes."""
        return sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in self.pieces)

    @property
    def etag(self) -> str:
        """A strong validator: it differs when any byte does."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece if isinstance(piece, bytes) else f"noise:{piece.length}".encode())
        return f'"0x{digest.hexdigest()[:16].upper()}"'

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`."""
        end = self.length if stop is None else stop
        at = 0
        for piece in self.pieces:
            size = len(piece) if isinstance(piece, bytes) else piece.length
            low, high = max(start, at) - at, min(end, at + size) - at
            if low < high:
                if isinstance(piece, bytes):
                    yield piece[low:high]
                else:
                    yield from piece.read(low, high)
            at += size

    def content(self) -> bytes:
        """All of it at once; for small files."""
        return b"".join(self.read())


@attrs.define
class ZipWriter:
    """Writes an archive entry by entry, without asking whether its names are decent."""

    blob: Blob = attrs.field(factory=Blob)
    _directory: list[bytes] = attrs.field(factory=list)
    _at: int = 0

    def add(
        self,
        name: str,
        data: bytes | Padding,
        *,
        stored: bool = False,
        mode: int = 0o100644,
        deflated: tuple[bytes, int, int] | None = None,
    ) -> None:
        """Append an entry. `deflated` gives (compressed bytes, checksum, size to declare) of data that is ready."""
        body: bytes | Padding
        if deflated is not None:
            body, crc, size = deflated
            method = 8
        elif isinstance(data, Padding):
            body, crc, size, method = data, data.crc(), data.length, 0
        elif stored:
            body, crc, size, method = data, zlib.crc32(data), len(data), 0
        else:
            body, crc, size, method = deflate(data), zlib.crc32(data), len(data), 8
        packed = len(body) if isinstance(body, bytes) else body.length
        raw = name.encode()
        shared = struct.pack("<HHHHHIIIHH", 20, _UTF8, method, 0, _DOS_DATE, crc, packed, size, len(raw), 0)
        header = b"PK\x03\x04" + shared + raw
        self._directory.append(
            b"PK\x01\x02"
            + struct.pack("<H", 0x0314)
            + shared
            + struct.pack("<HHHII", 0, 0, 0, mode << 16, self._at)
            + raw
        )
        self.blob.pieces += [header, body]
        self.blob.entries[name] = size
        self._at += len(header) + packed

    def finish(self) -> Blob:
        """Write the central directory and return the archive."""
        directory = b"".join(self._directory)
        count = len(self._directory)
        end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), self._at, 0)
        self.blob.pieces += [directory, end]
        return self.blob


def deflate(data: bytes, level: int = 6) -> bytes:
    """Raw deflate, as zip entries hold it."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def build_zip(files: Mapping[str, bytes], pad_to: int | None = None) -> Blob:
    """An archive of `files` in order of their names, padded with stored entries of noise to about `pad_to` bytes."""
    writer = ZipWriter()
    for name in sorted(files):
        writer.add(name, files[name])
    if pad_to is not None:
        left = max(0, pad_to - writer.blob.length)
        number = 0
        while left > 0:
            number += 1
            part = min(left, 64 * BLOCK)
            writer.add(f"appendix/recording-{number:03d}.bin", Padding(part))
            left -= part
    return writer.finish()
