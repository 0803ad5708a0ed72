"""Damaged and hostile archives that take the place of a real package."""

import zlib
from functools import lru_cache

from ..zips import Blob, ZipWriter, deflate

BOMB_ENTRY = 64 << 20
BOMB_ENTRIES = 16
"""One gigabyte when unpacked, about 1,000 times its packed size."""


def replaced(kind: str, real: Blob) -> Blob:
    """What is served in place of `real` under a fault of this kind."""
    if kind == "zip_truncated":
        return Blob([real.content()[: real.length * 2 // 3]])
    if kind == "zip_flipped":
        return Blob([_flipped(real.content())])
    if kind == "zip_not":
        return Blob([b"<!DOCTYPE html><html><body>This is not the file you were looking for.</body></html>"])
    if kind == "zip_bomb":
        return _bomb()
    writer = ZipWriter()
    writer.add("README.md", b"# An honest file\n")
    if kind == "zip_absolute":
        writer.add("/tmp/specstep-escaped.txt", b"outside\n")  # noqa: S108 - the point of it
    elif kind == "zip_dotdot":
        writer.add("docs/../../../specstep-escaped.txt", b"outside\n")
    elif kind == "zip_symlink":
        writer.add("docs", b"/tmp", mode=0o120777)
        writer.add("docs/specstep-escaped.txt", b"through the link\n")
    elif kind == "zip_duplicate":
        writer.add("README.md", b"# Another of the same name\n")
    else:
        writer.add("readme.MD", b"# The same name where case does not count\n")
    return writer.finish()


def _flipped(content: bytes) -> bytes:
    """One bit changed in the data of the first entry, so that only its checksum tells."""
    name_length = int.from_bytes(content[26:28], "little")
    extra_length = int.from_bytes(content[28:30], "little")
    packed = int.from_bytes(content[18:22], "little")
    at = 30 + name_length + extra_length + packed // 2
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


@lru_cache(maxsize=1)
def _bomb() -> Blob:
    zeros = bytes(BOMB_ENTRY)
    packed = (deflate(zeros, 9), zlib.crc32(zeros), BOMB_ENTRY)
    writer = ZipWriter()
    writer.add("README.md", b"# An honest file\n")
    for number in range(BOMB_ENTRIES):
        writer.add(f"docs/{number:02d}.md", b"", deflated=packed)
    return writer.finish()
