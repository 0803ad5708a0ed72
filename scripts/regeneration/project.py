"""Where everything is that regeneration reads and writes, for any checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """A checkout; the properties are the files of DESIGN's room plan."""

    root: Path

    @property
    def documented(self) -> Path:
        """The contract by hand."""
        return self.root / "openapi" / "documented.yaml"

    @property
    def pulled(self) -> Path:
        """The newest document of a server, verbatim."""
        return self.root / "openapi" / "pulled.json"

    @property
    def provenance(self) -> Path:
        """Where, when and with which checksum it was pulled."""
        return self.root / "openapi" / "pulled.provenance.json"

    @property
    def lock(self) -> Path:
        """The names of everything that only a pulled document has."""
        return self.root / "openapi" / "names.lock.json"

    @property
    def aligned(self) -> Path:
        """The generator's only input."""
        return self.root / "openapi" / "aligned.json"

    @property
    def settings(self) -> Path:
        """The generator's settings."""
        return self.root / "openapi" / "generator.yaml"

    @property
    def templates(self) -> Path:
        """The generator's templates that are ours."""
        return self.root / "openapi" / "templates"

    @property
    def drift_page(self) -> Path:
        """The drift report for people."""
        return self.root / "openapi" / "drift.md"

    @property
    def drift_data(self) -> Path:
        """The drift report for programs."""
        return self.root / "openapi" / "drift.json"

    @property
    def client(self) -> Path:
        """The generated package."""
        return self.root / "generated" / "specstep_client"

    @property
    def flows(self) -> Path:
        """The hand-written package that is held against a new client."""
        return self.root / "specstep_flows"

    @property
    def pyproject(self) -> Path:
        """Pins of the tools, settings of the type check and of the tests."""
        return self.root / "pyproject.toml"

    @property
    def workshop(self) -> Path:
        """Scratch folders, the journal of a swap and what it replaced; on the same file system as the rest."""
        return self.root / ".regeneration"

    def relative(self, path: Path) -> str:
        """A path as messages and the journal write it."""
        return path.relative_to(self.root).as_posix()


PACKAGE = "specstep_client"
