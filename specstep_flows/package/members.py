"""Computes the checksums of the files in a zip while its bytes come by, from the first one on.

It goes by the headers in front of the files, which may say anything, so nobody believes what is found here: ``archive``
compares it with the zip's directory, and reads the files for which the two are not the same.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Generator
from typing import Final, TypeVar

from specstep_flows.package.archive import RATIO_FLOOR, Checksum, UnpackLimits
from specstep_flows.package.fast_zlib import zlib

R = TypeVar("R")
#: What waits for the next bytes.
Steps = Generator[None, memoryview, R]

_HEADER: Final = struct.Struct("<4s2xHH8xI4xHH")
_HAS_DESCRIPTOR: Final = 0x08
_UNKNOWN: Final = 0xFFFFFFFF
#: Bytes that are unpacked at once, and the most that they may become at once. Each time the interpreter's lock changes
#: hands.
_PACKED, _UNPACKED = 128 << 10, 256 << 10


class Members:
    """The files of a zip, as far as its bytes were given to ``take``."""

    def __init__(self, limits: UnpackLimits) -> None:
        #: By the position of each file's header.
        self.checksums: dict[int, Checksum] = {}
        self._limits = limits
        self._rest = memoryview(b"")
        self._position = 0
        self._unpacked = 0
        self._steps: Steps[None] | None = self._walk()
        next(self._steps)

    def take(self, chunk: memoryview) -> None:
        """Go through the next bytes. They are not kept."""
        if self._steps is None:
            return
        try:
            self._steps.send(chunk)
        except (StopIteration, zlib.error, struct.error, _Unusual):
            self._steps = None
            self._rest = memoryview(b"")

    def _walk(self) -> Steps[None]:
        while len(self.checksums) < self._limits.entries:
            start = self._position
            signature, flags, method, packed, *lengths = _HEADER.unpack((yield from self._read(_HEADER.size)))
            if signature != b"PK\x03\x04":
                return
            yield from self._read(sum(lengths))
            has_length = not flags & _HAS_DESCRIPTOR and packed != _UNKNOWN
            if method == zipfile.ZIP_DEFLATED:
                found = yield from self._deflated(packed if has_length else None)
            elif method == zipfile.ZIP_STORED and has_length:
                found = yield from self._stored(packed)
            else:
                return
            self.checksums[start] = found
            if flags & _HAS_DESCRIPTOR:
                yield from self._descriptor(found, is_large=packed == _UNKNOWN)

    def _read(self, count: int) -> Steps[bytes]:
        read = bytearray()
        while len(read) < count:
            piece = yield from self._some(count - len(read))
            read += piece
            self._pass(len(piece))
        return bytes(read)

    def _some(self, most: int) -> Steps[memoryview]:
        """Some of the bytes that come next; which of them were used, ``_pass`` is told."""
        if not self._rest:
            self._rest = yield
        return self._rest[:most]

    def _pass(self, count: int) -> None:
        self._rest = self._rest[count:]
        self._position += count

    def _stored(self, length: int) -> Steps[Checksum]:
        crc, left = 0, length
        while left:
            piece = yield from self._some(left)
            crc, left = zlib.crc32(piece, crc), left - len(piece)
            self._pass(len(piece))
            self._count(len(piece), length - left)
        return Checksum(zipfile.ZIP_STORED, length, length, crc)

    def _deflated(self, length: int | None) -> Steps[Checksum]:
        """A file that ends where its packed form says, within ``length`` bytes if this is given."""
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        crc, size, packed = 0, 0, 0
        while not unpacker.eof:
            if packed == length:
                raise _Unusual
            piece = yield from self._some(_PACKED if length is None else min(_PACKED, length - packed))
            rest: bytes | memoryview = piece
            while True:
                content = unpacker.decompress(rest, _UNPACKED)
                crc, size = zlib.crc32(content, crc), size + len(content)
                self._count(len(content), size)
                rest = unpacker.unconsumed_tail
                if unpacker.eof or (not rest and len(content) < _UNPACKED):
                    break
            used = len(piece) - len(unpacker.unused_data)
            packed += used
            self._pass(used)
        return Checksum(zipfile.ZIP_DEFLATED, packed, size, crc)

    def _descriptor(self, found: Checksum, *, is_large: bool) -> Steps[None]:
        """Read past what may follow a file, with or without a signature, its lengths in 32 bits or in 64."""
        said = yield from self._read(12)
        if said.startswith(b"PK\x07\x08"):
            said = said[4:] + (yield from self._read(4))
        numbers = (found.crc, found.packed_bytes, found.size_bytes)
        if is_large or said != struct.pack("<III", *numbers):
            said += yield from self._read(8)
            if said != struct.pack("<IQQ", *numbers):
                raise _Unusual

    def _count(self, more: int, size: int) -> None:
        """Give up what would be refused in the end, so that nobody has this machine unpack without end."""
        self._unpacked += more
        most = max(RATIO_FLOOR, self._limits.ratio * self._position)
        if size > self._limits.file_bytes or self._unpacked > min(self._limits.total_bytes, most):
            raise _Unusual


class _Unusual(Exception):
    """Something that a package does not have; what follows is left to ``archive``."""
