"""Zips as a package may be, and as none should be."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from specstep_flows.errors import PackageError
from specstep_flows.package.archive import UnpackLimits
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


def on_disk(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refuse(content: bytes, tmp_path: Path, limits: UnpackLimits | None = None) -> PackageError:
    """The error that this archive is refused with, after it was seen that nothing was left behind."""
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    with pytest.raises(PackageError) as caught:
        unpack(path, tmp_path / "new" / "portal", limits=limits)
    assert [found.name for found in tmp_path.iterdir()] == ["package.zip"]
    assert str(caught.value).isprintable()
    return caught.value
