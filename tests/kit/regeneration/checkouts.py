"""A scratch checkout to run the script in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import define
from regenerate import main
from regeneration.project import Project

Json = Any


@define
class Checkout:
    """A scratch checkout, and what running the script in it says."""

    project: Project
    said: Callable[[], str]

    def run(self, *arguments: str) -> int:
        """Run ``scripts/regenerate.py`` in it."""
        return main(list(arguments), self.project.root)

    def pull(self, document: Json, *arguments: str) -> int:
        """Run it with a document to pull."""
        source = self.project.root.parent / "served.json"
        source.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        return self.run("--source", str(source), *arguments)

    def files(self) -> dict[str, bytes]:
        """Every file of it, but for the staging and what interpreters leave."""
        return {
            path.relative_to(self.project.root).as_posix(): path.read_bytes()
            for path in sorted(self.project.root.rglob("*"))
            if path.is_file() and not {"__pycache__", ".regeneration"} & set(path.parts)
        }
