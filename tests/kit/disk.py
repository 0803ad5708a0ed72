"""The file operations of a run over a dictionary: no disk, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from specstep_flows import errors
from specstep_flows._paths import part_of
from specstep_flows.models import PackageChanges

OUT = Path("/out")
CONTENT = b"the package"


class Disk:
    """Files by their names. ``download`` gives the bytes behind a link, or raises; ``log`` tells what was done."""

    def __init__(self, download: Callable[[str], bytes] = lambda url: CONTENT) -> None:
        self.download = download
        self.output = OUT
        self.files: dict[Path, bytes] = {}
        self.log: list[str] = []

    def attachment(self, name: str) -> Path:
        return Path(name)

    def part_for(self, path: Path) -> Path:
        return part_of(path)

    def choose(self, record: Any, generation_id: UUID) -> Path:
        return self.choose_for(generation_id)

    def choose_for(self, package_id: UUID) -> Path:
        path = self.output if self.output.suffix == ".zip" else self.output / f"{package_id}.zip"
        if path in self.files:
            raise errors.UsageError(f"{path} exists already and was not touched.")
        return path

    def path_for(self, name: str) -> Path:
        return self.output / name

    def refuse_taken(self, path: Path) -> None:
        if path in self.files:
            raise errors.UsageError(f"{path} exists already and was not touched.")

    def write(self, part: Path, content: bytes) -> None:
        self.files[part] = content

    def compare(self, before: Path, after: Path) -> PackageChanges:
        return PackageChanges(changed=("README.md",) if self.files[before] != self.files[after] else ())

    def check(self) -> None:
        self.log.append("check")

    def fetch(self, link: Any, part: Path, should_stop: Callable[[], bool], or_whole: bool = False) -> None:
        self.log.append("fetch whole" if or_whole else "fetch")
        self.files[part] = self.download(link.url)

    def verify(self, part: Path) -> str:
        if self.files[part] != CONTENT:
            del self.files[part]
            raise errors.DamagedPackage("The package is damaged.")
        return hashlib.sha256(CONTENT).hexdigest()

    def place(self, part: Path, path: Path) -> None:
        if path in self.files:
            raise errors.OutputError(f"{path} exists already.")
        self.log.append("place")
        self.files[path] = self.files.pop(part)

    def tidy(self, part: Path) -> None:
        self.log.append("tidy")
        self.files.pop(part, None)

    def digest(self, path: Path) -> str | None:
        return hashlib.sha256(self.files[path]).hexdigest() if path in self.files else None

    def size(self, path: Path) -> int:
        return len(self.files.get(path, b""))

    def unpack(self, path: Path) -> tuple[Path, int]:
        self.log.append("unpack")
        return path.with_suffix(""), 1
