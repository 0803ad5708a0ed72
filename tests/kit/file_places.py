"""The kinds of places where a fleet may keep its files, each of which has to keep the same rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import obstore

from specstep_flows.fleet.files import files_at
from specstep_flows.fleet.objects import ObjectFiles
from specstep_flows.fleet.shared_files import FleetFiles
from tests.kit.object_host import ObjectHost


class Places:
    """The fleet's files as each of its processes opens them, in one kind of place."""

    def __init__(self, kind: str, folder: Path, host: ObjectHost) -> None:
        self.kind, self.folder, self.host = kind, folder, host
        self.opened: list[FleetFiles] = []
        self.memory = obstore.store.MemoryStore()

    def open(self) -> FleetFiles:
        """Another process's."""
        scratch = self.folder / f"process-{len(self.opened)}"
        match self.kind:
            case "s3":
                found: FleetFiles = ObjectFiles("s3://bucket/team a", scratch=scratch, **self.host.options())
            case "memory":
                found = ObjectFiles("memory:///", scratch=scratch, store=self.memory)
            case "file":
                found = files_at(f"file://{self.folder}/objects", scratch=scratch)
            case _:
                found = files_at(self.folder / "shared", scratch=scratch)
        self.opened.append(found)
        return found

    def write(self, name: str, content: bytes) -> None:
        """Change what has a name, past all rules."""
        file = self.folder / "written"
        file.write_bytes(content)
        self.open()._put(name, file, force=True)

    def clear(self) -> None:
        """Remove everything."""
        self.close()
        self.host.objects.clear()
        self.memory = obstore.store.MemoryStore()
        for name in ("shared", "objects"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def close(self) -> None:
        for found in self.opened:
            found.close()
