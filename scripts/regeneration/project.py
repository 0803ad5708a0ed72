"""The files of a checkout that regeneration reads and writes, and the processes that it starts there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from attrs import frozen

from regeneration.errors import RegenerationError

PACKAGE: Final = "specstep_client"
#: Seconds after which a process that we started is taken to hang.
TIME_LIMIT: Final = 900.0


@frozen
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
        """The hand-written package that is checked against a new client."""
        return self.root / "specstep_flows"

    @property
    def operations_table(self) -> Path:
        """What the documented contract says of sending each operation, for the hand-written package."""
        return self.root / "specstep_flows" / "gateway" / "_operations.py"

    @property
    def pyproject(self) -> Path:
        """Pins of the tools, settings of the type check and of the tests."""
        return self.root / "pyproject.toml"

    @property
    def staging(self) -> Path:
        """Scratch folders, and what a swap puts in place; on the same file system as the rest."""
        return self.root / ".regeneration"

    def relative(self, path: Path) -> str:
        """A path as messages write it."""
        return path.relative_to(self.root).as_posix()


def child_environment(**added: str) -> dict[str, str]:
    """The environment of a child process: ours without keys, which no step after the pull needs."""
    kept = {name: value for name, value in os.environ.items() if not _is_secret(name)}
    return {**kept, **added}


def run_child(
    command: list[str],
    environment: dict[str, str],
    name: str,
    *,
    folder: Path | None = None,
    seconds: float = TIME_LIMIT,
) -> subprocess.CompletedProcess[str]:
    """Run a program, and kill it with its own children when it hangs or when we are interrupted.

    Killing it alone would leave a formatter of thousands of files at work, and us waiting for its pipe to close.

    Raises:
        RegenerationError: it took longer than ``seconds``, by its name.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise RegenerationError(f"{name} didn't finish within {seconds:.0f} seconds.") from None
        except BaseException:
            _kill(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _kill(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "PASSWORD"))
